#include "sqlite.h"

/* The procedures of standing.md, section 7: close, stage, endorse, and publish within them. */

/* The lock is what waits for the inserts under way: each has it from before it chose its window
 * until its rows are in. */
bool sqlite_close_window(struct sink *s, int64_t window, enum sink_answer *out)
{
    int64_t open = 0;
    const int64_t current = s->now_ms() / 1000 / s->window_s;

    if (!sqlite_begin(s)) {
        return false;
    }
    bool went_well = sql_integer(s, "SELECT open FROM clock", NO_VALUES, 0, &open);
    *out = window > (open > current ? open : current) + SINK_JUMP_MAX ? SINK_WINDOW_TOO_HIGH
                                                                      : SINK_ACCEPTED;
    if (went_well && *out == SINK_ACCEPTED && open <= window) {
        went_well = sql_run(s, "UPDATE clock SET open = $1", VALUES(INTEGER(window + 1)));
    }
    if (went_well && sql_commit(s)) {
        return true;
    }
    sql_rollback(s);
    return false;
}

/* c := digest(SELECT staged ...): over what was stored, whatever anybody says about it. */
static bool digest_stored(struct sink *s, int64_t window, int64_t fence, struct digest *out)
{
    struct rollup stored;
    bool is_row = true;
    struct statement *statement = sql_prepare(s,
                                              "SELECT key, queries, positives FROM staged "
                                              "WHERE window = $1 AND fence = $2 ORDER BY key",
                                              VALUES(INTEGER(window), INTEGER(fence)));
    bool went_well = statement != NULL;

    rollup_init(&stored);
    while (went_well && is_row) {
        went_well = sql_step(s, statement, &is_row);
        if (went_well && is_row) {
            const char *key = sql_column_text(s, statement, 0);
            went_well = (key != NULL && rollup_add(&stored, key, sql_column(s, statement, 1),
                                                   sql_column(s, statement, 2))) ||
                        sql_refuse(s, "a staged row makes no sense");
        }
    }
    *out = rollup_digest(&stored, window);
    rollup_finish(&stored);
    sql_finish(s, statement);
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
    return sql_run(s,
                   "INSERT INTO endorsed(window, member, digest) VALUES ($1, $2, $3) ON "
                   "CONFLICT DO NOTHING",
                   VALUES(INTEGER(claim->window), TEXT(claim->member), TEXT(digest)));
}

static bool insert_staged(struct sink *s, const struct claim *claim, const struct rollup *rows)
{
    bool is_row = false;
    struct statement *statement = sql_prepare(s,
                                              "INSERT INTO staged(window, fence, key, queries, "
                                              "positives) VALUES ($1, $2, $3, $4, $5)",
                                              NO_VALUES);
    bool went_well = statement != NULL;

    for (size_t i = 0; went_well && i < rows->count; i++) {
        const struct rollup_line *line = &rows->lines[i];
        went_well =
            sql_bind(s, statement,
                     VALUES(INTEGER(claim->window), INTEGER(claim->fence), TEXT(line->customer),
                            INTEGER(line->queries), INTEGER(line->positives))) &&
            sql_step(s, statement, &is_row);
        sql_reset(s, statement);
    }
    sql_finish(s, statement);
    return went_well;
}

/* Whether somebody has staged under (k, f) already, and whether it was this member. */
static bool find_author(struct sink *s, const struct claim *claim, bool *is_mine,
                        bool *is_there)
{
    int64_t mine = -1;
    const bool went_well = sql_integer(
        s, "SELECT member = $1 FROM author WHERE window = $2 AND fence = $3",
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
            sql_run(s, "INSERT INTO author(window, fence, member) VALUES ($1, $2, $3)",
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
    if (!sql_run(s, "UPDATE fence SET top = $1", VALUES(INTEGER(claim->fence))) ||
        !sink_published(s, claim->window, published)) {
        return false;
    }
    if (published->is_there) {
        return true;
    }
    return store(s, claim, rows, out) && sink_published(s, claim->window, published);
}

static bool endorse_locked(struct sink *s, const struct claim *claim, enum sink_answer *out,
                           struct publication *published)
{
    int64_t top = 0;

    if (!sql_integer(s, "SELECT top FROM fence", NO_VALUES, 0, &top) ||
        !sink_published(s, claim->window, published)) {
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
           sink_published(s, claim->window, published);
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

bool sqlite_stage(struct sink *s, const struct claim *claim, const struct rollup *rows,
                  enum sink_answer *out, struct publication *published)
{
    return sqlite_begin(s) && finish(s, stage_locked(s, claim, rows, out, published));
}

bool sqlite_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                    struct publication *published)
{
    return sqlite_begin(s) && finish(s, endorse_locked(s, claim, out, published));
}
