#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <sys/resource.h>

#include "machine.h"

static uint32_t bent_byte;
static uint32_t maps;
static uint32_t unmaps;

static void bend(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    (void)self;
    (void)index;
    cr_assert(where == BEND_FILL);
    cr_assert(bent_byte < size_bytes);
    ((uint8_t *)bytes)[bent_byte] ^= 0x80;
}

Test(fill, finds_the_answers_of_the_reference_implementation)
{
    static const enum fill_size sizes[] = {FILL_SMALL, FILL_MIDDLE, FILL_LARGE};
    const struct reference_context *context = machine();
    for (uint32_t i = 0; i < 3; i++) {
        struct finding f;
        finding_begin(&f, 11);
        fill_run(&context->seams, sizes[i], &f);
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
    }
}

Test(fill, wrong_in_any_byte_is_fatal)
{
    machine()->seams.bend = bend;
    for (bent_byte = 0; bent_byte < FILL_ANSWER_BYTES; bent_byte++) {
        const struct finding f = machine_run(11);
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u32, f.evidence.note, FILL_WRONG));
    }
    references_finish(machine_context());
}

Test(fill, grows_now_and_then)
{
    machine();
    for (uint32_t run = 1; run <= 60; run++) {
        const struct finding f = machine_run(11);
        cr_assert(f.result == RESULT_OK);
        cr_assert(eq(u64, f.evidence.count, run % 30 == 0 ? 16 : 1));
    }
    machine_context()->fill.runs = 359;
    cr_assert(eq(u64, machine_run(11).evidence.count, 64));
    references_finish(machine_context());
}

static void *map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    maps++;
    return seams_of_machine().map(NULL, size_bytes, huge);
}

static void unmap(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    unmaps++;
    seams_of_machine().unmap(NULL, bytes, size_bytes);
}

Test(fill, holds_its_memory_for_some_runs)
{
    struct reference_context *context = machine();
    context->seams.map = map;
    context->seams.unmap = unmap;
    for (uint32_t run = 1; run <= 20; run++) {
        machine_run(11);
        cr_assert(eq(u32, maps - unmaps, run < ARENAS_MAX ? run : ARENAS_MAX));
    }
    context->spare = true;
    machine_run(11);
    cr_assert(eq(u32, maps, unmaps), "others need it");
}

Test(fill, without_memory_is_unknown)
{
    machine();
    struct rlimit before;
    cr_assert(eq(int, getrlimit(RLIMIT_AS, &before), 0));
    const struct rlimit none = {1, before.rlim_max};
    cr_assert(eq(int, setrlimit(RLIMIT_AS, &none), 0));
    const struct finding f = machine_run(11);
    cr_assert(eq(int, setrlimit(RLIMIT_AS, &before), 0)); /* what judges the test needs some */
    cr_assert(f.result == RESULT_UNKNOWN);
    cr_assert(eq(u32, f.evidence.note, FILL_NO_MEMORY));
}

Test(fill, reports_its_negative)
{
    cr_assert(reference_find(11)->negative(machine()));
}
