#ifndef STATS_SINK_SQL_H
#define STATS_SINK_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "sink.h"

/* How the files of the sink, and those that only look at it, ask their questions, whichever
 * database it is (driver.h). Every statement is prepared and its values bound; failures leave
 * their sentence in `s->error`.
 *
 * Statements are those that SQLite and PostgreSQL read alike. Values stand in them as $1, $2,
 * ..., which must first appear in that order: to SQLite they are names. `window` is a word of
 * PostgreSQL's: write it behind its table, as in p.window. Of statements that answer rows one
 * at a time is under way.
 */

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
/* The values of a statement, in their order; at most SQL_VALUES_MAX. */
#define VALUES(...) ((const struct value[]){__VA_ARGS__, {.kind = VALUE_END}})
#define NO_VALUES ((const struct value[]){{.kind = VALUE_END}})
#define SQL_VALUES_MAX 8

struct statement;

/* The statement, before its first row, or NULL. The caller finishes it. */
struct statement *sql_prepare(struct sink *s, const char *sql, const struct value *values);

/* Before the first step, or after a reset. */
bool sql_bind(struct sink *s, struct statement *statement, const struct value *values);

/* Steps. *is_row false: there are no more. */
bool sql_step(struct sink *s, struct statement *statement, bool *is_row);

/* Columns of the row, counted from 0; NULL is 0 and NULL. The text is good until the next step.
 */
int64_t sql_column(struct sink *s, struct statement *statement, int column);
const char *sql_column_text(struct sink *s, struct statement *statement, int column);

/* So that it can be bound and stepped again; so that it is no more. The second accepts NULL. */
void sql_reset(struct sink *s, struct statement *statement);
void sql_finish(struct sink *s, struct statement *statement);

/* Runs a statement that answers no rows, or whose rows do not matter. */
bool sql_run(struct sink *s, const char *sql, const struct value *values);

/* The first column of the only row; when there is none, *out is `otherwise`. */
bool sql_integer(struct sink *s, const char *sql, const struct value *values, int64_t otherwise,
                 int64_t *out);

/* All that is read until sql_commit or sql_rollback is of one moment. */
bool sql_begin_reading(struct sink *s);

/* The second undoes, and is harmless when there is nothing to undo. */
bool sql_commit(struct sink *s);
void sql_rollback(struct sink *s);

/* "PATH: WORDS"; answers false, for `return sql_refuse(...)`. */
bool sql_refuse(struct sink *s, const char *words);

/* Of 2 * DIGEST_BYTES digits; false if it is none, or NULL. */
bool sql_digest(const char *text, struct digest *out);

#endif
