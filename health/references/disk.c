#include "disk.h"

#include <errno.h>
#include <string.h>

#include "disk_worker.h"
#include "references.h"

static bool is_full(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

/* Errors of the moment, which say nothing about the disk. */
static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR || error == EMFILE || error == ENFILE ||
           error == ENOMEM;
}

static void judge_error(struct disk_state *state, const struct disk_result *result,
                        bool observer, struct finding *out)
{
    out->evidence.got = (uint64_t)result->error;
    finding_subject(out, result->call);
    /* Whoever runs the doctor need not be he who may write here. */
    const bool stranger = observer && (result->error == EACCES || result->error == EPERM);
    if (is_passing(result->error) || stranger) {
        finding_set(out, RESULT_UNKNOWN, DISK_UNABLE);
    } else if (result->error == EIO) {
        out->evidence.count = ++state->errors;
        finding_set(out, state->errors >= DISK_ERRORS_FATAL ? RESULT_FATAL : RESULT_SILENT,
                    DISK_BAD);
    } else {
        finding_set(out, RESULT_SILENT, is_full(result->error) ? DISK_FULL : DISK_REFUSED);
    }
}

static void judge(struct disk_state *state, const struct disk_result *result, bool direct,
                  bool observer, struct finding *out)
{
    out->evidence.address = result->slot;
    out->evidence.expected = result->expected;
    out->evidence.got = result->got;
    out->evidence.count = result->different_bytes;
    switch (result->outcome) {
    case DISK_OUTCOME_GOOD:
        state->passes++;
        finding_set(out, RESULT_OK, direct ? DISK_GOOD : DISK_CACHED);
        break;
    case DISK_OUTCOME_PASSING:
        out->flags |= FINDING_TWICE;
        finding_set(out, RESULT_DEGRADED, DISK_PASSING);
        break;
    case DISK_OUTCOME_WRONG:
        finding_set(out, RESULT_FATAL, DISK_WRONG);
        break;
    case DISK_OUTCOME_CHANGED:
        finding_set(out, RESULT_FATAL, DISK_CHANGED);
        break;
    case DISK_OUTCOME_GONE:
        finding_set(out, RESULT_SILENT, DISK_GONE);
        break;
    case DISK_OUTCOME_ERROR:
        judge_error(state, result, observer, out);
        return;
    }
    state->errors = 0;
}

static uint64_t now_ms(const struct reference_context *context)
{
    return context->seams.clock_ns(context->seams.self, SEAM_MONOTONIC) / 1000000;
}

void disk_collect(struct reference_context *context)
{
    struct disk_speed_state *speed = &context->disk_speed;
    struct disk_worker *w = context->disk.worker;
    struct disk_result result;
    bool direct;
    if (w != NULL && speed->pending && disk_worker_wait(w, 0) == DISK_WORK_DONE) {
        disk_worker_result(w, &result, &direct);
        disk_speed_end(speed, result.took_ms);
    }
}

/* The thread, with a probe under way or just done. NULL: `out` says why not. */
static struct disk_worker *worker(struct reference_context *context, struct finding *out)
{
    struct disk_state *state = &context->disk;
    if (state->worker == NULL) {
        state->worker =
            disk_worker_create(&context->seams, context->data_directory, context->observer);
    }
    if (state->worker == NULL) {
        out->evidence.got = ENOMEM;
        finding_subject(out, "thread");
        finding_set(out, RESULT_UNKNOWN, DISK_UNABLE);
    } else if (disk_worker_wait(state->worker, 0) == DISK_WORK_NONE) {
        disk_speed_begin(&context->disk_speed, now_ms(context));
        disk_worker_start(state->worker);
    }
    return state->worker;
}

static void run(struct reference_context *context, struct finding *out)
{
    struct disk_result result;
    bool direct;
    if (!reference_is_there(context, context->data_directory != NULL, DISK_NO_DIRECTORY, out)) {
        return;
    }
    struct disk_worker *w = worker(context, out);
    if (w == NULL) {
        return;
    }
    const uint64_t waited_ms = now_ms(context) - context->disk_speed.begun_ms;
    const uint32_t wait_ms =
        waited_ms < DISK_PATIENCE_MS ? DISK_PATIENCE_MS - (uint32_t)waited_ms : 0;
    if (disk_worker_wait(w, wait_ms) == DISK_WORK_BUSY) {
        out->evidence.got = now_ms(context) - context->disk_speed.begun_ms;
        finding_set(out, RESULT_SILENT, DISK_STALLED);
        return;
    }
    disk_collect(context);
    disk_worker_result(w, &result, &direct);
    disk_worker_take(w);
    judge(&context->disk, &result, direct, context->observer, out);
}

void disk_finish(struct disk_state *state)
{
    disk_worker_destroy(state->worker);
    state->worker = NULL;
}

/* A block with one bit changed, and one that belongs elsewhere. */
static bool negative(struct reference_context *context)
{
    static const uint8_t seed[32] = {1};
    uint8_t block[DISK_BLOCK_BYTES];
    uint8_t digest[DISK_DIGEST_BYTES];
    (void)context;
    disk_block_make(block, 7, 7, seed);
    disk_block_digest(block, digest);
    const bool right = disk_block_is(block, digest);
    block[DISK_BLOCK_BYTES / 2] ^= 4;
    const bool bent = disk_block_is(block, digest);
    disk_block_make(block, 7, 8, seed);
    return right && !bent && !disk_block_is(block, digest);
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    DISK_NOTES(X)
#undef X
};

const struct reference reference_disk = {
    .id = 23,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
