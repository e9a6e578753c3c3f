#include "health/peer_clock.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define UNIX_MS 1800000000000u

/* My heartbeat 7 left at 1000; the peer's clock is `off_ms` ahead; its answer took `way_ms`
 * there and back, and lay `held_ms` with it. */
static struct peer_clock fresh(void)
{
    struct peer_clock c;
    peer_clock_init(&c);
    peer_clock_sent(&c, 7, 1000);
    return c;
}

static bool hear(struct peer_clock *c, uint32_t peer, int64_t off_ms, uint32_t way_ms,
                 uint32_t held_ms)
{
    const uint64_t now_ms = 1000 + way_ms + held_ms;
    const uint64_t unix_ms = UNIX_MS + now_ms;
    const struct peer_clock_word word = {
        .peer = peer,
        .echo = 7,
        .held_ms = held_ms,
        .unix_ms = unix_ms - way_ms / 2 + (uint64_t)off_ms,
    };
    return peer_clock_heard(c, &word, now_ms, unix_ms);
}

static enum reference_result judge(const struct peer_clock *c, uint32_t peers, int64_t *off_ms)
{
    return peer_clock_judge(c, peers, 2000, off_ms);
}

Test(peer_clock, takes_the_way_out_of_the_difference)
{
    static const uint32_t ways[] = {0, 2, 20, 250};
    for (uint32_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct peer_clock c = fresh();
        cr_assert(hear(&c, 1, 333, ways[i], 60));
        cr_assert(eq(i64, c.peer[1].offset_ms, 333), "way %u", ways[i]);
    }
}

Test(peer_clock, learns_nothing_from_a_long_way_or_a_forgotten_heartbeat)
{
    struct peer_clock c = fresh();
    cr_assert(not(hear(&c, 1, 0, 251, 0)));
    const struct peer_clock_word other = {.peer = 1, .echo = 7 + PEER_CLOCK_SENT};
    cr_assert(not(peer_clock_heard(&c, &other, 1000, UNIX_MS)));
    const struct peer_clock_word never = {.peer = 1, .echo = 8};
    cr_assert(not(peer_clock_heard(&c, &never, 1000, UNIX_MS)));
    const struct peer_clock_word before = {.peer = 1, .echo = 7, .held_ms = 5000};
    cr_assert(not(peer_clock_heard(&c, &before, 1100, UNIX_MS)),
              "held longer than it was away");
}

Test(peer_clock, judges_me_by_the_median_of_the_others)
{
    static const struct {
        int64_t peer[4];
        enum reference_result result;
    } cases[] = {
        {{0, 10, -10, 20}, RESULT_OK},
        {{0, 10, -10, 3600000}, RESULT_OK}, /* one of them is off, not I */
        {{400, 410, 420, 430}, RESULT_OK},
        {{520, 520, 520, 520}, RESULT_DEGRADED},
        {{-520, -520, -520, -520}, RESULT_DEGRADED},
        {{520, 520, 520, -9999999}, RESULT_DEGRADED},
        {{29000, 29000, 29000, 29000}, RESULT_DEGRADED},
        {{31000, 31010, 31020, 31030}, RESULT_SILENT},
        {{-31000, -31010, -31020, 0}, RESULT_SILENT},
        {{1000, 5000, 9000, 20000}, RESULT_UNKNOWN}, /* nobody agrees with anybody */
        {{INT64_MAX / 2, INT64_MAX / 2, INT64_MIN / 2, INT64_MIN / 2}, RESULT_UNKNOWN},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer_clock c = fresh();
        int64_t off_ms;
        for (uint32_t k = 0; k < 4; k++) {
            cr_assert(hear(&c, k + 1, cases[i].peer[k], 10, 50));
        }
        cr_assert(eq(int, judge(&c, 0x1e, &off_ms), cases[i].result), "case %u", i);
    }
}

Test(peer_clock, says_by_how_much)
{
    struct peer_clock c = fresh();
    int64_t off_ms;
    for (uint32_t k = 1; k < 5; k++) {
        hear(&c, k, -40000, 10, 50);
    }
    cr_assert(eq(int, judge(&c, 0x1e, &off_ms), RESULT_SILENT));
    cr_assert(eq(i64, off_ms, 40000));
}

Test(peer_clock, knows_nothing_with_too_few_or_stale_words)
{
    struct peer_clock c = fresh();
    int64_t off_ms;
    cr_assert(eq(int, judge(&c, 0x1e, &off_ms), RESULT_UNKNOWN));
    hear(&c, 1, 31000, 10, 50);
    cr_assert(eq(int, judge(&c, 0x1e, &off_ms), RESULT_UNKNOWN), "one of four");
    cr_assert(eq(int, judge(&c, 0x2, &off_ms), RESULT_UNKNOWN), "one's word against mine");
    hear(&c, 2, 31000, 10, 50);
    hear(&c, 3, 31000, 10, 50);
    cr_assert(eq(int, judge(&c, 0x1e, &off_ms), RESULT_SILENT));
    cr_assert(eq(int, peer_clock_judge(&c, 0x1e, 6060, &off_ms), RESULT_UNKNOWN));
}
