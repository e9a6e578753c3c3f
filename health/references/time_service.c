#include "time_service.h"

#include <errno.h>

#include "references.h"

static void judge(struct time_service_state *state, int answer, const struct timex *time,
                  struct finding *out)
{
    const bool synchronised = answer != TIME_ERROR && (time->status & STA_UNSYNC) == 0;
    out->evidence.got = (uint64_t)time->maxerror;
    out->evidence.expected = (uint64_t)time->status;
    state->synchronised |= synchronised;
    if (time->maxerror < 0 || answer > TIME_ERROR) {
        finding_set(out, RESULT_UNKNOWN, TIME_SERVICE_ODD);
    } else if (!state->synchronised && !state->required) {
        finding_set(out, RESULT_ABSENT, TIME_SERVICE_NEVER);
    } else if (!synchronised && (time->status & STA_CLOCKERR) != 0) {
        finding_set(out, RESULT_DEGRADED, TIME_SERVICE_HARDWARE);
    } else if (!synchronised) {
        finding_set(out, RESULT_DEGRADED, TIME_SERVICE_LOST);
    } else if (time->maxerror > TIME_SERVICE_ERROR_MOST_US) {
        finding_set(out, RESULT_DEGRADED, TIME_SERVICE_WIDE);
    } else {
        finding_set(out, RESULT_OK, TIME_SERVICE_GOOD);
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    struct timex time = {.modes = 0};
    const struct seams *s = &context->seams;
    const int answer = s->discipline(s->self, &time);
    const bool may = answer != -EPERM && answer != -ENOSYS;
    if (!reference_is_there(context, may, TIME_SERVICE_NO_CALL, out)) {
        return;
    }
    if (answer < 0) {
        out->evidence.got = (uint64_t)-answer;
        finding_set(out, RESULT_UNKNOWN, TIME_SERVICE_GONE);
        return;
    }
    judge(&context->time_service, answer, &time, out);
}

/* A clock that was synchronised, and no longer is. */
static bool negative(struct reference_context *context)
{
    struct time_service_state state = {.synchronised = true};
    const struct timex time = {.status = STA_UNSYNC, .maxerror = 16000000};
    struct finding seen;
    (void)context;
    finding_begin(&seen, 20);
    judge(&state, TIME_ERROR, &time, &seen);
    return seen.result == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    TIME_SERVICE_NOTES(X)
#undef X
};

const struct reference reference_time_service = {
    .id = 20,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
