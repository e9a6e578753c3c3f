#include "health/incarnation.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define A 0xa
#define B 0xb
#define C 0xc

static struct incarnation_guard fresh(void)
{
    struct incarnation_guard g;
    incarnation_init(&g);
    return g;
}

Test(incarnation, allows_any_number_of_restarts)
{
    struct incarnation_guard g = fresh();
    for (uint32_t i = 1; i < 50; i++) {
        cr_assert(not(incarnation_heard(&g, 1, i, 100 * i, true, 100 * i, i)));
        cr_assert(not(incarnation_heard(&g, 1, i, 100 * i + 1, true, 100 * i + 1, i)));
    }
    cr_assert(zero(u32, incarnation_cloned(&g, 50)));
}

Test(incarnation, tells_clones_by_an_a_that_was_sent_after_b_was_heard)
{
    struct incarnation_guard g = fresh();
    cr_assert(not(incarnation_heard(&g, 1, A, 10, true, 9, 1000)));
    cr_assert(not(incarnation_heard(&g, 1, B, 20, true, 19, 2000)));
    cr_assert(incarnation_heard(&g, 1, A, 30, true, 21, 3000));
    cr_assert(eq(u32, incarnation_cloned(&g, 3000), 1u << 1));
    cr_assert(not(incarnation_heard(&g, 1, B, 40, true, 31, 4000)), "known by now");
    cr_assert(eq(u32, incarnation_cloned(&g, 13999), 1u << 1));
    cr_assert(zero(u32, incarnation_cloned(&g, 14000)), "both have gone silent");
}

Test(incarnation, takes_an_old_message_for_what_it_is)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 10, true, 9, 1000);
    incarnation_heard(&g, 1, B, 20, true, 19, 2000);
    for (uint32_t echo = 0; echo <= 20; echo++) {
        cr_assert(not(incarnation_heard(&g, 1, A, 30, true, echo, 9000)), "echo %u", echo);
    }
    cr_assert(not(incarnation_heard(&g, 1, A, 30, false, 99, 9000)));
    cr_assert(zero(u32, incarnation_cloned(&g, 9000)));
}

Test(incarnation, takes_a_message_of_a_run_it_never_heard_for_what_it_is)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, B, 10, true, 9, 1000);
    incarnation_heard(&g, 1, A, 20, true, 9, 2000); /* A was over before B began */
    incarnation_heard(&g, 1, C, 20, false, 0, 2000);
    cr_assert(eq(u64, g.peer[1].current, B));
    cr_assert(not(incarnation_heard(&g, 1, B, 30, true, 29, 3000)));
    cr_assert(zero(u32, incarnation_cloned(&g, 3000)));
}

/* Of two that start anew at once each hears the other's former run first, and what either says
 * then names a run of the other that is over. */
Test(incarnation, stays_with_none_that_has_not_answered_this_run)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 1, false, 0, 1000);
    incarnation_heard(&g, 1, B, 2, false, 0, 1100);
    cr_assert(eq(u64, g.peer[1].current, B));
    incarnation_heard(&g, 1, A, 3, false, 0, 1200); /* late, and once more the other way */
    incarnation_heard(&g, 1, B, 4, false, 0, 1300);
    incarnation_heard(&g, 1, B, 5, true, 4, 1400);
    incarnation_heard(&g, 1, A, 6, false, 0, 1500);
    cr_assert(eq(u64, g.peer[1].current, B), "it has answered");
    cr_assert(not(incarnation_heard(&g, 1, B, 7, true, 6, 1600)));
    cr_assert(zero(u32, incarnation_cloned(&g, 1600)));
}

Test(incarnation, tells_clones_among_restarts)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 10, true, 9, 1000);
    incarnation_heard(&g, 1, B, 20, true, 19, 2000);
    incarnation_heard(&g, 1, C, 30, true, 29, 3000);
    cr_assert(incarnation_heard(&g, 1, A, 40, true, 31, 4000));
}

Test(incarnation, knows_no_incarnation_without_a_number)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 10, true, 9, 1000);
    cr_assert(not(incarnation_heard(&g, 1, 0, 20, true, 19, 2000)));
    cr_assert(not(incarnation_heard(&g, 1, A, 30, true, 29, 3000)));
}

Test(incarnation, believes_as_many_peers_as_make_testimony)
{
    struct incarnation_guard g = fresh();
    incarnation_told(&g, 1, 0);
    incarnation_told(&g, 1, 500);
    cr_assert(not(incarnation_believes(&g, 2, 500)), "one peer, twice");
    incarnation_told(&g, 2, 600);
    cr_assert(incarnation_believes(&g, 2, 600));
    cr_assert(incarnation_believes(&g, 2, 9999999), "for the rest of this run");
}

