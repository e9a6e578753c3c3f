#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

static struct listing l;
static uint64_t count;
static char name[LISTING_NAME_BYTES];
static char parent[LISTING_NAME_BYTES];

static void link_to(const char *target)
{
    machine_file("/sys/l/x", "");
    unlink(machine_path("/sys/l/link"));
    cr_assert(eq(int, symlink(target, machine_path("/sys/l/link")), 0));
}

Test(listing, is_sorted_and_of_one_prefix)
{
    const struct seams *s = &machine()->seams;
    machine_file("/sys/d/mc1/x", "");
    machine_file("/sys/d/mc0", "");
    machine_file("/sys/d/power", "");
    machine_file("/sys/d/.hidden", "");
    cr_assert(listing_read(s, "/sys/d", "mc", &l) == SOURCE_READ);
    cr_assert(l.count == 2 && !l.cut);
    cr_assert_str_eq(l.names[0], "mc0");
    cr_assert_str_eq(l.names[1], "mc1");
    cr_assert(listing_count(s, "/sys/d", &count) == SOURCE_READ);
    cr_assert(eq(u64, count, 3));
}

Test(listing, of_nothing_has_no_names)
{
    const struct seams *s = &machine()->seams;
    machine_file("/sys/f", "");
    cr_assert(listing_read(s, "/sys/none", "", &l) == SOURCE_MISSING);
    cr_assert(eq(u32, l.count, 0));
    cr_assert(listing_read(s, "/sys/f", "", &l) == SOURCE_MISSING);
    cr_assert(listing_count(s, "/sys/none", &count) == SOURCE_MISSING);
}

Test(listing, of_too_much_is_cut)
{
    const struct seams *s = &machine()->seams;
    char path[64];
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "/sys/many/%d", i);
        machine_file(path, "");
    }
    cr_assert(listing_read(s, "/sys/many", "", &l) == SOURCE_READ);
    cr_assert(l.count == LISTING_MAX && l.cut);
    cr_assert(listing_count(s, "/sys/many", &count) == SOURCE_READ);
    cr_assert(eq(u64, count, 300));
    machine_file("/sys/long/12345678901234567890123456789012", "");
    machine_file("/sys/long/1234567890123456789012345678901", "");
    cr_assert(listing_read(s, "/sys/long", "", &l) == SOURCE_READ);
    cr_assert(l.count == 1 && l.cut);
}

Test(listing, link_is_read_as_text)
{
    const struct seams *s = &machine()->seams;
    link_to("../../devices/pci0/block/sda/sda1");
    cr_assert(link_read(s, "/sys/l/link", name, parent));
    cr_assert_str_eq(name, "sda1");
    cr_assert_str_eq(parent, "sda");
    link_to("alone");
    cr_assert(link_read(s, "/sys/l/link", name, parent));
    cr_assert_str_eq(name, "alone");
    cr_assert_str_eq(parent, "");
    link_to("a/");
    cr_assert(not(link_read(s, "/sys/l/link", name, parent)));
    link_to("a/12345678901234567890123456789012");
    cr_assert(not(link_read(s, "/sys/l/link", name, parent)));
    cr_assert(not(link_read(s, "/sys/l/x", name, parent)), "no link");
    cr_assert(not(link_read(s, "/sys/l/none", name, parent)));
}
