/* A connection to the database: its statements, and one that only reads, for those who look at
 * what an agent has stored, beside it or after it. */
#include "store_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool store_meta_cluster(struct store *s, uint8_t cluster_id[static STORE_ID_BYTES])
{
    sqlite3_stmt *statement = NULL;
    const char *const sql = "SELECT value FROM meta WHERE name = 'cluster'";
    bool found = sqlite3_prepare_v2(s->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW &&
                 sqlite3_column_bytes(statement, 0) == STORE_ID_BYTES;
    if (found) {
        memcpy(cluster_id, sqlite3_column_blob(statement, 0), STORE_ID_BYTES);
    }
    sqlite3_finalize(statement);
    return found;
}

bool store_prepare(struct store *s)
{
    static const char *const texts[] = {
#define X(word, sql) [STATEMENT_##word] = sql,
        STORE_STATEMENTS(X)
#undef X
    };
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(s->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &s->statements[i], NULL) != SQLITE_OK) {
            return false;
        }
    }
    return true;
}

void store_disconnect(struct store *s)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
    const int code = sqlite3_close(s->database);
    assert(code == SQLITE_OK); /* nothing of it is still in use */
    s->database = NULL;
    if (s->disk > 0) {
        close(s->disk);
    }
    s->disk = -1;
}

static bool connect_reading(struct store *s)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                      SQLITE_OPEN_EXRESCODE;
    return sqlite3_open_v2(s->path, &s->database, flags, NULL) == SQLITE_OK &&
           sqlite3_busy_timeout(s->database, 1000) == SQLITE_OK &&
           sqlite3_exec(s->database, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
                        NULL, NULL, NULL) == SQLITE_OK;
}

static void say_why(const struct store *s, char why[static STORE_TEXT_MAX])
{
    const int code = sqlite3_errcode(s->database);
    const int system = sqlite3_system_errno(s->database);
    const char *text = sqlite3_errmsg(s->database);
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
        text = "it is not of an agent, as no cluster is named in it";
    } else if ((code & 0xff) == SQLITE_CANTOPEN && system != 0) {
        text = strerror(system);
    }
    snprintf(why, STORE_TEXT_MAX, "%s", text);
}

struct store *store_open_reading(const char *path,
                                 const uint8_t cluster_id[static STORE_ID_BYTES],
                                 char why[static STORE_TEXT_MAX])
{
    uint8_t found[STORE_ID_BYTES];
    struct store *s = calloc(1, sizeof *s);
    snprintf(why, STORE_TEXT_MAX, "out of memory");
    if (s == NULL) {
        return NULL;
    }
    snprintf(s->path, sizeof s->path, "%s", path);
    memcpy(s->cluster_id, cluster_id, sizeof s->cluster_id);
    if (!connect_reading(s) || !store_meta_cluster(s, found)) {
        say_why(s, why);
    } else if (memcmp(found, cluster_id, sizeof found) != 0) {
        snprintf(why, STORE_TEXT_MAX, "it is of another cluster");
    } else if (!store_prepare(s)) {
        say_why(s, why);
    } else {
        return s;
    }
    store_destroy(s);
    return NULL;
}
