#include "../../deploy/stats/traffic.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(traffic, keeps_its_rate_however_often_it_is_asked)
{
    static const int64_t steps_ms[] = {1, 7, 50, 333, 1000};

    for (size_t i = 0; i < sizeof steps_ms / sizeof *steps_ms; i++) {
        uint64_t made = 0;
        for (int64_t elapsed_ms = 0; elapsed_ms < 60000; elapsed_ms += steps_ms[i]) {
            made += traffic_due(elapsed_ms, 37, made);
        }
        made += traffic_due(60000, 37, made);
        cr_assert(eq(u64, made, 60 * 37), "every %d ms", (int)steps_ms[i]);
    }
    cr_assert(eq(u64, traffic_due(60000, 0, 0), 0));
}

Test(traffic, makes_up_for_a_pause_a_second_at_a_time)
{
    cr_assert(eq(u64, traffic_due(3600000, 100, 0), 100));
    cr_assert(eq(u64, traffic_due(3600000, 100, 359950), 50));
    cr_assert(eq(u64, traffic_due(1000, 100, 500), 0), "a clock cannot ask rows back");
}

Test(traffic, gives_the_same_queries_for_a_seed_and_no_id_twice)
{
    struct traffic first = {.node = "atlas", .customers = 5, .random = 9, .run = 1};
    struct traffic second = {.node = "atlas", .customers = 5, .random = 9, .run = 2};
    int positives = 0;

    for (int i = 0; i < 1000; i++) {
        struct row a;
        struct row b;
        traffic_row(&first, 1000 + i, &a);
        traffic_row(&second, 1000 + i, &b);
        cr_assert(eq(int, strcmp(a.customer, b.customer), 0));
        cr_assert(eq(int, strcmp(a.verdict, b.verdict), 0));
        cr_assert(ne(int, strcmp(a.id, b.id), 0));
        positives += row_is_positive(&a);
    }
    cr_assert(gt(int, positives, 30));
    cr_assert(lt(int, positives, 120));
}
