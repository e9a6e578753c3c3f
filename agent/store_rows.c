#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store_internal.h"

#define CHECKSUM_BYTES 32

static void number_bytes(uint64_t number, uint8_t bytes[static 8])
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

/* Over the numbers too, so that a row that has moved to another height is found. */
static void checksum_of(uint64_t height, uint64_t time_ms, const uint8_t *hash,
                        const uint8_t *bytes, uint32_t size_bytes,
                        uint8_t checksum[static CHECKSUM_BYTES])
{
    crypto_generichash_state state;
    uint8_t numbers[16];
    number_bytes(height, numbers);
    number_bytes(time_ms, numbers + 8);
    crypto_generichash_init(&state, NULL, 0, CHECKSUM_BYTES);
    crypto_generichash_update(&state, numbers, sizeof numbers);
    if (hash != NULL) {
        crypto_generichash_update(&state, hash, STORE_HASH_BYTES);
    }
    crypto_generichash_update(&state, bytes, size_bytes);
    crypto_generichash_final(&state, checksum, CHECKSUM_BYTES);
}

static bool checksum_is(sqlite3_stmt *statement, int column,
                        const uint8_t expected[static CHECKSUM_BYTES])
{
    const void *const found = sqlite3_column_blob(statement, column);
    return sqlite3_column_bytes(statement, column) == CHECKSUM_BYTES &&
           memcmp(found, expected, CHECKSUM_BYTES) == 0;
}

enum store_answer store_begin(struct store *s)
{
    if (s->database == NULL) {
        return STORE_ANSWER_REFUSED;
    }
    return store_run(s, STATEMENT_BEGIN) ? STORE_ANSWER_DONE : store_fault(s);
}

enum store_answer store_end(struct store *s, enum store_answer answer)
{
    if (answer == STORE_ANSWER_DONE) {
        if (store_run(s, STATEMENT_COMMIT)) {
            return STORE_ANSWER_DONE;
        }
        answer = store_fault(s);
    }
    /* After some failures SQLite has rolled back by itself. */
    if (sqlite3_get_autocommit(s->database) == 0) {
        const int error = s->error;
        const bool undone = store_run(s, STATEMENT_ROLLBACK);
        assert(undone);
        s->error = error;
    }
    return answer;
}

/* A copy of a blob column of malloc's; NULL if it is empty or there is no memory. */
static uint8_t *blob_copy(sqlite3_stmt *statement, int column, uint32_t *size_bytes)
{
    const void *const bytes = sqlite3_column_blob(statement, column);
    const int size = sqlite3_column_bytes(statement, column);
    uint8_t *const copy = bytes != NULL && size > 0 ? malloc((size_t)size) : NULL;
    if (copy != NULL) {
        memcpy(copy, bytes, (size_t)size);
        *size_bytes = (uint32_t)size;
    }
    return copy;
}

static enum store_answer block_of_row(sqlite3_stmt *row, struct store_block *b)
{
    uint8_t checksum[CHECKSUM_BYTES];
    const void *const hash = sqlite3_column_blob(row, 1);
    const uint8_t *const decided = sqlite3_column_blob(row, 2);
    const uint32_t decided_bytes = (uint32_t)sqlite3_column_bytes(row, 2);
    if (sqlite3_column_bytes(row, 1) != STORE_HASH_BYTES || decided == NULL) {
        return STORE_ANSWER_DAMAGED;
    }
    b->time_ms = (uint64_t)sqlite3_column_int64(row, 0);
    memcpy(b->hash, hash, sizeof b->hash);
    checksum_of(b->height, b->time_ms, b->hash, decided, decided_bytes, checksum);
    if (!checksum_is(row, 3, checksum)) {
        return STORE_ANSWER_DAMAGED;
    }
    b->decided = blob_copy(row, 2, &b->decided_bytes);
    return b->decided != NULL ? STORE_ANSWER_DONE : STORE_ANSWER_REFUSED;
}

