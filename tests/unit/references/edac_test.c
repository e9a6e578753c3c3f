#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

#define MC "/sys/devices/system/edac/mc"
#define HOUR_MS (UINT64_C(3600) * 1000)

static uint64_t now_ms;

static uint64_t clock_ns(void *self, enum seam_clock clock)
{
    (void)self;
    (void)clock;
    return now_ms * 1000000;
}

static void number(const char *file, uint64_t value)
{
    char path[192];
    char text[32];
    snprintf(path, sizeof path, MC "/%s", file);
    snprintf(text, sizeof text, "%lu\n", value);
    machine_file(path, text);
}

static void module(const char *name, const char *label, uint64_t corrected,
                   uint64_t uncorrected)
{
    char file[128];
    snprintf(file, sizeof file, "%s/dimm_ce_count", name);
    number(file, corrected);
    snprintf(file, sizeof file, "%s/dimm_ue_count", name);
    number(file, uncorrected);
    snprintf(file, sizeof file, MC "/%s/dimm_label", name);
    machine_file(file, label);
}

/* A machine with one controller and two modules. */
static struct reference_context *begin(void)
{
    struct reference_context *context = machine();
    context->seams.clock_ns = clock_ns;
    now_ms = 5 * HOUR_MS;
    machine_lacks("/sys");
    number("mc0/ce_count", 0);
    number("mc0/ce_noinfo_count", 0);
    number("mc0/ue_count", 0);
    number("mc0/seconds_since_reset", 100);
    module("mc0/dimm0", "CPU0_A1\n", 7, 0);
    module("mc0/dimm1", "\n", 0, 0);
    machine_file(MC "/power/control", "auto\n");
    return context;
}

static struct finding later(uint64_t ms)
{
    now_ms += ms;
    return machine_run(12);
}

static enum reference_result seen_now(void)
{
    return later(10000).result;
}

Test(edac, of_a_sound_machine_is_fine)
{
    begin();
    struct finding f = later(0);
    cr_assert(f.result == RESULT_OK);
    cr_assert_str_eq(machine_words(&f), "no memory error was counted since the start");
    cr_assert(seen_now() == RESULT_OK);
}

Test(edac, tells_of_a_corrected_error)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    module("mc0/dimm0", "CPU0_A1\n", 8, 0);
    struct finding f = later(10000);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.flags, 0));
    cr_assert_str_eq(machine_words(&f), "CPU0_A1 corrected 1 errors in 24 hours");
    f = later(26 * HOUR_MS);
    cr_assert_str_eq(machine_words(&f), "no memory error was counted since the start");
}

Test(edac, with_one_error_a_day_is_fine_for_a_year)
{
    begin();
    for (uint64_t day = 0; day < 365; day++) {
        module("mc0/dimm1", "\n", day, 0);
        struct finding f = later(24 * HOUR_MS);
        cr_assert(f.result == RESULT_OK);
    }
}

Test(edac, with_51_errors_of_a_module_degrades_for_a_day_and_asks_for_a_burst_once)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    module("mc0/dimm1", "\n", 50, 0);
    cr_assert(seen_now() == RESULT_OK);
    module("mc0/dimm0", "CPU0_A1\n", 8, 0);
    cr_assert(seen_now() == RESULT_OK, "each module for itself");
    module("mc0/dimm1", "\n", 51, 0);
    struct finding f = later(HOUR_MS);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_BURST));
    cr_assert_str_eq(f.evidence.subject, "mc0/dimm1");
    cr_assert(eq(u64, f.evidence.count, 51));
    f = later(23 * HOUR_MS);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, 0));
    f = later(HOUR_MS);
    cr_assert(f.result == RESULT_OK);
}

Test(edac, of_what_belongs_to_no_module_is_judged_by_the_controller)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    number("mc0/ce_noinfo_count", 51);
    struct finding f = later(1000);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert_str_eq(f.evidence.subject, "mc0");
    begin();
    machine_lacks(MC "/mc0/dimm0");
    machine_lacks(MC "/mc0/dimm1");
    cr_assert(seen_now() == RESULT_OK);
    number("mc0/ce_count", 51);
    cr_assert(seen_now() == RESULT_DEGRADED, "without modules all is its own");
}

