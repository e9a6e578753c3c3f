#include "health/self_doubt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define RECORD_MS 180000u
#define DAY_MS (UINT64_C(24) * 3600u * 1000u)
#define ALL 0x1fu

static struct self_doubt fresh(void)
{
    struct self_doubt s;
    self_doubt_init(&s);
    return s;
}

/* Members 1 .. 4 hear all and blame nobody; I am member 0. */
static struct self_doubt among_friends(uint64_t now_ms)
{
    struct self_doubt s = fresh();
    for (uint32_t i = 1; i < 5; i++) {
        self_doubt_word(&s, 0, i, ALL, 0, now_ms);
    }
    return s;
}

Test(self_doubt, begins_when_peers_who_vouch_for_one_another_look_wrong)
{
    struct self_doubt s = among_friends(1000);
    self_doubt_wrong(&s, 1, 1000);
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 1000), SELF_DOUBT_NONE));
    self_doubt_wrong(&s, 2, 9000);
    cr_assert(eq(u32, self_doubt_blamed(&s, 9000), 0x6));
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 9000), SELF_DOUBT_BEGINS));
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 9001), SELF_DOUBT_LASTS));
}

Test(self_doubt, does_not_begin_over_more_than_ten_seconds)
{
    struct self_doubt s = among_friends(0);
    self_doubt_wrong(&s, 1, 0);
    self_doubt_wrong(&s, 2, 10000);
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 10000), SELF_DOUBT_NONE));
}

Test(self_doubt, leaves_out_whom_nobody_vouches_for)
{
    struct self_doubt s = fresh();
    self_doubt_word(&s, 0, 1, ALL, 1u << 2, 1000); /* the two blame each other */
    self_doubt_word(&s, 0, 2, ALL, 1u << 1, 1000);
    self_doubt_wrong(&s, 1, 1000);
    self_doubt_wrong(&s, 2, 1000);
    cr_assert(zero(u32, self_doubt_vouched(&s, 1000)));
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 1000), SELF_DOUBT_NONE));
}

/* Fewer liars than make testimony can do nothing to me, whatever they do and say. */
Test(self_doubt, does_not_begin_for_fewer_than_make_testimony)
{
    struct self_doubt s = fresh();
    for (uint32_t i = 1; i < 3; i++) {
        self_doubt_wrong(&s, i, 1000);
        self_doubt_word(&s, 0, i, ALL, 1, 1000);
    }
    cr_assert(eq(int, self_doubt_judge(&s, 3, RECORD_MS, 1000), SELF_DOUBT_NONE));
}

Test(self_doubt, begins_when_peers_say_that_it_is_me)
{
    struct self_doubt s = fresh();
    self_doubt_word(&s, 0, 3, ALL, 1, 1000);
    self_doubt_word(&s, 0, 3, ALL, 1, 2000);
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 2000), SELF_DOUBT_NONE));
    self_doubt_word(&s, 0, 4, ALL, 1, 3000);
    cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 3000), SELF_DOUBT_BEGINS));
}

Test(self_doubt, lasts_a_full_record_and_is_fatal_the_second_time_in_a_day)
{
    for (uint32_t late = 0; late < 2; late++) {
        struct self_doubt s = among_friends(1000);
        self_doubt_wrong(&s, 1, 1000);
        self_doubt_wrong(&s, 2, 1000);
        cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, 1000), SELF_DOUBT_BEGINS));
        const uint64_t end_ms = 1000 + RECORD_MS;
        cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, end_ms - 1), SELF_DOUBT_LASTS));
        cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, end_ms), SELF_DOUBT_NONE));
        const uint64_t again_ms = late ? 1000 + DAY_MS : 1000 + DAY_MS - 1;
        self_doubt_wrong(&s, 1, again_ms);
        self_doubt_wrong(&s, 3, again_ms);
        cr_assert(eq(int, self_doubt_judge(&s, 2, RECORD_MS, again_ms),
                     late ? SELF_DOUBT_BEGINS : SELF_DOUBT_TWICE));
    }
}
