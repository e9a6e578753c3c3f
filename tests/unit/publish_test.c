#include "sink_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "../../deploy/stats/sink_sql.h"

TestSuite(publish, .init = set_up, .fini = tear_down);

/* What a worker computes for a window. The caller finishes `rows`. */
static struct claim claim_of(const char *member, int64_t fence, int64_t window,
                             struct rollup *rows)
{
    struct claim claim = {.window = window, .fence = fence, .member = member};

    rollup_init(rows);
    cr_assert(sink_read(&s, window, rows), "%s", s.error);
    claim.digest = rollup_digest(rows, window);
    return claim;
}

static enum sink_answer stage(const struct claim *claim, const struct rollup *rows,
                              bool *is_published)
{
    struct publication published;
    enum sink_answer answer = SINK_ACCEPTED;

    cr_assert(sink_stage(&s, claim, rows, &answer, &published), "%s", s.error);
    *is_published = published.is_there;
    return answer;
}

static enum sink_answer endorse(const struct claim *claim, bool *is_published)
{
    struct publication published;
    enum sink_answer answer = SINK_ACCEPTED;

    cr_assert(sink_endorse(&s, claim, &answer, &published), "%s", s.error);
    *is_published = published.is_there;
    return answer;
}

/* A sound leader's whole turn, short of waiting. */
static enum sink_answer lead(const char *member, int64_t fence, int64_t window,
                             bool *is_published)
{
    struct rollup rows;
    const struct claim claim = claim_of(member, fence, window, &rows);
    const enum sink_answer answer = stage(&claim, &rows, is_published);

    rollup_finish(&rows);
    return answer;
}

static enum sink_answer audit(const char *member, int64_t fence, int64_t window,
                              bool *is_published)
{
    struct rollup rows;
    const struct claim claim = claim_of(member, fence, window, &rows);
    const enum sink_answer answer = endorse(&claim, is_published);

    rollup_finish(&rows);
    return answer;
}

