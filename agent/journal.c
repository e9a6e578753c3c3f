#include "agent/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/loop.h"
#include "agent/text.h"

#define LINE_MESSAGE_BYTES (2u * WORDS_MESSAGE_BYTES)

static bool is_printed(const struct journal *j, enum words_level level)
{
    static const enum words_level least[] = {
        [LOG_LEVEL_ERROR] = WORDS_ERROR,   [LOG_LEVEL_WARNING] = WORDS_WARNING,
        [LOG_LEVEL_NOTICE] = WORDS_NOTICE, [LOG_LEVEL_INFO] = WORDS_INFO,
        [LOG_LEVEL_DEBUG] = WORDS_DEBUG,
    };
    return level <= least[j->level];
}

/* A quote inside a sentence would end the field for whoever reads the log by machine. */
static void replace_quotes(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            *text = '\'';
        }
    }
}

static void print_line(const struct words *w, const char *message, uint64_t time_ms,
                       uint64_t height)
{
    char time[WORDS_ISO_BYTES];
    char fields[96] = "";
    words_iso(time_ms, time);
    if (w->member != NULL) {
        snprintf(fields, sizeof fields, " member=%s", w->member);
    }
    if (height != 0) {
        const size_t used = strlen(fields);
        snprintf(fields + used, sizeof fields - used, " height=%llu",
                 (unsigned long long)height);
    }
    fprintf(stderr, "%s %s %s code=%s%s msg=\"%s\"\n", time, words_level_text(w->level),
            w->event, w->code, fields, message);
}

static void say(struct journal *j, const struct words *w, uint64_t height, int32_t ordinal)
{
    char message[LINE_MESSAGE_BYTES];
    const uint64_t time_ms = clock_unix_ms();
    text_escape(w->message, strlen(w->message), message, sizeof message);
    replace_quotes(message);
    if (is_printed(j, w->level)) {
        print_line(w, message, time_ms, height);
    }
    if (j->storage == NULL || w->level >= WORDS_DEBUG) {
        return;
    }
    const struct store_event event = {
        .height = height,
        .ordinal = ordinal,
        .level = w->level,
        .time_ms = time_ms,
        .name = w->event,
        .code = w->code,
        .member = w->member,
        .fields = "{}",
        .message = message,
    };
    j->events += storage_events(j->storage, &event, 1) ? 1 : 0;
}

void journal_note(struct journal *j, const struct note *note, const struct cluster *c,
                  int32_t ordinal)
{
    struct words w;
    uint32_t suppressed = 0;
    words_of(note, c, &w);
    const bool by_a_peer =
        note->kind == NOTE_PEER_NONSENSE || note->kind == NOTE_COMMAND_SKIPPED;
    if (by_a_peer) {
        const uint64_t key = ratelimit_key((uint32_t)note->kind << 8 | (uint32_t)note->cause,
                                           &note->member, sizeof note->member);
        if (!ratelimit_pass(&j->limits, key, clock_monotonic_ms(), &suppressed)) {
            return;
        }
    }
    if (suppressed > 0) {
        const size_t used = strlen(w.message);
        snprintf(w.message + used, sizeof w.message - used, " (suppressed=%u)", suppressed);
    }
    say(j, &w, note->height, note->height == 0 ? STORE_ORDINAL_LOCAL : ordinal);
}

void journal_say(struct journal *j, const struct words *words, uint64_t height)
{
    say(j, words, height, STORE_ORDINAL_LOCAL);
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
