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
