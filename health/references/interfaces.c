#include "interfaces.h"

#include <stdio.h>
#include <string.h>

#include "references.h"

#define LINKS "/sys/class/net"
#define STACK "/proc/net/snmp"
#define MINUTE_MS 60000u
#define PATH_BYTES 128u

struct survey {
    struct reference_context *context;
    struct interfaces_state *state;
    struct finding *out;
    uint64_t now_ms;
};

/* What it grew by in the last minute. Less than before is a new base. */
static uint64_t meter_read(struct meter *m, uint64_t value, uint64_t now_ms)
{
    if (!m->started) {
        tally_begin(&m->minute, MINUTE_MS);
        m->started = true;
    } else if (value > m->last) {
        tally_add(&m->minute, now_ms, value - m->last);
    }
    m->last = value;
    return tally_sum(&m->minute, now_ms);
}

static void say(struct finding *out, enum reference_result result, enum interfaces_note note,
                const char *subject, uint64_t count)
{
    if (finding_worsen(out, result, note)) {
        finding_subject(out, subject);
        out->evidence.count = count;
    }
}

/* --- the stack: lines "Tcp: RtoAlgorithm RtoMin ..." and below each its numbers --- */

/* Moves behind the next word of a line. False at its end. */
static bool word_skip(const char **at)
{
    while (**at == ' ') {
        (*at)++;
    }
    const char *from = *at;
    while (**at != ' ' && **at != '\n' && **at != '\0') {
        (*at)++;
    }
    return *at > from;
}

/* The line that begins with `prefix`, from `at` on. */
static const char *line_of(const char *at, const char *prefix)
{
    while (at != NULL && strncmp(at, prefix, strlen(prefix)) != 0) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    return at == NULL || *at == '\0' ? NULL : at;
}

/* The number below `column` in the two lines that begin with `prefix`. */
static enum field stack_number(const struct source *s, const char *prefix, const char *column,
                               uint64_t *out)
{
    const char *names = line_of(s->text, prefix);
    const char *end = names == NULL ? NULL : strchr(names, '\n');
    const char *numbers = end == NULL ? NULL : line_of(end + 1, prefix);
    if (numbers == NULL) {
        return FIELD_MISSING;
    }
    while (word_skip(&names) && word_skip(&numbers)) {
        const size_t size_bytes = strlen(column);
        if (names - s->text < (ptrdiff_t)size_bytes + 1 ||
            strncmp(names - size_bytes - 1, " ", 1) != 0 ||
            strncmp(names - size_bytes, column, size_bytes) != 0) {
            continue;
        }
        const char *at = numbers;
        while (at[-1] != ' ') {
            at--;
        }
        return number_scan(&at, out) && at == numbers ? FIELD_FOUND : FIELD_GARBAGE;
    }
    return FIELD_MISSING;
}

static void judge_stack(const struct survey *s, const struct source *text)
{
    struct interfaces_state *state = s->state;
    uint64_t tcp = 0;
    uint64_t udp = 0;
    uint64_t sent = 0;
    uint64_t again = 0;
    if (stack_number(text, "Tcp:", "InCsumErrors", &tcp) != FIELD_FOUND ||
        stack_number(text, "Udp:", "InCsumErrors", &udp) != FIELD_FOUND ||
        stack_number(text, "Tcp:", "OutSegs", &sent) != FIELD_FOUND ||
        stack_number(text, "Tcp:", "RetransSegs", &again) != FIELD_FOUND) {
        say(s->out, RESULT_UNKNOWN, INTERFACES_UNREADABLE, STACK, 0);
        return;
    }
    const uint64_t wrong = meter_read(&state->checksums, tcp + udp, s->now_ms);
    const uint64_t out_minute = meter_read(&state->sent, sent, s->now_ms);
    const uint64_t again_minute = meter_read(&state->again, again, s->now_ms);
    const uint64_t permille =
        out_minute < INTERFACES_SENT_LEAST ? 0 : again_minute * 1000 / out_minute;
    s->out->evidence.got = permille;
    s->out->evidence.count += wrong;
    if (wrong > INTERFACES_CORRUPT_MOST) {
        say(s->out, RESULT_DEGRADED, INTERFACES_CHECKSUMS, STACK, wrong);
    }
    if (permille > INTERFACES_AGAIN_PERMILLE) {
        say(s->out, RESULT_DEGRADED, INTERFACES_LOSSY, STACK, out_minute);
    }
}

static void survey_stack(const struct survey *s)
{
    struct source *text = &s->context->source;
    const enum source_verdict verdict = source_read(&s->context->seams, STACK, text);
    const bool lacks = verdict == SOURCE_MISSING || verdict == SOURCE_FORBIDDEN;
    if (!s->state->started) {
        s->state->stack_there = !lacks;
    }
    if (s->state->stack_there && lacks) {
        say(s->out, RESULT_UNKNOWN, INTERFACES_VANISHED, STACK, 0);
    } else if (s->state->stack_there && verdict != SOURCE_READ) {
        say(s->out, RESULT_UNKNOWN, INTERFACES_UNREADABLE, STACK, 0);
    } else if (s->state->stack_there) {
        judge_stack(s, text);
    }
}

