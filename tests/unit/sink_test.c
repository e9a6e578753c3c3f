#include "../../deploy/stats/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "../../deploy/stats/sink_sql.h"

#define WINDOW_S 60
#define NOW 1000 /* the window of the clock, unless a test moves it */

static char directory[] = "/tmp/ostrakon-sink-XXXXXX";
static char path[64];
static int64_t window_now = NOW;
static struct sink s;

static int64_t now_ms(void)
{
    return window_now * WINDOW_S * 1000 + 1;
}

static void found(int64_t endorsers)
{
    const struct sink_founding founding = {.window_s = WINDOW_S, .endorsers = endorsers};

    if (path[0] == '\0') {
        cr_assert(ne(ptr, mkdtemp(directory), NULL));
        (void)snprintf(path, sizeof path, "%s/sink", directory);
    }
    cr_assert(sink_found(&s, path, &founding), "%s", s.error);
    s.now_ms = now_ms;
}

static void set_up(void)
{
    found(2);
}

static void tear_down(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[80];

    sink_finish(&s);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(directory);
}

TestSuite(sink, .init = set_up, .fini = tear_down);

static enum arrival insert(const char *id, const char *customer, int64_t time_window)
{
    struct row row = {.time_ms = time_window * WINDOW_S * 1000, .node = "atlas"};
    enum arrival arrival = ARRIVAL_MALFORMED;

    (void)snprintf(row.id, sizeof row.id, "%s", id);
    (void)snprintf(row.customer, sizeof row.customer, "%s", customer);
    (void)snprintf(row.verdict, sizeof row.verdict, "positive");
    cr_assert(sink_batch_begin(&s), "%s", s.error);
    cr_assert(sink_insert(&s, &row, &arrival), "%s", s.error);
    cr_assert(sink_batch_commit(&s), "%s", s.error);
    return arrival;
}

static enum sink_answer close_window(int64_t window)
{
    enum sink_answer answer = SINK_ACCEPTED;

    cr_assert(sink_close(&s, window, &answer), "%s", s.error);
    return answer;
}

static int64_t number(const char *sql)
{
    int64_t value = -1;

    cr_assert(sql_integer(&s, sql, NO_VALUES, -1, &value), "%s", s.error);
    return value;
}

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

/* A closed window NOW with rows in it. */
static void fill_and_close(void)
{
    (void)insert("1", "acme", NOW);
    (void)insert("2", "acme", NOW);
    (void)insert("3", "zebra", NOW);
    window_now = NOW + 1;
    cr_assert(eq(int, close_window(NOW), SINK_ACCEPTED));
}

Test(sink, numbers_a_row_by_the_clock_or_by_what_is_closed)
{
    cr_assert(eq(int, insert("1", "acme", NOW), ARRIVAL_INSERTED));
    cr_assert(eq(i64, number("SELECT window FROM raw WHERE id = '1'"), NOW));

    cr_assert(eq(int, close_window(NOW + 4), SINK_ACCEPTED));
    cr_assert(eq(int, insert("2", "acme", NOW), ARRIVAL_LATE));
    cr_assert(eq(i64, number("SELECT window FROM raw WHERE id = '2'"), NOW + 5));

    window_now = NOW + 9;
    cr_assert(eq(int, insert("3", "acme", NOW + 9), ARRIVAL_INSERTED));
    cr_assert(eq(i64, number("SELECT window FROM raw WHERE id = '3'"), NOW + 9));
    cr_assert(eq(i64, number("SELECT count FROM arrived WHERE kind = 'late'"), 1));
}

Test(sink, keeps_the_rows_of_a_closed_window_as_they_are)
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

Test(sink, closes_again_and_never_opens)
{
    cr_assert(eq(int, close_window(NOW), SINK_ACCEPTED));
    cr_assert(eq(int, close_window(NOW), SINK_ACCEPTED));
    cr_assert(eq(int, close_window(NOW - 5), SINK_ACCEPTED));
    cr_assert(eq(i64, number("SELECT open FROM clock"), NOW + 1));
}

Test(sink, refuses_to_close_a_window_of_another_century)
{
    cr_assert(eq(int, close_window(NOW + SINK_JUMP_MAX + 1), SINK_WINDOW_TOO_HIGH));
    cr_assert(eq(int, close_window(NOW + (INT64_C(1) << 40)), SINK_WINDOW_TOO_HIGH));
    cr_assert(eq(i64, number("SELECT open FROM clock"), 0));
    cr_assert(eq(int, close_window(NOW + SINK_JUMP_MAX), SINK_ACCEPTED));
}

