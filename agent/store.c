#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable.h"
#include "store_internal.h"

static_assert(ASIDE_NAME_MAX <= STORE_NAME_MAX, "the new name can be told whole");

#define APPLICATION_ID 0x4f535452 /* "OSTR" */
#define LAYOUT_VERSION 1

/* What a first look at the database came to. */
enum look {
    LOOK_FINE,
    LOOK_EMPTY,   /* SQLite's, without a table: just made, or cut to nothing */
    LOOK_SPOILT,  /* to be put aside */
    LOOK_REFUSED, /* the machine's fault: not to be touched */
};

static const char SCHEMA[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;"
    "CREATE TABLE block(height INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,"
    " hash BLOB NOT NULL, decided BLOB NOT NULL, checksum BLOB NOT NULL) STRICT;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, height INTEGER NOT NULL,"
    " ordinal INTEGER NOT NULL, time_ms INTEGER NOT NULL, level INTEGER NOT NULL,"
    " name TEXT NOT NULL, code TEXT NOT NULL, member TEXT, fields TEXT NOT NULL,"
    " message TEXT NOT NULL) STRICT;"
    /* An event of a block is one event, however often its block is written. */
    "CREATE UNIQUE INDEX event_place ON event(height, ordinal) WHERE ordinal >= 0;"
    "CREATE TABLE snapshot(height INTEGER PRIMARY KEY, state BLOB NOT NULL,"
    " checksum BLOB NOT NULL) STRICT;";

const char *store_verdict_text(enum store_verdict verdict)
{
    static const char *const texts[] = {
#define X(word, text) [STORE_##word] = text,
        STORE_VERDICTS(X)
#undef X
    };
    assert((size_t)verdict < sizeof texts / sizeof texts[0]);
    return texts[verdict];
}

const char *store_answer_text(enum store_answer answer)
{
    static const char *const texts[] = {
#define X(word, text) [STORE_ANSWER_##word] = text,
        STORE_ANSWERS(X)
#undef X
    };
    assert((size_t)answer < sizeof texts / sizeof texts[0]);
    return texts[answer];
}

void store_say(struct store *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->sentence, sizeof s->sentence, format, arguments);
    va_end(arguments);
}

enum store_answer store_fault(struct store *s)
{
    const int code = sqlite3_extended_errcode(s->database);
    const int system = sqlite3_system_errno(s->database);
    s->error = system != 0 ? system : EIO;
    switch (code & 0xff) {
    case SQLITE_FULL:
        s->error = ENOSPC;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        s->error = EBUSY;
        break;
    case SQLITE_NOMEM:
        s->error = ENOMEM;
        break;
    /* ERROR: a table or column is missing. */
    case SQLITE_ERROR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        store_say(s, "%s", sqlite3_errmsg(s->database));
        return STORE_ANSWER_DAMAGED;
    }
    store_say(s, "%s: %s (%s)", s->path, sqlite3_errmsg(s->database), strerror(s->error));
    return STORE_ANSWER_REFUSED;
}

int store_failure(const struct store *s, const char **sentence)
{
    *sentence = s->sentence;
    return s->error;
}

bool store_run(struct store *s, enum store_statement which)
{
    const int code = sqlite3_step(s->statements[which]);
    sqlite3_reset(s->statements[which]);
    return code == SQLITE_DONE;
}

