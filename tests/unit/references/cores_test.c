#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "machine.h"

/* Cores 0, 2 and 70, one of which bends what it computes. */
static struct {
    uint64_t offline; /* core that cannot be pinned to, as after a hot-unplug */
    uint32_t bad_core;
    enum kernel bad_kernel;
    uint32_t skip;    /* so many answers of the bad one stay right */
    uint32_t bends;   /* and then so many are wrong */
    int cores_status; /* of asking */
    int pin_status;
    uint32_t pinned[64];
    uint32_t pins;
} world;

static int cores(void *self, struct core_set *allowed)
{
    (void)self;
    allowed->words[0] = 5;
    allowed->words[1] = 1ul << 6;
    return world.cores_status;
}

static int pin(void *self, const struct core_set *allowed)
{
    (void)self;
    uint32_t core = 0;
    while ((allowed->words[core / 64] >> core % 64 & 1) == 0) {
        core++;
    }
    const bool alone = (allowed->words[0] & (allowed->words[0] - 1)) == 0 &&
                       (allowed->words[0] == 0 || allowed->words[1] == 0);
    if (alone && core == world.offline) {
        return -EINVAL;
    }
    world.pinned[world.pins++ % 64] = alone ? core : UINT32_MAX;
    return world.pin_status;
}

static void bend(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    (void)self;
    (void)where;
    const bool bad = index == world.bad_core * KERNEL_COUNT + (uint32_t)world.bad_kernel;
    cr_assert(eq(sz, size_bytes, 8));
    if (bad && world.skip > 0) {
        world.skip--;
    } else if (bad && world.bends > 0) {
        world.bends--;
        ((uint8_t *)bytes)[5] ^= 1;
    }
}

static struct reference_context *start(void)
{
    struct reference_context *context = machine();
    context->seams.cores = cores;
    context->seams.pin = pin;
    context->seams.bend = bend;
    memset(&world, 0, sizeof world);
    world.offline = UINT64_MAX;
    return context;
}

Test(cores, of_the_real_machine_compute_right)
{
    cpu_set_t before;
    cpu_set_t after;
    machine();
    sched_getaffinity(0, sizeof before, &before);
    for (int i = 0; i < 50; i++) {
        const struct finding f = machine_run(15);
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
        const bool allowed = CPU_ISSET(f.evidence.core, &before);
        cr_assert(allowed);
    }
    sched_getaffinity(0, sizeof after, &after);
    const bool restored = CPU_EQUAL(&before, &after);
    cr_assert(restored, "where it ran is no matter afterwards");
}

Test(cores, take_turns)
{
    static const uint32_t expected[] = {0, 2, 70, 0, 2, 70, 0};
    start();
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct finding f = machine_run(15);
        cr_assert(f.result == RESULT_OK);
        cr_assert(eq(u32, f.evidence.core, expected[i]));
        cr_assert(eq(u32, world.pinned[2 * i], expected[i]));
        cr_assert(eq(u32, world.pinned[2 * i + 1], UINT32_MAX), "free again");
    }
}

Test(cores, are_all_run_for_those_in_a_hurry)
{
    start()->whole = true;
    const struct finding f = machine_run(15);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u64, f.evidence.got, 3));
}

Test(cores, that_compute_wrongly_are_fatal_and_named)
{
    const struct processor p = processor_now();
    for (uint32_t kernel = 0; kernel < KERNEL_COUNT; kernel++) {
        if (!kernel_runs_on((enum kernel)kernel, &p)) {
            continue;
        }
        start();
        world.bad_core = 2;
        world.bad_kernel = (enum kernel)kernel;
        world.bends = UINT32_MAX;
        cr_assert(machine_run(15).result == RESULT_OK);
        const struct finding f = machine_run(15);
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u32, f.evidence.core, 2));
        cr_assert(eq(u64, f.evidence.count, 10), "the retests");
        cr_assert_str_eq(f.evidence.subject, kernel_name((enum kernel)kernel));
        cr_assert(eq(u32, world.pinned[world.pins - 1], UINT32_MAX));
    }
}

Test(cores, wrong_once_are_fatal_though_the_retest_is_right)
{
    start();
    world.bends = 1;
    const struct finding f = machine_run(15);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u64, f.evidence.count, 0));
}

Test(cores, that_disagree_on_random_operands_are_fatal)
{
    start();
    world.bad_core = 70;
    world.bad_kernel = KERNEL_COMPARE;
    world.skip = 1; /* the fixed seed */
    world.bends = 1;
    cr_assert(machine_run(15).result == RESULT_OK);
    cr_assert(machine_run(15).result == RESULT_OK);
    const struct finding f = machine_run(15);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert_str_eq(machine_words(&f),
                     "core 70 computes compare otherwise than the core before it");
}

Test(cores, taken_offline_are_skipped)
{
    start();
    world.offline = 2;
    cr_assert(eq(u32, machine_run(15).evidence.core, 0));
    const struct finding f = machine_run(15);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.core, 70));
}

Test(cores, that_may_not_be_chosen_are_unknown)
{
    start();
    world.pin_status = -EPERM;
    cr_assert(machine_run(15).result == RESULT_UNKNOWN);
    world.pin_status = -EINVAL;
    cr_assert(machine_run(15).result == RESULT_UNKNOWN, "none is online");
    start()->whole = true;
    world.pin_status = -EINVAL;
    cr_assert(machine_run(15).result == RESULT_UNKNOWN);
    start();
    world.cores_status = -ENOSYS;
    cr_assert(machine_run(15).result == RESULT_UNKNOWN);
}

Test(cores, report_their_negative)
{
    cr_assert(reference_find(15)->negative(machine()));
}
