#include <assert.h>
#include <string.h>

#include "driver.h"

/* A window is closed, read, and watched. */

const char *sink_answer_text(enum sink_answer answer)
{
#define SINK_ANSWER_TEXT(name, text) [SINK_##name] = text,
    static const char *const texts[] = {SINK_ANSWERS(SINK_ANSWER_TEXT)};
#undef SINK_ANSWER_TEXT
    return texts[answer];
}

bool sink_close(struct sink *s, int64_t window, enum sink_answer *out)
{
    assert(window >= 0 && window <= SINK_NUMBER_MAX);
    *out = SINK_ACCEPTED;
    return s->driver->close(s, window, out);
}

static bool add_row(struct sink *s, struct statement *statement, struct rollup *out)
{
    const char *customer = sql_column_text(s, statement, 0);
    const char *verdict = sql_column_text(s, statement, 1);

    if (customer == NULL || verdict == NULL ||
        !rollup_add(out, customer, 1, strcmp(verdict, "positive") == 0 ? 1 : 0)) {
        return sql_refuse(s, "a row of the window makes no sense");
    }
    return true;
}

/* The rows are added up here, not by a GROUP BY: leader and auditor shall each have done it. */
bool sink_read(struct sink *s, int64_t window, struct rollup *out)
{
    bool is_row = true;
    struct statement *statement = sql_prepare(
        s, "SELECT r.customer, r.verdict FROM raw r WHERE r.window = $1 ORDER BY r.customer",
        VALUES(INTEGER(window)));
    bool went_well = statement != NULL;

    while (went_well && is_row) {
        went_well = sql_step(s, statement, &is_row) && (!is_row || add_row(s, statement, out));
    }
    sql_finish(s, statement);
    return went_well;
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
    return s->driver->stage(s, claim, rows, out, published);
}

bool sink_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                  struct publication *published)
{
    check_claim(claim);
    *out = SINK_ACCEPTED;
    *published = (struct publication){0};
    return s->driver->endorse(s, claim, out, published);
}

bool sink_published(struct sink *s, int64_t window, struct publication *out)
{
    struct statement *statement =
        sql_prepare(s, "SELECT p.fence, p.digest FROM published p WHERE p.window = $1",
                    VALUES(INTEGER(window)));
    bool went_well = statement != NULL && sql_step(s, statement, &out->is_there);

    if (went_well && out->is_there) {
        out->fence = sql_column(s, statement, 0);
        went_well = sql_digest(sql_column_text(s, statement, 1), &out->digest) ||
                    sql_refuse(s, "the digest of a published window makes no sense");
    }
    sql_finish(s, statement);
    return went_well;
}

/* One statement, so that all is of one moment. */
bool sink_progress(struct sink *s, int64_t window, int64_t fence, struct progress *out)
{
    bool is_row = false;
    struct statement *statement =
        sql_prepare(s,
                    "SELECT f.top, p.fence, p.digest, (SELECT count(*) FROM author a "
                    "WHERE a.window = $1 AND a.fence = $2) "
                    "FROM fence f LEFT JOIN published p ON p.window = $1 WHERE f.one = 1",
                    VALUES(INTEGER(window), INTEGER(fence)));
    bool went_well = statement != NULL && sql_step(s, statement, &is_row);

    *out = (struct progress){0};
    if (went_well && is_row) {
        const char *digest = sql_column_text(s, statement, 2);
        out->top_fence = sql_column(s, statement, 0);
        out->is_staged = sql_column(s, statement, 3) > 0;
        out->published.is_there = digest != NULL;
        out->published.fence = sql_column(s, statement, 1);
        went_well = digest == NULL || sql_digest(digest, &out->published.digest) ||
                    sql_refuse(s, "the digest of a published window makes no sense");
    }
    sql_finish(s, statement);
    return went_well;
}
