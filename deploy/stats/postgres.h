#ifndef STATS_POSTGRES_H
#define STATS_POSTGRES_H

#include <libpq-fe.h>

#include "driver.h"

/* What the files of PostgreSQL's driver share. */

#define SQLSTATE_BYTES 6

struct postgres {
    PGconn *connection;
    int64_t patience_ms;           /* for a sign of life from the server */
    char sqlstate[SQLSTATE_BYTES]; /* of the last refusal of the server's; else empty */
};

/* "ADDRESS: DOING: what the server or libpq says", in one line; answers false. */
bool postgres_fail(struct sink *s, const char *doing, const PGresult *result);

/* Waits for the next answer to what was sent. False, with words: the connection is lost, or the
 * server has been silent for too long; then the connection is given up. */
bool postgres_await(struct sink *s, const char *doing);

/* Runs statements, of which any number may stand in `script`, and without values. */
bool postgres_script(struct sink *s, const char *script, const char *doing);

extern const char postgres_schema[];

/* Members of postgres_driver (postgres_sql.c, postgres_procedures.c). */
struct statement *postgres_prepare(struct sink *s, const char *sql);
bool postgres_bind(struct sink *s, struct statement *statement, const struct value *values);
bool postgres_step(struct sink *s, struct statement *statement, bool *is_row);
int64_t postgres_column(struct statement *statement, int column);
const char *postgres_column_text(struct statement *statement, int column);
void postgres_reset(struct sink *s, struct statement *statement);
void postgres_finish_statement(struct sink *s, struct statement *statement);
bool postgres_batch_begin(struct sink *s);
bool postgres_insert(struct sink *s, const struct row *row, enum arrival *out);
bool postgres_count_malformed(struct sink *s, const char *node);
bool postgres_close_window(struct sink *s, int64_t window, enum sink_answer *out);
bool postgres_stage(struct sink *s, const struct claim *claim, const struct rollup *rows,
                    enum sink_answer *out, struct publication *published);
bool postgres_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                      struct publication *published);

#endif
