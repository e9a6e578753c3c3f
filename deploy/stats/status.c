#include <inttypes.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "commands.h"
#include "instant.h"
#include "sink_sql.h"

/* How the sink stands, in words or as one JSON object. */

#define BUSY_MS 5000
#define SHOWN_MAX 20

struct figures {
    int64_t open, top_fence, published, last_published, rows, unpublished;
};

static bool read_figures(struct sink *s, struct figures *f)
{
    const struct {
        const char *sql;
        int64_t *out;
    } questions[] = {
        {"SELECT open FROM clock", &f->open},
        {"SELECT top FROM fence", &f->top_fence},
        {"SELECT count(*) FROM published", &f->published},
        {"SELECT max(p.window) FROM published p", &f->last_published},
        {"SELECT count(*) FROM raw", &f->rows},
        {"SELECT count(*) FROM raw r WHERE r.window NOT IN (SELECT p.window FROM published p)",
         &f->unpublished},
    };

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        if (!sql_integer(s, questions[i].sql, NO_VALUES, 0, questions[i].out)) {
            return false;
        }
    }
    return true;
}

/* What is said of one row of a query; its columns are the caller's affair. */
typedef void say_row(struct sink *s, struct statement *row, cJSON *array);

/* Says each row of a query to `array`, or in words under `heading`, which is left out where
 * there is none. */
static bool each(struct sink *s, const char *sql, const char *heading, say_row *say,
                 cJSON *array)
{
    bool is_row = true;
    struct statement *statement = sql_prepare(s, sql, NO_VALUES);
    bool went_well = statement != NULL && sql_step(s, statement, &is_row);

    if (went_well && is_row && array == NULL) {
        printf("\n%s\n", heading);
    }
    for (int i = 0; went_well && is_row; i++) {
        if (array != NULL || i < SHOWN_MAX) {
            say(s, statement, array);
        } else if (i == SHOWN_MAX) {
            printf("  ... and more: see --json\n");
        }
        went_well = sql_step(s, statement, &is_row);
    }
    sql_finish(s, statement);
    return went_well;
}

static const char staged_sql[] =
    "SELECT a.window, a.fence, a.member, (SELECT count(DISTINCT member) FROM endorsed e "
    "  WHERE e.window = a.window) "
    "FROM author a WHERE a.window NOT IN (SELECT p.window FROM published p) "
    "ORDER BY a.window, a.fence";

static void say_staged(struct sink *s, struct statement *row, cJSON *array)
{
    const int64_t window = sql_column(s, row, 0);
    const int64_t fence = sql_column(s, row, 1);
    const char *author = sql_column_text(s, row, 2);
    const int64_t members = sql_column(s, row, 3);
    char digits[24];

    if (array == NULL) {
        printf("  window %" PRId64 ": by %s under fence %" PRId64
               "; members that endorsed something: %" PRId64 "\n",
               window, author, fence, members);
        return;
    }
    cJSON *line = cJSON_CreateObject();
    (void)snprintf(digits, sizeof digits, "%" PRId64, fence);
    cJSON_AddNumberToObject(line, "window", (double)window);
    cJSON_AddStringToObject(line, "fence", digits);
    cJSON_AddStringToObject(line, "author", author);
    cJSON_AddNumberToObject(line, "endorsers", (double)members);
    cJSON_AddItemToArray(array, line);
}

static const char arrived_sql[] =
    "SELECT node, sum(count) FILTER (WHERE kind = 'late'),"
    "  sum(count) FILTER (WHERE kind = 'doubled'),"
    "  sum(count) FILTER (WHERE kind = 'contradicting'),"
    "  sum(count) FILTER (WHERE kind = 'malformed') FROM arrived GROUP BY node ORDER BY node";