/* --- the interfaces --- */

static struct interface *interface_of(struct interfaces_state *state,
                                      const char name[static LISTING_NAME_BYTES])
{
    for (uint32_t i = 0; i < state->count; i++) {
        if (strcmp(state->list[i].name, name) == 0) {
            return &state->list[i];
        }
    }
    if (state->count == INTERFACES_MAX) {
        return NULL;
    }
    struct interface *new = &state->list[state->count++];
    memset(new, 0, sizeof *new);
    memcpy(new->name, name, sizeof new->name);
    return new;
}

static bool read_count(const struct survey *s, const char *name, const char *file,
                       uint64_t *out)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, LINKS "/%s/statistics/%s", name, file);
    return source_read(&s->context->seams, path, &s->context->source) == SOURCE_READ &&
           source_number(&s->context->source, out);
}

static void survey_interface(const struct survey *s, const char name[static LISTING_NAME_BYTES])
{
    uint64_t checksum = 0;
    uint64_t frame = 0;
    struct interface *i = interface_of(s->state, name);
    if (i == NULL) {
        say(s->out, RESULT_UNKNOWN, INTERFACES_UNREADABLE, name, 0);
        return;
    }
    i->seen = true;
    if (!read_count(s, name, "rx_crc_errors", &checksum) ||
        !read_count(s, name, "rx_frame_errors", &frame)) {
        say(s->out, RESULT_UNKNOWN, INTERFACES_UNREADABLE, name, 0);
        return;
    }
    const uint64_t corrupt = meter_read(&i->corrupt, checksum + frame, s->now_ms);
    if (corrupt > INTERFACES_CORRUPT_MOST) {
        say(s->out, RESULT_DEGRADED, INTERFACES_CORRUPT, name, corrupt);
    } else if (s->out->result == RESULT_OK) {
        s->out->evidence.count += corrupt;
    }
}

/* Only what has a device behind it: bridges, tunnels and the loop corrupt nothing. */
static bool is_physical(const struct survey *s, const char *name)
{
    char path[PATH_BYTES];
    char device[LISTING_NAME_BYTES];
    char bus[LISTING_NAME_BYTES];
    snprintf(path, sizeof path, LINKS "/%s/device", name);
    return link_read(&s->context->seams, path, device, bus);
}

static void survey_links(const struct survey *s)
{
    struct interfaces_state *state = s->state;
    const enum source_verdict verdict =
        listing_read(&s->context->seams, LINKS, "", &state->names);
    const bool lacks = verdict == SOURCE_MISSING || verdict == SOURCE_FORBIDDEN;
    if (!state->started) {
        state->links_there = !lacks;
    }
    if (!state->links_there) {
        return;
    }
    if (verdict != SOURCE_READ) {
        say(s->out, RESULT_UNKNOWN, lacks ? INTERFACES_VANISHED : INTERFACES_UNREADABLE, LINKS,
            0);
        return;
    }
    for (uint32_t i = 0; i < state->names.count; i++) {
        if (is_physical(s, state->names.names[i])) {
            survey_interface(s, state->names.names[i]);
        }
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (!state->list[i].seen) {
            say(s->out, RESULT_UNKNOWN, INTERFACES_VANISHED, state->list[i].name, 0);
        }
        state->list[i].seen = false;
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    const struct seams *seams = &context->seams;
    const struct survey s = {
        .context = context,
        .state = &context->interfaces,
        .out = out,
        .now_ms = seams->clock_ns(seams->self, SEAM_BOOT) / 1000000,
    };
    finding_set(out, RESULT_OK, INTERFACES_CLEAN);
    survey_stack(&s);
    survey_links(&s);
    s.state->started = true;
    if (!s.state->stack_there && !s.state->links_there) {
        finding_set(out, RESULT_ABSENT, INTERFACES_NO_COUNTERS);
    }
}

/* Eleven wrong checksums, and one segment in five sent again. */
static bool negative(struct reference_context *context)
{
    static const char *const texts[] = {
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 0 0 0\nUdp: InCsumErrors\nUdp: 0\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 1000 0 0\nUdp: InCsumErrors\nUdp: 11\n",
        "Tcp: OutSegs RetransSegs InCsumErrors\nTcp: 1000 200 0\nUdp: InCsumErrors\nUdp: 0\n",
    };
    enum reference_result results[3];
    for (size_t i = 0; i < 3; i++) {
        struct interfaces_state state = {0};
        struct finding seen;
        const struct survey s = {.context = context, .state = &state, .out = &seen};
        finding_begin(&seen, 28);
        for (size_t text = 0; text <= i; text += i == 0 ? 1 : i) {
            snprintf(context->source.text, sizeof context->source.text, "%s", texts[text]);
            finding_set(&seen, RESULT_OK, INTERFACES_CLEAN);
            judge_stack(&s, &context->source);
        }
        results[i] = seen.result;
    }
    return results[0] == RESULT_OK && results[1] == RESULT_DEGRADED &&
           results[2] == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    INTERFACES_NOTES(X)
#undef X
};

const struct reference reference_interfaces = {
    .id = 28,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
