#include "agent/ratelimit.h"

#include <criterion/criterion.h>

Test(ratelimit, lets_one_a_minute_through_and_counts_the_rest)
{
    struct ratelimit r = {.crowded = 0};
    const uint64_t key = ratelimit_key(1, "10.0.0.1", 8);
    uint32_t passed = 0;
    uint32_t counted = 0;
    for (uint64_t now_ms = 5; now_ms < 5 + 10 * RATELIMIT_GAP_MS; now_ms += 1000) {
        uint32_t suppressed = 0;
        if (ratelimit_pass(&r, key, now_ms, &suppressed)) {
            passed++;
            counted += suppressed + 1;
        }
    }
    cr_assert(passed == 10);
    cr_assert(counted == 9 * 60 + 1, "all but those after the last: %u", counted);
}

Test(ratelimit, tells_kinds_and_offenders_apart)
{
    struct ratelimit r = {.crowded = 0};
    uint32_t suppressed = 0;
    cr_assert(ratelimit_pass(&r, ratelimit_key(1, "10.0.0.1", 8), 0, &suppressed));
    cr_assert(ratelimit_pass(&r, ratelimit_key(2, "10.0.0.1", 8), 0, &suppressed));
    cr_assert(ratelimit_pass(&r, ratelimit_key(1, "10.0.0.2", 8), 0, &suppressed));
    cr_assert(!ratelimit_pass(&r, ratelimit_key(1, "10.0.0.1", 8), 1, &suppressed));
}

Test(ratelimit, bounds_the_lines_of_a_crowd_and_loses_no_count)
{
    struct ratelimit r = {.crowded = 0};
    uint32_t passed = 0;
    uint32_t counted = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        uint32_t suppressed = 0;
        if (ratelimit_pass(&r, ratelimit_key(0, &i, sizeof i), i / 10, &suppressed)) {
            passed++;
            counted += suppressed + 1;
        }
    }
    cr_assert(passed == RATELIMIT_ENTRIES);
    uint32_t suppressed = 0;
    const uint32_t one_more = 10000;
    cr_assert(ratelimit_pass(&r, ratelimit_key(0, &one_more, sizeof one_more),
                             2 * RATELIMIT_GAP_MS, &suppressed));
    cr_assert(counted + suppressed == 10000, "%u", counted + suppressed);
}

Test(ratelimit, gives_each_asker_its_share_of_a_second)
{
    struct ratelimit_share share = {.used = 0};
    uint32_t taken = 0;
    for (uint64_t now_ms = 5000; now_ms < 8000; now_ms++) {
        taken += ratelimit_take(&share, 10, now_ms) ? 1 : 0;
    }
    cr_assert(taken == 30, "%u", taken);
    cr_assert(ratelimit_take(&share, 10, 1000000));
    cr_assert(!ratelimit_take(&share, 0, 1000000), "less than it has had");
}

Test(ratelimit, gives_each_asker_a_quarter_of_the_time_and_a_burst)
{
    struct ratelimit_turn turn = {.until_us = 0};
    uint64_t had_us = 0;
    for (uint64_t now_ms = 5000; now_ms < 7000; now_ms++) {
        for (uint32_t i = 0; i < 10 && ratelimit_has_turn(&turn, now_ms); i++) {
            ratelimit_spend(&turn, 100, now_ms);
            had_us += 100;
        }
    }
    cr_assert(had_us >= 549000 && had_us <= 551000, "%lu", (unsigned long)had_us);
    cr_assert(!ratelimit_has_turn(&turn, 6999));
    cr_assert(ratelimit_has_turn(&turn, 7000));
    ratelimit_spend(&turn, 1000000, 8000);
    cr_assert(!ratelimit_has_turn(&turn, 11799), "what was too long is made up for");
    cr_assert(ratelimit_has_turn(&turn, 11801));
}
