#include "../../health/schedule.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define START 5000u

/* In the order of cost, as the references' list is: R20 and R34 are not of the minimum set. */
static const struct scheduled entries[] = {
    {.id = 20, .period_ms = 10000}, {.id = 19, .period_ms = 1000},
    {.id = 34, .period_ms = 5000},  {.id = 15, .period_ms = 10000},
    {.id = 10, .period_ms = 3600},
};
#define COUNT 5u
#define SWEEP_PLACE 4u

static struct schedule fresh(uint64_t random)
{
    struct schedule s;
    schedule_init(&s, entries, COUNT, random, START);
    return s;
}

/* Runs all that is due until `until_ms`, each for `cost_us`; counts the runs of each place. */
static void pass(struct schedule *s, uint64_t from_ms, uint64_t until_ms, uint64_t cost_us,
                 uint32_t runs[static COUNT])
{
    memset(runs, 0, COUNT * sizeof *runs);
    uint64_t now_ms = from_ms;
    while (now_ms < until_ms) {
        const uint32_t next = schedule_next(s, now_ms);
        if (next == SCHEDULE_NONE) {
            now_ms = schedule_due_ms(s);
            continue;
        }
        runs[next]++;
        schedule_ran(s, next, true, cost_us, now_ms);
    }
}

Test(schedule, runs_the_minimum_set_first_and_of_it_the_cheap_ones)
{
    static const uint32_t order[COUNT] = {19, 15, 10, 20, 34};
    struct schedule s = fresh(1);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t next = schedule_next(&s, START);
        cr_assert(ne(u32, next, SCHEDULE_NONE));
        cr_assert(eq(u32, s.list[next].id, order[i]));
        cr_assert(not(schedule_is_round_done(&s)));
        schedule_ran(&s, next, true, 100, START);
    }
    cr_assert(schedule_is_round_done(&s));
    cr_assert(eq(u32, schedule_next(&s, START), SCHEDULE_NONE));
    cr_assert(gt(u64, schedule_due_ms(&s), START));
}

Test(schedule, tries_again_soon_what_could_not_be_measured_at_first)
{
    struct schedule s = fresh(1);
    uint64_t now_ms = START;
    schedule_ran(&s, 3, true, 10, now_ms); /* the rest of the minimum set */
    schedule_ran(&s, 4, true, 10, now_ms);
    for (uint32_t i = 1; i <= SCHEDULE_TRIES; i++) {
        cr_assert(eq(u32, schedule_next(&s, now_ms), 1), "R19, try %u", i);
        schedule_ran(&s, 1, false, 10, now_ms);
        cr_assert(eq(int, s.list[1].begun, i == SCHEDULE_TRIES));
        now_ms += SCHEDULE_RETRY_MS;
    }
    cr_assert(ne(u32, schedule_next(&s, now_ms), 1)); /* from now on by its period */
}

Test(schedule, keeps_the_periods)
{
    uint32_t runs[COUNT];
    struct schedule s = fresh(77);
    pass(&s, START, START + 3600000, 10, runs);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t expected = 3600000 / entries[i].period_ms;
        cr_assert(ge(u32, runs[i], expected));
        cr_assert(le(u32, runs[i], expected + 2));
    }
}

Test(schedule, makes_up_for_nothing_after_a_sleep)
{
    uint32_t runs[COUNT];
    struct schedule s = fresh(3);
    pass(&s, START, START + 20000, 10, runs);
    pass(&s, START + 86400000, START + 86400000 + 500, 10, runs);
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_assert(eq(u32, runs[i], 1));
    }
}

