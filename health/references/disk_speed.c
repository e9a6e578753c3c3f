#include "disk_speed.h"

#include "references.h"

/* Of 64 the 99th percentile lies between the largest and the one below it. Two over the bound
 * are asked for: the slowest of all says too little of a disk that is merely busy. */
#define SLOW_ONES 2u

void disk_speed_begin(struct disk_speed_state *s, uint64_t now_ms)
{
    s->pending = true;
    s->begun_ms = now_ms;
}

void disk_speed_end(struct disk_speed_state *s, uint64_t took_ms)
{
    s->pending = false;
    s->took_ms[s->next] = took_ms;
    s->next = (s->next + 1) % DISK_SPEED_SAMPLES;
    s->count += s->count < DISK_SPEED_SAMPLES;
    if (took_ms > DISK_SPEED_STALL_MS) {
        s->stall_ms = took_ms;
        s->good = 0;
    } else if (s->stall_ms != 0) {
        s->good = took_ms <= DISK_SPEED_SLOW_MS ? s->good + 1 : 0;
        s->stall_ms = s->good >= DISK_SPEED_GOOD ? 0 : s->stall_ms;
    }
}

static void judge_window(const struct disk_speed_state *s, struct finding *out)
{
    uint64_t slowest_ms = 0;
    uint32_t slow = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        slowest_ms = s->took_ms[i] > slowest_ms ? s->took_ms[i] : slowest_ms;
        slow += s->took_ms[i] > DISK_SPEED_SLOW_MS;
    }
    out->evidence.got = slowest_ms;
    out->evidence.expected = DISK_SPEED_SLOW_MS;
    out->evidence.count = slow >= SLOW_ONES ? slow : s->count;
    finding_set(out, slow >= SLOW_ONES ? RESULT_DEGRADED : RESULT_OK,
                slow >= SLOW_ONES ? DISK_SPEED_SLOW : DISK_SPEED_FAST);
}

static void judge(const struct disk_speed_state *s, uint64_t now_ms, struct finding *out)
{
    const uint64_t waited_ms = s->pending ? now_ms - s->begun_ms : 0;
    if (waited_ms > DISK_SPEED_STALL_MS) {
        out->evidence.got = waited_ms;
        finding_set(out, RESULT_SILENT, DISK_SPEED_STALLED);
    } else if (s->stall_ms != 0) {
        out->evidence.got = s->stall_ms;
        out->evidence.count = DISK_SPEED_GOOD - s->good;
        finding_set(out, RESULT_SILENT, DISK_SPEED_RECOVERING);
    } else if (s->count == 0) {
        finding_set(out, RESULT_UNKNOWN, DISK_SPEED_NO_SAMPLE);
    } else {
        judge_window(s, out);
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    const struct seams *s = &context->seams;
    if (reference_is_there(context, context->data_directory != NULL, DISK_SPEED_NO_DIRECTORY,
                           out)) {
        disk_collect(context);
        judge(&context->disk_speed, s->clock_ns(s->self, SEAM_MONOTONIC) / 1000000, out);
    }
}

/* A write that has been under way for three seconds, and two that took one each. */
static bool negative(struct reference_context *context)
{
    struct disk_speed_state stalled = {0};
    struct disk_speed_state slow = {0};
    struct finding first;
    struct finding second;
    (void)context;
    disk_speed_begin(&stalled, 1000);
    disk_speed_end(&slow, 1000);
    disk_speed_end(&slow, 1000);
    finding_begin(&first, 24);
    finding_begin(&second, 24);
    judge(&stalled, 4000, &first);
    judge(&slow, 4000, &second);
    return first.result == RESULT_SILENT && second.result == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    DISK_SPEED_NOTES(X)
#undef X
};

const struct reference reference_disk_speed = {
    .id = 24,
    .period_ms = 1000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
