#include "../../health/tick.h"

#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define NEVER UINT64_MAX

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
        uint32_t own, score;
    } cases[] = {{0, 0, 0, 100},
                 {1000, 2000, 0, 100},
                 {1001, 0, OWN_LATE, 70},
                 {0, 2001, OWN_STORAGE, 50},
                 {86400000, 99999, OWN_LATE | OWN_STORAGE, 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct tick t = tick_after(cases[i].late_ms, cases[i].writing_ms);
        cr_assert(eq(u32, tick_own(&t), cases[i].own), "case %zu", i);
        cr_assert(eq(u32, tick_score(&t), cases[i].score), "case %zu", i);
        cr_assert(eq(int, t.stalled, cases[i].writing_ms > 2000));
    }
}

Test(tick, is_clean_when_nothing_is_written)
{
    struct tick t;
    tick_init(&t);
    observe_nothing(&t);
    cr_assert(zero(u32, tick_own(&t)));
    cr_assert(eq(u32, tick_score(&t), TICK_SCORE_MAX));
}

Test(tick, keeps_bad_news_until_they_are_decided)
{
    struct tick t = tick_after(5000, 5000);
    tick_attested(&t, 4);
    for (uint64_t seq = 5; seq < 100; seq++) { /* lost, each of them */
        observe_nothing(&t);
        cr_assert(not(t.stalled), "that is of now");
        cr_assert(eq(u32, tick_own(&t), OWN_LATE | OWN_STORAGE));
        tick_attested(&t, seq);
        tick_decided(&t, 3);
    }
    tick_decided(&t, 4); /* the first that told it, decided at last */
    cr_assert(zero(u32, tick_own(&t)));
}

Test(tick, keeps_what_was_noticed_after_it_was_signed)
{
    struct tick t = tick_after(5000, 0);
    tick_attested(&t, 1);
    tick_observe(&t, &(struct tick_observation){
                         .now_ms = 200000, .late_ms = 5000, .writing_since_ms = 100000});
    tick_decided(&t, 1);
    cr_assert(eq(u32, tick_own(&t), OWN_LATE | OWN_STORAGE), "late again, since");
    tick_attested(&t, 2);
    tick_decided(&t, 2);
    cr_assert(zero(u32, tick_own(&t)));
}

Test(tick, forgets_what_a_later_attestation_told_too)
{
    struct tick t = tick_after(5000, 0);
    tick_attested(&t, 1);
    tick_attested(&t, 2);
    tick_decided(&t, 2); /* the first one is superseded and never decided */
    cr_assert(zero(u32, tick_own(&t)));
}

Test(tick, has_words_for_each_bit)
{
    for (uint32_t bit = 0; bit < 32; bit++) {
        const bool known = bit < TICK_OWN_BITS;
        const char *text = own_bit_text((uint32_t)1 << bit);
        cr_assert(eq(int, strcmp(text, "unknown") != 0, known), "bit %u", bit);
    }
}

Test(tick, refuses_a_seq_that_goes_back, .signal = SIGABRT)
{
    struct tick t = tick_after(5000, 0);
    tick_attested(&t, 2);
    tick_attested(&t, 1);
}
