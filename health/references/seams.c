#include "seams.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
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

struct seams seams_of_machine(void)
{
    return (struct seams){
        .root = "",
        .random = machine_random,
        .clock_ns = machine_clock_ns,
        .ticks = machine_ticks,
        .pause = machine_pause,
        .discipline = machine_discipline,
    };
}
