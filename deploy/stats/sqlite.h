#ifndef STATS_SQLITE_H
#define STATS_SQLITE_H

#include "driver.h"

/* What the files of SQLite's driver share. */

/* "PATH: DOING: what SQLite says"; answers false. */
bool sqlite_fail(struct sink *s, const char *doing);

/* Immediate: the lock is taken before anything is read, so that what is read stays true until
 * the commit. It is the one lock that orders all writers. */
bool sqlite_begin(struct sink *s);

/* How many rows the last statement has changed. */
int sqlite_changed(const struct sink *s);

/* Members of sqlite_driver (sqlite_sql.c, sqlite_insert.c, sqlite_publish.c). */
struct statement *sqlite_prepare(struct sink *s, const char *sql);
bool sqlite_bind(struct sink *s, struct statement *statement, const struct value *values);
bool sqlite_step(struct sink *s, struct statement *statement, bool *is_row);
int64_t sqlite_column(struct statement *statement, int column);
const char *sqlite_column_text(struct statement *statement, int column);
void sqlite_reset(struct sink *s, struct statement *statement);
void sqlite_finish_statement(struct sink *s, struct statement *statement);
bool sqlite_is_in_transaction(const struct sink *s);
bool sqlite_batch_begin(struct sink *s);
bool sqlite_insert(struct sink *s, const struct row *row, enum arrival *out);
bool sqlite_count_malformed(struct sink *s, const char *node);
bool sqlite_close_window(struct sink *s, int64_t window, enum sink_answer *out);
bool sqlite_stage(struct sink *s, const struct claim *claim, const struct rollup *rows,
                  enum sink_answer *out, struct publication *published);
bool sqlite_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                    struct publication *published);
bool sqlite_version(struct sink *s, int64_t *out);

#endif
