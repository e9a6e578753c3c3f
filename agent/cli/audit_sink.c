#include "audit_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

#include "agent/text.h"

struct audit_sink {
    sqlite3 *database;
    sqlite3_stmt *one;
    sqlite3_stmt *count;
    sqlite3_stmt *lines;
    sqlite3_stmt *rows;
    sqlite3_stmt *fences;
};

static bool prepare(struct audit_sink *s, const char *sql, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v2(s->database, sql, -1, statement, NULL) == SQLITE_OK;
}

struct audit_sink *audit_sink_open(const char *path, char error[static AUDIT_SINK_ERROR_BYTES])
{
    struct audit_sink *s = calloc(1, sizeof *s);
    snprintf(error, AUDIT_SINK_ERROR_BYTES, "%s: out of memory", path);
    if (s == NULL) {
        return NULL;
    }
    if (strncmp(path, "postgresql://", strlen("postgresql://")) == 0) {
        snprintf(error, AUDIT_SINK_ERROR_BYTES,
                 "a sink in PostgreSQL cannot be read here, only an SQLite file");
        free(s);
        return NULL;
    }
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &s->database, flags, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(s->database, 1000) == SQLITE_OK &&
        prepare(s, "SELECT digest FROM published WHERE window = ?1", &s->one) &&
        prepare(s, "SELECT count(*) FROM published WHERE window < ?1", &s->count) &&
        prepare(s,
                "SELECT count(*) FROM staged JOIN published USING (window, fence)"
                " WHERE window = ?1",
                &s->lines) &&
        prepare(s,
                "SELECT key, queries, positives FROM staged JOIN published"
                " USING (window, fence) WHERE window = ?1 ORDER BY key",
                &s->rows) &&
        prepare(s, "SELECT (SELECT max(top) FROM fence), (SELECT max(fence) FROM published)",
                &s->fences)) {
        return s;
    }
    const int system = sqlite3_system_errno(s->database);
    const bool absent = sqlite3_errcode(s->database) == SQLITE_CANTOPEN && system != 0;
    const char *why = absent ? strerror(system) : sqlite3_errmsg(s->database);
    char shown[AUDIT_SINK_ERROR_BYTES / 2]; /* it may have the words of a damaged file in it */
    text_escape(why, strlen(why), shown, sizeof shown);
    snprintf(error, AUDIT_SINK_ERROR_BYTES, "%s: %s", path, shown);
    audit_sink_close(s);
    return NULL;
}

void audit_sink_close(struct audit_sink *s)
{
    if (s == NULL) {
        return;
    }
    sqlite3_finalize(s->one);
    sqlite3_finalize(s->count);
    sqlite3_finalize(s->lines);
    sqlite3_finalize(s->rows);
    sqlite3_finalize(s->fences);
    sqlite3_close(s->database);
    free(s);
}

static void hash_number(crypto_hash_sha256_state *h, uint64_t number, uint32_t size_bytes)
{
    uint8_t bytes[8];
    for (uint32_t i = 0; i < size_bytes; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (size_bytes - 1 - i));
    }
    crypto_hash_sha256_update(h, bytes, size_bytes);
}

/* Added up anew from what customers are told: the layout is that of deploy/stats/rollup.h. */
static bool digest_rows(struct audit_sink *s, uint64_t window,
                        char out[static 2 * DIGEST_BYTES + 1])
{
    static const uint8_t domain[] = "ostrakon-stats-window-2";
    uint8_t whole[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state h;
    int code = SQLITE_ERROR;
    crypto_hash_sha256_init(&h);
    crypto_hash_sha256_update(&h, domain, sizeof domain - 1);
    hash_number(&h, window, 8);
    sqlite3_bind_int64(s->lines, 1, (sqlite3_int64)window);
    sqlite3_bind_int64(s->rows, 1, (sqlite3_int64)window);
    if (sqlite3_step(s->lines) == SQLITE_ROW) {
        hash_number(&h, (uint64_t)sqlite3_column_int64(s->lines, 0), 8);
        while ((code = sqlite3_step(s->rows)) == SQLITE_ROW) {
            const uint8_t *key = sqlite3_column_text(s->rows, 0);
            const int size_bytes = sqlite3_column_bytes(s->rows, 0);
            hash_number(&h, (uint64_t)size_bytes, 4);
            crypto_hash_sha256_update(&h, key, (unsigned long long)size_bytes);
            hash_number(&h, (uint64_t)sqlite3_column_int64(s->rows, 1), 8);
            hash_number(&h, (uint64_t)sqlite3_column_int64(s->rows, 2), 8);
        }
    }
    sqlite3_reset(s->lines);
    sqlite3_reset(s->rows);
    crypto_hash_sha256_final(&h, whole);
    sodium_bin2hex(out, 2 * DIGEST_BYTES + 1, whole, DIGEST_BYTES);
    return code == SQLITE_DONE;
}

enum published audit_sink_compare(struct audit_sink *s, uint64_t window,
                                  const struct window_digest *digest,
                                  char found[static 2 * DIGEST_BYTES + 1])
{
    char ours[2 * DIGEST_BYTES + 1];
    enum published answer = PUBLISHED_UNREADABLE;
    sodium_bin2hex(ours, sizeof ours, digest->bytes, sizeof digest->bytes);
    sqlite3_bind_int64(s->one, 1, (sqlite3_int64)window);
    const int code = sqlite3_step(s->one);
    found[0] = '\0';
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s->one, 0);
        snprintf(found, 2 * DIGEST_BYTES + 1, "%s", text == NULL ? "" : text);
        answer = strcmp(found, ours) != 0         ? PUBLISHED_OTHER
                 : !digest_rows(s, window, found) ? PUBLISHED_UNREADABLE
                 : strcmp(found, ours) != 0       ? PUBLISHED_ROWS
                                                  : PUBLISHED_SAME;
    } else if (code == SQLITE_DONE) {
        answer = PUBLISHED_NOT;
    }
    sqlite3_reset(s->one);
    return answer;
}

uint64_t audit_sink_count(struct audit_sink *s, uint64_t window)
{
    uint64_t count = UINT64_MAX;
    sqlite3_bind_int64(s->count, 1, (sqlite3_int64)window);
    if (sqlite3_step(s->count) == SQLITE_ROW) {
        count = (uint64_t)sqlite3_column_int64(s->count, 0);
    }
    sqlite3_reset(s->count);
    return count;
}

bool audit_sink_fenced(struct audit_sink *s, char why[static AUDIT_SINK_ERROR_BYTES])
{
    if (sqlite3_step(s->fences) != SQLITE_ROW) {
        snprintf(why, AUDIT_SINK_ERROR_BYTES, "the sink's fence cannot be read");
        sqlite3_reset(s->fences);
        return false;
    }
    const bool absent = sqlite3_column_type(s->fences, 0) != SQLITE_INTEGER;
    const int64_t top = sqlite3_column_int64(s->fences, 0);
    const int64_t published = sqlite3_column_int64(s->fences, 1);
    sqlite3_reset(s->fences);
    if (absent) {
        snprintf(why, AUDIT_SINK_ERROR_BYTES, "the sink has lost its fence");
    } else if (top < published) {
        snprintf(why, AUDIT_SINK_ERROR_BYTES,
                 "the sink's fence is %" PRId64 ", and it has published under fence %" PRId64
                 ": it would take what leaders of before stage",
                 top, published);
    }
    return !absent && top >= published;
}
