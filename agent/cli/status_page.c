#include "status_page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "fields.h"
#include "moment.h"

#define TEXT_BYTES 4096u
#define NAME_BYTES 64u

static bool is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

static bool is_running(const cJSON *document)
{
    const char *phase = field_text(document, "phase");
    return phase == NULL || is(phase, "running");
}

enum exit_code status_exit_code(const cJSON *document)
{
    static const struct {
        const char *field, *word;
        enum exit_code code;
    } codes[] = {
        {"level", "ok", EXIT_WELL},           {"level", "warning", EXIT_DEGRADED},
        {"level", "critical", EXIT_CRITICAL}, {"state", "ok", EXIT_WELL},
        {"state", "degraded", EXIT_DEGRADED}, {"state", "no_quorum", EXIT_CRITICAL},
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (is(field_text(document, codes[i].field), codes[i].word)) {
            const bool excused = codes[i].code != EXIT_WELL || is_running(document);
            return excused ? codes[i].code : EXIT_DEGRADED;
        }
    }
    return EXIT_UNKNOWN;
}

static uint64_t seen_at(const cJSON *document)
{
    uint64_t moment_ms = 0;
    return field_time(document, "seen_at", &moment_ms) ? moment_ms : moment_now_ms();
}

static void print_head(const struct page *p, const cJSON *document)
{
    char cluster[NAME_BYTES];
    char seen_by[NAME_BYTES];
    char moment[MOMENT_BYTES];
    char line[TEXT_BYTES];
    uint64_t seen_ms = 0;
    const bool named = field_shown(document, "cluster", cluster, sizeof cluster);
    const bool seen = field_shown(document, "seen_by", seen_by, sizeof seen_by);
    snprintf(line, sizeof line, "%s, as %s sees it", named ? cluster : "?",
             seen ? seen_by : "?");
    if (field_time(document, "seen_at", &seen_ms)) {
        const size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, " at %s UTC",
                 moment_text(seen_ms, seen_ms, MOMENT_SECOND, moment));
    }
    page_label(p, "cluster", line);
}

/* Whoever looks is to know before anything else that nobody is removed now. */
static void print_pause(const struct page *p, const cJSON *document)
{
    char line[TEXT_BYTES];
    char moment[MOMENT_BYTES];
    uint64_t until_ms = 0;
    if (field_time(document, "paused_until", &until_ms)) {
        snprintf(line, sizeof line, "until %s UTC: votes remove nobody, witnesses take no name",
                 moment_text(until_ms, seen_at(document), MOMENT_SECOND, moment));
        page_label(p, "paused", line);
    }
}

/* "no_quorum" is shown as NO QUORUM; only what is well is written small. */
static void print_state(const struct page *p, const cJSON *document)
{
    static const enum colour colours[] = {
        [EXIT_WELL] = COLOUR_GOOD,
        [EXIT_DEGRADED] = COLOUR_WARNING,
        [EXIT_CRITICAL] = COLOUR_BAD,
        [EXIT_UNKNOWN] = COLOUR_WARNING,
    };
    char word[NAME_BYTES];
    const enum exit_code code = status_exit_code(document);
    field_shown(document, is_running(document) ? "state" : "phase", word, sizeof word);
    if (!is(word, "ok")) {
        for (char *c = word; *c != '\0'; c++) {
            *c = *c == '_' ? ' ' : (char)toupper((unsigned char)*c);
        }
    }
    page_label_coloured(p, "state", colours[code], word);
}

/* The name column is as wide as the longest name needs. */
static void print_missing(const struct page *p, const cJSON *missing)
{
    static const char head[] = "Missing: ";
    const uint32_t indent = PAGE_LABEL_COLUMNS + sizeof head - 1;
    char name[NAME_BYTES];
    char text[TEXT_BYTES];
    uint32_t width = 0;
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, missing)
    {
        field_shown(one, "member", name, sizeof name);
        width = text_columns(name) > width ? text_columns(name) : width;
    }
    const char *begin = head;
    cJSON_ArrayForEach(one, missing)
    {
        field_shown(one, "member", name, sizeof name);
        field_shown(one, "text", text, sizeof text);
        fprintf(p->out, "%*s%-*s%-*s  ", (int)PAGE_LABEL_COLUMNS, "", (int)sizeof head - 1,
                begin, (int)width, name);
        page_wrap(p, indent + width + 2, indent + width + 2, text);
        begin = "";
    }
}

/* When the agent gives no summary, the quorum speaks for itself. */
static void print_summary(const struct page *p, const cJSON *document)
{
    char text[TEXT_BYTES];
    uint64_t voters = 0;
    uint64_t needed = 0;
    uint64_t heard = 0;
    const cJSON *quorum = field_of(document, "quorum");
    if (field_shown(document, "summary", text, sizeof text)) {
        page_label(p, "status", text);
    } else if (is(field_text(document, "state"), "no_quorum") &&
               field_number(quorum, "voters", &voters) &&
               field_number(quorum, "needed", &needed) &&
               field_number(quorum, "heard", &heard)) {
        snprintf(text, sizeof text,
                 "%" PRIu64 " of %" PRIu64 " voters are heard, %" PRIu64 " are needed.", heard,
                 voters, needed);
        page_label(p, "status", text);
    }
    if (is(field_text(document, "state"), "no_quorum")) {
        print_missing(p, field_of(document, "missing"));
    }
    if (field_shown(document, "action", text, sizeof text)) {
        page_label(p, "action", text);
    }
    if (field_shown(document, "see", text, sizeof text)) {
        page_label(p, "see", text);
    }
}

