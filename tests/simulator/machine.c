/* The machine under a station, as the thread that examines it would report: all is ok until the
 * storm draws something else. What it was told of is kept here, for the checks that share no
 * code with the core: what is silent signs nothing, what is neutered does nothing any more. */
#include "world.h"

#include <assert.h>

#define QUIET_MS 2000u

static const uint32_t minimum[] = {6, 10, 15, 16, 19, 23};

enum illness {
    ILLNESS_DEGRADED,
    ILLNESS_SILENT,
    ILLNESS_UNKNOWN,
    ILLNESS_BURST,
    ILLNESS_FATAL
};

static const struct {
    enum fault fault;
    uint32_t id;
    enum reference_result result;
    uint32_t flags;
} illnesses[] = {
    [ILLNESS_DEGRADED] = {FAULT_DEGRADED, 23, RESULT_DEGRADED, 0},
    [ILLNESS_SILENT] = {FAULT_MACHINE_SILENT, 23, RESULT_SILENT, 0},
    [ILLNESS_UNKNOWN] = {FAULT_UNKNOWN, 19, RESULT_UNKNOWN, 0},
    [ILLNESS_BURST] = {FAULT_BURST, 13, RESULT_DEGRADED, FINDING_BURST},
    [ILLNESS_FATAL] = {FAULT_NEUTERED, 15, RESULT_FATAL, 0},
};

static void examine_later(struct world *w, const struct station *s, uint64_t after_ms,
                          bool burst)
{
    const struct event e = {.at_ms = w->now_ms + after_ms,
                            .kind = EVENT_EXAMINED,
                            .station = station_index(w, s),
                            .run = s->run,
                            .member = burst};
    queue_push(&w->queue, &e);
}

static void hand_in(struct world *w, struct station *s, uint32_t id,
                    enum reference_result result, uint32_t flags)
{
    struct finding f;
    finding_begin(&f, id);
    finding_set(&f, result, 0);
    f.flags = flags;
    struct input in = {.kind = INPUT_FINDING, .finding = &f};
    station_input(w, s, &in);
}

static void fall_silent(struct world *w, struct station *s)
{
    if (!s->machine.silent) {
        s->machine.silent = true;
        s->machine.silent_mono_ms = clock_mono_ms(w, s);
    }
}

void machine_start(struct world *w, struct station *s)
{
    s->machine = (struct machine){.started_mono_ms = clock_mono_ms(w, s)};
    examine_later(w, s, dice_between(&w->dice, 0, w->calm ? 20 : 300), false);
}

static void begin_illness(struct world *w, struct station *s)
{
    struct machine *m = &s->machine;
    const bool doomed = (w->plan.doomed >> s->member & 1) != 0 && s->copy == 0;
    const bool dies = doomed && dice_chance(&w->dice, 5000);
    const uint32_t kind = dies ? ILLNESS_FATAL : (uint32_t)dice_between(&w->dice, 0, 3);
    world_strike(w, illnesses[kind].fault);
    m->id = illnesses[kind].id;
    m->result = illnesses[kind].result;
    m->until_ms = w->now_ms + dice_between(&w->dice, 200, 8000);
    if (m->result == RESULT_SILENT || kind == ILLNESS_BURST) {
        fall_silent(w, s);
    }
    m->neutered = m->result == RESULT_FATAL;
    world_say(w, "%s: %s is %s", world_name(w, s->member), reference_facts(m->id)->name,
              result_text(m->result));
    hand_in(w, s, m->id, m->result, illnesses[kind].flags);
}

static void recover(struct world *w, struct station *s)
{
    struct machine *m = &s->machine;
    const uint32_t id = m->id;
    m->id = 0;
    m->silent = m->silent && m->bursting;
    hand_in(w, s, id, RESULT_OK, 0);
}

static void go_on(struct world *w, struct station *s)
{
    const struct machine *m = &s->machine;
    if (m->id != 0 && m->misread == 0 && (w->calm || w->now_ms >= m->until_ms)) {
        recover(w, s);
    } else if (m->id != 0) {
        hand_in(w, s, m->id, m->result, 0);
    } else if (!w->calm && s->sound && dice_chance(&w->dice, w->plan.unfit)) {
        begin_illness(w, s);
    } else {
        hand_in(w, s, minimum[dice_between(&w->dice, 0, 5)], RESULT_OK, 0);
    }
}

