#include "kernel_log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel_log_rules.h"
#include "references.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/* What is true from one run to the next is told at its end; this is what one record says. */
static void take(struct kernel_log_state *state, const struct kernel_log_event *e,
                 uint64_t now_ms, uint64_t passes, struct finding *out)
{
    switch (e->kind) {
    case KERNEL_EVENT_NONE:
        break;
    case KERNEL_EVENT_UNCORRECTED:
        out->flags |= FINDING_PERSON;
        finding_worsen(out, RESULT_FATAL, KERNEL_LOG_UNCORRECTED);
        break;
    case KERNEL_EVENT_RECOVERED:
        out->flags |= FINDING_BURST;
        finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_RECOVERED);
        break;
    case KERNEL_EVENT_PAGE_LOST:
        out->flags |= FINDING_BURST;
        finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_PAGE_LOST);
        break;
    case KERNEL_EVENT_BOOT_BEFORE:
        out->flags |= FINDING_BURST | FINDING_PERSON;
        finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_BOOT_BEFORE);
        break;
    case KERNEL_EVENT_CORRECTED:
        tally_add(&state->corrected, now_ms, 1);
        break;
    case KERNEL_EVENT_DISK:
        state->disk_bad = true;
        state->disk_passes = passes;
        memset(state->disk, 0, sizeof state->disk);
        memcpy(state->disk, e->device, e->device_bytes);
        break;
    case KERNEL_EVENT_STUCK:
        finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_STUCK);
        break;
    case KERNEL_EVENT_KILLED:
        finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_KILLED);
        break;
    case KERNEL_EVENT_CLOCK:
        finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_CLOCK);
        break;
    }
}

/* One record, or several where a file stands for the log: lines, of which those that begin with
 * a blank say more on the one before. False: this is no log of a kernel's. */
static bool take_lines(struct reference_context *context, char *text, uint64_t now_ms,
                       struct finding *out)
{
    struct kernel_log_state *state = &context->kernel_log;
    const uint64_t passes = context->disk.passes;
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        struct kernel_log_record record;
        if (end == NULL) {
            return false;
        }
        *end = '\0';
        if (line[0] != ' ') {
            if (!kernel_log_record_scan(line, &record)) {
                return false;
            }
            const bool is_new = !state->any || record.number > state->last;
            if (is_new) {
                const struct kernel_log_event e = kernel_log_judge(&record, &state->devices);
                state->any = true;
                state->last = record.number;
                take(state, &e, now_ms, passes, out);
            }
        }
        line = end + 1;
    }
    return true;
}

static void close_log(struct kernel_log_state *state)
{
    if (state->open) {
        close(state->file);
        state->open = false;
    }
}

void kernel_log_finish(struct kernel_log_state *state)
{
    close_log(state);
}

/* What was there to be read since the last run. What could not be read is no silence of the
 * kernel's: it is unknown, if nothing worse was seen before. */
static void read_log(struct reference_context *context, uint64_t now_ms, struct finding *out)
{
    struct kernel_log_state *state = &context->kernel_log;
    const struct seams *seams = &context->seams;
    uint32_t left = context->whole ? UINT32_MAX : KERNEL_LOG_RECORDS;
    for (; left > 0; left--) {
        const ssize_t done =
            seams->read(seams->self, state->file, state->text, KERNEL_LOG_RECORD_BYTES);
        if (done == -EINTR) {
            continue;
        }
        if (done == -EPIPE) {
            finding_worsen(out, RESULT_UNKNOWN, KERNEL_LOG_OVERRUN);
            continue;
        }
        if (done == -EAGAIN || done == 0) {
            return;
        }
        if (done < 0) {
            out->evidence.got = (uint64_t)-done;
            finding_worsen(out, RESULT_UNKNOWN, KERNEL_LOG_UNREADABLE);
            close_log(state);
            return;
        }
        state->text[done] = '\0';
        if (strlen(state->text) != (size_t)done ||
            !take_lines(context, state->text, now_ms, out)) {
            finding_worsen(out, RESULT_UNKNOWN, KERNEL_LOG_GARBAGE);
        }
    }
    finding_worsen(out, RESULT_UNKNOWN, KERNEL_LOG_MORE);
}