static void add(char line[static TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a part to a line, after "; " unless it is the first. */
static void add(char line[static TEXT_BYTES], const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(line);
    if (used > 0) {
        used += (size_t)snprintf(line + used, TEXT_BYTES - used, "; ");
    }
    va_start(arguments, format);
    vsnprintf(line + used, TEXT_BYTES - used, format, arguments);
    va_end(arguments);
}

/* The newest window somebody has reported, or else who is at work. */
static void add_completed(char line[static TEXT_BYTES], const cJSON *document,
                          enum moment_form form)
{
    char moment[MOMENT_BYTES];
    char by[NAME_BYTES];
    char fence[NAME_BYTES];
    uint64_t time_ms = 0;
    const cJSON *windows = field_of(document, "windows");
    const cJSON *grant = field_of(document, "grant");
    if (field_time(windows, "completed_until", &time_ms) &&
        field_shown(windows, "completed_by", by, sizeof by)) {
        moment_text(time_ms, seen_at(document), form, moment);
        const bool fenced = field_shown(windows, "completed_fence", fence, sizeof fence);
        add(line, "completed to %s by %s%s%s", moment, by, fenced ? ", fence " : "", fence);
    } else if (field_shown(grant, "holder", by, sizeof by)) {
        field_shown(grant, "fence", fence, sizeof fence);
        add(line, "granted to %s, fence %s", by, fence);
    }
}

static void print_windows(const struct page *p, const cJSON *document)
{
    char line[TEXT_BYTES] = "";
    char moment[MOMENT_BYTES];
    uint64_t number = 0;
    uint64_t time_ms = 0;
    const cJSON *windows = field_of(document, "windows");
    const bool minutes = !field_number(document, "window_s", &number) || number % 60 == 0;
    const enum moment_form form = minutes ? MOMENT_MINUTE : MOMENT_SECOND;
    const bool stuck =
        field_of(document, "grant") == NULL || status_exit_code(document) == EXIT_CRITICAL;
    add_completed(line, document, form);
    if (field_time(windows, "settled_until", &time_ms)) {
        add(line, "settled to %s", moment_text(time_ms, seen_at(document), form, moment));
    }
    if (stuck && field_number(windows, "due", &number) && number > 0) {
        uint64_t age_ms = 0;
        field_number(windows, "oldest_due_age_ms", &age_ms);
        add(line, "%" PRIu64 " %s, the oldest for %s", number, number == 1 ? "waits" : "wait",
            duration_text(age_ms, moment));
    }
    if (line[0] != '\0') {
        page_label(p, "windows", line);
    }
}

static void print_budget(const struct page *p, const cJSON *document)
{
    char line[TEXT_BYTES];
    uint64_t voters = 0;
    uint64_t needed = 0;
    uint64_t crashed = 0;
    uint64_t lying = 0;
    const cJSON *quorum = field_of(document, "quorum");
    const cJSON *bears = field_of(quorum, "bears");
    if (!field_number(quorum, "voters", &voters) || !field_number(quorum, "needed", &needed) ||
        !field_number(bears, "crashed", &crashed) ||
        !field_number(bears, "malfunctioning", &lying)) {
        return;
    }
    char faults[128];
    if (crashed == 0) {
        snprintf(faults, sizeof faults, "none more may fail");
    } else if (lying == 0) {
        snprintf(faults, sizeof faults, "%" PRIu64 " more may crash, none may lie", crashed);
    } else if (lying >= crashed) {
        snprintf(faults, sizeof faults, "%" PRIu64 " more may fail, crashed or lying", crashed);
    } else {
        snprintf(faults, sizeof faults, "%" PRIu64 " more may fail, %" PRIu64 " of them lying",
                 crashed, lying);
    }
    char note[256] = "";
    const bool noted = field_shown(quorum, "note", note, sizeof note);
    snprintf(line, sizeof line, "%s; %" PRIu64 " of %" PRIu64 " voters are needed%s%s", faults,
             needed, voters, noted ? "; " : "", note);
    page_label(p, "budget", line);
}

void status_print(const struct page *p, const cJSON *document, bool all)
{
    print_head(p, document);
    print_pause(p, document);
    print_state(p, document);
    print_summary(p, document);
    if (is(field_text(document, "state"), "no_quorum") && !all) {
        return;
    }
    status_print_motions(p, document, seen_at(document));
    print_windows(p, document);
    print_budget(p, document);
    status_print_votes(p, document, seen_at(document));
    status_print_members(p, document);
}