enum store_answer store_block_read(struct store *s, uint64_t height, struct store_block *b)
{
    *b = (struct store_block){.height = height};
    if (s->database == NULL) {
        return STORE_ANSWER_REFUSED;
    }
    sqlite3_stmt *const row = s->statements[STATEMENT_BLOCK_GET];
    sqlite3_bind_int64(row, 1, (int64_t)height);
    enum store_answer answer = STORE_ANSWER_ABSENT;
    switch (sqlite3_step(row)) {
    case SQLITE_ROW:
        answer = block_of_row(row, b);
        break;
    case SQLITE_DONE:
        break;
    default:
        answer = store_fault(s);
    }
    sqlite3_reset(row);
    return answer;
}

void store_block_finish(struct store_block *b)
{
    if (b != NULL) {
        free(b->decided);
        b->decided = NULL;
    }
}

void store_forget_cache(struct store *s)
{
    if (s->database != NULL) {
        (void)sqlite3_db_release_memory(s->database);
        (void)posix_fadvise(s->disk, 0, 0, POSIX_FADV_DONTNEED);
    }
}

enum store_answer store_block_scrub(struct store *s, uint64_t *height, uint32_t *size_bytes)
{
    struct store_block b;
    *size_bytes = 0;
    if (s->database == NULL) {
        return STORE_ANSWER_REFUSED;
    }
    sqlite3_stmt *const next = s->statements[STATEMENT_BLOCK_AFTER];
    sqlite3_bind_int64(next, 1, (int64_t)*height);
    const int code = sqlite3_step(next);
    const bool any = code == SQLITE_ROW && sqlite3_column_type(next, 0) == SQLITE_INTEGER;
    if (any) {
        *height = (uint64_t)sqlite3_column_int64(next, 0);
    }
    const enum store_answer failed = code == SQLITE_ROW ? STORE_ANSWER_ABSENT : store_fault(s);
    sqlite3_reset(next);
    if (!any) {
        return failed;
    }
    const enum store_answer answer = store_block_read(s, *height, &b);
    *size_bytes = b.decided_bytes;
    store_block_finish(&b);
    return answer;
}

static enum store_answer block_put(struct store *s, const struct store_block *b)
{
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(b->height, b->time_ms, b->hash, b->decided, b->decided_bytes, checksum);
    sqlite3_stmt *const put = s->statements[STATEMENT_BLOCK_PUT];
    sqlite3_bind_int64(put, 1, (int64_t)b->height);
    sqlite3_bind_int64(put, 2, (int64_t)b->time_ms);
    sqlite3_bind_blob(put, 3, b->hash, sizeof b->hash, SQLITE_TRANSIENT);
    sqlite3_bind_blob(put, 4, b->decided, (int)b->decided_bytes, SQLITE_TRANSIENT);
    sqlite3_bind_blob(put, 5, checksum, sizeof checksum, SQLITE_TRANSIENT);
    return store_run(s, STATEMENT_BLOCK_PUT) ? STORE_ANSWER_DONE : store_fault(s);
}

/* Whether `b` still has to be written: ABSENT if so, CONFLICT if another block is in its place.
 */
static enum store_answer block_compare(struct store *s, const struct store_block *b)
{
    struct store_block present;
    enum store_answer answer = store_block_read(s, b->height, &present);
    if (answer == STORE_ANSWER_DONE && memcmp(present.hash, b->hash, sizeof b->hash) != 0) {
        answer = STORE_ANSWER_CONFLICT;
        s->error = EEXIST;
        store_say(s, "%s: holds another block of height %llu than the one decided now", s->path,
                  (unsigned long long)b->height);
    }
    store_block_finish(&present);
    return answer;
}

enum store_answer store_block_write(struct store *s, const struct store_block *b,
                                    const struct store_event *events, uint32_t count)
{
    assert(b->height <= INT64_MAX && b->time_ms <= INT64_MAX);
    assert(b->decided_bytes > 0 && b->decided_bytes <= STORE_DECIDED_MAX);
    enum store_answer answer = block_compare(s, b);
    const bool rotten = answer == STORE_ANSWER_DAMAGED;
    if (answer != STORE_ANSWER_ABSENT && !rotten) {
        return answer;
    }
    answer = store_begin(s);
    if (answer != STORE_ANSWER_DONE) {
        return answer;
    }
    answer = block_put(s, b);
    if (answer == STORE_ANSWER_DONE) {
        answer = store_events_put(s, events, count);
    }
    return store_end(s, answer);
}