Test(edac, with_thousands_in_an_hour_stays_degraded_and_calls_a_person)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    module("mc0/dimm1", "\n", 2001, 0);
    struct finding f = later(10000);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_BURST | FINDING_PERSON));
    f = later(1000 * HOUR_MS);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_PERSON));
}

Test(edac, with_many_for_three_days_stays_degraded)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    struct finding f;
    for (uint64_t hour = 0; hour <= 72; hour++) {
        module("mc0/dimm1", "\n", (hour + 1) * 60, 0);
        f = later(HOUR_MS);
        cr_assert(f.result == RESULT_DEGRADED);
        const bool called = (f.flags & FINDING_PERSON) != 0;
        cr_assert(called == (hour >= 48), "hour %lu", hour);
    }
    f = later(1000 * HOUR_MS);
    cr_assert(f.result == RESULT_DEGRADED);
}

Test(edac, with_an_uncorrected_error_is_fatal)
{
    begin();
    module("mc0/dimm1", "CPU0_B1\n", 0, 3);
    cr_assert(seen_now() == RESULT_OK, "what was before the start is the past");
    module("mc0/dimm1", "CPU0_B1\n", 0, 4);
    struct finding f = later(10000);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert_str_eq(machine_words(&f), "CPU0_B1 has 1 uncorrected errors more, 4 by now");
    begin();
    cr_assert(seen_now() == RESULT_OK);
    number("mc0/ue_count", 1);
    cr_assert(seen_now() == RESULT_FATAL);
}

Test(edac, that_was_reset_begins_anew)
{
    begin();
    module("mc0/dimm0", "CPU0_A1\n", 900, 5);
    cr_assert(seen_now() == RESULT_OK);
    module("mc0/dimm0", "CPU0_A1\n", 0, 0);
    struct finding f = later(10000);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, EDAC_RESET));
    module("mc0/dimm0", "CPU0_A1\n", 0, 1);
    cr_assert(seen_now() == RESULT_FATAL);
}

Test(edac, is_absent_for_good_where_nothing_counts)
{
    begin();
    machine_lacks("/sys");
    cr_assert(seen_now() == RESULT_ABSENT);
    number("mc0/ue_count", 1);
    cr_assert(seen_now() == RESULT_ABSENT);
    begin();
    machine_lacks(MC "/mc0");
    cr_assert(seen_now() == RESULT_ABSENT, "a directory without controllers");
}

Test(edac, that_vanishes_is_unknown)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    machine_lacks(MC "/mc0/dimm1");
    struct finding f = later(10000);
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert_str_eq(f.evidence.subject, "mc0/dimm1");
    module("mc0/dimm0", "CPU0_A1\n", 7, 1);
    cr_assert(seen_now() == RESULT_FATAL, "what is left counts");
    machine_lacks("/sys");
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(edac, in_garbage_is_unknown)
{
    static const char *const garbage[] = {"", "-1\n", "x\n", "1 2\n", "99999999999999999999\n"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        begin();
        machine_file(MC "/mc0/ue_count", garbage[i]);
        cr_assert(seen_now() == RESULT_UNKNOWN, "%s", garbage[i]);
        number("mc0/ue_count", 0);
        cr_assert(seen_now() == RESULT_OK);
        machine_file(MC "/mc0/dimm0/dimm_ce_count", garbage[i]);
        cr_assert(seen_now() == RESULT_UNKNOWN, "%s", garbage[i]);
    }
}

Test(edac, of_more_modules_than_can_be_watched_is_unknown)
{
    char name[32];
    begin();
    for (int i = 0; i < 2 * 200; i++) {
        snprintf(name, sizeof name, "mc%d/dimm%d", i / 200, i % 200);
        module(name, "\n", 0, 0);
    }
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(edac, reports_its_negative)
{
    cr_assert(reference_find(12)->negative(machine()));
}

/* faults.md, F2B: within ten seconds. */
Test(edac, is_looked_at_every_ten_seconds)
{
    cr_assert(le(u32, reference_find(12)->period_ms, 10000));
}
