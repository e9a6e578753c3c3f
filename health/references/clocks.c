#include "clocks.h"

#include <stdlib.h>

#include "references.h"

#define NS_PER_MS INT64_C(1000000)
#define STILL_NS NS_PER_MS         /* an advance below this is none */
#define MOVED_NS (100 * NS_PER_MS) /* and this is one, whatever the scheduler did */
#define SLEPT_NS (10 * NS_PER_MS)  /* of suspension: more than reading the clocks can take */
#define WIDTH_GOOD_NS 50000u
#define WIDTH_MOST_NS 1000000u
#define TRIES 16u
#define FIRST_PAUSE_MS 120u

static const char *const names[SEAM_CLOCKS] = {"monotonic", "raw", "boot", "wall"};

/* The narrowest of some readings: being put aside between two clocks looks like a drift. */
static struct clocks_sample take(const struct seams *s)
{
    struct clocks_sample best = {.width_ns = UINT64_MAX};
    for (uint32_t i = 0; i < TRIES && best.width_ns > WIDTH_GOOD_NS; i++) {
        struct clocks_sample now;
        const uint64_t before_ns = s->clock_ns(s->self, SEAM_RAW);
        now.ns[SEAM_MONOTONIC] = s->clock_ns(s->self, SEAM_MONOTONIC);
        now.ns[SEAM_BOOT] = s->clock_ns(s->self, SEAM_BOOT);
        now.ns[SEAM_REAL] = s->clock_ns(s->self, SEAM_REAL);
        now.ticks = s->ticks(s->self);
        now.ns[SEAM_RAW] = s->clock_ns(s->self, SEAM_RAW);
        now.width_ns = now.ns[SEAM_RAW] - before_ns;
        if (now.width_ns <= best.width_ns) {
            best = now;
        }
    }
    return best;
}

static int64_t advance(const struct clocks_sample *from, const struct clocks_sample *to,
                       enum seam_clock clock)
{
    return (int64_t)(to->ns[clock] - from->ns[clock]);
}

