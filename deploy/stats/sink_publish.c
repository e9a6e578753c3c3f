#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "sink.h"
#include "sink_sql.h"

/* The procedures of standing.md, section 7: stage, endorse, and publish within them. */

static bool read_digest(sqlite3_stmt *statement, int column, struct digest *out)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    size_t size_bytes = 0;

    return text != NULL && strlen(text) == DIGEST_TEXT_BYTES - 1 &&
           sodium_hex2bin(out->bytes, sizeof out->bytes, text, strlen(text), NULL, &size_bytes,
                          NULL) == 0 &&
           size_bytes == sizeof out->bytes;
}

static bool find_published(struct sink *s, int64_t window, struct publication *out)
{
    sqlite3_stmt *statement = sql_prepare(
        s, "SELECT fence, digest FROM published WHERE window = ?", VALUES(INTEGER(window)));
    bool went_well = statement != NULL && sql_step(s, statement, &out->is_there);

    if (went_well && out->is_there) {
        out->fence = sqlite3_column_int64(statement, 0);
        went_well = read_digest(statement, 1, &out->digest) ||
                    sql_fail(s, "the digest of a published window makes no sense");
    }
    sqlite3_finalize(statement);
    return went_well;
}

/* c := digest(SELECT staged ...): over what was stored, whatever anybody says about it. */
static bool digest_stored(struct sink *s, int64_t window, int64_t fence, struct digest *out)
{
    struct rollup stored;
    bool is_row = true;
    sqlite3_stmt *statement = sql_prepare(s,
                                          "SELECT key, queries, positives FROM staged "
                                          "WHERE window = ? AND fence = ? ORDER BY key",
                                          VALUES(INTEGER(window), INTEGER(fence)));
    bool went_well = statement != NULL;

    rollup_init(&stored);
    while (went_well && is_row) {
        went_well = sql_step(s, statement, &is_row);
        if (went_well && is_row) {
            const char *key = (const char *)sqlite3_column_text(statement, 0);
            went_well =
                (key != NULL && rollup_add(&stored, key, sqlite3_column_int64(statement, 1),
                                           sqlite3_column_int64(statement, 2))) ||
                sql_fail(s, "a staged row makes no sense");
        }
    }
    *out = rollup_digest(&stored, window);
    rollup_finish(&stored);
    sqlite3_finalize(statement);
    return went_well;
}

/* publish(k, f). The author's own endorsement is asked for by name: two others who endorsed c
 * do not make up for an author who stored rows other than he says. */
static bool publish(struct sink *s, int64_t window, int64_t fence)
{
    struct digest stored;
    char digest[DIGEST_TEXT_BYTES];

    if (!digest_stored(s, window, fence, &stored)) {
        return false;
    }
    digest_format(&stored, digest);
    return sql_run(
        s,
        "INSERT INTO published(window, fence, digest) "
        "SELECT a.window, a.fence, ?3 FROM author a WHERE a.window = ?1 AND a.fence = ?2 "
        "AND EXISTS (SELECT 1 FROM endorsed e WHERE e.window = ?1 AND e.digest = ?3 "
        "            AND e.member = a.member) "
        "AND (SELECT count(*) FROM endorsed e WHERE e.window = ?1 AND e.digest = ?3) >= ?4",
        VALUES(INTEGER(window), INTEGER(fence), TEXT(digest), INTEGER(s->endorsers)));
}

