#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "health/references/burst.h"
#include "machine.h"

/* A memory with one bad cell, at a place in a slice. */
static struct {
    uint32_t pattern; /* under which it is bad; UINT32_MAX: all */
    uint64_t *cell;   /* chosen at the first chance */
    uint32_t words;   /* so many words from there on */
    uint32_t times;   /* so often; then it is good */
    uint32_t offset;  /* bytes in the slice */
    uint32_t maps;    /* slices given out */
    uint32_t maps_max;
    uint32_t unmaps;
    int lock_status;
} world;

static struct seams real;

static void *map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    if (world.maps >= world.maps_max) {
        return NULL;
    }
    world.maps++;
    return real.map(NULL, size_bytes, huge);
}

static void unmap(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    world.unmaps++;
    real.unmap(NULL, bytes, size_bytes);
}

static int lock(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    (void)bytes;
    (void)size_bytes;
    return world.lock_status;
}

static void bend(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    (void)self;
    if (where != BEND_MEMORY || world.times == 0 ||
        (index != world.pattern && world.pattern != UINT32_MAX)) {
        return;
    }
    if (world.cell == NULL) {
        world.cell = (uint64_t *)((char *)bytes + world.offset);
    }
    if ((char *)world.cell < (char *)bytes ||
        (char *)world.cell >= (char *)bytes + size_bytes) {
        return;
    }
    world.times--;
    for (uint32_t i = 0; i < world.words; i++) {
        world.cell[i] ^= 0x400;
    }
}

static struct reference_context *start(void)
{
    struct reference_context *context = machine();
    real = context->seams;
    context->seams.map = map;
    context->seams.unmap = unmap;
    context->seams.lock = lock;
    machine_file("/proc/meminfo", "MemTotal: 409600 kB\nMemAvailable: 400000 kB\n");
    memset(&world, 0, sizeof world);
    world.maps_max = UINT32_MAX;
    return context;
}

static void bad_cell(uint32_t pattern, uint32_t offset, uint32_t words, uint32_t times)
{
    machine_context()->seams.bend = bend;
    world.pattern = pattern;
    world.offset = offset;
    world.words = words;
    world.times = times;
}

Test(sweep, holds_slices_until_the_window_is_full)
{
    struct reference_context *context = start(); /* a window of 8 MiB: 4 slices */
    for (uint32_t i = 1; i <= 4; i++) {
        const struct finding f = machine_run(10);
        cr_assert(f.result == RESULT_OK);
        cr_assert(eq(u64, f.evidence.count, 2 * i));
        cr_assert(eq(u64, f.evidence.got, 2 * i));
        cr_assert(eq(u32, world.unmaps, 0));
    }
    const struct finding f = machine_run(10);
    cr_assert_str_eq(machine_words(&f), "10 MiB tested since the start, 2 MiB held at present");
    cr_assert(eq(u32, world.unmaps, 4));
    references_finish(context);
    cr_assert(eq(u32, world.unmaps, 5));
}

Test(sweep, of_the_real_machine_finds_nothing)
{
    struct reference_context *context = start();
    context->seams = real;
    for (int i = 0; i < 66; i++) {
        const struct finding f = machine_run(10);
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    }
    references_finish(context);
}

Test(sweep, with_a_hard_fault_is_fatal_under_each_pattern)
{
    for (uint32_t pattern = 0; pattern < SLICE_PATTERNS; pattern++) {
        struct reference_context *context = start();
        bad_cell(pattern, 8 * (1000 + 7 * pattern), 1, UINT32_MAX);
        const struct finding f = machine_run(10);
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u64, f.evidence.address, (uint64_t)(uintptr_t)world.cell));
        cr_assert(eq(u64, f.evidence.expected ^ f.evidence.got, 0x400));
        cr_assert(eq(u64, f.evidence.count, 1));
        references_finish(context);
    }
}

Test(sweep, retests_the_same_page)
{
    struct reference_context *context = start();
    bad_cell(5, (uint32_t)SLICE_BYTES - 8, 1, 5); /* the last word, and then four times again */
    cr_assert(machine_run(10).result == RESULT_FATAL);
    cr_assert(eq(u32, world.times, 0));
    references_finish(context);
}

Test(sweep, with_a_fault_that_does_not_show_again_is_degraded_and_asks_for_a_burst)
{
    struct reference_context *context = start();
    bad_cell(2, 4096, 1, 1);
    const struct finding f = machine_run(10);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_BURST | FINDING_TWICE));
    cr_assert(eq(u32, f.hold_s, 3600));
    for (int i = 0; i < 8; i++) {
        cr_assert(machine_run(10).result == RESULT_OK);
    }
    cr_assert(eq(u32, world.maps - world.unmaps, 5), "four in the window, and the bad one");
    references_finish(context);
    cr_assert(eq(u32, world.maps, world.unmaps));
}

