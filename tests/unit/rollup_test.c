#include "../../deploy/stats/rollup.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* The answers were computed apart, by Python's hashlib, from the layout in rollup.h. */
Test(rollup, has_the_digest_of_its_canonical_bytes)
{
    struct rollup r;
    char text[DIGEST_TEXT_BYTES];

    rollup_init(&r);
    struct digest digest = rollup_digest(&r, 7);
    digest_format(&digest, text);
    cr_assert(eq(int, strcmp(text, "1b794fd937fce9eca7983e20f8435565"), 0));
    cr_assert(rollup_add(&r, "acme", 5, 2));
    cr_assert(rollup_add(&r, "zebra", 3, 0));
    cr_assert(rollup_add(&r, "\xc3\xa9t\xc3\xa9", 1, 1));
    digest = rollup_digest(&r, 29877000);
    digest_format(&digest, text);
    cr_assert(eq(int, strcmp(text, "320bc822ba9778c601992010b6db55b3"), 0));
    rollup_finish(&r);
}

Test(rollup, adds_up_what_is_of_one_customer)
{
    struct rollup r;
    char customer[16];

    rollup_init(&r);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(customer, sizeof customer, "c%03d", i / 4);
        cr_assert(rollup_add(&r, customer, 1, i % 4 == 0));
    }
    cr_assert(eq(sz, r.count, 250));
    for (size_t i = 0; i < r.count; i++) {
        cr_assert(eq(i64, r.lines[i].queries, 4));
        cr_assert(eq(i64, r.lines[i].positives, 1));
    }
    rollup_finish(&r);
}

Test(rollup, refuses_what_no_sound_store_hands_out)
{
    struct rollup r;
    char long_name[ROW_CUSTOMER_BYTES_MAX + 2];

    memset(long_name, 'z', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    rollup_init(&r);
    cr_assert(rollup_add(&r, "m", 3, 1));
    const struct digest before = rollup_digest(&r, 1);

    cr_assert(not(rollup_add(&r, "a", 1, 0)), "out of order");
    cr_assert(not(rollup_add(&r, "", 1, 0)), "no name");
    cr_assert(not(rollup_add(&r, long_name, 1, 0)), "too long a name");
    cr_assert(not(rollup_add(&r, "n", -1, 0)), "below 0");
    cr_assert(not(rollup_add(&r, "n", 1, -1)), "below 0");
    cr_assert(not(rollup_add(&r, "n", 1, 2)), "more positives than queries");
    cr_assert(not(rollup_add(&r, "n", INT64_MAX, 0)), "too many");
    cr_assert(not(rollup_add(&r, "m", INT64_C(1) << 52, 0)), "too many together");

    const struct digest after = rollup_digest(&r, 1);
    cr_assert(digest_equal(&before, &after));
    rollup_finish(&r);
}

static struct digest digest_of(const char *customer, int64_t queries, int64_t positives)
{
    struct rollup r;

    rollup_init(&r);
    cr_assert(rollup_add(&r, customer, queries, positives));
    const struct digest digest = rollup_digest(&r, 9);
    rollup_finish(&r);
    return digest;
}

Test(rollup, has_another_digest_when_anything_differs)
{
    const struct digest all[] = {digest_of("acme", 5, 2), digest_of("acmf", 5, 2),
                                 digest_of("acme", 6, 2), digest_of("acme", 5, 3),
                                 digest_of("acm", 5, 2)};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            cr_assert(eq(int, digest_equal(&all[i], &all[j]), i == j), "%zu, %zu", i, j);
        }
    }
}
