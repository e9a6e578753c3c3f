#include "../../health/tick.h"

#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define NEVER UINT64_MAX
#define LATE REFERENCE_BIT(22)
#define STORAGE REFERENCE_BIT(24)

static struct tick tick_after(uint64_t late_ms, uint64_t writing_ms)
{
    struct tick t;
    tick_init(&t);
    tick_observe(&t, &(struct tick_observation){.now_ms = 100000,
                                                .late_ms = late_ms,
                                                .writing_since_ms = 100000 - writing_ms});
    return t;
}

static void observe_nothing(struct tick *t)
{
    tick_observe(t, &(struct tick_observation){.now_ms = 200000, .writing_since_ms = NEVER});
}

Test(tick, says_what_was_seen)
{
    static const struct {
        uint64_t late_ms, writing_ms;
        uint64_t own;
        uint32_t score;
    } cases[] = {{0, 0, 0, 100},
                 {1000, 2000, 0, 100},
                 {1001, 0, LATE, 70},
                 {0, 2001, STORAGE, 50},
                 {86400000, 99999, LATE | STORAGE, 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct tick t = tick_after(cases[i].late_ms, cases[i].writing_ms);
        cr_assert(eq(u64, tick_own(&t), cases[i].own), "case %zu", i);
        cr_assert(eq(u32, tick_score(&t), cases[i].score), "case %zu", i);
        cr_assert(eq(int, t.stalled, cases[i].writing_ms > 2000));
    }
}

Test(tick, is_clean_when_nothing_is_written)
{
    struct tick t;
    tick_init(&t);
    observe_nothing(&t);
    cr_assert(zero(u64, tick_own(&t)));
    cr_assert(eq(u32, tick_score(&t), TICK_SCORE_MAX));
}

Test(tick, keeps_bad_news_until_they_are_decided)
{
    struct tick t = tick_after(5000, 5000);
    tick_attested(&t, 4);
    for (uint64_t seq = 5; seq < 100; seq++) { /* lost, each of them */
        observe_nothing(&t);
        cr_assert(not(t.stalled), "that is of now");
        cr_assert(eq(u64, tick_own(&t), LATE | STORAGE));
        tick_attested(&t, seq);
        tick_decided(&t, 3);
    }
    tick_decided(&t, 4); /* the first that told it, decided at last */
    cr_assert(zero(u64, tick_own(&t)));
}

Test(tick, keeps_what_was_noticed_after_it_was_signed)
{
    struct tick t = tick_after(5000, 0);
    tick_attested(&t, 1);
    tick_observe(&t, &(struct tick_observation){
                         .now_ms = 200000, .late_ms = 5000, .writing_since_ms = 100000});
    tick_decided(&t, 1);
    cr_assert(eq(u64, tick_own(&t), LATE | STORAGE), "late again, since");
    tick_attested(&t, 2);
    tick_decided(&t, 2);
    cr_assert(zero(u64, tick_own(&t)));
}

Test(tick, forgets_what_a_later_attestation_told_too)
{
    struct tick t = tick_after(5000, 0);
    tick_attested(&t, 1);
    tick_attested(&t, 2);
    tick_decided(&t, 2); /* the first one is superseded and never decided */
    cr_assert(zero(u64, tick_own(&t)));
}

Test(tick, carries_each_bit_of_both_masks_by_itself)
{
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        struct tick t;
        tick_init(&t);
        tick_notice(&t, REFERENCE_BIT(id), 0);
        tick_attested(&t, 1);
        tick_notice(&t, 0, REFERENCE_BIT(id));
        cr_assert(eq(u64, tick_own(&t), REFERENCE_BIT(id)), "R%02u", id);
        cr_assert(eq(u64, tick_serve(&t), REFERENCE_BIT(id)), "R%02u", id);
        cr_assert(lt(u32, tick_score(&t), TICK_SCORE_MAX), "R%02u", id);
        tick_decided(&t, 1);
        cr_assert(zero(u64, tick_own(&t)), "R%02u", id);
        cr_assert(eq(u64, tick_serve(&t), REFERENCE_BIT(id)), "noticed after it was signed");
    }
}

Test(tick, has_a_score_of_nothing_when_everything_is_wrong)
{
    struct tick t;
    tick_init(&t);
    tick_notice(&t, REFERENCE_BITS, REFERENCE_BITS);
    cr_assert(zero(u32, tick_score(&t)));
}

Test(tick, refuses_a_seq_that_goes_back, .signal = SIGABRT)
{
    struct tick t = tick_after(5000, 0);
    tick_attested(&t, 2);
    tick_attested(&t, 1);
}