Test(sweep, with_two_wrong_words_at_once_is_fatal_at_once)
{
    struct reference_context *context = start();
    bad_cell(3, 4096 - 8, 2, 1); /* on two pages */
    const struct finding f = machine_run(10);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u64, f.evidence.count, 2));
    references_finish(context);
}

Test(sweep, without_the_right_to_lock_goes_on_and_says_so)
{
    struct reference_context *context = start();
    world.lock_status = -ENOMEM;
    const struct finding f = machine_run(10);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, SWEEP_UNLOCKED));
    references_finish(context);
}

Test(sweep, makes_room_at_once_when_others_need_it)
{
    struct reference_context *context = start();
    machine_run(10);
    machine_run(10);
    machine_file("/proc/pressure/memory", "some avg10=5.00 avg60=0.00\n");
    const struct finding f = machine_run(10);
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.flags, FINDING_EXCUSED));
    cr_assert(eq(u32, world.unmaps, 2));
    machine_lacks("/proc/pressure/memory");
    cr_assert(machine_run(10).result == RESULT_OK);
    context->spare = true;
    cr_assert(eq(u32, machine_run(10).flags, FINDING_EXCUSED));
    references_finish(context);
}

Test(sweep, without_memory_or_word_of_it_is_unknown)
{
    struct reference_context *context = start();
    world.maps_max = 1;
    cr_assert(machine_run(10).result == RESULT_OK);
    struct finding f = machine_run(10);
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.flags, 0), "this one counts");
    cr_assert(eq(u32, world.unmaps, 1));
    machine_lacks("/proc/meminfo");
    f = machine_run(10);
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.flags, 0));
    references_finish(context);
}

Test(sweep, reports_its_negative)
{
    start();
    cr_assert(reference_find(10)->negative(machine_context()));
    cr_assert(eq(u32, world.maps, world.unmaps));
}

static struct finding burst(struct reference_context *context, uint64_t mib)
{
    struct finding f;
    struct burst_plan plan = burst_upon_suspicion();
    plan.bytes = mib << 20;
    plan.core_rounds = 1;
    plan.fill = FILL_SMALL;
    burst_run(context, &plan, &f);
    return f;
}

Test(burst, holds_all_that_it_tests)
{
    struct reference_context *context = start();
    const struct finding f = burst(context, 32);
    cr_assert(f.result == RESULT_OK);
    cr_assert_str_eq(machine_words(&f),
                     "32 MiB tested at once; every core and 64 MiB of Argon2id are right");
    cr_assert(eq(u32, world.maps, 16 + 1), "and what Argon2id goes over");
    cr_assert(eq(u32, world.unmaps, 16 + 1));
}

/* Each look at the clock costs as much as a slice on a slow machine. */
static uint64_t slow_clock_ns(void *self, enum seam_clock clock)
{
    static uint64_t now_ns;
    (void)self;
    (void)clock;
    return now_ns += UINT64_C(100000000);
}

/* faults.md, F2A: four seconds with cores and Argon2id, for which the last one is left. */
Test(burst, goes_over_memory_for_three_seconds_at_most)
{
    struct reference_context *context = start();
    context->seams.clock_ns = slow_clock_ns;
    const struct finding f = burst(context, 1024);
    cr_assert(f.result == RESULT_OK);
    cr_assert(le(u64, f.evidence.count, 30 * 2));
    cr_assert(gt(u64, f.evidence.count, 20 * 2));
}

Test(burst, leaves_an_eighth_of_what_is_free)
{
    struct reference_context *context = start();
    machine_file("/proc/meminfo", "MemTotal: 409600 kB\nMemAvailable: 65536 kB\n");
    cr_assert(eq(u64, burst(context, 1024).evidence.count, 56));
}

Test(burst, with_a_fault_says_which)
{
    struct reference_context *context = start();
    bad_cell(4, 128, 1, UINT32_MAX);
    struct finding f = burst(context, 32);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.id, 10));
    start();
    bad_cell(4, 128, 1, 1);
    f = burst(context, 32);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u32, f.flags, FINDING_TWICE), "another burst would tell no more");
}

Test(burst, without_memory_is_unknown)
{
    struct reference_context *context = start();
    world.maps_max = 0;
    cr_assert(burst(context, 32).result == RESULT_UNKNOWN);
    start();
    machine_lacks("/proc/meminfo");
    cr_assert(burst(context, 32).result == RESULT_UNKNOWN);
}

static void bend_others(void *self, enum bend where, uint32_t index, void *bytes,
                        size_t size_bytes)
{
    (void)index;
    (void)size_bytes;
    if (where == *(const enum bend *)self) {
        ((uint8_t *)bytes)[0] ^= 1;
    }
}

Test(burst, names_a_wrong_core_or_fill)
{
    struct reference_context *context = start();
    enum bend where = BEND_KERNEL;
    context->seams.bend = bend_others;
    context->seams.self = &where;
    struct finding f = burst(context, 2);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.id, 15));
    where = BEND_FILL;
    f = burst(context, 2);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.id, 11));
}