static void say_arrived(struct sink *s, struct statement *row, cJSON *array)
{
    static const char *const words[] = {"late", "doubled", "contradicting", "malformed"};
    const char *node = sql_column_text(s, row, 0);

    if (array == NULL) {
        printf("%-20s", node);
        for (int i = 0; i < 4; i++) {
            const int64_t count = sql_column(s, row, i + 1);
            printf(" %13" PRId64, count);
        }
        printf("\n");
        return;
    }
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "node", node);
    for (int i = 0; i < 4; i++) {
        cJSON_AddNumberToObject(line, words[i], (double)sql_column(s, row, i + 1));
    }
    cJSON_AddItemToArray(array, line);
}

static void window_start(const struct sink *s, int64_t window, char text[INSTANT_TEXT_BYTES])
{
    const int64_t last = INSTANT_MS_MAX / 1000 / s->window_s;

    instant_format((window < last ? window : last) * s->window_s * 1000, text);
}

static bool status_text(struct sink *s, const struct figures *f)
{
    char from[INSTANT_TEXT_BYTES];

    window_start(s, f->open, from);
    printf("     sink: %s, windows of %" PRId64 " s, %s\n", s->path, s->window_s,
           s->endorsers == 1 ? "not audited" : "audited");
    printf("   closed: all before window %" PRId64 ", which begins at %s\n", f->open, from);
    printf("    fence: %" PRId64 "\n", f->top_fence);
    if (f->published == 0) {
        printf("published: nothing yet\n");
    } else {
        window_start(s, f->last_published + 1, from);
        printf("published: %" PRId64 " windows, the last one ending at %s\n", f->published,
               from);
    }
    printf("     rows: %" PRId64 ", of which %" PRId64 " are not published yet\n", f->rows,
           f->unpublished);
    return each(s, staged_sql, "STAGED, NOT PUBLISHED", say_staged, NULL) &&
           each(s, arrived_sql,
                "NODE                          LATE       DOUBLED CONTRADICTING     MALFORMED",
                say_arrived, NULL);
}

static bool status_json(struct sink *s, const struct figures *f)
{
    char text[INSTANT_TEXT_BYTES];
    char fence[24];
    cJSON *object = cJSON_CreateObject();
    cJSON *staged = cJSON_CreateArray();
    cJSON *arrived = cJSON_CreateArray();

    window_start(s, f->open, text);
    (void)snprintf(fence, sizeof fence, "%" PRId64, f->top_fence);
    cJSON_AddNumberToObject(object, "window_s", (double)s->window_s);
    cJSON_AddNumberToObject(object, "endorsers", (double)s->endorsers);
    cJSON_AddNumberToObject(object, "open", (double)f->open);
    cJSON_AddStringToObject(object, "open_from", text);
    cJSON_AddStringToObject(object, "fence", fence);
    cJSON_AddNumberToObject(object, "published", (double)f->published);
    if (f->published > 0) {
        window_start(s, f->last_published + 1, text);
        cJSON_AddStringToObject(object, "published_until", text);
    } else {
        cJSON_AddNullToObject(object, "published_until");
    }
    cJSON_AddNumberToObject(object, "rows", (double)f->rows);
    cJSON_AddNumberToObject(object, "unpublished", (double)f->unpublished);
    cJSON_AddItemToObject(object, "staged", staged);
    cJSON_AddItemToObject(object, "arrived", arrived);
    const bool went_well = each(s, staged_sql, "", say_staged, staged) &&
                           each(s, arrived_sql, "", say_arrived, arrived);
    if (went_well) {
        print_json(object);
    } else {
        cJSON_Delete(object);
    }
    return went_well;
}

int command_status(const struct options *o)
{
    struct figures figures = {0};
    struct sink s;

    if (!sink_open(&s, o->sink, BUSY_MS)) {
        return not_done("%s", s.error);
    }
    const bool went_well = sql_begin_reading(&s) && read_figures(&s, &figures) &&
                           (o->is_json ? status_json(&s, &figures) : status_text(&s, &figures));
    sql_rollback(&s);
    sink_finish(&s);
    return went_well ? EXIT_WELL : not_done("%s", s.error);
}
