#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "postgres.h"

/* Statements, sent to a server of which nothing is expected but that it may be silent for ever.
 */

/* The types by their numbers, which are the same in every server. */
#define TYPE_BIGINT 20
#define TYPE_TEXT 25

struct statement {
    const char *sql; /* the caller's */
    bool is_under_way;
    PGresult *row;
    int value_count;
    Oid types[SQL_VALUES_MAX];
    const char *values[SQL_VALUES_MAX];
    char digits[SQL_VALUES_MAX][24];
};

static void flatten(char *words)
{
    size_t end = strlen(words);

    while (end > 0 && words[end - 1] == '\n') {
        words[--end] = '\0';
    }
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '\n' || *c == '\t' ? ' ' : *c;
    }
}

bool postgres_fail(struct sink *s, const char *doing, const PGresult *result)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = result == NULL ? PQerrorMessage(s->postgres->connection)
                                       : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    (void)snprintf(s->postgres->sqlstate, SQLSTATE_BYTES, "%s", state == NULL ? "" : state);
    (void)snprintf(s->error, sizeof s->error, "%s: %s: %s%s", s->path, doing,
                   sink_is_busy(s)
                       ? "another session has held the lock for too long; find it in "
                         "pg_stat_activity: "
                       : "",
                   words == NULL ? "" : words);
    flatten(s->error);
    return false;
}

static bool give_up(struct sink *s, const char *doing)
{
    (void)snprintf(s->error, sizeof s->error,
                   "%s: %s: the server has said nothing for %" PRId64 " ms", s->path, doing,
                   s->postgres->patience_ms);
    s->postgres->sqlstate[0] = '\0';
    PQfinish(s->postgres->connection);
    s->postgres->connection = NULL;
    return false;
}

/* poll(), over signals, until something can be done. */
static bool poll_until(struct pollfd *about, int64_t until_ms)
{
    int ready = -1;

    while (ready < 0) {
        const int64_t left_ms = until_ms - instant_monotonic_ms();
        ready = poll(about, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
    return ready > 0;
}

bool postgres_await(struct sink *s, const char *doing)
{
    PGconn *connection = s->postgres->connection;
    const int64_t until_ms = instant_monotonic_ms() + s->postgres->patience_ms;

    for (;;) {
        const int unsent = PQflush(connection);
        if (unsent < 0) {
            return postgres_fail(s, doing, NULL);
        }
        if (unsent == 0 && PQisBusy(connection) == 0) {
            return true;
        }
        struct pollfd about = {.fd = PQsocket(connection),
                               .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN)};
        if (!poll_until(&about, until_ms)) {
            return give_up(s, doing);
        }
        if ((about.revents & ~POLLOUT) != 0 && PQconsumeInput(connection) == 0) {
            return postgres_fail(s, doing, NULL);
        }
    }
}

/* Takes what is left of the answer; *result NULL: that was all. */
static bool next_result(struct sink *s, const char *doing, PGresult **result)
{
    *result = NULL;
    if (!postgres_await(s, doing)) {
        return false;
    }
    *result = PQgetResult(s->postgres->connection);
    return true;
}

/* Reads on to the end of the answer, so that the next statement can be sent. */
static bool drain(struct sink *s, const char *doing)
{
    PGresult *result = NULL;

    do {
        if (!next_result(s, doing, &result)) {
            return false;
        }
        PQclear(result);
    } while (result != NULL);
    return true;
}

static bool is_failure(const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);

    return status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK &&
           status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY;
}

/* The first failure's words stay; the rest of the answer is read. */
static bool fail_and_drain(struct sink *s, const char *doing, PGresult *result)
{
    (void)postgres_fail(s, doing, result);
    PQclear(result);
    struct sink aside = *s;
    (void)drain(&aside, doing);
    return false;
}

bool postgres_script(struct sink *s, const char *script, const char *doing)
{
    PGresult *result = NULL;

    if (PQsendQuery(s->postgres->connection, script) != 1) {
        return postgres_fail(s, doing, NULL);
    }
    do {
        if (!next_result(s, doing, &result)) {
            return false;
        }
        if (result != NULL && is_failure(result)) {
            return fail_and_drain(s, doing, result);
        }
        PQclear(result);
    } while (result != NULL);
    return true;
}

struct statement *postgres_prepare(struct sink *s, const char *sql)
{
    struct statement *statement = calloc(1, sizeof *statement);

    if (statement == NULL) {
        (void)sql_refuse(s, "no memory");
        return NULL;
    }
    statement->sql = sql;
    return statement;
}

bool postgres_bind(struct sink *s, struct statement *statement, const struct value *values)
{
    (void)s;
    int i = 0;

    for (; values[i].kind != VALUE_END; i++) {
        assert(i < SQL_VALUES_MAX);
        statement->types[i] = values[i].kind == VALUE_INTEGER ? TYPE_BIGINT : TYPE_TEXT;
        statement->values[i] = values[i].text;
        if (values[i].kind == VALUE_INTEGER) {
            (void)snprintf(statement->digits[i], sizeof statement->digits[i], "%" PRId64,
                           values[i].integer);
            statement->values[i] = statement->digits[i];
        }
    }
    statement->value_count = i;
    return true;
}

static bool begin(struct sink *s, struct statement *statement)
{
    if (s->postgres->connection == NULL) {
        return sql_refuse(s, "the connection was given up");
    }
    if (PQsendQueryParams(s->postgres->connection, statement->sql, statement->value_count,
                          statement->types, statement->values, NULL, NULL, 0) != 1 ||
        PQsetSingleRowMode(s->postgres->connection) != 1) {
        return postgres_fail(s, statement->sql, NULL);
    }
    statement->is_under_way = true;
    return true;
}

bool postgres_step(struct sink *s, struct statement *statement, bool *is_row)
{
    PGresult *result = NULL;

    *is_row = false;
    PQclear(statement->row);
    statement->row = NULL;
    if (!statement->is_under_way && !begin(s, statement)) {
        return false;
    }
    do {
        if (!next_result(s, statement->sql, &result)) {
            statement->is_under_way = false;
            return false;
        }
        if (result != NULL && is_failure(result)) {
            statement->is_under_way = false;
            return fail_and_drain(s, statement->sql, result);
        }
        if (result != NULL && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            statement->row = result;
            *is_row = true;
            return true;
        }
        PQclear(result);
    } while (result != NULL);
    statement->is_under_way = false;
    return true;
}

const char *postgres_column_text(struct statement *statement, int column)
{
    return PQgetisnull(statement->row, 0, column) ? NULL
                                                  : PQgetvalue(statement->row, 0, column);
}

int64_t postgres_column(struct statement *statement, int column)
{
    const char *text = postgres_column_text(statement, column);

    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

void postgres_reset(struct sink *s, struct statement *statement)
{
    PQclear(statement->row);
    statement->row = NULL;
    if (statement->is_under_way) {
        statement->is_under_way = false;
        (void)drain(s, statement->sql);
    }
}

void postgres_finish_statement(struct sink *s, struct statement *statement)
{
    postgres_reset(s, statement);
    free(statement);
}
