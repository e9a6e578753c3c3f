#include "resources.h"

#include <string.h>

#include "references.h"

static const char *const paths[RESOURCES_SOURCES] = {
    [RESOURCES_MEMORY] = "/proc/pressure/memory", [RESOURCES_IO] = "/proc/pressure/io",
    [RESOURCES_CPU] = "/proc/pressure/cpu",       [RESOURCES_STATUS] = "/proc/self/status",
    [RESOURCES_LIMITS] = "/proc/self/limits",
};

#define DESCRIPTORS "/proc/self/fd"

/* Behind `prefix`, where a line begins with it; NULL if none does. */
static const char *line_after(const char *text, const char *prefix)
{
    const size_t size_bytes = strlen(prefix);
    while (text != NULL && strncmp(text, prefix, size_bytes) != 0) {
        text = strchr(text, '\n');
        text = text == NULL ? NULL : text + 1;
    }
    return text == NULL ? NULL : text + size_bytes;
}

/* "some avg10=12.34 avg60=...": hundredths of a percent. */
static bool pressure_scan(const struct source *s, const char *prefix, uint64_t *out)
{
    const char *at = line_after(s->text, prefix);
    uint64_t whole = 0;
    uint64_t part = 0;
    if (at == NULL || !number_scan(&at, &whole) || whole > 100 || *at++ != '.') {
        return false;
    }
    const char *point = at;
    if (!number_scan(&at, &part) || at - point != 2 || *at != ' ') {
        return false;
    }
    *out = whole * 100 + part;
    return true;
}

static void say(struct finding *out, enum reference_result result, enum resources_note note,
                const char *subject, uint64_t got)
{
    const bool first = result == RESULT_OK && out->result == RESULT_OK &&
                       out->evidence.note == RESOURCES_ENOUGH;
    if (first || finding_worsen(out, result, note)) {
        finding_set(out, result, note);
        finding_subject(out, subject);
        out->evidence.got = got;
    }
}

/* Being busy is told, not held against a node: whether it is late itself, R22, R24 and R30
 * measure. All tasks waiting for memory is another thing. */
static bool judge_pressure(enum resources_source which, const struct source *s,
                           struct finding *out)
{
    const bool cpu = which == RESOURCES_CPU;
    uint64_t got = 0;
    if (!pressure_scan(s, cpu ? "some avg10=" : "full avg10=", &got)) {
        return false;
    }
    if (which == RESOURCES_MEMORY && got > RESOURCES_THRASHING) {
        say(out, RESULT_DEGRADED, RESOURCES_THRASHING_NOW, "memory", got / 100);
    } else if (which == RESOURCES_IO && got > RESOURCES_IO_BUSY) {
        say(out, RESULT_OK, RESOURCES_BUSY, "disks", got / 100);
    } else if (cpu && got > RESOURCES_CPU_BUSY) {
        say(out, RESULT_OK, RESOURCES_BUSY, "a core", got / 100);
    }
    return true;
}

/* Pages that were swapped out and are never needed stay so: growth is what counts. */
static bool judge_status(struct resources_state *state, const struct source *s,
                         struct finding *out)
{
    uint64_t kib = 0;
    const enum field field = source_field(s, "VmSwap:", " kB", &kib);
    if (field == FIELD_GARBAGE) {
        return false;
    }
    const uint64_t more = kib > state->swapped_kib ? kib - state->swapped_kib : 0;
    state->swapped_kib = kib;
    if (more > 0) {
        say(out, RESULT_DEGRADED, RESOURCES_SWAPPED, "swap", kib);
        out->evidence.count = more;
    } else if (kib > 0) {
        say(out, RESULT_OK, RESOURCES_SWAPPED_BEFORE, "swap", kib);
    }
    return true;
}

static bool judge_descriptors(const struct seams *seams, const struct source *s,
                              struct finding *out)
{
    const char *at = line_after(s->text, "Max open files ");
    uint64_t most = 0;
    uint64_t open = 0;
    while (at != NULL && *at == ' ') {
        at++;
    }
    if (at == NULL) {
        return false;
    }
    if (strncmp(at, "unlimited ", strlen("unlimited ")) == 0) {
        return true;
    }
    if (!number_scan(&at, &most) || *at != ' ' ||
        listing_count(seams, DESCRIPTORS, &open) != SOURCE_READ) {
        return false;
    }
    if (open > most / 100 * RESOURCES_DESCRIPTORS_PERCENT +
                   most % 100 * RESOURCES_DESCRIPTORS_PERCENT / 100) {
        say(out, RESULT_DEGRADED, RESOURCES_DESCRIPTORS, "", open);
        out->evidence.expected = most;
    }
    return true;
}

static bool judge(struct reference_context *context, enum resources_source which,
                  struct finding *out)
{
    switch (which) {
    case RESOURCES_MEMORY:
    case RESOURCES_IO:
    case RESOURCES_CPU:
        return judge_pressure(which, &context->source, out);
    case RESOURCES_STATUS:
        return judge_status(&context->resources, &context->source, out);
    case RESOURCES_LIMITS:
        return judge_descriptors(&context->seams, &context->source, out);
    case RESOURCES_SOURCES:
        break;
    }
    return false;
}

/* A kernel without pressure accounting has the files, and answers EOPNOTSUPP when they are
 * read, which source_read calls FAILED: at the first run that is absence, too. */
static void survey(struct reference_context *context, enum resources_source which,
                   struct finding *out)
{
    bool *there = &context->resources.there[which];
    const enum source_verdict verdict =
        source_read(&context->seams, paths[which], &context->source);
    const bool lacks = verdict == SOURCE_MISSING || verdict == SOURCE_FORBIDDEN ||
                       (verdict == SOURCE_FAILED && which <= RESOURCES_CPU);
    if (!context->resources.started) {
        *there = !lacks;
    }
    if (!*there) {
        return;
    }
    if (lacks) {
        say(out, RESULT_UNKNOWN, RESOURCES_VANISHED, paths[which], 0);
    } else if (verdict != SOURCE_READ || !judge(context, which, out)) {
        say(out, RESULT_UNKNOWN, RESOURCES_UNREADABLE, paths[which], 0);
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    bool any = false;
    finding_set(out, RESULT_OK, RESOURCES_ENOUGH);
    for (enum resources_source i = 0; i < RESOURCES_SOURCES; i++) {
        survey(context, i, out);
        any |= context->resources.there[i];
    }
    context->resources.started = true;
    if (!any) {
        finding_set(out, RESULT_ABSENT, RESOURCES_NO_SOURCE);
    }
}

/* All tasks waiting a tenth of the time for memory, and a process that is being swapped out. */
static bool negative(struct reference_context *context)
{
    struct resources_state state = {.started = true};
    struct finding pressure;
    struct finding swap;
    struct source *s = &context->source;
    finding_begin(&pressure, 34);
    finding_begin(&swap, 34);
    strcpy(s->text, "full avg10=10.00 avg60=0.00 avg300=0.00 total=0\n");
    const bool first = judge_pressure(RESOURCES_MEMORY, s, &pressure);
    strcpy(s->text, "VmSwap:\t       4 kB\n");
    const bool second = judge_status(&state, s, &swap);
    return first && second && pressure.result == RESULT_DEGRADED &&
           swap.result == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    RESOURCES_NOTES(X)
#undef X
};

const struct reference reference_resources = {
    .id = 34,
    .period_ms = 5000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
