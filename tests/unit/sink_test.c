#include "sink_fixture.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "../../deploy/stats/sink_sql.h"

TestSuite(sink, .init = set_up, .fini = tear_down);

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

Test(sink, says_after_a_bounded_wait_that_another_has_the_lock)
{
    struct sink other;
    enum sink_answer answer = SINK_ACCEPTED;

    cr_assert(sink_open(&other, sink_path, 50), "%s", other.error);
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

    cr_assert(not(sink_found(&other, sink_path, &founding)));
    cr_assert(ne(ptr, strstr(other.error, "there is a sink already"), NULL), "%s", other.error);
    cr_assert(not(sink_open(&other, "/nowhere/sink", 50)));
    cr_assert(ne(ptr, strstr(other.error, "ostrakon-stats init"), NULL), "%s", other.error);

    cr_assert(sql_run(&s, "PRAGMA user_version=7", NO_VALUES));
    cr_assert(not(sink_open(&other, sink_path, 50)));
    cr_assert(ne(ptr, strstr(other.error, "another version"), NULL), "%s", other.error);
    cr_assert(sql_run(&s, "PRAGMA application_id=7", NO_VALUES));
    cr_assert(not(sink_open(&other, sink_path, 50)));
    cr_assert(ne(ptr, strstr(other.error, "not a sink"), NULL), "%s", other.error);
}