enum store_answer store_snapshot_write(struct store *s, uint64_t height, const uint8_t *state,
                                       uint32_t size_bytes)
{
    assert(height <= INT64_MAX);
    assert(size_bytes > 0 && size_bytes <= STORE_SNAPSHOT_MAX);
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(height, 0, NULL, state, size_bytes, checksum);
    enum store_answer answer = store_begin(s);
    if (answer != STORE_ANSWER_DONE) {
        return answer;
    }
    sqlite3_stmt *const put = s->statements[STATEMENT_SNAPSHOT_PUT];
    sqlite3_bind_int64(put, 1, (int64_t)height);
    sqlite3_bind_blob(put, 2, state, (int)size_bytes, SQLITE_TRANSIENT);
    sqlite3_bind_blob(put, 3, checksum, sizeof checksum, SQLITE_TRANSIENT);
    sqlite3_bind_int(s->statements[STATEMENT_SNAPSHOT_TRIM], 1, STORE_SNAPSHOTS);
    if (!store_run(s, STATEMENT_SNAPSHOT_PUT) || !store_run(s, STATEMENT_SNAPSHOT_TRIM)) {
        answer = store_fault(s);
    }
    return store_end(s, answer);
}

enum store_answer store_snapshot_read(struct store *s, uint64_t height_max, uint64_t *height,
                                      uint8_t **state, uint32_t *size_bytes)
{
    if (s->database == NULL) {
        return STORE_ANSWER_REFUSED;
    }
    const uint64_t most = height_max <= INT64_MAX ? height_max : INT64_MAX;
    sqlite3_stmt *const row = s->statements[STATEMENT_SNAPSHOT_GET];
    sqlite3_bind_int64(row, 1, (int64_t)most);
    enum store_answer answer = STORE_ANSWER_ABSENT;
    int code = sqlite3_step(row);
    for (; code == SQLITE_ROW && answer == STORE_ANSWER_ABSENT; code = sqlite3_step(row)) {
        uint8_t checksum[CHECKSUM_BYTES];
        const uint8_t *const bytes = sqlite3_column_blob(row, 1);
        *height = (uint64_t)sqlite3_column_int64(row, 0);
        if (bytes == NULL) {
            continue;
        }
        checksum_of(*height, 0, NULL, bytes, (uint32_t)sqlite3_column_bytes(row, 1), checksum);
        if (checksum_is(row, 2, checksum)) {
            *state = blob_copy(row, 1, size_bytes);
            answer = *state != NULL ? STORE_ANSWER_DONE : STORE_ANSWER_REFUSED;
        }
    }
    if (answer == STORE_ANSWER_ABSENT && code != SQLITE_DONE) {
        answer = store_fault(s);
    }
    sqlite3_reset(row);
    return answer;
}

static enum store_answer read_height(struct store *s, enum store_statement which,
                                     uint64_t *height)
{
    if (s->database == NULL) {
        return STORE_ANSWER_REFUSED;
    }
    sqlite3_stmt *const row = s->statements[which];
    enum store_answer answer = STORE_ANSWER_ABSENT;
    if (sqlite3_step(row) != SQLITE_ROW) {
        answer = store_fault(s);
    } else if (sqlite3_column_type(row, 0) != SQLITE_NULL) {
        *height = (uint64_t)sqlite3_column_int64(row, 0);
        answer = STORE_ANSWER_DONE;
    }
    sqlite3_reset(row);
    return answer;
}

enum store_answer store_height(struct store *s, uint64_t *height)
{
    return read_height(s, STATEMENT_HEIGHT, height);
}

enum store_answer store_lowest(struct store *s, uint64_t *height)
{
    return read_height(s, STATEMENT_LOWEST, height);
}
