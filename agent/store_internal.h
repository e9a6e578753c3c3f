#ifndef OSTRAKON_AGENT_STORE_INTERNAL_H
#define OSTRAKON_AGENT_STORE_INTERNAL_H

/* What the files of the database share. For store*.c only. */

#include "aside.h"
#include "store.h"

#include <sqlite3.h>

/* Every statement there is, prepared when the database is opened. `?N` are as bound in
 * store_*.c. */
#define STORE_STATEMENTS(X)                                                                    \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                \
    X(COMMIT, "COMMIT")                                                                        \
    X(ROLLBACK, "ROLLBACK")                                                                    \
    X(BLOCK_PUT, "INSERT OR REPLACE INTO block(height, time_ms, hash, decided, checksum)"      \
                 " VALUES(?1, ?2, ?3, ?4, ?5)")                                                \
    X(BLOCK_GET, "SELECT time_ms, hash, decided, checksum FROM block WHERE height = ?1")       \
    X(LOWEST, "SELECT min(height) FROM block")                                                 \
    X(BLOCK_AFTER, "SELECT min(height) FROM block WHERE height > ?1")                          \
    X(HEIGHT, "SELECT max(height) FROM block")                                                 \
    X(EVENT_PUT, "INSERT OR IGNORE INTO event(height, ordinal, time_ms, level, name, code,"    \
                 " member, fields, message) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")       \
    X(EVENTS, STORE_EVENT_SELECT " ORDER BY id LIMIT ?5")                                      \
    X(EVENTS_NEWEST, STORE_EVENT_SELECT " ORDER BY id DESC LIMIT ?5")                          \
    X(EVENTS_OF_CODE, STORE_EVENT_SELECT STORE_OF_CODE " ORDER BY id LIMIT ?5")                \
    X(EVENTS_OF_CODE_NEWEST, STORE_EVENT_SELECT STORE_OF_CODE " ORDER BY id DESC LIMIT ?5")    \
    X(EVENTS_OF_MEMBER, STORE_EVENT_SELECT " AND member = ?3 ORDER BY id LIMIT ?5")            \
    X(EVENTS_OF_MEMBER_NEWEST,                                                                 \
      STORE_EVENT_SELECT " AND member = ?3 ORDER BY id DESC LIMIT ?5")                         \
    X(EVENTS_PLACED,                                                                           \
      STORE_EVENT_SELECT STORE_OF_ANY " AND ordinal >= 0 AND (height, ordinal) > (?6, ?7)"     \
                                      " ORDER BY height, ordinal LIMIT ?5")                    \
    X(SNAPSHOT_PUT, "INSERT OR REPLACE INTO snapshot(height, state, checksum)"                 \
                    " VALUES(?1, ?2, ?3)")                                                     \
    X(SNAPSHOT_TRIM, "DELETE FROM snapshot WHERE height NOT IN"                                \
                     " (SELECT height FROM snapshot ORDER BY height DESC LIMIT ?1)")           \
    X(SNAPSHOT_GET, "SELECT height, state, checksum FROM snapshot WHERE height <= ?1"          \
                    " ORDER BY height DESC")

#define STORE_EVENT_SELECT                                                                     \
    "SELECT id, height, ordinal, time_ms, level, name, code, member, fields, message FROM"     \
    " event WHERE id > ?1 AND time_ms >= ?2"

/* Nothing is found by an index whose column may be asked for or not. */
#define STORE_OF_CODE " AND code = ?4 AND (?3 IS NULL OR member = ?3)"
#define STORE_OF_ANY " AND (?3 IS NULL OR member = ?3) AND (?4 IS NULL OR code = ?4)"

enum store_statement {
#define X(word, sql) STATEMENT_##word,
    STORE_STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

struct store {
    sqlite3 *database; /* NULL: store_set_aside has failed */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int disk; /* the file, only to have it forgotten; open as long as the database, since
               * closing any descriptor of a file ends all of SQLite's locks on it */
    char path[ASIDE_NAME_MAX];
    char aside[ASIDE_NAME_MAX]; /* where a damaged one went whose successor is not made yet */
    uint8_t cluster_id[STORE_ID_BYTES];
    int error;
    char sentence[STORE_TEXT_MAX];
};

/* What the file says of which cluster it is; false: nothing. */
bool store_meta_cluster(struct store *s, uint8_t cluster_id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));
bool store_prepare(struct store *s) __attribute__((warn_unused_result));
void store_disconnect(struct store *s);

/* Runs one statement that answers no row, with what is bound, and resets it. */
bool store_run(struct store *s, enum store_statement which) __attribute__((warn_unused_result));

/* Sets the sentence of store_failure, cut to its room. */
void store_say(struct store *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes what SQLite last said, and tells the damage of the file from the machine's refusal. */
enum store_answer store_fault(struct store *s);

/* A transaction around what follows; store_end commits if `answer` is DONE, else takes it back.
 */
enum store_answer store_begin(struct store *s) __attribute__((warn_unused_result));
enum store_answer store_end(struct store *s, enum store_answer answer)
    __attribute__((warn_unused_result));

/* Inside a transaction of the caller's. */
enum store_answer store_events_put(struct store *s, const struct store_event *events,
                                   uint32_t count) __attribute__((warn_unused_result));

#endif
