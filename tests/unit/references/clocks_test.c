#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "machine.h"

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define TICKS_PER_MS 2600000

/* Clocks that a test sets. Each second they go on by a second and by what they drift. */
static int64_t now[SEAM_CLOCKS];
static int64_t drift_ns[SEAM_CLOCKS];
static int64_t ticks;
static int64_t ticks_a_second;
static int64_t reading_ns; /* what one reading of a clock takes */

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    for (int i = 0; i < SEAM_CLOCKS; i++) {
        now[i] += i == SEAM_RAW || reading_ns > 0 ? reading_ns : 0;
    }
    ticks += reading_ns > 0 ? ticks_a_second / 1000 * (reading_ns / MS) : 0;
    return (uint64_t)now[clock];
}

static uint64_t counter(void *self)
{
    (void)self;
    return (uint64_t)ticks;
}

static void pass(int64_t ms)
{
    for (int i = 0; i < SEAM_CLOCKS; i++) {
        now[i] += ms * MS + drift_ns[i] * ms / 1000;
    }
    ticks += ticks_a_second / 1000 * ms;
}

static void pause_for(void *self, uint32_t ms)
{
    (void)self;
    pass(ms);
}

static struct reference_context *clocks(void)
{
    struct reference_context *context = machine();
    context->seams.clock_ns = clock_ns;
    context->seams.ticks = counter;
    context->seams.pause = pause_for;
    for (int i = 0; i < SEAM_CLOCKS; i++) {
        now[i] = 1000 * S + i;
        drift_ns[i] = 0;
    }
    now[SEAM_REAL] = INT64_C(1764000000) * S;
    ticks = 1;
    ticks_a_second = INT64_C(1000) * TICKS_PER_MS;
    reading_ns = 0;
    return context;
}

static struct finding second_later(void)
{
    pass(1000);
    return machine_run(19);
}

/* The worst of so many seconds. */
static enum reference_result worst_of(int seconds)
{
    struct finding worst;
    finding_begin(&worst, 19);
    finding_set(&worst, RESULT_OK, 0);
    for (int i = 0; i < seconds; i++) {
        finding_worsen(&worst, second_later().result, 0);
    }
    return worst.result;
}

Test(clocks, of_this_machine_agree)
{
    machine();
    struct finding f = machine_run(19);
    cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
}

Test(clocks, agree_for_an_hour)
{
    clocks();
    cr_assert(worst_of(3600) == RESULT_OK);
}

Test(clocks, that_are_slewed_as_time_services_do_agree)
{
    clocks();
    drift_ns[SEAM_MONOTONIC] = drift_ns[SEAM_BOOT] = drift_ns[SEAM_REAL] = 500 * S / 1000000;
    cr_assert(worst_of(60) == RESULT_OK);
    drift_ns[SEAM_MONOTONIC] = drift_ns[SEAM_BOOT] = drift_ns[SEAM_REAL] = -500 * S / 1000000;
    cr_assert(worst_of(60) == RESULT_OK);
}

Test(clocks, may_be_stepped_by_four_tenths_of_a_second)
{
    clocks();
    cr_assert(worst_of(20) == RESULT_OK);
    now[SEAM_REAL] += 400 * MS;
    cr_assert(worst_of(60) == RESULT_OK);
}

Test(clocks, that_drift_degrade_within_20_s_and_silence_when_they_run_away)
{
    static const enum seam_clock drifting[] = {SEAM_MONOTONIC, SEAM_BOOT, SEAM_REAL};
    for (size_t i = 0; i < 3; i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            clocks();
            drift_ns[drifting[i]] = sign * 700 * S / 1000000;
            cr_assert(worst_of(20) == RESULT_DEGRADED, "clock %d", (int)drifting[i]);
            clocks();
            cr_assert(worst_of(3) == RESULT_OK);
            drift_ns[drifting[i]] = sign * 20000 * S / 1000000;
            enum reference_result result = worst_of(20);
            /* Boot time that gains looks like one suspension after another: R22 judges them. */
            const bool suspends = drifting[i] == SEAM_BOOT && sign > 0;
            cr_assert(suspends ? result == RESULT_OK : result == RESULT_SILENT, "clock %d",
                      (int)drifting[i]);
        }
    }
}

Test(clocks, that_stand_still_are_fatal)
{
    static const enum seam_clock steady[] = {SEAM_MONOTONIC, SEAM_RAW, SEAM_BOOT};
    for (size_t i = 0; i < 3; i++) {
        clocks();
        cr_assert(worst_of(3) == RESULT_OK);
        now[steady[i]] -= S;
        struct finding f = second_later();
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u32, f.evidence.note, CLOCKS_STANDS));
    }
}