void machine_examined(struct world *w, struct station *s, bool burst)
{
    struct machine *m = &s->machine;
    if (burst) {
        m->bursting = false;
        m->silent = m->result == RESULT_SILENT && m->id != 0;
        hand_in(w, s, 10, RESULT_OK, FINDING_OF_BURST);
        return;
    }
    if (m->examined) {
        go_on(w, s);
    } else {
        const uint64_t run = s->run; /* which may end by what it is told */
        m->examined = true;
        for (uint32_t i = 0; i < sizeof minimum / sizeof minimum[0] && s->run == run; i++) {
            const bool ill = m->id == minimum[i];
            hand_in(w, s, minimum[i], ill ? m->result : RESULT_OK, 0);
        }
    }
    if (!m->neutered && s->up) {
        examine_later(w, s, dice_between(&w->dice, 200, 1500), false);
    }
}

/* Its agent wipes its key and starts again as one that follows. */
static void follow(struct world *w, struct station *s, enum resign_class why)
{
    s->resigns = why;
    s->follows = true;
    station_crash(w, s, false);
    station_start(w, s);
}

void machine_break(struct world *w, struct station *s)
{
    world_strike(w, FAULT_NEUTERED);
    world_say(w, "%s is damaged for good", world_name(w, s->member));
    s->machine.neutered = true;
    s->follows = true;
    hand_in(w, s, 15, RESULT_FATAL, 0);
    follow(w, s, RESIGN_OWN);
}

bool machine_misread(struct world *w, struct station *s, uint32_t id)
{
    world_say(w, "%s: %s is fatal", world_name(w, s->member), reference_facts(id)->name);
    s->machine.misread = id;
    s->machine.id = id; /* and will be found again */
    s->machine.result = RESULT_FATAL;
    s->machine.until_ms = TIME_NEVER;
    hand_in(w, s, id, RESULT_FATAL, 0);
    if (s->machine.neutered) {
        follow(w, s, RESIGN_KERNEL_LOG);
        return true;
    }
    return false;
}

void machine_read_right(struct world *w, struct station *s)
{
    recover(w, s);
    s->machine.misread = 0;
}

void machine_asked(struct world *w, struct station *s, bool burst)
{
    if (!burst) {
        s->machine.examined = false; /* all of it is handed in with what is looked at next */
        return;
    }
    s->machine.bursting = true;
    examine_later(w, s, dice_between(&w->dice, 100, w->calm ? 500 : 4000), true);
}

static void fail(struct world *w, const struct station *s, const char *what)
{
    world_fail(w, CHECK_SILENCE, "%s %s", world_name(w, s->member), what);
}

void machine_judge(struct world *w, const struct station *s)
{
    const struct machine *m = &s->machine;
    const struct effects *out = &w->effects;
    const uint64_t listen_ms = 20u * (uint64_t)w->plan.timing.heartbeat_ms;
    if (!s->sound) {
        return;
    }
    w->counters.check[CHECK_SILENCE]++;
    for (uint32_t i = 0; i < out->count; i++) {
        const enum effect_kind kind = out->list[i].kind;
        const bool quiet = m->silent && clock_mono_ms(w, s) >= m->silent_mono_ms + QUIET_MS;
        if (s->follows && (kind == EFFECT_SIGN || kind == EFFECT_PERSIST)) {
            fail(w, s, "only follows, and signs or votes");
        } else if (m->neutered && kind != EFFECT_NEUTER) {
            fail(w, s, "was neutered, and does something");
        } else if (!m->examined && kind == EFFECT_SIGN) {
            fail(w, s, "signs before it was examined");
        } else if (kind == EFFECT_SIGN &&
                   clock_mono_ms(w, s) < m->started_mono_ms + listen_ms) {
            fail(w, s, "signs before it has listened whether it runs elsewhere");
        } else if (m->silent && kind == EFFECT_SIGN) {
            fail(w, s, "signs while it is to be silent");
        } else if (quiet && (kind == EFFECT_HEARTBEAT || kind == EFFECT_WORK_LEASE)) {
            fail(w, s, "has been silent for two seconds, and still is heard");
        }
    }
}
