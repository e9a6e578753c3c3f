#ifndef OSTRAKON_HEALTH_REFERENCES_SEAMS_H
#define OSTRAKON_HEALTH_REFERENCES_SEAMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/timex.h>
#include <sys/types.h>

enum seam_clock {
    SEAM_MONOTONIC,
    SEAM_RAW,  /* monotonic, as the hardware counts: nobody slews it */
    SEAM_BOOT, /* monotonic, and goes on while the machine is suspended */
    SEAM_REAL, /* Unix time */
    SEAM_CLOCKS,
};

/* The machine as the references see it: what they cannot compute themselves comes through here,
 * so that a test can present another machine, and a fault campaign a broken one. Calls answer
 * as the system's do, but a negative errno instead of -1. */
struct seams {
    void *self;       /* handed to each of them */
    const char *root; /* before every path below /proc and /sys; "" for the real ones */
    ssize_t (*random)(void *self, void *bytes, size_t size_bytes, unsigned flags);
    uint64_t (*clock_ns)(void *self, enum seam_clock clock);
    uint64_t (*ticks)(void *self); /* the core's own counter; 0: there is none */
    void (*pause)(void *self, uint32_t ms);
    int (*discipline)(void *self, struct timex *time); /* adjtimex */
};

/* This machine, with nothing before its paths. */
struct seams seams_of_machine(void);

#endif
