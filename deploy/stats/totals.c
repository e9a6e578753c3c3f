#include <inttypes.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "commands.h"
#include "instant.h"
#include "sink_sql.h"

/* What is published: the side of the sink that bills are made from. */

#define BUSY_MS 5000

struct span {
    int64_t windows, first, last;
};

static bool read_span(struct sink *s, int64_t last_window, struct span *out)
{
    const struct value *limit = VALUES(INTEGER(last_window));

    return sql_integer(s, "SELECT count(*) FROM published p WHERE p.window <= $1", limit, 0,
                       &out->windows) &&
           sql_integer(s, "SELECT min(p.window) FROM published p WHERE p.window <= $1", limit,
                       0, &out->first) &&
           sql_integer(s, "SELECT max(p.window) FROM published p WHERE p.window <= $1", limit,
                       0, &out->last);
}

static void add_json(cJSON *customers, const char *customer, int64_t queries, int64_t positives)
{
    cJSON *line = cJSON_CreateObject();

    cJSON_AddStringToObject(line, "customer", customer);
    cJSON_AddNumberToObject(line, "queries", (double)queries);
    cJSON_AddNumberToObject(line, "positives", (double)positives);
    cJSON_AddItemToArray(customers, line);
}

/* Prints each customer, or adds it to `customers` where that is not NULL. */
static bool read_customers(struct sink *s, int64_t last_window, cJSON *customers,
                           struct rollup_line *sum)
{
    bool is_row = true;
    struct statement *statement =
        sql_prepare(s,
                    "SELECT t.customer, sum(t.queries), sum(t.positives) FROM totals t "
                    "WHERE t.window <= $1 GROUP BY t.customer ORDER BY t.customer",
                    VALUES(INTEGER(last_window)));
    bool went_well = statement != NULL && sql_step(s, statement, &is_row);

    while (went_well && is_row) {
        const char *customer = sql_column_text(s, statement, 0);
        const int64_t queries = sql_column(s, statement, 1);
        const int64_t positives = sql_column(s, statement, 2);
        if (customers != NULL) {
            add_json(customers, customer, queries, positives);
        } else {
            printf("%-32s %12" PRId64 " %12" PRId64 "\n", customer, queries, positives);
        }
        sum->queries += queries;
        sum->positives += positives;
        went_well = sql_step(s, statement, &is_row);
    }
    sql_finish(s, statement);
    return went_well;
}

static void span_texts(const struct sink *s, const struct span *span,
                       char from[static INSTANT_TEXT_BYTES], char to[static INSTANT_TEXT_BYTES])
{
    instant_format(span->first * s->window_s * 1000, from);
    instant_format((span->last + 1) * s->window_s * 1000, to);
}

static bool totals_json(struct sink *s, int64_t last_window, const struct span *span)
{
    char from[INSTANT_TEXT_BYTES];
    char to[INSTANT_TEXT_BYTES];
    struct rollup_line sum = {0};
    cJSON *object = cJSON_CreateObject();
    cJSON *customers = cJSON_CreateArray();

    const bool went_well = read_customers(s, last_window, customers, &sum);
    cJSON_AddNumberToObject(object, "window_s", (double)s->window_s);
    cJSON_AddNumberToObject(object, "windows", (double)span->windows);
    if (span->windows > 0) {
        span_texts(s, span, from, to);
        cJSON_AddStringToObject(object, "from", from);
        cJSON_AddStringToObject(object, "to", to);
    } else {
        cJSON_AddNullToObject(object, "from");
        cJSON_AddNullToObject(object, "to");
    }
    cJSON_AddNumberToObject(object, "queries", (double)sum.queries);
    cJSON_AddNumberToObject(object, "positives", (double)sum.positives);
    cJSON_AddItemToObject(object, "customers", customers);
    if (went_well) {
        print_json(object);
    } else {
        cJSON_Delete(object);
    }
    return went_well;
}

static bool totals_text(struct sink *s, int64_t last_window, const struct span *span)
{
    char from[INSTANT_TEXT_BYTES];
    char to[INSTANT_TEXT_BYTES];
    struct rollup_line sum = {0};

    if (span->windows == 0) {
        printf("totals: nothing is published\n");
        return true;
    }
    span_texts(s, span, from, to);
    printf("totals: %" PRId64 " windows of %" PRId64 " s, from %s to %s\n\n", span->windows,
           s->window_s, from, to);
    printf("%-32s %12s %12s\n", "CUSTOMER", "QUERIES", "POSITIVES");
    if (!read_customers(s, last_window, NULL, &sum)) {
        return false;
    }
    printf("%-32s %12" PRId64 " %12" PRId64 "\n", "(all)", sum.queries, sum.positives);
    return true;
}

static bool totals(struct sink *s, const struct options *o)
{
    const int64_t last_window = options_last_window(o, s->window_s);
    struct span span = {0};

    if (!sql_begin_reading(s) || !read_span(s, last_window, &span)) {
        return false;
    }
    return o->is_json ? totals_json(s, last_window, &span) : totals_text(s, last_window, &span);
}

int command_totals(const struct options *o)
{
    struct sink s;

    if (!sink_open(&s, o->sink, BUSY_MS)) {
        return not_done("%s", s.error);
    }
    const bool went_well = totals(&s, o);
    sql_rollback(&s);
    sink_finish(&s);
    return went_well ? EXIT_WELL : not_done("%s", s.error);
}
