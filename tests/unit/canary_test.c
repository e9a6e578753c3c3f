#include "health/canary.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct canary canary_at(uint64_t now_ms)
{
    struct canary c;
    canary_init(&c, now_ms);
    return c;
}

Test(canary, is_right_with_a_verifier_that_is)
{
    const struct canary c = canary_at(0);
    cr_assert(canary_is_right(&c));
    cr_assert(eq(int, canary_judge(&c, false), CANARY_COUNTS));
    cr_assert(eq(int, canary_judge(&c, true), CANARY_DIFFERS));
}

/* Another implementation (Python's cryptography) made this signature of the same bytes. */
Test(canary, is_the_signature_that_another_implementation_makes)
{
    static const uint8_t expected[8] = {0xdf, 0x72, 0x8c, 0x66, 0x31, 0x31, 0x1a, 0x83};
    const struct canary c = canary_at(0);
    cr_assert(zero(int, memcmp(c.good, expected, sizeof expected)));
}

/* A verifier that rejects everything, and one that accepts everything, each as it looks from
 * here: the known-good message spoilt, the known-bad one healed. */
Test(canary, tells_a_verifier_that_rejects_what_is_good)
{
    for (uint32_t at = 0; at < SIGNATURE_BYTES; at++) {
        struct canary c = canary_at(0);
        c.good[at] ^= 0x10;
        cr_assert(not(canary_is_right(&c)), "byte %u", at);
        cr_assert(eq(int, canary_judge(&c, false), CANARY_MINE_BROKEN));
        cr_assert(eq(int, canary_judge(&c, true), CANARY_MINE_BROKEN));
    }
}

Test(canary, tells_a_verifier_that_accepts_what_is_bad)
{
    struct canary c = canary_at(0);
    memcpy(c.bad, c.good, sizeof c.bad);
    cr_assert(not(canary_is_right(&c)));
    cr_assert(eq(int, canary_judge(&c, true), CANARY_MINE_BROKEN));
}

Test(canary, judges_twenty_rejections_of_a_peer_in_a_second)
{
    struct canary c = canary_at(0);
    for (uint32_t i = 0; i < CANARY_REJECTIONS; i++) {
        cr_assert(canary_admits(&c, 3, 5000 + i));
    }
    cr_assert(not(canary_admits(&c, 3, 5999)));
    cr_assert(canary_admits(&c, 4, 5999)); /* another one's share is its own */
    cr_assert(canary_admits(&c, 3, 6000));
}

Test(canary, is_due_every_ten_seconds)
{
    struct canary c = canary_at(1000);
    cr_assert(not(canary_is_due(&c, 10999)));
    cr_assert(canary_is_due(&c, 11000));
    cr_assert(not(canary_is_due(&c, 20999)));
    cr_assert(canary_is_due(&c, 21000));
}

Test(canary, has_words_for_its_verdicts)
{
    cr_assert(zero(int, strcmp(canary_verdict_text(CANARY_MINE_BROKEN), "mine_broken")));
}
