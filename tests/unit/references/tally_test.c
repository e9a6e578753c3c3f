#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "health/references/tally.h"

Test(tally, counts_what_is_in_the_window)
{
    struct tally t;
    tally_begin(&t, 2400);
    tally_add(&t, 5000, 3);
    for (uint64_t later = 0; later <= 2400; later++) {
        cr_assert(eq(u64, tally_sum(&t, 5000 + later), 3), "%lu ms later", later);
    }
    cr_assert(eq(u64, tally_sum(&t, 5000 + 2500), 0));
}

Test(tally, forgets_part_by_part)
{
    struct tally t;
    tally_begin(&t, 2400);
    for (uint64_t now = 0; now < 10000; now += 100) {
        tally_add(&t, now, 1);
        const uint64_t so_far = now / 100 + 1;
        cr_assert(eq(u64, tally_sum(&t, now), so_far < 25 ? so_far : 25));
    }
    cr_assert(eq(u64, tally_sum(&t, UINT64_MAX), 0));
    cr_assert(eq(u64, tally_sum(&t, 0), 0), "time does not go back");
}

Test(tally, takes_a_time_before_the_newest_for_it)
{
    struct tally t;
    tally_begin(&t, 2400);
    tally_add(&t, 50000, 1);
    tally_add(&t, 10, 1);
    cr_assert(eq(u64, tally_sum(&t, 50000), 2));
}

Test(tally, does_not_run_over)
{
    struct tally t;
    tally_begin(&t, 2400);
    tally_add(&t, 0, UINT64_MAX);
    tally_add(&t, 0, UINT64_MAX);
    cr_assert(eq(u64, tally_sum(&t, 0), UINT32_MAX));
}
