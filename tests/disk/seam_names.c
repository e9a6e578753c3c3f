/* The calls by which a name on the disk changes, likewise: see seam.h. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/disk/seam.h"

/* The names are the linker's: -Wl,--wrap. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_fsync(int file);
int __wrap_fsync(int file);
int __real_renameat(int from, const char *old_name, int to, const char *new_name);
int __wrap_renameat(int from, const char *old_name, int to, const char *new_name);
int __real_unlinkat(int directory, const char *name, int flags);
int __wrap_unlinkat(int directory, const char *name, int flags);

static bool begins(void)
{
    const bool hit = ++seam.calls == seam.at;
    if (hit && seam.act == SEAM_DIE_BEFORE) {
        _exit(SEAM_STATUS);
    }
    return hit;
}

static int ends(bool hit, int result)
{
    if (hit) {
        _exit(SEAM_STATUS);
    }
    return result;
}

int __wrap_fsync(int file)
{
    const bool hit = begins();
    return ends(hit, __real_fsync(file));
}

int __wrap_renameat(int from, const char *old_name, int to, const char *new_name)
{
    const bool hit = begins();
    return ends(hit, __real_renameat(from, old_name, to, new_name));
}

int __wrap_unlinkat(int directory, const char *name, int flags)
{
    const bool hit = begins();
    return ends(hit, __real_unlinkat(directory, name, flags));
}
/* NOLINTEND(bugprone-reserved-identifier) */