Test(schedule, begins_at_phases_that_differ_from_start_to_start)
{
    uint32_t different = 0;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    uint64_t before = 0;
    for (uint64_t start = 0; start < 200; start++) {
        uint32_t runs[COUNT];
        struct schedule s = fresh(start);
        pass(&s, START, START + 1, 10, runs);
        const uint64_t phase_ms = s.list[3].due_ms - START; /* R15, every 10 s */
        cr_assert(ge(u64, phase_ms, 1));
        cr_assert(le(u64, phase_ms, 10000));
        different += phase_ms != before;
        before = phase_ms;
        least = phase_ms < least ? phase_ms : least;
        most = phase_ms > most ? phase_ms : most;
    }
    cr_assert(gt(u32, different, 190));
    cr_assert(lt(u64, least, 1000));
    cr_assert(gt(u64, most, 9000));
}

Test(schedule, does_not_let_one_reference_starve_another)
{
    /* Each run takes longer than R19's period: it is always due. */
    struct schedule s = fresh(9);
    uint32_t runs[COUNT] = {0};
    for (uint64_t now_ms = START; now_ms < START + 600000; now_ms += 1500) {
        const uint32_t next = schedule_next(&s, now_ms);
        if (next != SCHEDULE_NONE) {
            runs[next]++;
            schedule_ran(&s, next, true, 10, now_ms);
        }
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_assert(ge(u32, runs[i], 20));
    }
}

Test(schedule, counts_the_share_of_the_last_ten_minutes)
{
    struct schedule s = fresh(5);
    schedule_ran(&s, 0, true, 600000, START);
    cr_assert(eq(u32, schedule_share_ppm(&s), 1000)); /* 0.6 s of 600 s */
    schedule_ran(&s, 0, true, 600000, START + 9 * 60000);
    cr_assert(eq(u32, schedule_share_ppm(&s), 2000));
    schedule_ran(&s, 0, true, 0, START + 10 * 60000);
    cr_assert(eq(u32, schedule_share_ppm(&s), 1000));
    schedule_ran(&s, 0, true, 0, START + 60 * 60000);
    cr_assert(eq(u32, schedule_share_ppm(&s), 0));
}

Test(schedule, slows_the_sweep_down_and_nothing_else_while_it_costs_too_much)
{
    uint32_t usual[COUNT];
    uint32_t slow[COUNT];
    struct schedule s = fresh(11);
    pass(&s, START, START + 1800000, 2000, usual);
    cr_assert(eq(u32, s.slowness, 1));
    s = fresh(11);
    pass(&s, START, START + 1800000, 8000, slow);
    cr_assert(gt(u32, s.slowness, 1));
    cr_assert(lt(u32, slow[SWEEP_PLACE], usual[SWEEP_PLACE]));
    for (uint32_t i = 0; i < SWEEP_PLACE; i++) {
        cr_assert(le(u32, usual[i] - slow[i], 1));
    }
}

Test(schedule, is_as_fast_as_before_once_it_costs_little)
{
    uint32_t runs[COUNT];
    struct schedule s = fresh(12);
    pass(&s, START, START + 1800000, 20000, runs);
    cr_assert(eq(u32, s.slowness, SCHEDULE_SLOWEST));
    pass(&s, START + 1800000, START + 5400000, 100, runs);
    cr_assert(eq(u32, s.slowness, 1));
}

Test(schedule, begins_again_when_it_is_told_to)
{
    uint32_t runs[COUNT];
    struct schedule s = fresh(13);
    pass(&s, START, START + 60000, 100, runs);
    cr_assert(schedule_is_round_done(&s));
    schedule_begin_again(&s, START + 60000);
    cr_assert_not(schedule_is_round_done(&s));
    cr_assert(eq(u64, schedule_due_ms(&s), START + 60000));
    pass(&s, START + 60000, START + 61000, 100, runs);
    cr_assert(schedule_is_round_done(&s));
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_assert(ge(u32, runs[i], 1), "place %u", i);
    }
}

Test(schedule, has_nothing_to_do_without_references)
{
    struct schedule s;
    schedule_init(&s, NULL, 0, 1, START);
    cr_assert(eq(u32, schedule_next(&s, START), SCHEDULE_NONE));
    cr_assert(eq(u64, schedule_due_ms(&s), UINT64_MAX));
    cr_assert(schedule_is_round_done(&s));
}
