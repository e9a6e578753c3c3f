/* `ostrakon status`: what is being voted on, a line a motion. */
#include <inttypes.h>
#include <string.h>

#include "agent/text.h"
#include "fields.h"
#include "moment.h"
#include "status_page.h"

#define LINE_BYTES 1024u
#define WORD_BYTES 64u

static void add_names(char line[static LINE_BYTES], const cJSON *names)
{
    const cJSON *name = NULL;
    const char *before = " (";
    cJSON_ArrayForEach(name, names)
    {
        const char *text = cJSON_GetStringValue(name);
        const size_t used = strlen(line);
        if (text != NULL && used + WORD_BYTES < LINE_BYTES) {
            snprintf(line + used, LINE_BYTES - used, "%s", before);
            text_escape(text, strlen(text), line + strlen(line), WORD_BYTES);
            before = ", ";
        }
    }
    if (before[0] == ',') {
        strncat(line, ")", LINE_BYTES - strlen(line) - 1);
    }
}

static void add_count(char line[static LINE_BYTES], const cJSON *motion, const char *what)
{
    const cJSON *names = field_of(motion, what);
    const size_t used = strlen(line);
    snprintf(line + used, LINE_BYTES - used, "%d %s", cJSON_GetArraySize(names), what);
    add_names(line, names);
}

static void print_motion(const struct page *p, const cJSON *motion, uint64_t seen_ms)
{
    char line[LINE_BYTES];
    char kind[WORD_BYTES];
    char member[WORD_BYTES];
    char moment[MOMENT_BYTES];
    uint64_t time_ms = 0;
    uint64_t needed = 0;
    if (!field_shown(motion, "kind", kind, sizeof kind) ||
        !field_shown(motion, "member", member, sizeof member)) {
        return;
    }
    for (char *c = kind; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    snprintf(line, sizeof line, "%s %s", kind, member);
    if (field_time(motion, "opened_at", &time_ms)) {
        const size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, ", open since %s",
                 moment_text(time_ms, seen_ms, MOMENT_SECOND, moment));
    }
    strncat(line, ": ", sizeof line - strlen(line) - 1);
    add_count(line, motion, "yes");
    strncat(line, ", ", sizeof line - strlen(line) - 1);
    add_count(line, motion, "no");
    const size_t used = strlen(line);
    if (field_time(motion, "waits_until", &time_ms)) {
        snprintf(line + used, sizeof line - used, "; passed, waits until %s",
                 moment_text(time_ms, seen_ms, MOMENT_SECOND, moment));
    } else if (field_number(motion, "needed", &needed)) {
        snprintf(line + used, sizeof line - used, "; %" PRIu64 " of %d must say yes", needed,
                 cJSON_GetArraySize(field_of(motion, "electors")));
    }
    page_label(p, "motion", line);
}

void status_print_motions(const struct page *p, const cJSON *document, uint64_t seen_ms)
{
    const cJSON *motion = NULL;
    cJSON_ArrayForEach(motion, field_of(document, "motions"))
    {
        print_motion(p, motion, seen_ms);
    }
}

void status_print_votes(const struct page *p, const cJSON *document, uint64_t seen_ms)
{
    char line[LINE_BYTES];
    char word[WORD_BYTES];
    char moment[MOMENT_BYTES];
    uint64_t since_ms = 0;
    if (field_shown(document, "mode", word, sizeof word) && strcmp(word, "observe") == 0) {
        page_label(p, "mode", "observe: votes remove nobody, the log says whom they would");
    }
    if (field_time(document, "no_electorate_since", &since_ms)) {
        snprintf(line, sizeof line,
                 "no electorate since %s: too few members have a perfect record",
                 moment_text(since_ms, seen_ms, MOMENT_SECOND, moment));
        page_label(p, "votes", line);
    }
}
