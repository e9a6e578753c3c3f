#include "sink_sql.h"

#include <assert.h>
#include <stdio.h>

bool sql_fail(struct sink *s, const char *doing)
{
    if (sink_is_busy(s)) {
        (void)snprintf(s->error, sizeof s->error,
                       "%s: %s: another process has held the lock for more than %lld ms; "
                       "find it with: fuser %s",
                       s->path, doing, (long long)s->busy_ms, s->path);
    } else {
        (void)snprintf(s->error, sizeof s->error, "%s: %s: %s", s->path, doing,
                       s->db == NULL ? "no memory" : sqlite3_errmsg(s->db));
    }
    return false;
}

bool sql_bind(struct sink *s, sqlite3_stmt *statement, const struct value *values)
{
    for (int i = 0; values[i].kind != VALUE_END; i++) {
        const int failed =
            values[i].kind == VALUE_INTEGER
                ? sqlite3_bind_int64(statement, i + 1, values[i].integer)
                : sqlite3_bind_text(statement, i + 1, values[i].text, -1, SQLITE_STATIC);
        if (failed != SQLITE_OK) {
            return sql_fail(s, sqlite3_sql(statement));
        }
    }
    return true;
}

sqlite3_stmt *sql_prepare(struct sink *s, const char *sql, const struct value *values)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        (void)sql_fail(s, sql);
        return NULL;
    }
    if (!sql_bind(s, statement, values)) {
        sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

bool sql_step(struct sink *s, sqlite3_stmt *statement, bool *is_row)
{
    const int result = sqlite3_step(statement);

    *is_row = result == SQLITE_ROW;
    if (result == SQLITE_ROW || result == SQLITE_DONE) {
        return true;
    }
    return sql_fail(s, sqlite3_sql(statement));
}

bool sql_run(struct sink *s, const char *sql, const struct value *values)
{
    bool is_row = true;
    bool went_well = true;
    sqlite3_stmt *statement = sql_prepare(s, sql, values);

    if (statement == NULL) {
        return false;
    }
    while (went_well && is_row) {
        went_well = sql_step(s, statement, &is_row);
    }
    sqlite3_finalize(statement);
    return went_well;
}

bool sql_integer(struct sink *s, const char *sql, const struct value *values, int64_t otherwise,
                 int64_t *out)
{
    bool is_row = false;
    sqlite3_stmt *statement = sql_prepare(s, sql, values);

    if (statement == NULL) {
        return false;
    }
    const bool went_well = sql_step(s, statement, &is_row);
    *out = is_row ? sqlite3_column_int64(statement, 0) : otherwise;
    sqlite3_finalize(statement);
    return went_well;
}

/* Immediate: the lock is taken before anything is read, so that what is read stays true until
 * the commit. It is the one lock that orders all writers. */
bool sql_begin(struct sink *s)
{
    return sql_run(s, "BEGIN IMMEDIATE", NO_VALUES);
}

bool sql_commit(struct sink *s)
{
    return sql_run(s, "COMMIT", NO_VALUES);
}

void sql_rollback(struct sink *s)
{
    if (s->db != NULL && sqlite3_get_autocommit(s->db) == 0) {
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
}
