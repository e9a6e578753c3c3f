#include "lost_memory.h"

#include <string.h>

#include "references.h"

static const char *const keys[LOST_MEMORY_FIELDS] = {"HardwareCorrupted:", "EarlyMemtestBad:"};

/* Reads both fields. False: `out` says why they cannot be judged. */
static bool scan(const struct source *s, struct lost_memory_state *state,
                 uint64_t kib[static LOST_MEMORY_FIELDS], struct finding *out)
{
    for (uint32_t i = 0; i < LOST_MEMORY_FIELDS; i++) {
        const enum field field = source_field(s, keys[i], " kB", &kib[i]);
        if (field == FIELD_GARBAGE) {
            finding_set(out, RESULT_UNKNOWN, LOST_MEMORY_UNREADABLE);
            return false;
        }
        if (!state->started) {
            state->there[i] = field == FIELD_FOUND;
        } else if (state->there[i] && field != FIELD_FOUND) {
            finding_set(out, RESULT_UNKNOWN, LOST_MEMORY_VANISHED);
            return false;
        }
        /* A field that comes late stays absent. */
        kib[i] = state->there[i] ? kib[i] : 0;
    }
    return true;
}

static void judge(const struct source *s, struct lost_memory_state *state, struct finding *out)
{
    uint64_t kib[LOST_MEMORY_FIELDS] = {0};
    if (!scan(s, state, kib, out)) {
        return;
    }
    const uint64_t now = kib[LOST_MEMORY_CORRUPTED];
    const uint64_t before = state->started ? state->corrupted_kib : now;
    state->started = true;
    state->corrupted_kib = now; /* less than before: a page was given back, a new base */
    out->evidence.got = now;
    if (now > before) {
        out->evidence.count = now - before;
        out->flags |= FINDING_BURST;
        finding_set(out, RESULT_DEGRADED, LOST_MEMORY_MORE);
    }
    if (now >= LOST_MEMORY_MUCH_KIB) {
        out->flags |= FINDING_PERSON;
        finding_set(out, RESULT_DEGRADED, LOST_MEMORY_MUCH);
    } else if (kib[LOST_MEMORY_MEMTEST] > 0) {
        out->evidence.got = kib[LOST_MEMORY_MEMTEST];
        out->flags |= FINDING_PERSON;
        finding_set(out, RESULT_DEGRADED, LOST_MEMORY_EARLY);
    } else if (now <= before) {
        finding_set(out, RESULT_OK, now == 0 ? LOST_MEMORY_NONE : LOST_MEMORY_STANDING);
    }
}

static bool has_a_field(const struct source *s)
{
    uint64_t kib;
    return source_field(s, keys[LOST_MEMORY_CORRUPTED], " kB", &kib) != FIELD_MISSING ||
           source_field(s, keys[LOST_MEMORY_MEMTEST], " kB", &kib) != FIELD_MISSING;
}

static void run(struct reference_context *context, struct finding *out)
{
    struct source *s = &context->source;
    const enum source_verdict verdict = source_read(&context->seams, "/proc/meminfo", s);
    const bool lacks = verdict == SOURCE_MISSING || verdict == SOURCE_FORBIDDEN;
    if (!lacks && verdict != SOURCE_READ) {
        finding_set(out, RESULT_UNKNOWN, LOST_MEMORY_UNREADABLE);
        return;
    }
    if (reference_is_there(context, !lacks && has_a_field(s), LOST_MEMORY_NO_FIELD, out)) {
        judge(s, &context->lost_memory, out);
    } else if (out->result == RESULT_UNKNOWN) {
        finding_set(out, RESULT_UNKNOWN, LOST_MEMORY_VANISHED);
    }
}

/* 64 KiB where there were none. */
static bool negative(struct reference_context *context)
{
    struct lost_memory_state state = {.started = true, .there = {true, true}};
    struct finding seen;
    struct source *s = &context->source;
    strcpy(s->text, "MemTotal: 1 kB\nHardwareCorrupted:    64 kB\nEarlyMemtestBad: 0 kB\n");
    s->size_bytes = (uint32_t)strlen(s->text);
    finding_begin(&seen, 13);
    judge(s, &state, &seen);
    return seen.result == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    LOST_MEMORY_NOTES(X)
#undef X
};

const struct reference reference_lost_memory = {
    .id = 13,
    .period_ms = 5000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
