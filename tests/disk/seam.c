#include "seam.h"

#include <errno.h>
#include <unistd.h>

struct seam seam;

ssize_t __real_pwrite64(int file, const void *bytes, size_t size_bytes, off_t offset);
ssize_t __wrap_pwrite64(int file, const void *bytes, size_t size_bytes, off_t offset);
ssize_t __real_pread64(int file, void *bytes, size_t size_bytes, off_t offset);
ssize_t __wrap_pread64(int file, void *bytes, size_t size_bytes, off_t offset);
int __real_fdatasync(int file);
int __wrap_fdatasync(int file);

static enum seam_act act_now(void)
{
    const uint32_t call = ++seam.calls;
    const bool now = call == seam.at || (seam.lasting && call > seam.at);
    return now ? seam.act : SEAM_PASS;
}

static void die_if(bool now)
{
    if (now) {
        _exit(SEAM_STATUS);
    }
}

ssize_t __wrap_pwrite64(int file, const void *bytes, size_t size_bytes, off_t offset)
{
    const enum seam_act act = act_now();
    die_if(act == SEAM_DIE_BEFORE);
    if (act == SEAM_DIE_AMID) {
        const size_t part = seam.amid_bytes < size_bytes ? seam.amid_bytes : size_bytes;
        (void)!__real_pwrite64(file, bytes, part, offset);
        die_if(true);
    }
    if (act == SEAM_FAIL) {
        errno = seam.error;
        return -1;
    }
    const ssize_t done = __real_pwrite64(file, bytes, size_bytes, offset);
    die_if(act == SEAM_DIE_AFTER);
    return done;
}

int __wrap_fdatasync(int file)
{
    const enum seam_act act = act_now();
    die_if(act == SEAM_DIE_BEFORE || act == SEAM_DIE_AMID);
    if (act == SEAM_FAIL) {
        errno = seam.error;
        return -1;
    }
    const int done = __real_fdatasync(file);
    die_if(act == SEAM_DIE_AFTER);
    return done;
}

ssize_t __wrap_pread64(int file, void *bytes, size_t size_bytes, off_t offset)
{
    const ssize_t done = __real_pread64(file, bytes, size_bytes, offset);
    if (seam.bend_read > 0 && --seam.bend_read == 0 && done > 0) {
        ((uint8_t *)bytes)[size_bytes > 40 ? 40 : 0] ^= 0x10;
    }
    return done;
}
