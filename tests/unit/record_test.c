#include "../../health/record.h"

#include <signal.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define LENGTH 36u

static struct record_clock clock_at(uint64_t open, uint32_t lag)
{
    return (struct record_clock){.open = open, .lag = lag, .length = LENGTH};
}

/* Attests (if asked to) and closes the open tick, and counts the clock on. */
static void pass(struct record *r, struct record_clock *clock, bool attested, bool spoiled)
{
    if (attested) {
        cr_assert(record_attest(r, clock, clock->open, true));
    }
    record_close(r, clock, spoiled);
    clock->open++;
}

static void pass_perfect(struct record *r, struct record_clock *clock, uint32_t ticks)
{
    for (uint32_t i = 0; i < ticks; i++) {
        pass(r, clock, true, false);
    }
}

Test(record, is_perfect_after_exactly_its_length)
{
    struct record_clock clock = clock_at(7, 2);
    struct record r;
    record_start(&r, clock.open);
    for (uint32_t i = 0; i < LENGTH; i++) {
        cr_assert(not(record_is_perfect(&r, LENGTH)), "%u ticks", i);
        cr_assert(eq(u32, r.run, i));
        pass(&r, &clock, true, false); /* judged as it closes: no tick is waited for */
    }
    cr_assert(record_is_perfect(&r, LENGTH));
    pass_perfect(&r, &clock, 100);
    cr_assert(eq(u32, r.run, LENGTH), "stops there");
}

Test(record, is_spoilt_by_one_bad_tick_until_it_is_forgotten)
{
    static const struct {
        const char *what;
        bool clean, spoiled;
    } bad[] = {{"own mask", false, false}, {"accused", true, true}, {"both", false, true}};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        struct record_clock clock = clock_at(0, 2);
        struct record r;
        record_start(&r, 0);
        pass_perfect(&r, &clock, LENGTH);
        cr_assert(record_attest(&r, &clock, clock.open, bad[k].clean));
        record_close(&r, &clock, bad[k].spoiled);
        clock.open++;
        for (uint32_t i = 0; i < LENGTH; i++) {
            cr_assert(not(record_is_perfect(&r, LENGTH)), "%s, %u later", bad[k].what, i);
            cr_assert(eq(int, record_is_perfect(&r, 3), i >= 3));
            pass_perfect(&r, &clock, 1);
        }
        cr_assert(record_is_perfect(&r, LENGTH));
    }
}

/* standing.md, case 31: a censor proposes every n-th block and hides attestations. */
Test(record, waits_for_a_hidden_attestation_as_long_as_it_may_come)
{
    for (uint32_t lag = 1; lag <= RECORD_LAG_MAX; lag++) {
        for (uint32_t late = 1; late <= lag + 1; late++) {
            struct record_clock clock = clock_at(0, lag);
            struct record r;
            record_start(&r, 0);
            pass_perfect(&r, &clock, 10);
            const uint64_t hidden = clock.open;
            pass(&r, &clock, false, false);
            for (uint32_t i = 1; i < late; i++) {
                cr_assert(eq(u32, r.run, 10), "neither grows nor falls while it waits");
                pass_perfect(&r, &clock, 1);
            }
            const bool came = late <= lag;
            cr_assert(eq(int, record_attest(&r, &clock, hidden, true), came));
            cr_assert(eq(u32, r.run, came ? 10 + late : lag), "lag %u late %u", lag, late);
        }
    }
}

Test(record, awaits_a_tick_until_it_is_attested_spoiled_or_judged)
{
    struct record_clock clock = clock_at(7, 2);
    struct record r;
    record_start(&r, clock.open);
    cr_assert(not(record_awaits(&r, 6)), "before it began");
    cr_assert(record_awaits(&r, 7));
    pass(&r, &clock, false, false);
    cr_assert(record_awaits(&r, 7), "closed, and not too late");
    pass(&r, &clock, true, true);
    cr_assert(not(record_awaits(&r, 8)), "spoiled");
    pass(&r, &clock, false, false);
    cr_assert(not(record_awaits(&r, 7)), "judged");
    cr_assert(record_awaits(&r, 9));
    cr_assert(record_attest(&r, &clock, 9, true));
    cr_assert(not(record_awaits(&r, 9)), "attested");
}

Test(record, falls_for_who_says_nothing)
{
    struct record_clock clock = clock_at(0, 2);
    struct record r;
    record_start(&r, 0);
    pass_perfect(&r, &clock, LENGTH);
    pass(&r, &clock, false, false);
    pass(&r, &clock, false, false);
    cr_assert(record_is_perfect(&r, LENGTH), "may still come");
    pass(&r, &clock, false, false);
    cr_assert(zero(u32, r.run));
    cr_assert(eq(u64, clock.open - r.next, 2));
}

Test(record, takes_any_bad_word_of_a_tick_not_the_last_one)
{
    struct record_clock clock = clock_at(0, 2);
    struct record r;
    record_start(&r, 0);
    cr_assert(record_attest(&r, &clock, 0, false));
    cr_assert(record_attest(&r, &clock, 0, true));
    record_close(&r, &clock, false);
    cr_assert(zero(u32, r.run));
    cr_assert(eq(u64, r.next, 1));
}

