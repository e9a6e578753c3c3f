#include "sink.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "instant.h"
#include "sink_schema.h"
#include "sink_sql.h"

#define FOUNDING_BUSY_MS 5000

static const char *const settings[] = {
    "PRAGMA synchronous=FULL", "PRAGMA trusted_schema=OFF",    "PRAGMA cell_size_check=ON",
    "PRAGMA foreign_keys=ON",  "PRAGMA recursive_triggers=ON",
};

bool sink_is_busy(const struct sink *s)
{
    const int code = s->db == NULL ? SQLITE_OK : sqlite3_errcode(s->db) & 0xff;

    return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

static bool refuse(struct sink *s, const char *words)
{
    (void)snprintf(s->error, sizeof s->error, "%s: %s", s->path, words);
    return false;
}

static bool connect(struct sink *s, const char *path, int64_t busy_ms, int flags)
{
    *s = (struct sink){.busy_ms = busy_ms, .now_ms = instant_now_ms};
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
        return sql_fail(s, "open");
    }
    sqlite3_busy_timeout(s->db, (int)busy_ms);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (!sql_run(s, settings[i], NO_VALUES)) {
            return false;
        }
    }
    return true;
}

/* *is_sink false: it is an empty database. */
static bool identify(struct sink *s, bool *is_sink)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;

    if (!sql_integer(s, "PRAGMA application_id", NO_VALUES, 0, &application) ||
        !sql_integer(s, "PRAGMA user_version", NO_VALUES, 0, &version) ||
        !sql_integer(s, "SELECT count(*) FROM sqlite_schema", NO_VALUES, 0, &tables)) {
        return false;
    }
    *is_sink = application == SINK_APPLICATION_ID;
    if (*is_sink && version != SINK_USER_VERSION) {
        return refuse(s, "this sink was made by another version of ostrakon-stats");
    }
    if (!*is_sink && (application != 0 || tables != 0)) {
        return refuse(s, "this is a database, but not a sink of ostrakon-stats");
    }
    return true;
}

static bool create(struct sink *s, const struct sink_founding *founding)
{
    char numbers[128];

    (void)snprintf(numbers, sizeof numbers, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                   SINK_APPLICATION_ID, SINK_USER_VERSION);
    if (sqlite3_exec(s->db, sink_schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, numbers, NULL, NULL, NULL) != SQLITE_OK) {
        return sql_fail(s, "make the tables");
    }
    return sql_run(s, "INSERT INTO setting VALUES (1, ?, ?)",
                   VALUES(INTEGER(founding->window_s), INTEGER(founding->endorsers))) &&
           sql_run(s, "INSERT INTO clock VALUES (1, 0)", NO_VALUES) &&
           sql_run(s, "INSERT INTO fence VALUES (1, ?)", VALUES(INTEGER(founding->top_fence)));
}

static bool read_settings(struct sink *s)
{
    return sql_integer(s, "SELECT window_s FROM setting", NO_VALUES, 0, &s->window_s) &&
           sql_integer(s, "SELECT endorsers FROM setting", NO_VALUES, 0, &s->endorsers) &&
           (s->window_s > 0 ||
            refuse(s, "the table of settings is empty: the sink is damaged"));
}

/* Everything that makes it a sink is in one transaction: whoever dies in it leaves an empty
 * database, which the next founding accepts. */
static bool create_once(struct sink *s, const struct sink_founding *founding)
{
    bool is_sink = false;

    if (!sql_run(s, "PRAGMA journal_mode=WAL", NO_VALUES) || !sql_begin(s)) {
        return false;
    }
    if (!identify(s, &is_sink)) {
        return false;
    }
    if (is_sink) {
        return refuse(s, "there is a sink already; it stays as it is");
    }
    return create(s, founding) && sql_commit(s) && read_settings(s);
}

bool sink_found(struct sink *s, const char *path, const struct sink_founding *founding)
{
    assert(founding->window_s >= 1 && founding->window_s <= 86400);
    assert(founding->endorsers == 1 || founding->endorsers == 2);
    assert(founding->top_fence >= 0 && founding->top_fence <= SINK_NUMBER_MAX);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if (!connect(s, path, FOUNDING_BUSY_MS, flags) || !create_once(s, founding)) {
        sql_rollback(s);
        sink_finish(s);
        return false;
    }
    return true;
}

bool sink_open(struct sink *s, const char *path, int64_t busy_ms)
{
    bool is_sink = false;

    if (!connect(s, path, busy_ms, SQLITE_OPEN_READWRITE)) {
        const bool is_missing =
            s->db != NULL && (sqlite3_errcode(s->db) & 0xff) == SQLITE_CANTOPEN;
        if (is_missing) {
            (void)snprintf(s->error, sizeof s->error,
                           "%s: cannot be opened: %s. A new sink is made with: "
                           "ostrakon-stats init --sink %s",
                           s->path, strerror(sqlite3_system_errno(s->db)), s->path);
        }
    } else if (identify(s, &is_sink)) {
        if (is_sink ? read_settings(s)
                    : refuse(s, "this database is empty: its making was "
                                "interrupted; run ostrakon-stats init again")) {
            return true;
        }
    }
    sink_finish(s);
    return false;
}

/* The words of the last error stay. */
void sink_finish(struct sink *s)
{
    if (s != NULL) {
        sqlite3_finalize(s->insert);
        s->insert = NULL;
        (void)sqlite3_close(s->db);
        s->db = NULL;
    }
}