static uint64_t magnitude(int64_t number)
{
    return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

static void name_clock(struct finding *out, enum seam_clock clock, uint64_t got)
{
    out->evidence.got = got;
    finding_subject(out, names[clock]);
}

/* Without the trap of a signed overflow: a broken clock may say anything. */
static int64_t less(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* By how many milliseconds the counter says that time went on; 0 if it cannot be asked. */
static uint64_t counted_ms(const struct clocks_state *state, const struct clocks_sample *now)
{
    if (state->ticks_per_ms == 0 || state->ticks_distrusted || now->ticks < state->last.ticks) {
        return 0;
    }
    return (now->ticks - state->last.ticks) / state->ticks_per_ms;
}

/* False: a clock that must not, went back or stood still, and `out` says so. */
static bool all_go(struct clocks_state *state, const struct clocks_sample *now,
                   struct finding *out)
{
    static const enum seam_clock steady[] = {SEAM_MONOTONIC, SEAM_RAW, SEAM_BOOT};
    int64_t most_ns = (int64_t)(counted_ms(state, now) * (uint64_t)NS_PER_MS);
    const bool slept_before = state->slept;
    state->slept = false;
    for (size_t i = 0; i < sizeof steady / sizeof steady[0]; i++) {
        const int64_t ns = advance(&state->last, now, steady[i]);
        most_ns = ns > most_ns ? ns : most_ns;
        if (ns < 0) {
            name_clock(out, steady[i], magnitude(ns));
            finding_set(out, RESULT_FATAL, CLOCKS_BACKWARDS);
            return false;
        }
    }
    for (size_t i = 0; i < sizeof steady / sizeof steady[0] && most_ns >= MOVED_NS; i++) {
        if (advance(&state->last, now, steady[i]) >= STILL_NS) {
            continue;
        }
        name_clock(out, steady[i], magnitude(most_ns / NS_PER_MS));
        /* As a suspension between two quick readings looks; it does not happen twice. */
        state->slept = !slept_before && advance(&state->last, now, SEAM_MONOTONIC) < STILL_NS &&
                       advance(&state->last, now, SEAM_RAW) < STILL_NS &&
                       advance(&state->last, now, SEAM_BOOT) >= MOVED_NS;
        finding_set(out, state->slept ? RESULT_DEGRADED : RESULT_FATAL,
                    state->slept ? CLOCKS_ASLEEP : CLOCKS_STANDS);
        return false;
    }
    return true;
}

/* How much further the wall clock went than boot time. */
static int64_t wall_step_ns(const struct clocks_sample *from, const struct clocks_sample *to)
{
    return (int64_t)((to->ns[SEAM_REAL] - from->ns[SEAM_REAL]) -
                     (to->ns[SEAM_BOOT] - from->ns[SEAM_BOOT]));
}

static int64_t drift_ppm(const struct clocks_sample *from, const struct clocks_sample *to,
                         enum seam_clock clock)
{
    const int64_t raw_us = advance(from, to, SEAM_RAW) / 1000;
    int64_t apart = less(advance(from, to, clock), advance(from, to, SEAM_RAW));
    if (__builtin_mul_overflow(apart, 1000, &apart)) {
        apart = apart < 0 ? INT64_MIN : INT64_MAX;
    }
    return apart / (raw_us <= 0 ? 1 : raw_us);
}

static void judge_drift(enum seam_clock clock, int64_t ppm, struct finding *out)
{
    if (magnitude(ppm) > CLOCKS_DRIFT_PPM) {
        name_clock(out, clock, magnitude(ppm));
        finding_set(out, magnitude(ppm) > CLOCKS_RUNAWAY_PPM ? RESULT_SILENT : RESULT_DEGRADED,
                    CLOCKS_DRIFTS);
    }
}

/* The counter has no rate that one could know, so its first window is its measure. */
static void judge_counter(struct clocks_state *state, const struct clocks_sample *now,
                          struct finding *out)
{
    const uint64_t raw_us = magnitude(advance(&state->base, now, SEAM_RAW)) / 1000;
    if (now->ticks == 0 || state->base.ticks == 0 || state->ticks_distrusted || raw_us == 0) {
        return;
    }
    const uint64_t ticks = now->ticks < state->base.ticks ? 0 : now->ticks - state->base.ticks;
    const uint64_t per_ms = ticks > UINT64_MAX / 1000 ? UINT64_MAX : ticks * 1000 / raw_us;
    const uint64_t usual = state->ticks_per_ms == 0 ? per_ms : state->ticks_per_ms;
    const uint64_t apart = per_ms > usual ? per_ms - usual : usual - per_ms;
    state->ticks_per_ms = per_ms; /* a virtual machine may have moved: degraded once */
    if (apart > usual / 1000) {
        out->evidence.expected = usual;
        out->evidence.got = per_ms;
        finding_set(out, RESULT_DEGRADED, CLOCKS_COUNTER);
    }
}

/* The wall clock may be set by less than a jump once; a drift shows in two windows. */
static void judge_window(struct clocks_state *state, const struct clocks_sample *now,
                         struct finding *out)
{
    const int64_t wall_ppm = drift_ppm(&state->base, now, SEAM_REAL);
    const bool again = (wall_ppm < 0) == (state->wall_ppm < 0);
    const uint64_t before_ppm = magnitude(state->wall_ppm);
    judge_counter(state, now, out);
    if (again && before_ppm > CLOCKS_DRIFT_PPM) {
        const bool smaller = magnitude(wall_ppm) < before_ppm;
        judge_drift(SEAM_REAL, smaller ? wall_ppm : state->wall_ppm, out);
    }
    judge_drift(SEAM_BOOT, drift_ppm(&state->base, now, SEAM_BOOT), out);
    judge_drift(SEAM_MONOTONIC, drift_ppm(&state->base, now, SEAM_MONOTONIC), out);
    state->judged = true;
    state->wall_ppm = wall_ppm;
    state->base = *now;
}

/* By how much boot time alone went on. A monotonic clock that loses is no suspension: raw does
 * not lose with it. */
static int64_t suspended(const struct clocks_sample *from, const struct clocks_sample *to)
{
    const int64_t slewed_ns = advance(from, to, SEAM_MONOTONIC);
    const int64_t raw_ns = advance(from, to, SEAM_RAW);
    return less(advance(from, to, SEAM_BOOT), slewed_ns > raw_ns ? slewed_ns : raw_ns);
}

static void judge(struct clocks_state *state, const struct clocks_sample *now,
                  struct finding *out)
{
    const int64_t suspended_ns = suspended(&state->last, now);
    const int64_t step_ns = wall_step_ns(&state->last, now);
    const int64_t steps_ns = wall_step_ns(&state->base, now);
    const int64_t jump_ns = magnitude(steps_ns) > magnitude(step_ns) ? steps_ns : step_ns;
    finding_set(out, RESULT_OK, state->judged ? CLOCKS_AGREE : CLOCKS_BEGUN);
    if (!all_go(state, now, out)) {
        state->base = *now;
    } else if (magnitude(jump_ns) > CLOCKS_JUMP_MS * (uint64_t)NS_PER_MS) {
        out->evidence.got = magnitude(jump_ns / NS_PER_MS);
        finding_set(out, RESULT_DEGRADED, CLOCKS_JUMPED);
        state->base = *now;
        state->wall_ppm = 0;
    } else if (suspended_ns > SLEPT_NS) {
        out->evidence.got = magnitude(suspended_ns / NS_PER_MS);
        finding_set(out, RESULT_OK, CLOCKS_WOKEN); /* R22 judges the stall */
        state->base = *now;
    } else if (advance(&state->base, now, SEAM_RAW) >= CLOCKS_WINDOW_MS * NS_PER_MS) {
        judge_window(state, now, out);
    }
    state->last = *now;
}

static void run(struct reference_context *context, struct finding *out)
{
    struct clocks_state *state = &context->clocks;
    const struct seams *s = &context->seams;
    if (!state->started) {
        state->last = take(s);
        state->base = state->last;
        state->started = true;
        s->pause(s->self, FIRST_PAUSE_MS);
    }
    const struct clocks_sample now = take(s);
    if (now.width_ns > UINT64_MAX / 2) { /* raw went back within each of the readings */
        name_clock(out, SEAM_RAW, 0 - now.width_ns);
        finding_set(out, RESULT_FATAL, CLOCKS_BACKWARDS);
    } else if (now.width_ns > WIDTH_MOST_NS) {
        finding_set(out, RESULT_UNKNOWN, CLOCKS_BUSY);
    } else {
        judge(state, &now, out);
    }
}

/* A monotonic clock that stood still for a second, and one that went back. */
static bool negative(struct reference_context *context)
{
    const uint64_t second = 1000 * (uint64_t)NS_PER_MS;
    struct clocks_state state = {.last = {.ns = {second, second, second, second}}};
    struct clocks_state other = state;
    struct clocks_sample still = {.ns = {second, 2 * second, 2 * second, 2 * second}};
    struct clocks_sample back = {.ns = {0, 2 * second, 2 * second, 2 * second}};
    struct finding first;
    struct finding second_finding;
    (void)context;
    state.base = state.last;
    other.base = state.last;
    finding_begin(&first, 19);
    finding_begin(&second_finding, 19);
    judge(&state, &still, &first);
    judge(&other, &back, &second_finding);
    return first.result == RESULT_FATAL && second_finding.result == RESULT_FATAL;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    CLOCKS_NOTES(X)
#undef X
};

const struct reference reference_clocks = {
    .id = 19,
    .period_ms = 1000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
