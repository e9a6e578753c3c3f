#include "../../health/shadow.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define STATE_BYTES_MAX 1032u /* eight blocks of the loop and one word */

static uint8_t state[STATE_BYTES_MAX + 8], shadow[STATE_BYTES_MAX + 8];

static void fill(uint64_t seed)
{
    for (uint32_t i = 0; i < sizeof state; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        state[i] = (uint8_t)(seed >> 56);
    }
}

Test(shadow, is_the_complement_and_touches_nothing_beyond)
{
    for (size_t size_bytes = 0; size_bytes <= STATE_BYTES_MAX; size_bytes += 8) {
        fill(size_bytes);
        memset(shadow, 0x5a, sizeof shadow);
        shadow_renew(state, shadow, size_bytes);
        for (size_t i = 0; i < sizeof shadow; i++) {
            const uint8_t expected = i < size_bytes ? (uint8_t)~state[i] : 0x5a;
            if (shadow[i] != expected) {
                cr_fatal("byte %zu of %zu", i, size_bytes);
            }
        }
        cr_assert(shadow_holds(state, shadow, size_bytes), "%zu bytes", size_bytes);
    }
}

/* Flips each bit of one copy: none may go unnoticed. */
static void notice_flips(uint8_t *copy, size_t size_bytes)
{
    for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (shadow_holds(state, shadow, size_bytes)) {
            cr_fatal("bit %zu of %zu bytes", bit, size_bytes);
        }
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert(shadow_holds(state, shadow, size_bytes));
}

Test(shadow, notices_every_single_bit_in_either_copy)
{
    static const size_t sizes_bytes[] = {8, 16, 120, 128, 136, 256, 1024, 1032};
    for (size_t i = 0; i < sizeof sizes_bytes / sizeof sizes_bytes[0]; i++) {
        fill(i);
        shadow_renew(state, shadow, sizes_bytes[i]);
        notice_flips(state, sizes_bytes[i]);
        notice_flips(shadow, sizes_bytes[i]);
    }
}

Test(shadow, notices_the_same_pair_of_flips_in_two_words)
{
    fill(3);
    shadow_renew(state, shadow, 1024);
    for (size_t other = 8; other < 1024; other += 8) { /* must not cancel out */
        state[0] ^= 1;
        state[other] ^= 1;
        cr_assert(not(shadow_holds(state, shadow, 1024)), "with byte %zu", other);
        state[0] ^= 1;
        state[other] ^= 1;
    }
}

Test(shadow, notices_lines_that_read_the_same_in_both_copies)
{
    static const uint8_t stuck[] = {0x00, 0xff, 0x55};
    for (size_t i = 0; i < sizeof stuck; i++) {
        for (size_t line = 0; line < 1024; line += 64) {
            fill(i);
            shadow_renew(state, shadow, 1024);
            memset(state + line, stuck[i], 64);
            memset(shadow + line, stuck[i], 64);
            cr_assert(not(shadow_holds(state, shadow, 1024)), "line %zu", line);
        }
    }
}

/* What renewing before verifying would do, and why shadow.h forbids it. */
Test(shadow, blesses_what_is_renewed)
{
    fill(4);
    shadow_renew(state, shadow, 64);
    state[5] ^= 0x10;
    cr_assert(not(shadow_holds(state, shadow, 64)));
    shadow_renew(state, shadow, 64);
    cr_assert(shadow_holds(state, shadow, 64));
}

Test(shadow, works_at_any_alignment)
{
    for (uint32_t from = 0; from < 8; from++) {
        for (uint32_t to = 0; to < 8; to++) {
            fill(from);
            shadow_renew(state + from, shadow + to, 512);
            cr_assert(shadow_holds(state + from, shadow + to, 512));
            state[from + 300] ^= 2;
            cr_assert(not(shadow_holds(state + from, shadow + to, 512)));
        }
    }
}

Test(shadow, refuses_a_size_that_is_no_number_of_words, .signal = SIGABRT)
{
    shadow_renew(state, shadow, 12);
}
