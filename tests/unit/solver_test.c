#include "agent/solver.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

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
    cr_assert(solver_work(one, expected));
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
