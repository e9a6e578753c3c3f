#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "machine.h"

static void pressure(const char *what, const char *some, const char *full)
{
    char path[64];
    char text[256];
    snprintf(path, sizeof path, "/proc/pressure/%s", what);
    snprintf(text, sizeof text,
             "some avg10=%s avg60=0.00 avg300=0.00 total=7\n"
             "full avg10=%s avg60=0.00 avg300=0.00 total=7\n",
             some, full);
    machine_file(path, text);
}

static void swapped(uint64_t kib)
{
    char text[128];
    snprintf(text, sizeof text, "Name:\tx\nVmLck:\t 0 kB\nVmSwap:\t%8lu kB\nThreads:\t1\n",
             kib);
    machine_file("/proc/self/status", text);
}

static void open_files(int count, const char *most)
{
    char text[256];
    machine_lacks("/proc/self/fd");
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "/proc/self/fd/%d", i);
        machine_file(text, "");
    }
    snprintf(text, sizeof text,
             "Limit                     Soft Limit           Hard Limit           Units\n"
             "Max open files            %-20s 20000                files\n",
             most);
    machine_file("/proc/self/limits", text);
}

static void begin(void)
{
    machine();
    machine_lacks("/proc");
    pressure("memory", "0.00", "0.00");
    pressure("io", "0.00", "0.00");
    pressure("cpu", "0.00", "0.00");
    swapped(0);
    open_files(8, "10");
}

static enum reference_result seen_now(void)
{
    return machine_run(34).result;
}

Test(resources, that_suffice_are_fine)
{
    begin();
    struct finding f = machine_run(34);
    cr_assert(f.result == RESULT_OK);
    cr_assert_str_eq(machine_words(&f), "nothing is short");
}

Test(resources, of_this_machine_can_be_read)
{
    machine()->seams.root = "";
    cr_assert(seen_now() == RESULT_OK || seen_now() == RESULT_DEGRADED);
}

Test(resources, busy_cores_and_disks_are_no_finding)
{
    begin();
    pressure("cpu", "100.00", "0.00");
    pressure("io", "99.00", "98.00");
    struct finding f = machine_run(34);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, RESOURCES_BUSY));
}

Test(resources, memory_that_all_wait_for_degrades)
{
    begin();
    pressure("memory", "90.00", "5.00");
    cr_assert(seen_now() == RESULT_OK);
    pressure("memory", "90.00", "5.01");
    cr_assert(seen_now() == RESULT_DEGRADED);
}

Test(resources, swapping_degrades_while_it_goes_on)
{
    begin();
    cr_assert(seen_now() == RESULT_OK);
    swapped(400);
    struct finding f = machine_run(34);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u64, f.evidence.count, 400));
    f = machine_run(34);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, RESOURCES_SWAPPED_BEFORE));
}

Test(resources, descriptors_above_four_fifths_degrade)
{
    begin();
    open_files(9, "10");
    struct finding f = machine_run(34);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert_str_eq(machine_words(&f), "9 of 10 file descriptors are open");
    open_files(9, "unlimited");
    cr_assert(seen_now() == RESULT_OK);
}

Test(resources, whose_sources_are_missing_are_absent_one_by_one)
{
    begin();
    machine_lacks("/proc/pressure");
    cr_assert(seen_now() == RESULT_OK);
    pressure("memory", "90.00", "90.00");
    cr_assert(seen_now() == RESULT_OK, "comes too late");
    swapped(1);
    cr_assert(seen_now() == RESULT_DEGRADED);
    machine();
    machine_lacks("/proc");
    cr_assert(seen_now() == RESULT_ABSENT);
    swapped(1);
    cr_assert(seen_now() == RESULT_ABSENT);
}

Test(resources, whose_sources_vanish_are_unknown)
{
    static const char *const paths[] = {"/proc/pressure/memory", "/proc/pressure/io",
                                        "/proc/pressure/cpu",    "/proc/self/status",
                                        "/proc/self/limits",     "/proc/self/fd"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        begin();
        cr_assert(seen_now() == RESULT_OK);
        machine_lacks(paths[i]);
        cr_assert(seen_now() == RESULT_UNKNOWN, "%s", paths[i]);
    }
}

Test(resources, in_garbage_are_unknown)
{
    static const char *const garbage[] = {"",    "101.00", "-1.00", "1",
                                          "1.0", "1.000",  "1.0x",  "99999999999999999999.00"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        begin();
        pressure("memory", "0.00", garbage[i]);
        cr_assert(seen_now() == RESULT_UNKNOWN, "%s", garbage[i]);
    }
    begin();
    machine_file("/proc/pressure/cpu", "");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    begin();
    machine_file("/proc/self/status", "VmSwap: much\n");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    begin();
    open_files(1, "many");
    cr_assert(seen_now() == RESULT_UNKNOWN);
    machine_file("/proc/self/limits", "");
    cr_assert(seen_now() == RESULT_UNKNOWN);
}

Test(resources, report_their_negative)
{
    cr_assert(reference_find(34)->negative(machine()));
}
