#include "health/challenge.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define MEAN_MS 60000u

static const uint8_t nonce[CHALLENGE_NONCE_BYTES] = {1, 2, 3};

static struct challenges fresh(uint64_t now_ms, uint64_t random)
{
    struct challenges c;
    challenges_init(&c, MEAN_MS, now_ms, random);
    return c;
}

Test(challenge, probes_while_heartbeats_are_missed)
{
    struct challenges c = fresh(0, 1);
    cr_assert(not(challenge_wants_probe(&c, 2, 1000)));
    challenge_suspect(&c, 2, true, 1000);
    cr_assert(challenge_wants_probe(&c, 2, 1000));
    challenge_probe(&c, 2, nonce, 1100, 1000);
    cr_assert(not(challenge_wants_probe(&c, 2, 1099)));
    cr_assert(challenge_wants_probe(&c, 2, 1100));
    challenge_suspect(&c, 2, false, 1150);
    cr_assert(not(challenge_wants_probe(&c, 2, 1200)));
}

Test(challenge, proves_silence_once_a_probe_had_its_time)
{
    struct challenges c = fresh(0, 1);
    cr_assert(not(challenge_is_silent(&c, 2, 200, 1000)));
    challenge_suspect(&c, 2, true, 1000);
    cr_assert(not(challenge_is_silent(&c, 2, 200, 9000)), "nobody has asked");
    challenge_probe(&c, 2, nonce, 1100, 1000);
    challenge_probe(&c, 2, nonce, 1200, 1100);
    cr_assert(not(challenge_is_silent(&c, 2, 200, 1199)));
    cr_assert(challenge_is_silent(&c, 2, 200, 1200));
}

Test(challenge, takes_one_answer_by_any_way_for_life)
{
    struct challenges c = fresh(0, 1);
    challenge_suspect(&c, 2, true, 1000);
    challenge_probe(&c, 2, nonce, 1100, 1000);
    challenge_probe_answered(&c, 2, 1050);
    cr_assert(challenge_is_link_trouble(&c, 2));
    cr_assert(not(challenge_is_silent(&c, 2, 200, 5000)));
    challenge_probe(&c, 2, nonce, 5100, 5000);
    cr_assert(not(challenge_is_silent(&c, 2, 200, 5199)));
    cr_assert(challenge_is_silent(&c, 2, 200, 5200), "it has died since");
    challenge_suspect(&c, 2, false, 5300);
    cr_assert(not(challenge_is_link_trouble(&c, 2)));
}

Test(challenge, takes_no_answer_to_what_was_not_asked)
{
    struct challenges c = fresh(0, 1);
    challenge_suspect(&c, 2, true, 1000);
    challenge_probe_answered(&c, 2, 1000);
    cr_assert(not(challenge_is_link_trouble(&c, 2)));
}

Test(challenge, asks_for_work_once_a_minute_at_times_of_its_own)
{
    uint64_t first_ms = 0;
    for (uint64_t random = 0; random < 200; random++) {
        struct challenges c = fresh(0, random);
        first_ms += c.member[5].work_due_ms;
        cr_assert(not(challenge_wants_work(&c, 5, MEAN_MS / 2 - 1)));
        cr_assert(challenge_wants_work(&c, 5, MEAN_MS * 3 / 2));
        challenge_work(&c, 5, nonce, random * 7919, 90000);
        cr_assert(not(challenge_wants_work(&c, 5, 900000)), "one is under way");
        challenge_work_answered(&c, 5, true);
        cr_assert(not(challenge_wants_work(&c, 5, 90000 + MEAN_MS / 2 - 1)));
        cr_assert(challenge_wants_work(&c, 5, 90000 + MEAN_MS * 3 / 2));
    }
    cr_assert(lt(u64, first_ms / 200, MEAN_MS * 11 / 10));
    cr_assert(gt(u64, first_ms / 200, MEAN_MS * 9 / 10));
}

static void leave_unanswered(struct challenges *c, bool attests)
{
    challenge_work(c, 5, nonce, 0, 1000);
    challenge_watch(c, 5, attests, 1000 + CHALLENGE_PATIENCE_MS - 1);
    cr_assert(ne(u64, c->member[5].work.asked_ms, 0));
    challenge_watch(c, 5, attests, 1000 + CHALLENGE_PATIENCE_MS);
}

Test(challenge, finds_three_unanswered_in_a_row_wrong)
{
    struct challenges c = fresh(0, 1);
    leave_unanswered(&c, true);
    leave_unanswered(&c, true);
    challenge_work(&c, 5, nonce, 0, 1000);
    challenge_work_answered(&c, 5, true);
    leave_unanswered(&c, true);
    leave_unanswered(&c, true);
    cr_assert(not(challenge_is_wrong(&c, 5)));
    leave_unanswered(&c, true);
    cr_assert(challenge_is_wrong(&c, 5));
}

Test(challenge, counts_nothing_against_a_member_that_does_not_attest)
{
    struct challenges c = fresh(0, 1);
    for (uint32_t i = 0; i < 10; i++) {
        leave_unanswered(&c, false);
    }
    cr_assert(not(challenge_is_wrong(&c, 5)));
}

/* Nor is asked whoever is in no good standing, and so it cannot answer. */
Test(challenge, counts_nothing_unanswered_against_a_member_that_is_not_asked_any_more)
{
    struct challenges c = fresh(0, 1);
    for (uint32_t i = 0; i < CHALLENGE_UNANSWERED; i++) {
        leave_unanswered(&c, true);
    }
    challenge_work(&c, 5, nonce, 0, 1000);
    challenge_excuse(&c, 5);
    cr_assert(not(challenge_is_wrong(&c, 5)));
    challenge_watch(&c, 5, true, 1000 + CHALLENGE_PATIENCE_MS);
    cr_assert(eq(u32, c.member[5].unanswered, 0), "what was under way is not, either");
    challenge_work(&c, 5, nonce, 0, 1000);
    challenge_work_answered(&c, 5, false);
    challenge_excuse(&c, 5);
    cr_assert(challenge_is_wrong(&c, 5), "what it signed stays signed");
}

Test(challenge, finds_one_wrong_answer_wrong_for_good)
{
    struct challenges c = fresh(0, 1);
    challenge_work(&c, 5, nonce, 0, 1000);
    challenge_work_answered(&c, 5, false);
    challenge_work(&c, 5, nonce, 0, 2000);
    challenge_work_answered(&c, 5, true);
    cr_assert(challenge_is_wrong(&c, 5));
}
