#include "status_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/text.h"
#include "fields.h"
#include "moment.h"

#define ROWS_MAX 32u
#define CELL_BYTES 512u
#define NOTE_BYTES 1024u
#define NOTE_INDENT 8u
/* Longer ones are cut, so that the line stays within 80 columns; --json has all of them. */
#define NAME_COLUMNS_MAX 20u
#define WORD_COLUMNS_MAX 12u

enum column { MEMBER, ROLE, STANDING, RECORD, SCORE, LEADS, HEARD, NAMES, COLUMNS };

static const struct {
    const char *head;
    uint32_t least; /* so that the columns stay where they are from one call to the next */
    bool right;
} columns[COLUMNS] = {
    [MEMBER] = {"MEMBER", 6, false},     [ROLE] = {"ROLE", 7, false},
    [STANDING] = {"STANDING", 8, false}, [RECORD] = {"RECORD", 6, true},
    [SCORE] = {"SCORE", 5, true},        [LEADS] = {"LEADS", 8, false},
    [HEARD] = {"HEARD", 6, false},       [NAMES] = {"NAMES", 5, false},
};

struct row {
    char cells[COLUMNS][CELL_BYTES];
    const cJSON *notes;
};

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* A dash says "has none"; an empty cell "nothing to say". */
static void fill_counts(struct row *r, const cJSON *document, const cJSON *member)
{
    uint64_t number = 0;
    uint64_t whole = 0;
    if (!field_number(member, "record_ticks", &number)) {
        snprintf(r->cells[RECORD], CELL_BYTES, "-");
    } else if (field_number(document, "record_ticks", &whole)) {
        snprintf(r->cells[RECORD], CELL_BYTES, "%" PRIu64 "/%" PRIu64, number, whole);
    } else {
        snprintf(r->cells[RECORD], CELL_BYTES, "%" PRIu64, number);
    }
    if (field_number(member, "score", &number)) {
        snprintf(r->cells[SCORE], CELL_BYTES, "%" PRIu64, number);
    } else {
        snprintf(r->cells[SCORE], CELL_BYTES, "-");
    }
}

static void fill_heard(struct row *r, const cJSON *document, const cJSON *member)
{
    uint64_t age_ms = 0;
    char text[MOMENT_BYTES];
    if (same(field_text(member, "name"), field_text(document, "seen_by"))) {
        snprintf(r->cells[HEARD], CELL_BYTES, "now");
    } else if (!field_number(member, "heard_age_ms", &age_ms)) {
        snprintf(r->cells[HEARD], CELL_BYTES, "never");
    } else if (age_ms < 10000) {
        snprintf(r->cells[HEARD], CELL_BYTES, "%" PRIu64 ".%" PRIu64 " s", age_ms / 1000,
                 age_ms % 1000 / 100);
    } else {
        snprintf(r->cells[HEARD], CELL_BYTES, "%s", duration_text(age_ms, text));
    }
}

static void fill_names(struct row *r, const cJSON *member)
{
    const cJSON *name = NULL;
    char *cell = r->cells[NAMES];
    cJSON_ArrayForEach(name, field_of(member, "names"))
    {
        const size_t used = strlen(cell);
        const char *text = cJSON_GetStringValue(name);
        if (text != NULL && used + 16 < CELL_BYTES) {
            snprintf(cell + used, CELL_BYTES - used, "%s", used == 0 ? "" : " ");
            text_escape(text, strlen(text), cell + strlen(cell), CELL_BYTES - strlen(cell));
        }
    }
    if (cell[0] == '\0' && !same(field_text(member, "standing"), "good")) {
        snprintf(cell, CELL_BYTES, "-");
    }
}

