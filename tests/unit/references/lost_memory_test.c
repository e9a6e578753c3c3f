#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "machine.h"

static void meminfo(const char *fields)
{
    char text[256];
    snprintf(text, sizeof text, "MemTotal:  24684328 kB\n%s", fields);
    machine_file("/proc/meminfo", text);
}

static enum reference_result seen_now(void)
{
    return machine_run(13).result;
}

Test(lost_memory, is_none_on_a_sound_machine)
{
    machine();
    meminfo("HardwareCorrupted:     0 kB\nEarlyMemtestBad:   0 kB\n");
    cr_assert(seen_now() == RESULT_OK);
    cr_assert(seen_now() == RESULT_OK);
}

Test(lost_memory, degrades_and_asks_for_a_burst_once_per_increment)
{
    machine();
    meminfo("HardwareCorrupted:     4 kB\n");
    cr_assert(seen_now() == RESULT_OK, "what was lost before the start is the past");
    meminfo("HardwareCorrupted:    12 kB\n");
    struct finding f = machine_run(13);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_BURST));
    cr_assert_str_eq(machine_words(&f),
                     "the kernel took away 8 KiB more as bad, 12 KiB by now");
    cr_assert(seen_now() == RESULT_OK);
    meminfo("HardwareCorrupted:     0 kB\n");
    cr_assert(seen_now() == RESULT_OK, "a page was given back");
    meminfo("HardwareCorrupted:     4 kB\n");
    cr_assert(seen_now() == RESULT_DEGRADED);
}

Test(lost_memory, of_a_mebibyte_stays_degraded_and_calls_a_person)
{
    machine();
    meminfo("HardwareCorrupted:  1024 kB\n");
    for (int i = 0; i < 3; i++) {
        struct finding f = machine_run(13);
        cr_assert(f.result == RESULT_DEGRADED);
        cr_assert(eq(u32, f.flags, FINDING_PERSON));
    }
    meminfo("HardwareCorrupted:  1023 kB\n");
    cr_assert(seen_now() == RESULT_OK);
}

Test(lost_memory, found_by_the_test_at_boot_degrades)
{
    machine();
    meminfo("EarlyMemtestBad:     64 kB\n");
    struct finding f = machine_run(13);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u64, f.evidence.got, 64));
}

Test(lost_memory, is_absent_for_good_where_the_kernel_does_not_count)
{
    machine();
    machine_lacks("/proc/meminfo");
    cr_assert(seen_now() == RESULT_ABSENT);
    meminfo("HardwareCorrupted:  4096 kB\n");
    cr_assert(seen_now() == RESULT_ABSENT, "never changed to while running");
    machine();
    meminfo("");
    cr_assert(seen_now() == RESULT_ABSENT);
}

Test(lost_memory, that_vanishes_is_unknown)
{
    machine();
    meminfo("HardwareCorrupted:     0 kB\nEarlyMemtestBad:   0 kB\n");
    cr_assert(seen_now() == RESULT_OK);
    meminfo("HardwareCorrupted:     0 kB\n");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    meminfo("");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    machine_lacks("/proc/meminfo");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    meminfo("HardwareCorrupted:     0 kB\nEarlyMemtestBad:   0 kB\n");
    cr_assert(seen_now() == RESULT_OK);
}

Test(lost_memory, in_garbage_is_unknown)
{
    static const char *const garbage[] = {
        "HardwareCorrupted:    -4 kB\n",
        "HardwareCorrupted: \n",
        "HardwareCorrupted: 99999999999999999999 kB\n",
        "HardwareCorrupted: 0 kB\nHardwareCorrupted: 0 kB\n",
        "HardwareCorrupted: 0 kB\nEarlyMemtestBad: zero kB\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        machine();
        meminfo(garbage[i]);
        cr_assert(seen_now() == RESULT_UNKNOWN, "%s", garbage[i]);
    }
}

Test(lost_memory, reports_its_negative)
{
    cr_assert(reference_find(13)->negative(machine()));
}
