#include "seams.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

static ssize_t machine_random(void *self, void *bytes, size_t size_bytes, unsigned flags)
{
    (void)self;
    const ssize_t done = getrandom(bytes, size_bytes, flags);
    return done < 0 ? -errno : done;
}

static uint64_t machine_clock_ns(void *self, enum seam_clock clock)
{
    static const clockid_t clocks[SEAM_CLOCKS] = {
        [SEAM_MONOTONIC] = CLOCK_MONOTONIC,
        [SEAM_RAW] = CLOCK_MONOTONIC_RAW,
        [SEAM_BOOT] = CLOCK_BOOTTIME,
        [SEAM_REAL] = CLOCK_REALTIME,
    };
    struct timespec now = {0};
    (void)self;
    clock_gettime(clocks[clock], &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t machine_ticks(void *self)
{
    (void)self;
#if defined(__x86_64__)
    return __rdtsc();
#else
    return 0;
#endif
}

static void machine_pause(void *self, uint32_t ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)self;
    nanosleep(&time, NULL);
}

static int machine_discipline(void *self, struct timex *time)
{
    (void)self;
    const int state = adjtimex(time);
    return state < 0 ? -errno : state;
}

static int machine_open(void *self, const char *path, int flags, mode_t mode)
{
    (void)self;
    const int file = open(path, flags, mode);
    return file < 0 ? -errno : file;
}

static ssize_t machine_read(void *self, int file, void *bytes, size_t size_bytes)
{
    (void)self;
    const ssize_t done = read(file, bytes, size_bytes);
    return done < 0 ? -errno : done;
}

static ssize_t machine_pread(void *self, int file, void *bytes, size_t size_bytes, off_t at)
{
    (void)self;
    const ssize_t done = pread(file, bytes, size_bytes, at);
    return done < 0 ? -errno : done;
}

static ssize_t machine_pwrite(void *self, int file, const void *bytes, size_t size_bytes,
                              off_t at)
{
    (void)self;
    const ssize_t done = pwrite(file, bytes, size_bytes, at);
    return done < 0 ? -errno : done;
}

static int machine_sync(void *self, int file)
{
    (void)self;
    return fdatasync(file) != 0 ? -errno : 0;
}

static int machine_allocate(void *self, int file, off_t size_bytes)
{
    (void)self;
    return -posix_fallocate(file, 0, size_bytes);
}

static int machine_stat(void *self, const char *path, struct stat *out)
{
    (void)self;
    return stat(path, out) != 0 ? -errno : 0;
}

static int machine_statvfs(void *self, const char *path, struct statvfs *out)
{
    (void)self;
    return statvfs(path, out) != 0 ? -errno : 0;
}

/* Twice as much is mapped, and what sticks out of the aligned half given back. */
static void *machine_map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    char *mapped =
        mmap(NULL, 2 * size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    const size_t before = (size_bytes - (uintptr_t)mapped % size_bytes) % size_bytes;
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + size_bytes, size_bytes - before);
    madvise(mapped + before, size_bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return mapped + before;
}

static void machine_unmap(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    munmap(bytes, size_bytes);
}

static int machine_lock(void *self, void *bytes, size_t size_bytes)
{
    (void)self;
    return mlock(bytes, size_bytes) != 0 ? -errno : 0;
}

static int machine_objects(void *self, int (*each)(struct dl_phdr_info *, size_t, void *),
                           void *data)
{
    (void)self;
    return dl_iterate_phdr(each, data);
}

/* The system calls themselves: glibc's set has 1024 places. */
static int machine_cores(void *self, struct core_set *allowed)
{
    (void)self;
    memset(allowed, 0, sizeof *allowed);
    return syscall(SYS_sched_getaffinity, 0, sizeof *allowed, allowed) < 0 ? -errno : 0;
}

static int machine_pin(void *self, const struct core_set *allowed)
{
    (void)self;
    return syscall(SYS_sched_setaffinity, 0, sizeof *allowed, allowed) < 0 ? -errno : 0;
}

struct seams seams_of_machine(void)
{
    return (struct seams){
        .root = "",
        .random = machine_random,
        .map = machine_map,
        .unmap = machine_unmap,
        .lock = machine_lock,
        .objects = machine_objects,
        .cores = machine_cores,
        .pin = machine_pin,
        .clock_ns = machine_clock_ns,
        .ticks = machine_ticks,
        .pause = machine_pause,
        .discipline = machine_discipline,
        .open = machine_open,
        .read = machine_read,
        .pread = machine_pread,
        .pwrite = machine_pwrite,
        .sync = machine_sync,
        .allocate = machine_allocate,
        .stat = machine_stat,
        .statvfs = machine_statvfs,
    };
}
