#ifndef STATS_SINK_SQL_H
#define STATS_SINK_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "sink.h"

/* How the files of the sink, and those that only look at it, speak to SQLite. Every statement
 * is prepared and its values bound; failures leave their sentence in `s->error`. */

struct value {
    enum { VALUE_END, VALUE_INTEGER, VALUE_TEXT } kind;
    int64_t integer;
    const char *text; /* borrowed until the statement has been finished */
};

#define INTEGER(number)                                                                        \
    {                                                                                          \
        .kind = VALUE_INTEGER, .integer = (number)                                             \
    }
#define TEXT(string)                                                                           \
    {                                                                                          \
        .kind = VALUE_TEXT, .text = (string)                                                   \
    }
/* The values of a statement's question marks, in their order. */
#define VALUES(...) ((const struct value[]){__VA_ARGS__, {.kind = VALUE_END}})
#define NO_VALUES ((const struct value[]){{.kind = VALUE_END}})

/* "PATH: DOING: what SQLite says"; answers false, for `return sql_fail(...)`. */
bool sql_fail(struct sink *s, const char *doing);

/* The statement, before its first row, or NULL. The caller finalizes it. */
sqlite3_stmt *sql_prepare(struct sink *s, const char *sql, const struct value *values);

bool sql_bind(struct sink *s, sqlite3_stmt *statement, const struct value *values);

/* Steps. *is_row false: there are no more. */
bool sql_step(struct sink *s, sqlite3_stmt *statement, bool *is_row);

/* Runs a statement that answers no rows, or whose rows do not matter. */
bool sql_run(struct sink *s, const char *sql, const struct value *values);

/* The first column of the only row; when there is none, *out is `otherwise`. */
bool sql_integer(struct sink *s, const char *sql, const struct value *values, int64_t otherwise,
                 int64_t *out);

/* The second makes the work of the first durable; the third undoes it, and is harmless when
 * there is nothing to undo. */
bool sql_begin(struct sink *s);
bool sql_commit(struct sink *s);
void sql_rollback(struct sink *s);

#endif
