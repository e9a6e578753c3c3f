#include "agent/solver.h"
#include "agent/task_work.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "health/references/arena.h"
#include "references/machine.h"

struct solved {
    struct loop *loop;
    uint32_t count;
    uint64_t serial[3];
    uint8_t result[3][SOLVER_RESULT_BYTES];
};

static void on_solved(void *context, uint64_t serial, const uint8_t *result)
{
    struct solved *s = context;
    cr_assert(result != NULL);
    s->serial[s->count] = serial;
    memcpy(s->result[s->count++], result, SOLVER_RESULT_BYTES);
    if (s->count == 3) {
        loop_stop(s->loop);
    }
}

Test(solver, solves_what_it_is_asked_in_order_and_the_same_each_time, .timeout = 30)
{
    struct solved s = {.loop = loop_create()};
    const struct solver_options options = {
        .loop = s.loop, .on_solved = on_solved, .context = &s};
    struct solver *solver = solver_create(&options);
    const uint8_t one[SOLVER_NONCE_BYTES] = {1};
    const uint8_t two[SOLVER_NONCE_BYTES] = {2};
    uint8_t expected[SOLVER_RESULT_BYTES];
    cr_assert(solver != NULL);
    solver_ask(solver, 7, one);
    solver_ask(solver, 8, two);
    solver_ask(solver, 9, one);
    loop_run(s.loop);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert(eq(u64, s.serial[i], 7 + i));
    }
    cr_assert(task_work(one, expected));
    cr_assert(eq(int, memcmp(s.result[0], expected, sizeof expected), 0));
    cr_assert(eq(int, memcmp(s.result[2], expected, sizeof expected), 0));
    cr_assert(ne(int, memcmp(s.result[1], expected, sizeof expected), 0));
    solver_destroy(solver);
    loop_destroy(s.loop);
}

Test(solver, ends_with_work_undone, .timeout = 30)
{
    struct solved s = {.loop = loop_create()};
    const struct solver_options options = {
        .loop = s.loop, .on_solved = on_solved, .context = &s};
    struct solver *solver = solver_create(&options);
    const uint8_t nonce[SOLVER_NONCE_BYTES] = {3};
    for (uint64_t i = 1; i < 100; i++) {
        solver_ask(solver, i, nonce);
    }
    solver_destroy(solver);
    loop_destroy(s.loop);
}

static uint32_t may_hold(uint64_t total_mib, uint64_t free_mib, uint64_t window_mib)
{
    struct reference_context *context = machine();
    char text[256];
    snprintf(text, sizeof text, "MemTotal:  %llu kB\nMemAvailable: %llu kB\n",
             (unsigned long long)total_mib * 1024, (unsigned long long)free_mib * 1024);
    machine_file("/proc/meminfo", text);
    return solver_may_hold(context, window_mib << 20);
}

Test(solver, holds_one_arena_by_default_and_more_where_the_sweep_has_more)
{
    cr_assert(eq(u32, may_hold(24000, 20000, 8), 1));
    cr_assert(eq(u32, may_hold(24000, 20000, 64), 1));
    cr_assert(eq(u32, may_hold(24000, 20000, 128), 2));
    cr_assert(eq(u32, may_hold(24000, 20000, 256), ARENAS_MAX));
    cr_assert(eq(u32, may_hold(1000, 900, 256), 1));
}

Test(solver, holds_none_on_a_small_machine_or_while_others_need_memory)
{
    cr_assert(eq(u32, may_hold(799, 700, 8), 0));
    cr_assert(eq(u32, may_hold(800, 700, 8), 1));
    cr_assert(eq(u32, may_hold(24000, 1000, 8), 0));
    struct reference_context *context = machine();
    machine_lacks("/proc/meminfo");
    cr_assert(eq(u32, solver_may_hold(context, UINT64_C(8) << 20), 0));
}