/* What lasts: a disk that has to prove itself, and errors that were corrected. */
static void judge_state(struct kernel_log_state *state, uint64_t now_ms, uint64_t passes,
                        struct finding *out)
{
    const uint64_t corrected = tally_sum(&state->corrected, now_ms);
    const uint64_t passed = passes - state->disk_passes;
    state->disk_bad &= passed < KERNEL_LOG_DISK_PASSES;
    if (state->disk_bad && finding_worsen(out, RESULT_SILENT, KERNEL_LOG_DISK)) {
        finding_subject(out, state->disk);
        out->evidence.got = passed;
        out->evidence.expected = KERNEL_LOG_DISK_PASSES;
    }
    const bool many = corrected > KERNEL_LOG_CORRECTED_MOST;
    out->flags |= many && !state->many ? FINDING_BURST : 0;
    state->many = many;
    if (many && finding_worsen(out, RESULT_DEGRADED, KERNEL_LOG_CORRECTED_MANY)) {
        out->evidence.count = corrected;
    } else if (corrected > 0 && out->result == RESULT_OK) {
        finding_set(out, RESULT_OK, KERNEL_LOG_CORRECTED);
        out->evidence.count = corrected;
    }
}

/* Every run does this if a run before had to close it. */
static bool open_log(struct reference_context *context, struct finding *out)
{
    struct kernel_log_state *state = &context->kernel_log;
    if (!state->open) {
        state->file = source_open(&context->seams, "/dev/kmsg");
        state->open = state->file >= 0;
    }
    const bool there = reference_is_there(context, state->open, KERNEL_LOG_NO_LOG, out);
    if (!there) {
        close_log(state); /* absent for good, though it could be opened by now */
    }
    if (out->result == RESULT_UNKNOWN) {
        out->evidence.note = KERNEL_LOG_VANISHED;
    }
    return there;
}

static void run(struct reference_context *context, struct finding *out)
{
    struct kernel_log_state *state = &context->kernel_log;
    const struct seams *seams = &context->seams;
    const uint64_t now_ms = seams->clock_ns(seams->self, SEAM_BOOT) / 1000000;
    if (!open_log(context, out)) {
        return;
    }
    if (!state->begun) {
        /* A directory on no device that has a name has none to complain of. */
        state->devices.count = 0;
        (void)!(context->data_directory != NULL &&
                block_devices_of(seams, context->data_directory, &context->source,
                                 &state->devices));
        tally_begin(&state->corrected, DAY_MS);
        state->begun = true;
    }
    finding_set(out, RESULT_OK, KERNEL_LOG_QUIET);
    read_log(context, now_ms, out);
    judge_state(state, now_ms, context->disk.passes, out);
}

/* A hardware error, one of a disk of ours, and the same words from a process. */
static bool negative(struct reference_context *context)
{
    static const struct block_devices devices = {1, {{"sda1", false}}};
    struct kernel_log_state state = {.devices = devices};
    struct finding hardware;
    struct finding disk;
    struct finding process;
    struct kernel_log_record r = {.text = "{1}[Hardware Error]: event severity: fatal"};
    struct kernel_log_event e = kernel_log_judge(&r, &devices);
    (void)context;
    finding_begin(&hardware, 14);
    finding_begin(&disk, 14);
    finding_begin(&process, 14);
    tally_begin(&state.corrected, DAY_MS);
    take(&state, &e, 0, 0, &hardware);
    r.priority = 8;
    e = kernel_log_judge(&r, &devices);
    take(&state, &e, 0, 0, &process);
    r = (struct kernel_log_record){.text = "EXT4-fs error (device sda1): bad block"};
    e = kernel_log_judge(&r, &devices);
    take(&state, &e, 0, 0, &disk);
    judge_state(&state, 0, 0, &disk);
    return hardware.result == RESULT_FATAL && disk.result == RESULT_SILENT &&
           process.result == RESULT_UNKNOWN;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    KERNEL_LOG_NOTES(X)
#undef X
};

const struct reference reference_kernel_log = {
    .id = 14,
    .period_ms = 1000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