static bool execute(struct store *s, const char *sql)
{
    return sqlite3_exec(s->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first column of the first row, as a number or as text; false: SQLite's own fault. */
static bool ask(struct store *s, const char *sql, int64_t *number, char *text, int text_bytes)
{
    sqlite3_stmt *statement = NULL;
    bool done = sqlite3_prepare_v2(s->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    if (done && number != NULL) {
        *number = sqlite3_column_int64(statement, 0);
    }
    if (done && text != NULL) {
        const char *const value = (const char *)sqlite3_column_text(statement, 0);
        snprintf(text, (size_t)text_bytes, "%s", value != NULL ? value : "");
    }
    /* Finalizing clears what went wrong, unless the step itself failed. */
    return sqlite3_finalize(statement) == SQLITE_OK && done;
}

static bool make_tables(struct store *s)
{
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, LAYOUT_VERSION);
    sqlite3_stmt *statement = NULL;
    bool made = execute(s, "BEGIN IMMEDIATE") && execute(s, SCHEMA) && execute(s, stamp) &&
                sqlite3_prepare_v2(s->database, "INSERT INTO meta VALUES('cluster', ?1)", -1,
                                   &statement, NULL) == SQLITE_OK &&
                sqlite3_bind_blob(statement, 1, s->cluster_id, STORE_ID_BYTES, SQLITE_STATIC) ==
                    SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return made && execute(s, "COMMIT") && durable_name(s->path);
}

/* Only for a database that is known to be ours: the journal's mode is written into it. One that
 * was made before there were these indexes is only slower where they cannot be made. */
static bool make_ready(struct store *s)
{
    if (!execute(s, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216")) {
        return false;
    }
    (void)execute(s, "CREATE INDEX IF NOT EXISTS event_code ON event(code);"
                     "CREATE INDEX IF NOT EXISTS event_member ON event(member)"
                     " WHERE member IS NOT NULL");
    return store_prepare(s);
}

/* Made here and not by SQLite, so that nobody else may read it; its log and index take after
 * it. */
static bool file_touch(struct store *s)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const int file = open(s->path, flags, 0600);
    if (file < 0) {
        s->error = errno;
        store_say(s, "%s: cannot be opened: %s", s->path, strerror(s->error));
        return false;
    }
    close(file);
    return true;
}

static bool connect_to(struct store *s)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                      SQLITE_OPEN_EXRESCODE;
    s->disk = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return sqlite3_open_v2(s->path, &s->database, flags, NULL) == SQLITE_OK &&
           sqlite3_busy_timeout(s->database, 200) == SQLITE_OK &&
           sqlite3_db_config(s->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           execute(s, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                      "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
}

static enum look look_fault(struct store *s)
{
    return store_fault(s) == STORE_ANSWER_DAMAGED ? LOOK_SPOILT : LOOK_REFUSED;
}

static enum look look(struct store *s)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    char check[STORE_TEXT_MAX];
    uint8_t cluster_id[STORE_ID_BYTES];
    if (!file_touch(s)) {
        return LOOK_REFUSED;
    }
    if (!connect_to(s) || !ask(s, "PRAGMA application_id", &application, NULL, 0) ||
        !ask(s, "PRAGMA user_version", &version, NULL, 0) ||
        !ask(s, "SELECT count(*) FROM sqlite_schema", &tables, NULL, 0) ||
        !ask(s, "PRAGMA quick_check(1)", NULL, check, sizeof check)) {
        return look_fault(s);
    }
    if (strcmp(check, "ok") != 0) {
        store_say(s, "damaged: %s", check);
        return LOOK_SPOILT;
    }
    if (sqlite3_db_readonly(s->database, "main") != 0) {
        /* The file was opened for writing: it is its header that says otherwise. */
        store_say(s, "its header is not that of a database of this kind");
        return LOOK_SPOILT;
    }
    if (tables == 0 && application == 0 && version == 0) {
        store_say(s, "it is empty");
        return LOOK_EMPTY;
    }
    if (application != APPLICATION_ID) {
        store_say(s, "it is no database of ostrakon");
        return LOOK_SPOILT;
    }
    if (version != LAYOUT_VERSION) {
        store_say(s, "it has layout %lld, and this version knows only %d", (long long)version,
                  LAYOUT_VERSION);
        return LOOK_SPOILT;
    }
    if (!store_meta_cluster(s, cluster_id)) {
        store_say(s, "it does not say of which cluster it is");
        return LOOK_SPOILT;
    }
    if (memcmp(cluster_id, s->cluster_id, sizeof cluster_id) != 0) {
        store_say(s, "it is of another cluster");
        return LOOK_SPOILT;
    }
    return make_ready(s) ? LOOK_FINE : look_fault(s);
}

/* The log first: beside a fresh database SQLite would take it for that one's and play it in. */
static bool put_aside(struct store *s, char name[ASIDE_NAME_MAX])
{
    static const char *const companions[] = {"-wal", "-shm"};
    char from[ASIDE_NAME_MAX + 8];
    char to[ASIDE_NAME_MAX + 8];
    if (s->database != NULL) {
        sqlite3_db_config(s->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        store_disconnect(s);
    }
    if (!aside_name(s->path, "damaged", name)) {
        return false;
    }
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
        snprintf(from, sizeof from, "%s%s", s->path, companions[i]);
        snprintf(to, sizeof to, "%s%s", name, companions[i]);
        if (rename(from, to) != 0 && errno != ENOENT) {
            return false;
        }
    }
    return (rename(s->path, name) == 0 || errno == ENOENT) && durable_name(s->path);
}

/* An empty database where there is none. */
static bool make(struct store *s)
{
    if (s->database == NULL && look(s) != LOOK_EMPTY) {
        return false;
    }
    if (!make_tables(s) || !make_ready(s)) {
        store_fault(s);
        return false;
    }
    return true;
}

/* Puts what is there aside, and makes a new one. The two are steps of their own, or each
 * attempt on a full disk would put another half-made file aside. */
static bool begin_anew(struct store *s, struct store_opening *opening)
{
    bool done = s->aside[0] != '\0';
    if (!done) {
        char name[ASIDE_NAME_MAX];
        done = put_aside(s, name);
        if (done) {
            memcpy(s->aside, name, sizeof s->aside);
        } else {
            s->error = errno;
            store_say(s, "%s: is damaged and cannot be put aside: %s", s->path,
                      strerror(s->error));
        }
    }
    done = done && make(s);
    opening->verdict = done ? STORE_SET_ASIDE : STORE_FAILED;
    if (done) {
        snprintf(opening->set_aside, sizeof opening->set_aside, "%s", s->aside);
        s->aside[0] = '\0';
    } else {
        snprintf(opening->why, sizeof opening->why, "%s", s->sentence);
        store_disconnect(s);
    }
    return done;
}

static bool open_or_make(struct store *s, struct store_opening *opening)
{
    struct stat status;
    const bool existed = lstat(s->path, &status) == 0;
    const enum look first = look(s);
    if (first == LOOK_SPOILT || (first == LOOK_EMPTY && existed)) {
        snprintf(opening->why, sizeof opening->why, "%s", s->sentence);
        return begin_anew(s, opening);
    }
    if (first == LOOK_FINE) {
        opening->verdict = STORE_OK;
        return true;
    }
    const bool made = first == LOOK_EMPTY && make(s);
    opening->verdict = made ? STORE_MADE : STORE_FAILED;
    if (!made) {
        snprintf(opening->why, sizeof opening->why, "%s", s->sentence);
    }
    return made;
}

struct store *store_open(const char *path, const uint8_t cluster_id[static STORE_ID_BYTES],
                         struct store_opening *opening)
{
    *opening = (struct store_opening){.verdict = STORE_FAILED};
    struct store *const s = calloc(1, sizeof *s);
    if (s == NULL || strlen(path) >= sizeof s->path) {
        snprintf(opening->why, sizeof opening->why, "%s",
                 s == NULL ? "no memory for the database" : "the database's path is too long");
        free(s);
        return NULL;
    }
    memcpy(s->path, path, strlen(path) + 1);
    memcpy(s->cluster_id, cluster_id, sizeof s->cluster_id);
    if (!open_or_make(s, opening)) {
        store_destroy(s);
        return NULL;
    }
    return s;
}

bool store_set_aside(struct store *s, const char *why, struct store_opening *opening)
{
    *opening = (struct store_opening){0};
    snprintf(opening->why, sizeof opening->why, "%s", why);
    return begin_anew(s, opening);
}

void store_destroy(struct store *s)
{
    if (s == NULL) {
        return;
    }
    store_disconnect(s);
    free(s);
}
