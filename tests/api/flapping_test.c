#include "agent/flapping.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define BEGIN_MS 5000000u

Test(flapping, tells_what_changes_now_and_then)
{
    struct flapping f = {0};
    uint32_t suppressed = 7;
    for (uint64_t i = 0; i < 100; i++) {
        const uint64_t now_ms = BEGIN_MS + i * FLAPPING_MS / FLAPPING_TOLD_MAX + i;
        cr_assert(flapping_change(&f, now_ms, &suppressed));
        cr_assert(eq(u32, suppressed, 0));
        cr_assert(not(flapping_settle(&f, now_ms, &suppressed)));
    }
}

Test(flapping, has_the_last_word_when_the_minute_is_over)
{
    struct flapping f = {0};
    uint32_t suppressed = 7;
    for (uint32_t i = 0; i < 10; i++) {
        cr_assert(
            eq(int, flapping_change(&f, BEGIN_MS + i, &suppressed), i < FLAPPING_TOLD_MAX));
    }
    cr_assert(not(flapping_settle(&f, BEGIN_MS + FLAPPING_MS - 1, &suppressed)));
    cr_assert(flapping_settle(&f, BEGIN_MS + FLAPPING_MS, &suppressed));
    cr_assert(eq(u32, suppressed, 10 - FLAPPING_TOLD_MAX - 1)); /* and the one told now */
    cr_assert(not(flapping_settle(&f, BEGIN_MS + 3 * FLAPPING_MS, &suppressed)));
}

/* However it comes and goes: what was told last is how it stands, a minute after the last
 * change at most, and nothing goes uncounted. */
Test(flapping, ends_in_the_truth)
{
    uint64_t random = 0x9e3779b97f4a7c15u;
    for (uint32_t round = 0; round < 200; round++) {
        struct flapping f = {0};
        uint64_t now_ms = BEGIN_MS;
        uint32_t changes = 0;
        uint32_t counted = 0;
        uint32_t suppressed = 0;
        bool state = false;
        bool told = false;
        for (uint32_t i = 0; i < 300; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            now_ms += (random >> 33) % ((random >> 20 & 7) == 0 ? 70000 : 1000);
            if (flapping_settle(&f, now_ms, &suppressed)) {
                told = state;
                counted += 1 + suppressed;
            }
            state = !state;
            changes++;
            if (flapping_change(&f, now_ms, &suppressed)) {
                told = state;
                counted += 1 + suppressed;
            }
        }
        if (flapping_settle(&f, now_ms + FLAPPING_MS, &suppressed)) {
            told = state;
            counted += 1 + suppressed;
        }
        cr_assert(eq(int, told, state));
        cr_assert(eq(u32, counted, changes));
    }
}
