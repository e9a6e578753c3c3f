#include <stdio.h>

#include <sqlite3.h>

#include "sqlite.h"

/* A statement of ours is SQLite's own, under another name. */
static sqlite3_stmt *own(struct statement *statement)
{
    return (sqlite3_stmt *)statement;
}

bool sqlite_fail(struct sink *s, const char *doing)
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

struct statement *sqlite_prepare(struct sink *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        (void)sqlite_fail(s, sql);
        return NULL;
    }
    return (struct statement *)statement;
}

bool sqlite_bind(struct sink *s, struct statement *statement, const struct value *values)
{
    for (int i = 0; values[i].kind != VALUE_END; i++) {
        const int failed =
            values[i].kind == VALUE_INTEGER
                ? sqlite3_bind_int64(own(statement), i + 1, values[i].integer)
                : sqlite3_bind_text(own(statement), i + 1, values[i].text, -1, SQLITE_STATIC);
        if (failed != SQLITE_OK) {
            return sqlite_fail(s, sqlite3_sql(own(statement)));
        }
    }
    return true;
}

bool sqlite_step(struct sink *s, struct statement *statement, bool *is_row)
{
    const int result = sqlite3_step(own(statement));

    *is_row = result == SQLITE_ROW;
    if (result == SQLITE_ROW || result == SQLITE_DONE) {
        return true;
    }
    return sqlite_fail(s, sqlite3_sql(own(statement)));
}

int64_t sqlite_column(struct statement *statement, int column)
{
    return sqlite3_column_int64(own(statement), column);
}

const char *sqlite_column_text(struct statement *statement, int column)
{
    return (const char *)sqlite3_column_text(own(statement), column);
}

void sqlite_reset(struct sink *s, struct statement *statement)
{
    (void)s;
    (void)sqlite3_reset(own(statement));
    (void)sqlite3_clear_bindings(own(statement));
}

void sqlite_finish_statement(struct sink *s, struct statement *statement)
{
    (void)s;
    (void)sqlite3_finalize(own(statement));
}

bool sqlite_is_in_transaction(const struct sink *s)
{
    return s->db != NULL && sqlite3_get_autocommit(s->db) == 0;
}

bool sqlite_begin(struct sink *s)
{
    return sql_run(s, "BEGIN IMMEDIATE", NO_VALUES);
}

int sqlite_changed(const struct sink *s)
{
    return sqlite3_changes(s->db);
}

bool sqlite_version(struct sink *s, int64_t *out)
{
    return sql_integer(s, "PRAGMA data_version", NO_VALUES, 0, out);
}
