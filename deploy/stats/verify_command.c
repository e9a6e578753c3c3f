#include <inttypes.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "commands.h"
#include "sink_sql.h"
#include "verify.h"

#define BUSY_MS 5000
#define PATIENCE_MS 3000

static const char *const sides[] = {"generated", "published", "unpublished", "arriving"};

#define SIDES 4

static const char customers_sql[] =
    "SELECT customer,"
    " coalesce(sum(queries) FILTER (WHERE side = 'generated'), 0),"
    " coalesce(sum(positives) FILTER (WHERE side = 'generated'), 0),"
    " coalesce(sum(queries) FILTER (WHERE side = 'published'), 0),"
    " coalesce(sum(positives) FILTER (WHERE side = 'published'), 0),"
    " coalesce(sum(queries) FILTER (WHERE side = 'unpublished'), 0),"
    " coalesce(sum(positives) FILTER (WHERE side = 'unpublished'), 0),"
    " coalesce(sum(queries) FILTER (WHERE side = 'arriving'), 0),"
    " coalesce(sum(positives) FILTER (WHERE side = 'arriving'), 0) "
    "FROM side GROUP BY customer ORDER BY customer";

static void say_customer(struct sink *s, struct statement *row, cJSON *customers)
{
    const char *customer = sql_column_text(s, row, 0);
    char cell[48];

    if (customers == NULL) {
        printf("%-20s", customer);
        for (int i = 0; i < SIDES; i++) {
            const int64_t queries = sql_column(s, row, 1 + 2 * i);
            const int64_t positives = sql_column(s, row, 2 + 2 * i);
            (void)snprintf(cell, sizeof cell, "%" PRId64 "/%" PRId64, queries, positives);
            printf(" %14s", cell);
        }
        printf("\n");
        return;
    }
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "customer", customer);
    for (int i = 0; i < SIDES; i++) {
        cJSON *side = cJSON_AddObjectToObject(line, sides[i]);
        const double queries = (double)sql_column(s, row, 1 + 2 * i);
        const double positives = (double)sql_column(s, row, 2 + 2 * i);
        cJSON_AddNumberToObject(side, "queries", queries);
        cJSON_AddNumberToObject(side, "positives", positives);
    }
    cJSON_AddItemToArray(customers, line);
}

static bool say_customers(struct sink *s, cJSON *customers)
{
    bool is_row = true;
    struct statement *statement = sql_prepare(s, customers_sql, NO_VALUES);
    bool went_well = statement != NULL && sql_step(s, statement, &is_row);

    while (went_well && is_row) {
        say_customer(s, statement, customers);
        went_well = sql_step(s, statement, &is_row);
    }
    sql_finish(s, statement);
    return went_well;
}

static bool say_json(struct sink *s, const struct verification *v)
{
    const struct {
        const char *word;
        int64_t value;
    } figures[] = {
        {"generated", v->generated},     {"published", v->published},
        {"unpublished", v->unpublished}, {"arriving", v->arriving},
        {"missing", v->missing},         {"foreign", v->foreign},
        {"unreadable", v->unreadable},   {"overdue", v->overdue},
        {"windows", v->windows},
    };
    cJSON *object = cJSON_CreateObject();
    cJSON *customers = cJSON_CreateArray();

    cJSON_AddBoolToObject(object, "equal", v->is_equal);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        cJSON_AddNumberToObject(object, figures[i].word, (double)figures[i].value);
    }
    cJSON_AddItemToObject(object, "customers", customers);
    const bool went_well = say_customers(s, customers);
    if (went_well) {
        print_json(object);
    } else {
        cJSON_Delete(object);
    }
    return went_well;
}

/* Equal means only that no row is lost or doubled: what is not published was not counted. */
static void say_result(const struct verification *v)
{
    const int64_t waiting = v->unpublished + v->arriving;

    if (v->is_equal && waiting == 0) {
        printf("   result: equal: every row was counted exactly once\n");
    } else if (v->is_equal) {
        printf("   result: equal: every row is in the sink exactly once, %" PRId64
               " not published yet\n",
               waiting);
    } else if (v->unequal == 0 && v->overdue > 0) {
        printf("   result: NOT EQUAL: %" PRId64 " rows that should be published are not\n",
               v->overdue);
    } else {
        printf("   result: NOT EQUAL, for %" PRId64 " customers\n", v->unequal);
    }
}

static bool say_text(struct sink *s, const struct verification *v)
{
    printf("%-20s %14s %14s %14s %14s\n", "CUSTOMER", "GENERATED", "PUBLISHED", "UNPUBLISHED",
           "ARRIVING");
    if (!say_customers(s, NULL)) {
        return false;
    }
    printf("\ngenerated: %" PRId64 " queries (queries/positive detections above)\n",
           v->generated);
    printf("  counted: %" PRId64 " published in %" PRId64 " windows, %" PRId64
           " not published yet, %" PRId64 " arriving\n",
           v->published, v->windows, v->unpublished, v->arriving);
    if (v->missing + v->foreign + v->unreadable > 0) {
        printf("   wrong: %" PRId64 " rows of the logs are not in the sink, %" PRId64
               " rows of the sink are in no log, %" PRId64 " lines cannot be read\n",
               v->missing, v->foreign, v->unreadable);
    }
    if (v->overdue > 0) {
        printf("   wrong: %" PRId64 " rows of windows up to --settled-until are not published, "
               "the first in window %" PRId64
               "; see what a member waits for: ostrakon status\n",
               v->overdue, v->first_overdue);
    }
    say_result(v);
    return true;
}

int command_verify(const struct options *o)
{
    struct verification v;
    struct sink s;

    if (!sink_open(&s, o->sink, BUSY_MS)) {
        return not_done("%s", s.error);
    }
    const int64_t last_window = options_last_window(o, s.window_s);
    const bool went_well =
        verify_run(&s, o->files, o->file_count, last_window, PATIENCE_MS, &v) &&
        (o->is_json ? say_json(&s, &v) : say_text(&s, &v));
    sink_finish(&s);
    if (!went_well) {
        return not_done("%s", s.error);
    }
    return v.is_equal ? EXIT_WELL : EXIT_LOOK;
}