Test(clocks, that_all_stand_still_are_betrayed_by_the_counter)
{
    clocks();
    cr_assert(worst_of(8) == RESULT_OK);
    ticks += ticks_a_second;
    cr_assert(machine_run(19).result == RESULT_FATAL);
}

Test(clocks, that_all_stand_still_are_not_believed_from_a_counter_that_the_kernel_distrusts)
{
    struct reference_context *context = clocks();
    cr_assert(worst_of(8) == RESULT_OK);
    context->clocks.ticks_distrusted = true;
    ticks += ticks_a_second;
    cr_assert(machine_run(19).result == RESULT_OK);
}

Test(clocks, that_go_backwards_are_fatal)
{
    static const enum seam_clock steady[] = {SEAM_MONOTONIC, SEAM_RAW, SEAM_BOOT};
    for (size_t i = 0; i < 3; i++) {
        clocks();
        cr_assert(worst_of(3) == RESULT_OK);
        now[steady[i]] -= S + 1;
        struct finding f = second_later();
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u32, f.evidence.note, CLOCKS_BACKWARDS));
    }
}

Test(clocks, that_go_backwards_while_they_are_read_are_fatal)
{
    clocks();
    cr_assert(worst_of(3) == RESULT_OK);
    reading_ns = -1;
    cr_assert(second_later().result == RESULT_FATAL);
}

Test(clocks, of_the_wall_that_jump_degrade_once)
{
    static const int64_t jumps[] = {501 * MS, -501 * MS, 3600 * S, -630720000 * S,
                                    630720000 * S};
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        clocks();
        cr_assert(worst_of(3) == RESULT_OK);
        now[SEAM_REAL] += jumps[i];
        struct finding f = second_later();
        cr_assert(f.result == RESULT_DEGRADED);
        cr_assert(eq(u32, f.evidence.note, CLOCKS_JUMPED));
        cr_assert(worst_of(30) == RESULT_OK);
    }
}

Test(clocks, of_the_wall_that_creep_in_small_steps_degrade)
{
    clocks();
    drift_ns[SEAM_REAL] = 300 * MS;
    cr_assert(worst_of(3) == RESULT_DEGRADED);
}

Test(clocks, after_a_suspension_agree)
{
    clocks();
    cr_assert(worst_of(3) == RESULT_OK);
    now[SEAM_BOOT] += 30 * S;
    now[SEAM_REAL] += 30 * S;
    struct finding f = second_later();
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, CLOCKS_WOKEN));
    cr_assert(worst_of(60) == RESULT_OK);
}

Test(clocks, that_sleep_once_are_doubted_and_twice_are_broken)
{
    clocks();
    cr_assert(worst_of(3) == RESULT_OK);
    now[SEAM_BOOT] += S;
    now[SEAM_REAL] += S;
    cr_assert(machine_run(19).result == RESULT_DEGRADED);
    now[SEAM_BOOT] += S;
    now[SEAM_REAL] += S;
    cr_assert(machine_run(19).result == RESULT_FATAL);
}

Test(clocks, counter_that_changes_its_rate_degrades_once)
{
    struct reference_context *context = clocks();
    cr_assert(worst_of(20) == RESULT_OK);
    ticks_a_second += ticks_a_second / 500;
    cr_assert(worst_of(14) == RESULT_DEGRADED);
    cr_assert(worst_of(60) == RESULT_OK, "another machine, or another rate: known by now");
    context->clocks.ticks_distrusted = true;
    ticks_a_second *= 2;
    cr_assert(worst_of(60) == RESULT_OK);
}

Test(clocks, counter_that_goes_back_or_is_not_there)
{
    clocks();
    cr_assert(worst_of(20) == RESULT_OK);
    ticks = 1;
    cr_assert(worst_of(8) == RESULT_DEGRADED);
    clocks();
    ticks = ticks_a_second = 0;
    cr_assert(worst_of(60) == RESULT_OK);
}

Test(clocks, that_cannot_be_read_undisturbed_are_unknown)
{
    clocks();
    cr_assert(worst_of(3) == RESULT_OK);
    reading_ns = 2 * MS;
    cr_assert(second_later().result == RESULT_UNKNOWN);
    reading_ns = 0;
    cr_assert(worst_of(30) == RESULT_OK);
}

Test(clocks, that_say_anything_crash_nobody)
{
    uint64_t seed = 1;
    clocks();
    for (int i = 0; i < 100000; i++) {
        for (int clock = 0; clock < SEAM_CLOCKS; clock++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            now[clock] = (int64_t)(seed >> (seed >> 58));
        }
        ticks = (int64_t)(seed * 31);
        machine_run(19);
    }
}

Test(clocks, report_their_negative)
{
    cr_assert(reference_find(19)->negative(machine()));
}
