#include "health/digests.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "health/shadow.h"

#define STATE_BYTES (2u * DIGESTS_PAGE_BYTES + 1000u)

static const uint8_t key[DIGESTS_KEY_BYTES] = {1, 2, 3};
static uint8_t state[STATE_BYTES], shadow[STATE_BYTES];
static struct digests digests;

static void begin(void)
{
    for (uint32_t i = 0; i < STATE_BYTES; i++) {
        state[i] = (uint8_t)(i * 167 + 13);
    }
    shadow_renew(state, shadow, STATE_BYTES);
    digests_begin(&digests, key, state, STATE_BYTES);
}

Test(digests, hold_until_any_byte_of_any_page_changes)
{
    begin();
    cr_assert(digests_hold(&digests, state, STATE_BYTES));
    for (uint32_t at = 0; at < STATE_BYTES; at++) {
        state[at] ^= (uint8_t)(1u << at % 8);
        cr_assert(not(digests_hold(&digests, state, STATE_BYTES)), "byte %u", at);
        state[at] ^= (uint8_t)(1u << at % 8);
    }
}

Test(digests, hold_no_longer_when_a_digest_or_the_key_has_changed)
{
    begin();
    uint8_t *bytes = (uint8_t *)&digests;
    const size_t used_bytes = DIGESTS_KEY_BYTES + 3u * DIGESTS_BYTES;
    for (size_t at = 0; at < used_bytes; at++) {
        bytes[at] ^= 0x10;
        cr_assert(not(digests_hold(&digests, state, STATE_BYTES)), "byte %zu", at);
        bytes[at] ^= 0x10;
    }
    cr_assert(digests_hold(&digests, state, STATE_BYTES));
}

Test(digests, know_one_page_from_another)
{
    begin();
    memcpy(state + DIGESTS_PAGE_BYTES, state, DIGESTS_PAGE_BYTES);
    digests_begin(&digests, key, state, STATE_BYTES);
    cr_assert(memcmp(digests.page[0], digests.page[1], DIGESTS_BYTES) != 0);
}

Test(digests, follow_what_was_written_properly)
{
    begin();
    for (uint32_t at = 0; at < STATE_BYTES; at += 501) {
        state[at]++;
        cr_assert(digests_renew(&digests, state, shadow, STATE_BYTES), "byte %u", at);
        shadow_renew(state, shadow, STATE_BYTES);
        cr_assert(digests_hold(&digests, state, STATE_BYTES), "byte %u", at);
    }
}

/* The blind spot of the shadow. */
Test(digests, see_the_same_bit_flipped_in_both_copies_before_its_page_is_written)
{
    for (uint32_t at = 0; at < STATE_BYTES; at += 13) {
        begin();
        state[at] ^= 4;
        shadow[at] ^= 4;
        cr_assert(shadow_holds(state, shadow, STATE_BYTES));
        cr_assert(not(digests_hold(&digests, state, STATE_BYTES)));
        state[at - at % DIGESTS_PAGE_BYTES] += 16;
        cr_assert(not(digests_renew(&digests, state, shadow, STATE_BYTES)), "byte %u", at);
    }
}