static bool endorse(struct sink *s, const struct claim *claim)
{
    char digest[DIGEST_TEXT_BYTES];

    digest_format(&claim->digest, digest);
    return sql_run(
        s,
        "INSERT INTO endorsed(window, member, digest) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        VALUES(INTEGER(claim->window), TEXT(claim->member), TEXT(digest)));
}

static bool insert_staged(struct sink *s, const struct claim *claim, const struct rollup *rows)
{
    bool is_row = false;
    sqlite3_stmt *statement = sql_prepare(
        s, "INSERT INTO staged(window, fence, key, queries, positives) VALUES (?, ?, ?, ?, ?)",
        NO_VALUES);
    bool went_well = statement != NULL;

    for (size_t i = 0; went_well && i < rows->count; i++) {
        const struct rollup_line *line = &rows->lines[i];
        went_well =
            sql_bind(s, statement,
                     VALUES(INTEGER(claim->window), INTEGER(claim->fence), TEXT(line->customer),
                            INTEGER(line->queries), INTEGER(line->positives))) &&
            sql_step(s, statement, &is_row);
        (void)sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return went_well;
}

/* Whether somebody has staged under (k, f) already, and whether it was this member. */
static bool find_author(struct sink *s, const struct claim *claim, bool *is_mine,
                        bool *is_there)
{
    int64_t mine = -1;
    const bool went_well = sql_integer(
        s, "SELECT member = ? FROM author WHERE window = ? AND fence = ?",
        VALUES(TEXT(claim->member), INTEGER(claim->window), INTEGER(claim->fence)), -1, &mine);

    *is_there = mine >= 0;
    *is_mine = mine == 1;
    return went_well;
}

static bool store(struct sink *s, const struct claim *claim, const struct rollup *rows,
                  enum sink_answer *out)
{
    bool is_mine = false;
    bool is_there = false;

    if (!find_author(s, claim, &is_mine, &is_there)) {
        return false;
    }
    if (is_there && !is_mine) {
        *out = SINK_OTHER_AUTHOR;
        return true;
    }
    if (!is_there) {
        const bool went_well =
            sql_run(s, "INSERT INTO author(window, fence, member) VALUES (?, ?, ?)",
                    VALUES(INTEGER(claim->window), INTEGER(claim->fence), TEXT(claim->member)));
        if (!went_well || !insert_staged(s, claim, rows)) {
            return false;
        }
    }
    return endorse(s, claim) && publish(s, claim->window, claim->fence);
}

/* That the window is closed is not asked for by the contract, since no sound worker stages one
 * that is not; without it a leader that skips the closing could have rows published that the
 * window outgrows. */
static bool admit(struct sink *s, const struct claim *claim, enum sink_answer *out)
{
    int64_t top = 0;
    int64_t open = 0;

    if (!sql_integer(s, "SELECT top FROM fence", NO_VALUES, 0, &top) ||
        !sql_integer(s, "SELECT open FROM clock", NO_VALUES, 0, &open)) {
        return false;
    }
    if (claim->fence < top) {
        *out = SINK_OLD_FENCE;
    } else if (claim->fence > top + SINK_JUMP_MAX) {
        *out = SINK_FENCE_TOO_HIGH;
    } else if (claim->window >= open) {
        *out = SINK_NOT_CLOSED;
    }
    return true;
}

static bool stage_locked(struct sink *s, const struct claim *claim, const struct rollup *rows,
                         enum sink_answer *out, struct publication *published)
{
    if (!admit(s, claim, out)) {
        return false;
    }
    if (*out != SINK_ACCEPTED) {
        return true;
    }
    if (!sql_run(s, "UPDATE fence SET top = ?", VALUES(INTEGER(claim->fence))) ||
        !find_published(s, claim->window, published)) {
        return false;
    }
    if (published->is_there) {
        return true;
    }
    return store(s, claim, rows, out) && find_published(s, claim->window, published);
}

static bool endorse_locked(struct sink *s, const struct claim *claim, enum sink_answer *out,
                           struct publication *published)
{
    int64_t top = 0;

    if (!sql_integer(s, "SELECT top FROM fence", NO_VALUES, 0, &top) ||
        !find_published(s, claim->window, published)) {
        return false;
    }
    if (published->is_there) {
        return true;
    }
    if (claim->fence != top) {
        *out = claim->fence < top ? SINK_OLD_FENCE : SINK_FENCE_TOO_HIGH;
        return true;
    }
    return endorse(s, claim) && publish(s, claim->window, claim->fence) &&
           find_published(s, claim->window, published);
}

/* Commits what went well. A refusal has written nothing, and one by OTHER_AUTHOR only the
 * fence, which is right: the grant exists. */
static bool finish(struct sink *s, bool went_well)
{
    if (went_well && sql_commit(s)) {
        return true;
    }
    sql_rollback(s);
    return false;
}

static void check_claim(const struct claim *claim)
{
    assert(claim->window >= 0 && claim->window <= SINK_NUMBER_MAX);
    assert(claim->fence >= 1 && claim->fence <= SINK_NUMBER_MAX);
    assert(row_name_is_valid(claim->member));
}

bool sink_stage(struct sink *s, const struct claim *claim, const struct rollup *rows,
                enum sink_answer *out, struct publication *published)
{
    check_claim(claim);
    *out = SINK_ACCEPTED;
    *published = (struct publication){0};
    return sql_begin(s) && finish(s, stage_locked(s, claim, rows, out, published));
}

bool sink_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                  struct publication *published)
{
    check_claim(claim);
    *out = SINK_ACCEPTED;
    *published = (struct publication){0};
    return sql_begin(s) && finish(s, endorse_locked(s, claim, out, published));
}

static bool progress_in_snapshot(struct sink *s, int64_t window, int64_t fence,
                                 struct progress *out)
{
    int64_t staged = 0;
    const bool went_well =
        sql_integer(s, "SELECT top FROM fence", NO_VALUES, 0, &out->top_fence) &&
        sql_integer(s, "SELECT 1 FROM author WHERE window = ? AND fence = ?",
                    VALUES(INTEGER(window), INTEGER(fence)), 0, &staged) &&
        find_published(s, window, &out->published);

    out->is_staged = staged != 0;
    return went_well;
}

bool sink_progress(struct sink *s, int64_t window, int64_t fence, struct progress *out)
{
    *out = (struct progress){0};
    return sql_run(s, "BEGIN", NO_VALUES) &&
           finish(s, progress_in_snapshot(s, window, fence, out));
}
