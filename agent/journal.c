#include "agent/journal.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/loop.h"
#include "agent/text.h"

#define LINE_BYTES 1024u

#define QUORUM_PLACE MEMBERS_MAX /* among what comes and goes */

static bool is_printed(const struct journal *j, enum words_level level)
{
    static const enum words_level least[] = {
        [LOG_LEVEL_ERROR] = WORDS_ERROR,   [LOG_LEVEL_WARNING] = WORDS_WARNING,
        [LOG_LEVEL_NOTICE] = WORDS_NOTICE, [LOG_LEVEL_INFO] = WORDS_INFO,
        [LOG_LEVEL_DEBUG] = WORDS_DEBUG,
    };
    return level <= least[j->level];
}

/* Fit for a line and for a field in quotes: a quote inside would end the field for whoever
 * reads the log by machine. */
static void clean(const struct words *w, char message[static JOURNAL_MESSAGE_BYTES])
{
    text_escape(w->message, strlen(w->message), message, JOURNAL_MESSAGE_BYTES);
    for (char *at = message; *at != '\0'; at++) {
        if (*at == '"') {
            *at = '\'';
        }
    }
}

/* Answers how many bytes, a newline at the end. */
static size_t compose(char line[static LINE_BYTES], const struct words *w, const char *message,
                      uint64_t height)
{
    char time[WORDS_ISO_BYTES];
    char fields[96] = "";
    words_iso(clock_unix_ms(), time);
    if (w->member != NULL) {
        snprintf(fields, sizeof fields, " member=%s", w->member);
    }
    if (height != 0) {
        const size_t used = strlen(fields);
        snprintf(fields + used, sizeof fields - used, " height=%" PRIu64, height);
    }
    const int size_bytes =
        snprintf(line, LINE_BYTES, "%s %s %s code=%s%s msg=\"%s\"\n", time,
                 words_level_text(w->level), w->event, w->code, fields, message);
    assert(size_bytes > 0 && (size_t)size_bytes < LINE_BYTES);
    return (size_t)size_bytes;
}

/* Who reads the lines may have stopped, and the loop must not wait for him: a pipe that can be
 * written to takes PIPE_BUF bytes at once. */
static bool put_out(const char *text, size_t size_bytes)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0 &&
           write(STDERR_FILENO, text, size_bytes) == (ssize_t)size_bytes;
}

static void print_line(struct journal *j, const struct words *w, const char *message,
                       uint64_t height)
{
    char text[2 * LINE_BYTES];
    static_assert(sizeof text <= PIPE_BUF, "one write takes both lines, or none");
    size_t size_bytes = 0;
    if (j->left_out > 0) {
        static const struct words left_out = {
            .level = WORDS_WARNING, .code = "OST-5504", .event = "lines_left_out"};
        char count[80];
        snprintf(count, sizeof count, "log: %" PRIu64 " lines before this one found no reader",
                 j->left_out);
        size_bytes = compose(text, &left_out, count, 0);
    }
    size_bytes += compose(text + size_bytes, w, message, height);
    j->left_out = put_out(text, size_bytes) ? 0 : j->left_out + 1;
}

static void write_held(struct journal *j)
{
    struct store_event events[JOURNAL_HELD_MAX];
    for (uint32_t i = 0; i < j->held_count; i++) {
        events[i] = j->held[i].event;
        events[i].message = j->held[i].message;
    }
    if (j->held_count > 0 && j->storage != NULL &&
        storage_events(j->storage, events, j->held_count)) {
        j->events += j->held_count;
    }
    j->held_count = 0;
}

void journal_begin(struct journal *j)
{
    j->holds = true;
}

void journal_end(struct journal *j)
{
    j->holds = false;
    write_held(j);
}

/* Where in the log something stands. */
struct place {
    uint64_t height;
    int32_t ordinal;
    uint64_t time_ms;
};

static void hold(struct journal *j, const struct words *w, const char *message,
                 const struct place *place)
{
    struct journal_held *held = &j->held[j->held_count++];
    held->event = (struct store_event){
        .height = place->height,
        .ordinal = place->ordinal,
        .level = w->level,
        .time_ms = place->time_ms,
        .name = w->event,
        .code = w->code,
        .member = w->member,
        .fields = "{}",
    };
    memcpy(held->message, message, strlen(message) + 1);
}

static void say(struct journal *j, const struct words *w, const struct place *place)
{
    char message[JOURNAL_MESSAGE_BYTES];
    clean(w, message);
    if (is_printed(j, w->level)) {
        print_line(j, w, message, place->height);
    }
    if (j->storage == NULL || w->level >= WORDS_DEBUG) {
        return;
    }
    hold(j, w, message, place);
    if (!j->holds || j->held_count == JOURNAL_HELD_MAX) {
        write_held(j);
    }
}

static struct place here(void)
{
    return (struct place){.ordinal = STORE_ORDINAL_LOCAL, .time_ms = clock_unix_ms()};
}

