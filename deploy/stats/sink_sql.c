#include "sink_sql.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "driver.h"

struct statement *sql_prepare(struct sink *s, const char *sql, const struct value *values)
{
    struct statement *statement = s->driver->prepare(s, sql);

    if (statement != NULL && !s->driver->bind(s, statement, values)) {
        s->driver->finish_statement(s, statement);
        return NULL;
    }
    return statement;
}

bool sql_bind(struct sink *s, struct statement *statement, const struct value *values)
{
    return s->driver->bind(s, statement, values);
}

bool sql_step(struct sink *s, struct statement *statement, bool *is_row)
{
    return s->driver->step(s, statement, is_row);
}

int64_t sql_column(struct sink *s, struct statement *statement, int column)
{
    return s->driver->column(statement, column);
}

const char *sql_column_text(struct sink *s, struct statement *statement, int column)
{
    return s->driver->column_text(statement, column);
}

void sql_reset(struct sink *s, struct statement *statement)
{
    s->driver->reset(s, statement);
}

void sql_finish(struct sink *s, struct statement *statement)
{
    if (statement != NULL) {
        s->driver->finish_statement(s, statement);
    }
}

bool sql_run(struct sink *s, const char *sql, const struct value *values)
{
    bool is_row = true;
    bool went_well = true;
    struct statement *statement = sql_prepare(s, sql, values);

    if (statement == NULL) {
        return false;
    }
    while (went_well && is_row) {
        went_well = sql_step(s, statement, &is_row);
    }
    sql_finish(s, statement);
    return went_well;
}

bool sql_integer(struct sink *s, const char *sql, const struct value *values, int64_t otherwise,
                 int64_t *out)
{
    bool is_row = false;
    struct statement *statement = sql_prepare(s, sql, values);

    if (statement == NULL) {
        return false;
    }
    const bool went_well = sql_step(s, statement, &is_row);
    *out = went_well && is_row ? sql_column(s, statement, 0) : otherwise;
    sql_finish(s, statement);
    return went_well;
}

bool sql_begin_reading(struct sink *s)
{
    return sql_run(s, s->driver->begin_reading, NO_VALUES);
}

bool sql_commit(struct sink *s)
{
    return sql_run(s, "COMMIT", NO_VALUES);
}

/* The words of what went wrong before it stay. */
void sql_rollback(struct sink *s)
{
    char error[SINK_ERROR_BYTES];

    if (s->driver->is_in_transaction(s)) {
        memcpy(error, s->error, sizeof error);
        (void)sql_run(s, "ROLLBACK", NO_VALUES);
        memcpy(s->error, error, sizeof error);
    }
}

bool sql_refuse(struct sink *s, const char *words)
{
    (void)snprintf(s->error, sizeof s->error, "%s: %s", s->path, words);
    return false;
}

bool sql_digest(const char *text, struct digest *out)
{
    size_t size_bytes = 0;

    return text != NULL && strlen(text) == DIGEST_TEXT_BYTES - 1 &&
           sodium_hex2bin(out->bytes, sizeof out->bytes, text, strlen(text), NULL, &size_bytes,
                          NULL) == 0 &&
           size_bytes == sizeof out->bytes;
}