Test(record, ignores_ticks_that_are_over_or_have_not_begun)
{
    static const uint64_t ticks[] = {0, 18, 21, 36, 1u << 20, UINT64_MAX};
    struct record_clock clock = clock_at(0, 2);
    struct record r;
    record_start(&r, 0);
    pass_perfect(&r, &clock, 19);
    pass(&r, &clock, false, false);
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
        const struct record before = r;
        cr_assert(not(record_attest(&r, &clock, ticks[i], false)), "tick %lu", ticks[i]);
        cr_assert(eq(u64, r.next, before.next));
        cr_assert(eq(u32, r.run, before.run));
        cr_assert(eq(u16, r.attested, before.attested));
        cr_assert(eq(u16, r.spoiled, before.spoiled));
    }
}

/* What is known of every tick, kept apart from the record under test. */
struct history {
    bool attested[64], clean[64], spoiled[64];
};

/* The definition: ticks in order, each as soon as it is closed and attested or overdue. */
static void expect(const struct history *h, uint64_t closed, uint32_t lag, uint32_t length,
                   const struct record *r)
{
    uint64_t next = 0;
    uint32_t run = 0;
    for (; next < closed; next++) {
        if (!h->attested[next] && next + lag >= closed) {
            break;
        }
        const bool perfect = h->attested[next] && h->clean[next] && !h->spoiled[next];
        run = !perfect ? 0 : run < length ? run + 1 : length;
    }
    if (r->next != next || r->run != run) {
        cr_fatal("is %lu/%u, should be %lu/%u", r->next, r->run, next, run);
    }
}

/* Plays one schedule: per tick four bits say when its attestation comes (0 .. 5 closings late,
 * else never), whether it is clean, and whether the tick is spoiled at its close. */
static void play(const uint32_t *habits, uint32_t ticks, uint32_t lag, uint32_t length)
{
    struct history h = {0};
    struct record_clock clock = {.open = 0, .lag = lag, .length = length};
    struct record r;
    record_start(&r, 0);
    for (; clock.open < ticks; clock.open++) {
        for (uint64_t tick = 0; tick <= clock.open; tick++) {
            if (tick + (habits[tick] & 7) != clock.open || (habits[tick] & 7) > 5) {
                continue;
            }
            const bool clean = (habits[tick] & 8) == 0;
            if (record_attest(&r, &clock, tick, clean)) {
                h.attested[tick] = true;
                h.clean[tick] = clean;
            }
            expect(&h, clock.open, lag, length, &r);
        }
        h.spoiled[clock.open] = (habits[clock.open] & 16) != 0;
        record_close(&r, &clock, h.spoiled[clock.open]);
        expect(&h, clock.open + 1, lag, length, &r);
        const struct record_clock after = {.open = clock.open + 1, lag, length};
        if (!record_is_sound(&r, &after)) {
            cr_fatal("not sound at %lu", clock.open);
        }
    }
}

/* Whether a late attestation is taken must not come from the code either. */
Test(record, takes_late_attestations_up_to_its_lag)
{
    for (uint32_t lag = 1; lag <= 4; lag++) {
        for (uint32_t late = 0; late <= 5; late++) {
            struct record_clock clock = clock_at(0, lag);
            struct record r;
            record_start(&r, 0);
            for (; clock.open < late; clock.open++) {
                record_close(&r, &clock, false);
            }
            cr_assert(eq(int, record_attest(&r, &clock, 0, true), late <= lag));
        }
    }
}

/* All schedules of four ticks, for each lag up to four: 32^4 * 4. */
Test(record, agrees_with_its_definition_on_every_short_history)
{
    for (uint32_t schedule = 0; schedule < 1u << 20; schedule++) {
        const uint32_t habits[8] = {schedule & 31,
                                    schedule >> 5 & 31,
                                    schedule >> 10 & 31,
                                    schedule >> 15 & 31,
                                    7,
                                    0,
                                    0,
                                    0};
        play(habits, 8, 1 + schedule % 4, 3);
    }
}

Test(record, agrees_with_its_definition_on_long_histories)
{
    uint64_t seed = 5;
    for (uint32_t run = 0; run < 5000; run++) {
        uint32_t habits[64];
        for (uint32_t i = 0; i < 64; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            /* Mostly well, or no run would ever get anywhere. */
            habits[i] = seed >> 60 < 10 ? 0 : (uint32_t)(seed >> 33) & 31;
        }
        play(habits, 64, 1 + run % RECORD_LAG_MAX, 1 + run % 40);
    }
}

Test(record, tells_what_cannot_be_one)
{
    const struct record_clock clock = clock_at(100, 2);
    static const struct {
        struct record r;
        bool sound;
    } cases[] = {
        {{.next = 100}, true},
        {{.next = 100, .run = 36, .attested = 1, .spoiled = 1}, true},
        {{.next = 100, .run = 37}, false},
        {{.next = 101}, false},
        {{.next = 85}, true},
        {{.next = 84}, false},
        {{.next = 0}, false},
        {{.next = 98, .attested = 6, .spoiled = 7}, true},
        {{.next = 98, .attested = 1}, false}, /* would have been judged */
        {{.next = 98, .attested = 8}, false}, /* a tick that has not begun */
        {{.next = 98, .spoiled = 8}, false},
        {{.next = 85, .attested = 0xfffe, .spoiled = 0xffff}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(eq(int, record_is_sound(&cases[i].r, &clock), cases[i].sound), "%zu", i);
    }
}

Test(record, must_be_closed_tick_by_tick, .signal = SIGABRT)
{
    struct record_clock clock = clock_at(16, 2);
    struct record r;
    record_start(&r, 0);
    record_close(&r, &clock, false);
}
