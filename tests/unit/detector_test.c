#include "../../health/detector.h"

#include <signal.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define HEARTBEAT_MS 100u
#define SUSPICION 4u
#define LEAST_MS ((uint64_t)SUSPICION * HEARTBEAT_MS)
#define MOST_MS ((uint64_t)8 * DETECTOR_GAP_MAX * HEARTBEAT_MS)

static struct detector detector_at(uint64_t now_ms)
{
    struct detector d;
    detector_init(&d, HEARTBEAT_MS, SUSPICION, now_ms);
    return d;
}

/* xorshift64: the same numbers in every run. */
static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)((*seed >> 32) % below);
}

static void hear(struct detector *d, uint32_t times, uint64_t gap_ms)
{
    for (uint32_t i = 0; i < times; i++) {
        detector_heard(d, d->heard_ms + gap_ms);
    }
}

Test(detector, suspects_a_steady_peer_after_exactly_four_heartbeats)
{
    struct detector d = detector_at(5000);
    cr_assert(eq(u64, detector_deadline_ms(&d), 5400), "before anything was heard");
    for (uint64_t now_ms = 5100; now_ms < 1000000; now_ms += HEARTBEAT_MS) {
        detector_heard(&d, now_ms);
        cr_assert(eq(u64, detector_deadline_ms(&d), now_ms + LEAST_MS));
    }
}

Test(detector, holds_for_other_heartbeats_and_suspicions)
{
    static const uint32_t heartbeats_ms[] = {1, 2, 7, 50, 1000, 60000};
    for (size_t i = 0; i < sizeof heartbeats_ms / sizeof heartbeats_ms[0]; i++) {
        for (uint32_t suspicion = 2; suspicion <= DETECTOR_SUSPICION_MAX; suspicion++) {
            struct detector d;
            detector_init(&d, heartbeats_ms[i], suspicion, 0);
            hear(&d, 50, heartbeats_ms[i]);
            cr_assert(
                eq(u64, detector_patience_ms(&d), (uint64_t)heartbeats_ms[i] * suspicion));
            hear(&d, 50, 3600000); /* nothing overflows, nothing leads beyond the cap */
            cr_assert(le(u64, detector_patience_ms(&d),
                         (uint64_t)8 * DETECTOR_GAP_MAX * heartbeats_ms[i]));
        }
    }
}

Test(detector, takes_a_network_with_little_jitter_for_little)
{
    uint64_t seed = 1;
    struct detector d = detector_at(0);
    for (uint32_t i = 0; i < 10000; i++) {
        detector_heard(&d, d.heard_ms + 95 + chance(&seed, 11));
        cr_assert(le(u64, detector_patience_ms(&d), 440), "heartbeat %u", i);
    }
}

/* Every sequence of seven gaps out of these: 8^7 of them. */
Test(detector, is_never_hasty_and_never_endless)
{
    static const uint64_t gaps_ms[] = {0, 49, 50, 100, 101, 250, 500, 86400000};
    for (uint32_t sequence = 0; sequence < 1u << 21; sequence++) {
        struct detector d = detector_at(0);
        for (uint32_t i = 0; i < 7; i++) {
            detector_heard(&d, d.heard_ms + gaps_ms[sequence >> 3 * i & 7]);
        }
        const uint64_t patience_ms = detector_patience_ms(&d);
        if (patience_ms < LEAST_MS || patience_ms > MOST_MS) {
            cr_fatal("%lu ms after sequence %o", patience_ms, sequence);
        }
    }
}

/* RFC 6298, section 2.3, in real numbers. */
Test(detector, follows_the_formula_to_within_its_rounding)
{
    uint64_t seed = 2;
    for (uint32_t run = 0; run < 100; run++) {
        struct detector d = detector_at(0);
        double mean = HEARTBEAT_MS, deviation = 0;
        for (uint32_t i = 0; i < 200; i++) {
            const uint32_t gap_ms = HEARTBEAT_MS + chance(&seed, 5 * (run + 1));
            const double counted = gap_ms > 500 ? 500 : gap_ms;
            const double off = counted > mean ? counted - mean : mean - counted;
            deviation += (off - deviation) / 4;
            mean += (counted - mean) / 8;
            detector_heard(&d, d.heard_ms + gap_ms);
            const double patience_ms = 4 * mean + 4 * deviation;
            cr_assert(ge(dbl, (double)detector_patience_ms(&d), patience_ms - 1));
            cr_assert(le(dbl, (double)detector_patience_ms(&d), patience_ms + 10));
        }
    }
}