static void fill(struct row *r, const cJSON *document, const cJSON *member)
{
    char fence[32];
    const cJSON *grant = field_of(document, "grant");
    if (!field_shown(member, "name", r->cells[MEMBER], NAME_COLUMNS_MAX + 1)) {
        snprintf(r->cells[MEMBER], CELL_BYTES, "?");
    }
    field_shown(member, "role", r->cells[ROLE], WORD_COLUMNS_MAX + 1);
    field_shown(member, "standing", r->cells[STANDING], WORD_COLUMNS_MAX + 1);
    fill_counts(r, document, member);
    if (same(field_text(grant, "holder"), field_text(member, "name")) &&
        field_shown(grant, "fence", fence, sizeof fence)) {
        snprintf(r->cells[LEADS], CELL_BYTES, "fence %s", fence);
    }
    fill_heard(r, document, member);
    fill_names(r, member);
    r->notes = field_of(member, "notes");
}

/* Blanks are owed, and paid when something follows: no line ends in them. */
static void print_row(const struct page *p, const char *const cells[COLUMNS],
                      const uint32_t widths[COLUMNS])
{
    uint32_t owed = 0;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        const uint32_t width = text_columns(cells[i]);
        const uint32_t spare = widths[i] > width ? widths[i] - width : 0;
        if (width > 0) {
            const uint32_t before = owed + (columns[i].right ? spare : 0);
            fprintf(p->out, "%*s%s", (int)before, "", cells[i]);
            owed = columns[i].right ? 2 : spare + 2;
        } else {
            owed += widths[i] + 2;
        }
    }
    fputc('\n', p->out);
}

static void print_notes(const struct page *p, const cJSON *notes)
{
    const cJSON *note = NULL;
    char text[NOTE_BYTES];
    cJSON_ArrayForEach(note, notes)
    {
        if (cJSON_IsString(note)) {
            text_escape(note->valuestring, strlen(note->valuestring), text, sizeof text);
            fprintf(p->out, "%*s", (int)NOTE_INDENT, "");
            page_wrap(p, NOTE_INDENT, NOTE_INDENT, text);
        }
    }
}

/* Whether a text has room in the last column. */
static bool fits(const uint32_t widths[COLUMNS], const char *names)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        before += widths[i] + 2;
    }
    return before + text_columns(names) <= PAGE_COLUMNS;
}

/* Names that are too many for their column stand below, like a note. */
static void print_member(const struct page *p, const struct row *r,
                         const uint32_t widths[COLUMNS])
{
    const char *cells[COLUMNS];
    const bool beside = fits(widths, r->cells[NAMES]);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        cells[i] = r->cells[i];
    }
    cells[NAMES] = beside ? r->cells[NAMES] : "";
    print_row(p, cells, widths);
    if (!beside) {
        fprintf(p->out, "%*snames: ", (int)NOTE_INDENT, "");
        page_wrap(p, NOTE_INDENT + 7, NOTE_INDENT + 7, r->cells[NAMES]);
    }
    print_notes(p, r->notes);
}

static void widths_of(const struct row *rows, uint32_t count, uint32_t widths[COLUMNS])
{
    for (uint32_t i = 0; i < COLUMNS; i++) {
        widths[i] = columns[i].least;
        for (uint32_t k = 0; k < count; k++) {
            const uint32_t width = text_columns(rows[k].cells[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
}

void status_print_members(const struct page *p, const cJSON *document)
{
    static struct row rows[ROWS_MAX];
    const char *heads[COLUMNS];
    uint32_t widths[COLUMNS];
    uint32_t count = 0;
    const cJSON *member = NULL;
    memset(rows, 0, sizeof rows);
    cJSON_ArrayForEach(member, field_of(document, "members"))
    {
        if (count < ROWS_MAX && cJSON_IsObject(member)) {
            fill(&rows[count++], document, member);
        }
    }
    if (count == 0) {
        return;
    }
    widths_of(rows, count, widths);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        heads[i] = columns[i].head;
    }
    heads[NAMES] = fits(widths, columns[NAMES].head) ? columns[NAMES].head : "";
    fputc('\n', p->out);
    print_row(p, heads, widths);
    for (uint32_t k = 0; k < count; k++) {
        print_member(p, &rows[k], widths);
    }
}
