#include <assert.h>
#include <string.h>

#include "sink.h"
#include "sink_sql.h"

/* A window is closed, read, and watched. */

const char *sink_answer_text(enum sink_answer answer)
{
#define SINK_ANSWER_TEXT(name, text) [SINK_##name] = text,
    static const char *const texts[] = {SINK_ANSWERS(SINK_ANSWER_TEXT)};
#undef SINK_ANSWER_TEXT
    return texts[answer];
}

/* The lock is what waits for the inserts under way: each has it from before it chose its window
 * until its rows are in. */
bool sink_close(struct sink *s, int64_t window, enum sink_answer *out)
{
    assert(window >= 0 && window <= SINK_NUMBER_MAX);
    int64_t open = 0;
    const int64_t current = s->now_ms() / 1000 / s->window_s;

    if (!sql_begin(s)) {
        return false;
    }
    bool went_well = sql_integer(s, "SELECT open FROM clock", NO_VALUES, 0, &open);
    *out = window > (open > current ? open : current) + SINK_JUMP_MAX ? SINK_WINDOW_TOO_HIGH
                                                                      : SINK_ACCEPTED;
    if (went_well && *out == SINK_ACCEPTED && open <= window) {
        went_well = sql_run(s, "UPDATE clock SET open = ?", VALUES(INTEGER(window + 1)));
    }
    if (went_well && sql_commit(s)) {
        return true;
    }
    sql_rollback(s);
    return false;
}

static bool add_row(struct sink *s, sqlite3_stmt *statement, struct rollup *out)
{
    const char *customer = (const char *)sqlite3_column_text(statement, 0);
    const char *verdict = (const char *)sqlite3_column_text(statement, 1);

    if (customer == NULL || verdict == NULL ||
        !rollup_add(out, customer, 1, strcmp(verdict, "positive") == 0 ? 1 : 0)) {
        return sql_fail(s, "a row of the window makes no sense");
    }
    return true;
}

/* The rows are added up here, not by a GROUP BY: leader and auditor shall each have done it. */
bool sink_read(struct sink *s, int64_t window, struct rollup *out)
{
    bool is_row = true;
    sqlite3_stmt *statement =
        sql_prepare(s, "SELECT customer, verdict FROM raw WHERE window = ? ORDER BY customer",
                    VALUES(INTEGER(window)));
    bool went_well = statement != NULL;

    while (went_well && is_row) {
        went_well = sql_step(s, statement, &is_row) && (!is_row || add_row(s, statement, out));
    }
    sqlite3_finalize(statement);
    return went_well;
}

bool sink_version(struct sink *s, int64_t *out)
{
    return sql_integer(s, "PRAGMA data_version", NO_VALUES, 0, out);
}