static void add_suppressed(struct words *w, uint32_t suppressed)
{
    if (suppressed > 0) {
        const size_t used = strlen(w->message);
        snprintf(w->message + used, sizeof w->message - used, " (suppressed=%u)", suppressed);
    }
}

/* What comes and goes: its place among the flapping; JOURNAL_TWO_STATES: it does not. */
static uint32_t flapping_place(const struct note *note)
{
    const bool of_peer = note->kind == NOTE_PEER_SUSPECTED || note->kind == NOTE_PEER_HEARD;
    const bool of_quorum = note->kind == NOTE_QUORUM_LOST || note->kind == NOTE_QUORUM_FOUND;
    if (of_peer && note->member < MEMBERS_MAX) {
        return note->member;
    }
    return of_quorum ? QUORUM_PLACE : JOURNAL_TWO_STATES;
}

static uint64_t kind_key(const struct note *note)
{
    return ratelimit_key((uint32_t)note->kind << 8 | (uint32_t)note->cause, &note->member,
                         sizeof note->member);
}

/* Whether the note is to be said, and how many like it were left out before. */
static bool passes(struct journal *j, const struct note *note, uint32_t *suppressed)
{
    const uint64_t now_ms = clock_monotonic_ms();
    const uint32_t place = flapping_place(note);
    *suppressed = 0;
    if (place < JOURNAL_TWO_STATES) {
        j->flapped[place] = *note;
        return flapping_change(&j->flapping[place], now_ms, suppressed);
    }
    if (note->kind == NOTE_COMMAND_SKIPPED) {
        return ratelimit_pass(&j->chain_limits, kind_key(note), note->time_ms, suppressed);
    }
    if (note->kind == NOTE_PEER_NONSENSE) {
        return ratelimit_pass(&j->limits, kind_key(note), now_ms, suppressed);
    }
    return true;
}

void journal_note(struct journal *j, const struct note *note, const struct cluster *c,
                  int32_t ordinal)
{
    struct words w;
    uint32_t suppressed = 0;
    const struct place decided = {note->height, ordinal, note->time_ms};
    const struct place place = note->height != 0 ? decided : here();
    if (!passes(j, note, &suppressed)) {
        return;
    }
    words_of(note, c, &w);
    add_suppressed(&w, suppressed);
    say(j, &w, &place);
}

void journal_settle(struct journal *j, const struct cluster *c)
{
    const uint64_t now_ms = clock_monotonic_ms();
    for (uint32_t i = 0; i < JOURNAL_TWO_STATES; i++) {
        struct words w;
        uint32_t suppressed = 0;
        if (flapping_settle(&j->flapping[i], now_ms, &suppressed)) {
            const struct place place = here();
            words_of(&j->flapped[i], c, &w);
            add_suppressed(&w, suppressed);
            say(j, &w, &place);
        }
    }
}

void journal_replay(struct journal *j, struct store *store, const struct notes *notes,
                    const struct cluster *c)
{
    struct store_event events[NOTES_MAX];
    static_assert(NOTES_MAX <= 128, "they lie on the stack");
    char messages[NOTES_MAX][JOURNAL_MESSAGE_BYTES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < notes->count; i++) {
        struct words w;
        uint32_t suppressed = 0;
        const struct note *note = &notes->list[i];
        if (passes(j, note, &suppressed)) {
            words_of(note, c, &w);
            add_suppressed(&w, suppressed);
            clean(&w, messages[count]);
            events[count] = (struct store_event){
                .height = note->height,
                .ordinal = (int32_t)i,
                .level = w.level,
                .time_ms = note->time_ms,
                .name = w.event,
                .code = w.code,
                .member = w.member,
                .fields = "{}",
                .message = messages[count],
            };
            count += w.level < WORDS_DEBUG ? 1 : 0;
        }
    }
    if (count > 0 && store_events_write(store, events, count) != STORE_ANSWER_DONE) {
        journal_sayf(j, WORDS_WARNING, "OST-5402", "database_refuses", NULL,
                     "events of height %" PRIu64 " cannot be written", notes->list[0].height);
    }
}

void journal_say(struct journal *j, const struct words *words, uint64_t height)
{
    struct place place = here();
    place.height = height;
    say(j, words, &place);
}

void journal_sayf(struct journal *j, enum words_level level, const char *code,
                  const char *event, const char *member, const char *format, ...)
{
    struct words w = {.level = level, .code = code, .event = event, .member = member};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w.message, sizeof w.message, format, arguments);
    va_end(arguments);
    journal_say(j, &w, 0);
}

/* The library tells no context. */
static struct journal *listener;

static void on_loop_text(const char *text, uint32_t suppressed)
{
    struct words w = {.level = WORDS_WARNING, .code = "OST-5503", .event = "network_trouble"};
    snprintf(w.message, sizeof w.message, "network: %.120s", text);
    add_suppressed(&w, suppressed);
    journal_say(listener, &w, 0);
}

void journal_hear_loop(struct journal *j)
{
    listener = j;
    loop_log(j == NULL ? NULL : on_loop_text);
}