Test(publish, happens_when_two_members_computed_alike)
{
    bool is_published = true;

    fill_and_close();
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(not(is_published));
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED), "again, restarted");
    cr_assert(eq(int, audit("atlas", 1, NOW, &is_published), SINK_ACCEPTED),
              "as its own auditor");
    cr_assert(not(is_published));
    cr_assert(eq(i64, number("SELECT count(*) FROM totals"), 0));

    cr_assert(eq(int, audit("argus", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
    cr_assert(eq(i64, number("SELECT queries FROM totals WHERE customer = 'acme'"), 2));
    cr_assert(eq(i64, number("SELECT sum(positives) FROM totals"), 3));
}

Test(publish, happens_whoever_of_the_two_comes_second)
{
    bool is_published = true;

    fill_and_close();
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(eq(int, audit("argus", 1, NOW + 7, &is_published), SINK_ACCEPTED),
              "another window");
    cr_assert(eq(int, audit("helios", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
}

Test(publish, happens_to_a_window_without_rows)
{
    bool is_published = false;

    cr_assert(eq(int, close_window(NOW), SINK_ACCEPTED));
    (void)lead("atlas", 1, NOW, &is_published);
    (void)audit("argus", 1, NOW, &is_published);
    cr_assert(is_published);
    cr_assert(eq(i64, number("SELECT count(*) FROM totals"), 0));
}

Test(publish, does_not_happen_to_rows_other_than_their_leader_digested)
{
    struct rollup rows;
    bool is_published = true;

    fill_and_close();
    struct claim claim = claim_of("helios", 1, NOW, &rows);
    rows.lines[0].queries += 1000;
    cr_assert(eq(int, stage(&claim, &rows, &is_published), SINK_ACCEPTED));
    (void)audit("argus", 1, NOW, &is_published);
    (void)audit("themis", 1, NOW, &is_published);
    cr_assert(not(is_published), "c differs from both endorsements");

    /* Others who endorse what is stored do not make up for its author's word. */
    claim.digest = rollup_digest(&rows, NOW);
    claim.member = "argus";
    (void)endorse(&claim, &is_published);
    claim.member = "themis";
    (void)endorse(&claim, &is_published);
    cr_assert(not(is_published));
    rollup_finish(&rows);

    /* An endorsement outlives its fence: the next leader's rows need nobody else. */
    cr_assert(eq(int, lead("atlas", 2, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
    cr_assert(eq(i64, number("SELECT sum(queries) FROM totals"), 3));
}

Test(publish, does_not_happen_to_a_liars_rows_that_nobody_else_computed)
{
    struct rollup rows;
    bool is_published = true;

    fill_and_close();
    struct claim claim = claim_of("helios", 1, NOW, &rows);
    rows.lines[0].queries += 1000;
    claim.digest = rollup_digest(&rows, NOW);
    (void)stage(&claim, &rows, &is_published);
    (void)audit("argus", 1, NOW, &is_published);
    cr_assert(not(is_published));
    rollup_finish(&rows);
}

Test(publish, is_refused_an_old_fence_and_one_far_too_high)
{
    bool is_published = true;

    fill_and_close();
    cr_assert(eq(int, lead("atlas", 5, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(eq(int, lead("helios", 4, NOW, &is_published), SINK_OLD_FENCE));
    cr_assert(eq(int, audit("argus", 4, NOW, &is_published), SINK_OLD_FENCE));
    cr_assert(eq(int, audit("argus", 6, NOW, &is_published), SINK_FENCE_TOO_HIGH));
    cr_assert(eq(int, lead("helios", 5 + SINK_JUMP_MAX + 1, NOW, &is_published),
                 SINK_FENCE_TOO_HIGH));
    cr_assert(
        eq(int, lead("helios", INT64_C(1) << 40, NOW, &is_published), SINK_FENCE_TOO_HIGH));
    cr_assert(eq(i64, number("SELECT top FROM fence"), 5), "others go on");
    cr_assert(eq(i64, number("SELECT count(*) FROM endorsed"), 1), "a refusal leaves nothing");

    cr_assert(eq(int, lead("helios", 5 + SINK_JUMP_MAX, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published, "what atlas endorsed stands");
}

Test(publish, answers_what_is_published_and_writes_nothing_more)
{
    bool is_published = false;

    fill_and_close();
    (void)lead("atlas", 1, NOW, &is_published);
    (void)audit("argus", 1, NOW, &is_published);
    cr_assert(eq(int, lead("selene", 2, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
    cr_assert(eq(int, audit("themis", 1, NOW, &is_published), SINK_ACCEPTED),
              "even an old one");
    cr_assert(is_published);
    cr_assert(eq(i64, number("SELECT count(*) FROM author"), 1));
    cr_assert(eq(i64, number("SELECT count(*) FROM endorsed"), 2));
    cr_assert(eq(i64, number("SELECT top FROM fence"), 2));
}

Test(publish, is_refused_a_second_author_and_a_window_that_is_open)
{
    struct rollup rows;
    bool is_published = true;

    fill_and_close();
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(eq(int, lead("helios", 1, NOW, &is_published), SINK_OTHER_AUTHOR));
    cr_assert(not(is_published));
    const struct claim claim = claim_of("atlas", 1, NOW + 1, &rows);
    cr_assert(eq(int, stage(&claim, &rows, &is_published), SINK_NOT_CLOSED));
    rollup_finish(&rows);
}

Test(publish_without_audit, needs_the_leaders_word_only, .fini = tear_down)
{
    bool is_published = false;

    found(1);
    fill_and_close();
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
}
Test(publish, is_over_rows_that_stay_as_they_are_once_closed)
{
    struct rollup before;
    struct rollup after;

    fill_and_close();
    const struct claim first = claim_of("atlas", 1, NOW, &before);
    window_now = NOW; /* a clock that is an hour late changes nothing either */
    cr_assert(eq(int, insert("4", "acme", NOW), ARRIVAL_LATE));
    const struct claim second = claim_of("argus", 1, NOW, &after);

    cr_assert(digest_equal(&first.digest, &second.digest));
    cr_assert(eq(i64, number("SELECT window FROM raw WHERE id = '4'"), NOW + 1));
    cr_assert(not(
        sql_run(&s, "INSERT INTO raw VALUES ('atlas', '9', 1000, 0, 'x', 'y')", NO_VALUES)));
    rollup_finish(&before);
    rollup_finish(&after);
}

Test(publish, makes_history_that_nobody_changes_by_hand)
{
    static const char *const statements[] = {
        "UPDATE raw SET window = 0",
        "DELETE FROM raw",
        "UPDATE staged SET queries = 99",
        "DELETE FROM staged",
        "UPDATE author SET member = 'x'",
        "DELETE FROM author",
        "UPDATE endorsed SET member = 'x'",
        "DELETE FROM endorsed",
        "UPDATE published SET fence = 9",
        "DELETE FROM published",
        "UPDATE clock SET open = 1",
        "DELETE FROM clock",
        "UPDATE fence SET top = 0",
        "DELETE FROM fence",
        "INSERT OR REPLACE INTO published SELECT window, fence, digest FROM published",
    };
    bool is_published = false;

    fill_and_close();
    (void)lead("atlas", 1, NOW, &is_published);
    (void)audit("argus", 1, NOW, &is_published);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        cr_assert(not(sql_run(&s, statements[i], NO_VALUES)), "%s", statements[i]);
    }
}