Test(sink, tells_a_doubled_row_from_a_contradicting_one)
{
    cr_assert(eq(int, insert("1", "acme", NOW), ARRIVAL_INSERTED));
    cr_assert(eq(int, insert("1", "acme", NOW), ARRIVAL_DOUBLED));
    cr_assert(eq(int, insert("1", "zebra", NOW), ARRIVAL_CONTRADICTING));
    window_now = NOW + 3;
    cr_assert(eq(int, insert("1", "acme", NOW), ARRIVAL_DOUBLED));
    cr_assert(eq(i64, number("SELECT count(*) FROM raw WHERE customer = 'acme'"), 1));
    cr_assert(eq(i64, number("SELECT count FROM arrived WHERE kind = 'doubled'"), 2));
    cr_assert(eq(i64, number("SELECT count FROM arrived WHERE kind = 'contradicting'"), 1));
}

Test(sink, publishes_what_two_members_computed_alike)
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

Test(sink, publishes_whoever_of_the_two_comes_second)
{
    bool is_published = true;

    fill_and_close();
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(eq(int, audit("argus", 1, NOW + 7, &is_published), SINK_ACCEPTED),
              "another window");
    cr_assert(eq(int, audit("helios", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
}

Test(sink, publishes_a_window_without_rows)
{
    bool is_published = false;

    cr_assert(eq(int, close_window(NOW), SINK_ACCEPTED));
    (void)lead("atlas", 1, NOW, &is_published);
    (void)audit("argus", 1, NOW, &is_published);
    cr_assert(is_published);
    cr_assert(eq(i64, number("SELECT count(*) FROM totals"), 0));
}

Test(sink, does_not_publish_rows_other_than_their_leader_digested)
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

Test(sink, does_not_publish_a_liars_rows_that_nobody_else_computed)
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

Test(sink, refuses_an_old_fence_and_one_far_too_high)
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

Test(sink, answers_what_is_published_and_writes_nothing_more)
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

Test(sink, refuses_a_second_author_and_a_window_that_is_open)
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

Test(sink, lets_nobody_change_history_by_hand)
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

Test(sink, says_after_a_bounded_wait_that_another_has_the_lock)
{
    struct sink other;
    enum sink_answer answer = SINK_ACCEPTED;

    cr_assert(sink_open(&other, path, 50), "%s", other.error);
    cr_assert(sink_batch_begin(&s));
    cr_assert(not(sink_close(&other, NOW, &answer)));
    cr_assert(sink_is_busy(&other));
    cr_assert(ne(ptr, strstr(other.error, "another process has held the lock"), NULL), "%s",
              other.error);
    sink_batch_abandon(&s);
    cr_assert(sink_close(&other, NOW, &answer), "%s", other.error);
    sink_finish(&other);
}

Test(sink, is_made_once_and_only_out_of_nothing)
{
    const struct sink_founding founding = {.window_s = WINDOW_S, .endorsers = 2};
    struct sink other;

    cr_assert(not(sink_found(&other, path, &founding)));
    cr_assert(ne(ptr, strstr(other.error, "there is a sink already"), NULL), "%s", other.error);
    cr_assert(not(sink_open(&other, "/nowhere/sink", 50)));
    cr_assert(ne(ptr, strstr(other.error, "ostrakon-stats init"), NULL), "%s", other.error);

    cr_assert(sql_run(&s, "PRAGMA user_version=7", NO_VALUES));
    cr_assert(not(sink_open(&other, path, 50)));
    cr_assert(ne(ptr, strstr(other.error, "another version"), NULL), "%s", other.error);
    cr_assert(sql_run(&s, "PRAGMA application_id=7", NO_VALUES));
    cr_assert(not(sink_open(&other, path, 50)));
    cr_assert(ne(ptr, strstr(other.error, "not a sink"), NULL), "%s", other.error);
}

Test(sink_without_audit, publishes_what_its_leader_endorsed, .fini = tear_down)
{
    bool is_published = false;

    found(1);
    fill_and_close();
    cr_assert(eq(int, lead("atlas", 1, NOW, &is_published), SINK_ACCEPTED));
    cr_assert(is_published);
}
