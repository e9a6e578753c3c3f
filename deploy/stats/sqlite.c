#include "sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "sqlite_schema.h"

static const char *const settings[] = {
    "PRAGMA synchronous=FULL", "PRAGMA trusted_schema=OFF",    "PRAGMA cell_size_check=ON",
    "PRAGMA foreign_keys=ON",  "PRAGMA recursive_triggers=ON",
};

static bool is_busy(const struct sink *s)
{
    const int code = s->db == NULL ? SQLITE_OK : sqlite3_errcode(s->db) & 0xff;

    return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

static bool connect(struct sink *s, const char *path, int flags)
{
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
        return sqlite_fail(s, "open");
    }
    sqlite3_busy_timeout(s->db, (int)s->busy_ms);
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
    *is_sink = application == SQLITE_APPLICATION_ID;
    if (*is_sink && version != SQLITE_USER_VERSION) {
        return sql_refuse(s, "this sink was made by another version of ostrakon-stats");
    }
    if (!*is_sink && (application != 0 || tables != 0)) {
        return sql_refuse(s, "this is a database, but not a sink of ostrakon-stats");
    }
    return true;
}

static bool create(struct sink *s, const struct sink_founding *founding)
{
    char numbers[128];

    (void)snprintf(numbers, sizeof numbers, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                   SQLITE_APPLICATION_ID, SQLITE_USER_VERSION);
    if (sqlite3_exec(s->db, sqlite_schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, numbers, NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_fail(s, "make the tables");
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
            sql_refuse(s, "the table of settings is empty: the sink is damaged"));
}

/* Everything that makes it a sink is in one transaction: whoever dies in it leaves an empty
 * database, which the next founding accepts. */
static bool create_once(struct sink *s, const struct sink_founding *founding)
{
    bool is_sink = false;

    if (!sql_run(s, "PRAGMA journal_mode=WAL", NO_VALUES) || !sqlite_begin(s)) {
        return false;
    }
    if (!identify(s, &is_sink)) {
        return false;
    }
    if (is_sink) {
        return sql_refuse(s, "there is a sink already; it stays as it is");
    }
    return create(s, founding) && sql_commit(s) && read_settings(s);
}

static bool found(struct sink *s, const char *path, const struct sink_founding *founding)
{
    if (!connect(s, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) ||
        !create_once(s, founding)) {
        sql_rollback(s);
        return false;
    }
    return true;
}

/* In words what the system said, where it was the file that could not be opened. */
static void say_unopened(struct sink *s)
{
    if (s->db == NULL || (sqlite3_errcode(s->db) & 0xff) != SQLITE_CANTOPEN) {
        return;
    }
    const int code = sqlite3_system_errno(s->db);
    if (code == ENOENT) {
        (void)snprintf(s->error, sizeof s->error,
                       "%s: cannot be opened: %s. A new sink is made with: "
                       "ostrakon-stats init --sink %s",
                       s->path, strerror(code), s->path);
    } else {
        (void)snprintf(s->error, sizeof s->error,
                       "%s: cannot be opened: %s. Name a file that you may read and write, as "
                       "well as its directory",
                       s->path, code == 0 ? sqlite3_errmsg(s->db) : strerror(code));
    }
}

static bool open_path(struct sink *s, const char *path)
{
    bool is_sink = false;

    if (!connect(s, path, SQLITE_OPEN_READWRITE)) {
        say_unopened(s);
        return false;
    }
    return identify(s, &is_sink) &&
           (is_sink ? read_settings(s)
                    : sql_refuse(s, "this database is empty: its making was "
                                    "interrupted; run ostrakon-stats init again"));
}

static void finish(struct sink *s)
{
    (void)sqlite3_close(s->db);
    s->db = NULL;
}

const struct driver sqlite_driver = {
    .found = found,
    .open = open_path,
    .finish = finish,
    .is_busy = is_busy,
    .prepare = sqlite_prepare,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .column = sqlite_column,
    .column_text = sqlite_column_text,
    .reset = sqlite_reset,
    .finish_statement = sqlite_finish_statement,
    .begin_reading = "BEGIN",
    .is_in_transaction = sqlite_is_in_transaction,
    .batch_begin = sqlite_batch_begin,
    .insert = sqlite_insert,
    .count_malformed = sqlite_count_malformed,
    .close = sqlite_close_window,
    .stage = sqlite_stage,
    .endorse = sqlite_endorse,
    .version = sqlite_version,
};
