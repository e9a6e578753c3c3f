#include "consensus/retrial.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "consensus/effects.h"

/* Work is a number here: the result that each test says. */

static struct retrials r;

static void empty(void)
{
    r = (struct retrials){.uses = 0};
}

TestSuite(retrial, .init = empty);

static struct solution answer_of(uint8_t nonce, uint8_t result)
{
    return (struct solution){.nonce = {{nonce}}, .result = {{result}}};
}

static uint64_t asked(uint64_t now_ms)
{
    static uint64_t serial;
    uint64_t wake_ms;
    struct retrial *t = retrial_next(&r, now_ms, &wake_ms);
    if (t == NULL) {
        return 0;
    }
    t->serial = ++serial;
    return serial;
}

static bool solve(uint64_t serial, uint8_t result, uint64_t now_ms)
{
    const struct hash hash = {{result}};
    return retrial_solved(&r, serial, &hash, now_ms);
}

Test(retrial, finds_an_answer_wrong_once_the_work_came_out_otherwise_twice)
{
    const struct solution answer = answer_of(1, 9);
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_OPEN));
    const uint64_t first = asked(0);
    cr_assert(ne(u64, first, 0));
    cr_assert(eq(u64, asked(0), 0), "it is under way");
    cr_assert(solve(first, 2, 5));
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_OPEN), "once is not enough");
    const uint64_t second = asked(5);
    cr_assert(ne(u64, second, 0));
    cr_assert(solve(second, 2, 9));
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_WRONG));
    cr_assert(eq(u64, asked(9), 0));
}

Test(retrial, finds_an_answer_right_at_the_first_result_that_is_the_same)
{
    const struct solution answer = answer_of(1, 2);
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_OPEN));
    cr_assert(solve(asked(0), 2, 5));
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_RIGHT));
    cr_assert(eq(u64, asked(5), 0));
}

Test(retrial, believes_nothing_that_comes_out_in_two_ways)
{
    const struct solution answer = answer_of(1, 9);
    (void)retrial_of(&r, &answer);
    cr_assert(solve(asked(0), 2, 5));
    (void)retrial_of(&r, &answer);
    cr_assert_not(solve(asked(5), 3, 9));
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_OPEN));
    cr_assert(eq(u64, asked(10), 0), "not at once");
    uint64_t wake_ms;
    cr_assert(retrial_next(&r, 10, &wake_ms) == NULL);
    cr_assert(eq(u64, wake_ms, 9 + RETRIAL_AGAIN_MS));
    cr_assert(solve(asked(wake_ms), 3, wake_ms + 1));
    (void)retrial_of(&r, &answer);
    cr_assert(solve(asked(wake_ms + 1), 3, wake_ms + 2));
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_WRONG));
}

Test(retrial, asks_again_for_what_a_machine_could_not_do_or_never_told)
{
    const struct solution answer = answer_of(1, 9);
    (void)retrial_of(&r, &answer);
    cr_assert(retrial_solved(&r, asked(0), NULL, 5));
    cr_assert(eq(u64, asked(6), 0));
    const uint64_t lost = asked(5 + RETRIAL_AGAIN_MS);
    cr_assert(ne(u64, lost, 0));
    const uint64_t again = asked(5 + RETRIAL_AGAIN_MS + RETRIAL_PATIENCE_MS);
    cr_assert(ne(u64, again, 0));
    cr_assert(solve(lost, 9, 20000), "nobody waits for it any more");
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_OPEN));
    cr_assert(solve(again, 9, 20001));
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_RIGHT));
}

Test(retrial, takes_what_was_solved_twice_elsewhere)
{
    const struct solution answer = answer_of(1, 9);
    const struct hash result = {{2}};
    retrial_know(&r, &answer.nonce, &result);
    cr_assert(eq(int, retrial_of(&r, &answer), RETRIAL_WRONG));
}

Test(retrial, forgets_what_was_asked_about_longest_ago)
{
    const struct hash result = {{2}};
    for (uint8_t i = 1; i <= RETRIALS_MAX; i++) {
        const struct hash nonce = {{i}};
        retrial_know(&r, &nonce, &result);
    }
    const struct solution first = answer_of(1, 9);
    const struct solution second = answer_of(2, 9);
    const struct solution more = answer_of(100, 9);
    cr_assert(eq(int, retrial_of(&r, &first), RETRIAL_WRONG));
    cr_assert(eq(int, retrial_of(&r, &more), RETRIAL_OPEN));
    cr_assert(eq(int, retrial_of(&r, &first), RETRIAL_WRONG), "asked about lately");
    cr_assert(eq(int, retrial_of(&r, &second), RETRIAL_OPEN));
}
