#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "health/references/mount.h"

static struct source source;
static struct mount m;

static enum field on(const char *text, const char *path)
{
    strcpy(source.text, text);
    return mount_of(&source, path, &m);
}

static bool point_is(const char *text)
{
    return m.point.size_bytes == strlen(text) && memcmp(m.point.at, text, strlen(text)) == 0;
}

#define TREE                                                                                   \
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"                                                     \
    "2 1 8:2 / /var rw - ext4 /dev/sda2 rw\n"                                                  \
    "3 1 8:3 / /var/lib/a\\040b rw,nosuid shared:7 master:2 - xfs /dev/sda3 rw,quota\n"

Test(mount, is_the_longest_above_the_path)
{
    cr_assert(on(TREE, "/var/lib/a b/c") == FIELD_FOUND && point_is("/var/lib/a\\040b"));
    cr_assert(on(TREE, "/var/lib/a b") == FIELD_FOUND && point_is("/var/lib/a\\040b"));
    cr_assert(on(TREE, "/var/lib/a") == FIELD_FOUND && point_is("/var"));
    cr_assert(on(TREE, "/variable") == FIELD_FOUND && point_is("/"));
    cr_assert(on(TREE, "/") == FIELD_FOUND && point_is("/"));
}

Test(mount, at_any_cut_of_the_list_is_whole_or_garbage_but_never_beyond_it)
{
    char cut[sizeof TREE];
    for (size_t size_bytes = 0; size_bytes < sizeof TREE; size_bytes++) {
        memcpy(cut, TREE, size_bytes);
        cut[size_bytes] = '\0';
        (void)on(cut, "/var/lib/a b");
    }
}

Test(mount, options_are_found_whole)
{
    static const char text[] = "rw,relatime,errors=remount-ro,x";
    const struct words list = {text, strlen(text)};
    cr_assert(option_has(list, "rw"));
    cr_assert(option_has(list, "x"));
    cr_assert(option_has(list, "relatime"));
    cr_assert(not(option_has(list, "ro")));
    cr_assert(not(option_has(list, "rel")));
    cr_assert(not(option_has((struct words){text, 0}, "rw")));
    cr_assert(not(option_has((struct words){text, 1}, "rw")));
}
