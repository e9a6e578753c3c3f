#include "postgres.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A connection to the server on which nothing waits for ever: connecting takes CONNECT_S at
 * most, a lock what the caller allows, a statement STATEMENT_MS by the server's clock; and
 * where the server itself is gone or frozen, this side gives up a little later. */

#define CONNECT_S "5"
#define STATEMENT_MS 30000
#define SILENCE_MS (STATEMENT_MS + 2000)

#define SCHEMA_VERSION 1
#define SERVER_VERSION_MIN 120000

static const char lock_not_available[] = "55P03";
static const char deadlock_detected[] = "40P01";
static const char undefined_table[] = "42P01";
static const char undefined_schema[] = "3F000";

static bool has_state(const struct sink *s, const char *state)
{
    return s->postgres != NULL && strcmp(s->postgres->sqlstate, state) == 0;
}

static bool is_busy(const struct sink *s)
{
    return has_state(s, lock_not_available) || has_state(s, deadlock_detected);
}

/* An address for messages: where, which database and as whom, and no password. */
static void describe(struct sink *s)
{
    const PGconn *connection = s->postgres->connection;
    const char *user = PQuser(connection);
    const char *host = PQhost(connection);
    const char *database = PQdb(connection);

    (void)snprintf(s->path, sizeof s->path, SINK_POSTGRES "%s@%s/%s", user == NULL ? "" : user,
                   host == NULL ? "" : host, database == NULL ? "" : database);
}

static bool connect(struct sink *s, const char *address)
{
    static const char *const keys[] = {"connect_timeout",           "tcp_user_timeout",
                                       "fallback_application_name", "dbname",
                                       "client_encoding",           NULL};
    const char *const values[] = {CONNECT_S, "10000", "ostrakon-stats", address, "UTF8", NULL};
    char settings[256];

    s->postgres = calloc(1, sizeof *s->postgres);
    if (s->postgres == NULL) {
        return sql_refuse(s, "no memory");
    }
    s->postgres->patience_ms = SILENCE_MS;
    /* What the address says stands over what is left of it here, and the encoding over that. */
    s->postgres->connection = PQconnectdbParams(keys, values, 1);
    describe(s);
    if (PQstatus(s->postgres->connection) != CONNECTION_OK) {
        return postgres_fail(s, "connect", NULL);
    }
    (void)snprintf(settings, sizeof settings,
                   "SET lock_timeout = %" PRId64 "; SET statement_timeout = %d; "
                   "SET jit = off; SET search_path = ostrakon",
                   s->busy_ms, STATEMENT_MS);
    return PQsetnonblocking(s->postgres->connection, 1) == 0
               ? postgres_script(s, settings, "begin the session")
               : postgres_fail(s, "begin the session", NULL);
}

static bool is_fit(struct sink *s)
{
    const char *encoding = PQparameterStatus(s->postgres->connection, "server_encoding");

    if (PQserverVersion(s->postgres->connection) < SERVER_VERSION_MIN) {
        return sql_refuse(s, "the server is older than PostgreSQL 12");
    }
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
        return sql_refuse(s,
                          "the database's encoding is not UTF8, so that digests would differ");
    }
    return true;
}

static bool read_settings(struct sink *s)
{
    int64_t version = 0;

    if (!sql_integer(s, "SELECT version FROM ostrakon.setting", NO_VALUES, 0, &version)) {
        if (has_state(s, undefined_table) || has_state(s, undefined_schema)) {
            return sql_refuse(s, "there is no sink in this database. A new sink is made with: "
                                 "ostrakon-stats init --sink ADDRESS");
        }
        return false;
    }
    if (version != SCHEMA_VERSION) {
        return sql_refuse(s, "this sink was made by another version of ostrakon-stats");
    }
    return sql_integer(s, "SELECT window_s FROM ostrakon.setting", NO_VALUES, 0,
                       &s->window_s) &&
           sql_integer(s, "SELECT endorsers FROM ostrakon.setting", NO_VALUES, 0,
                       &s->endorsers);
}

static bool create(struct sink *s, const struct sink_founding *founding)
{
    int64_t schemas = 0;

    if (!sql_integer(s, "SELECT count(*) FROM pg_namespace WHERE nspname = 'ostrakon'",
                     NO_VALUES, 0, &schemas)) {
        return false;
    }
    if (schemas != 0) {
        return sql_refuse(s, "there is a sink already; it stays as it is");
    }
    return postgres_script(s, postgres_schema, "make the tables") &&
           sql_run(s, "INSERT INTO ostrakon.setting VALUES (1, $1, $2, $3)",
                   VALUES(INTEGER(SCHEMA_VERSION), INTEGER(founding->window_s),
                          INTEGER(founding->endorsers))) &&
           sql_run(s, "INSERT INTO ostrakon.clock VALUES (1, 0)", NO_VALUES) &&
           sql_run(s, "INSERT INTO ostrakon.fence VALUES (1, $1)",
                   VALUES(INTEGER(founding->top_fence)));
}

static bool found(struct sink *s, const char *address, const struct sink_founding *founding)
{
    if (!connect(s, address) || !is_fit(s)) {
        return false;
    }
    if (sql_run(s, "BEGIN", NO_VALUES) && create(s, founding) && sql_commit(s)) {
        return read_settings(s);
    }
    sql_rollback(s);
    return false;
}

static bool open_address(struct sink *s, const char *address)
{
    return connect(s, address) && read_settings(s);
}

static void finish(struct sink *s)
{
    if (s->postgres != NULL) {
        PQfinish(s->postgres->connection);
        free(s->postgres);
        s->postgres = NULL;
    }
}

static bool is_in_transaction(const struct sink *s)
{
    if (s->postgres == NULL || s->postgres->connection == NULL) {
        return false;
    }
    const PGTransactionStatusType status = PQtransactionStatus(s->postgres->connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

/* Progress is one short question, so there is nothing cheaper to ask before it. */
static bool version(struct sink *s, int64_t *out)
{
    *out = ++s->batch;
    return true;
}

const struct driver postgres_driver = {
    .found = found,
    .open = open_address,
    .finish = finish,
    .is_busy = is_busy,
    .prepare = postgres_prepare,
    .bind = postgres_bind,
    .step = postgres_step,
    .column = postgres_column,
    .column_text = postgres_column_text,
    .reset = postgres_reset,
    .finish_statement = postgres_finish_statement,
    .begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ",
    .is_in_transaction = is_in_transaction,
    .batch_begin = postgres_batch_begin,
    .insert = postgres_insert,
    .count_malformed = postgres_count_malformed,
    .close = postgres_close_window,
    .stage = postgres_stage,
    .endorse = postgres_endorse,
    .version = version,
};