Test(incarnation, forgets_what_one_peer_said_long_ago)
{
    struct incarnation_guard g = fresh();
    incarnation_told(&g, 1, 1000);
    incarnation_told(&g, 2, 1000 + INCARNATION_TOLD_MS);
    cr_assert(not(incarnation_believes(&g, 2, 1000 + INCARNATION_TOLD_MS)));
}

/* A runs; B starts. */
Test(incarnation, tells_who_starts_that_it_runs_elsewhere)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 10, true, 9, 1000);
    incarnation_starts(&g, 1, B, 20, false, 0, 2000);
    cr_assert(zero(u64, incarnation_elsewhere(&g, 1, 2000)));
    cr_assert(not(incarnation_heard(&g, 1, A, 30, true, 21, 2100)));
    cr_assert(eq(u64, incarnation_elsewhere(&g, 1, 2100), B));
    cr_assert(zero(u64, incarnation_elsewhere(&g, 2, 2100)), "nobody else's");
    cr_assert(eq(u64, g.peer[1].current, A), "nobody takes its place");
    cr_assert(zero(u32, incarnation_cloned(&g, 2100)), "nor is it to fall silent");
    cr_assert(zero(u64, incarnation_elsewhere(&g, 1, 2100 + INCARNATION_TOLD_MS)));
}

/* A was killed a moment before B starts; what it sent is still under way, in any order. */
Test(incarnation, lets_a_quick_restart_begin)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 10, true, 9, 1000);
    incarnation_starts(&g, 1, B, 20, false, 0, 2000);
    for (uint32_t echo = 0; echo <= 20; echo++) {
        incarnation_heard(&g, 1, A, 30, true, echo, 2500);
    }
    incarnation_heard(&g, 1, A, 30, false, 99, 2500);
    incarnation_starts(&g, 1, B, 30, true, 29, 2600);
    incarnation_heard(&g, 1, B, 40, true, 39, 4000);
    incarnation_starts(&g, 1, B, 41, true, 29, 4001); /* overtaken on the way */
    incarnation_heard(&g, 1, B, 50, true, 49, 5000);
    cr_assert(zero(u64, incarnation_elsewhere(&g, 1, 5000)));
    cr_assert(zero(u32, incarnation_cloned(&g, 5000)));
    cr_assert(eq(u64, g.peer[1].current, B));
}

/* One that was refused, and ended, does not keep the next one from starting: what is told is
 * told to one run alone. */
Test(incarnation, means_one_run_by_elsewhere)
{
    struct incarnation_guard g = fresh();
    incarnation_heard(&g, 1, A, 10, true, 9, 1000);
    incarnation_starts(&g, 1, B, 20, false, 0, 2000);
    incarnation_heard(&g, 1, A, 30, true, 21, 2100);
    incarnation_starts(&g, 1, C, 40, true, 39, 3000); /* both A and B have ended */
    incarnation_heard(&g, 1, A, 50, true, 40, 3100);
    cr_assert(eq(u64, incarnation_elsewhere(&g, 1, 3100), B));
    incarnation_heard(&g, 1, C, 60, true, 59, 5000);
    cr_assert(not(eq(u64, incarnation_elsewhere(&g, 1, 5000), C)));
}

Test(incarnation, tells_each_of_two_that_start_at_once)
{
    bool told_a = false;
    bool told_b = false;
    struct incarnation_guard g = fresh();
    for (uint32_t i = 1; i < 10; i++) {
        incarnation_starts(&g, 1, A, 10 * i, i > 1, 10 * i - 1, 100 * i);
        told_b |= incarnation_elsewhere(&g, 1, 100 * i) == B;
        incarnation_starts(&g, 1, B, 10 * i + 5, i > 1, 10 * i + 4, 100 * i + 50);
        told_a |= incarnation_elsewhere(&g, 1, 100 * i + 50) == A;
    }
    cr_assert(told_a && told_b);
}

Test(incarnation, believes_that_it_runs_elsewhere_by_testimony_alone)
{
    struct incarnation_guard g = fresh();
    incarnation_told_elsewhere(&g, 1, 500);
    incarnation_told_elsewhere(&g, 1, 600);
    cr_assert(not(incarnation_is_elsewhere(&g, 2, 600)));
    incarnation_told_elsewhere(&g, 3, 700);
    cr_assert(incarnation_is_elsewhere(&g, 2, 700));
    cr_assert(not(incarnation_believes(&g, 2, 700)), "which is another thing");
}