Test(detector, learns_nothing_from_bursts)
{
    struct detector d = detector_at(0);
    for (uint32_t beat = 0; beat < 1000; beat++) {
        hear(&d, 1, 100);
        hear(&d, beat % 40, 0);
        hear(&d, beat % 3, 1);
        cr_assert(eq(u64, detector_patience_ms(&d), LEAST_MS), "beat %u", beat);
    }
}

/* The shortest gap that teaches is half a heartbeat: it counts for a whole one. */
Test(detector, learns_from_half_a_heartbeat_on)
{
    for (uint64_t gap_ms = 0; gap_ms <= 100; gap_ms++) {
        struct detector d = detector_at(0);
        hear(&d, 1, 500);
        const uint64_t before_ms = detector_patience_ms(&d);
        hear(&d, 1, gap_ms);
        cr_assert(eq(int, detector_patience_ms(&d) != before_ms, gap_ms >= 50));
    }
}

Test(detector, comes_to_bear_with_a_slow_peer)
{
    struct detector d = detector_at(0);
    hear(&d, 100, 350);
    cr_assert(ge(u64, detector_patience_ms(&d), 4 * 350));
    cr_assert(le(u64, detector_patience_ms(&d), 4 * 350 + 20));
}

Test(detector, forgets_an_outage_of_any_length)
{
    static const uint64_t outages_ms[] = {1000, 60000, 86400000};
    for (size_t i = 0; i < sizeof outages_ms / sizeof outages_ms[0]; i++) {
        struct detector d = detector_at(0);
        hear(&d, 20, 100);
        hear(&d, 1, outages_ms[i]);
        cr_assert(le(u64, detector_patience_ms(&d), 1000), "just back");
        hear(&d, 30, 100);
        cr_assert(le(u64, detector_patience_ms(&d), 420), "three seconds later");
    }
}

/* Not damped (faults.md F36): when a link that came and went for a minute is gone for good, a
 * leader behind it has to be replaced as soon as any other (L1). */
Test(detector, suspects_whose_link_flapped_as_soon_as_another_once_it_is_gone)
{
    static const uint32_t periods_ms[] = {100, 300, 1000, 5000, 30000};
    for (size_t i = 0; i < sizeof periods_ms / sizeof periods_ms[0]; i++) {
        struct detector d = detector_at(5000);
        for (uint64_t up_ms = 5000; up_ms < 65000; up_ms += 2 * (uint64_t)periods_ms[i]) {
            detector_heard(&d, up_ms);
            hear(&d, periods_ms[i] / HEARTBEAT_MS, HEARTBEAT_MS);
        }
        cr_expect(le(u64, detector_patience_ms(&d), 3 * LEAST_MS), "%u ms: %lu ms",
                  periods_ms[i], detector_patience_ms(&d));
        hear(&d, 30, HEARTBEAT_MS);
        cr_expect(le(u64, detector_patience_ms(&d), LEAST_MS + HEARTBEAT_MS), "%u ms: %lu ms",
                  periods_ms[i], detector_patience_ms(&d));
    }
}

Test(detector, suspects_at_once_who_refuses_until_it_is_heard)
{
    struct detector d = detector_at(0);
    hear(&d, 3, 100);
    detector_refused(&d);
    cr_assert(eq(u64, detector_deadline_ms(&d), 300));
    detector_heard(&d, 310);
    cr_assert(eq(u64, detector_deadline_ms(&d), 310 + LEAST_MS));
}

Test(detector, does_not_count_time_in_which_it_could_not_hear)
{
    struct detector d = detector_at(0);
    hear(&d, 10, 100);
    detector_excuse(&d, 30000, 31050);
    cr_assert(eq(u64, detector_deadline_ms(&d), 31400));
    detector_heard(&d, 31100); /* a gap of 100 ms, less what is excused */
    cr_assert(eq(u64, detector_patience_ms(&d), LEAST_MS));
}

Test(detector, refuses_a_clock_that_goes_back, .signal = SIGABRT)
{
    struct detector d = detector_at(10);
    detector_heard(&d, 9);
}

Test(detector, refuses_to_excuse_the_future, .signal = SIGABRT)
{
    struct detector d = detector_at(10);
    detector_excuse(&d, 11, 20);
}
