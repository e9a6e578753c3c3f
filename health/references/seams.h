#ifndef OSTRAKON_HEALTH_REFERENCES_SEAMS_H
#define OSTRAKON_HEALTH_REFERENCES_SEAMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The machine as the references see it: what they cannot compute themselves comes through here,
 * so that a test can present another machine, and a fault campaign a broken one. Calls answer
 * as the system's do, but a negative errno instead of -1. */
struct seams {
    void *self;       /* handed to each of them */
    const char *root; /* before every path below /proc and /sys; "" for the real ones */
    ssize_t (*random)(void *self, void *bytes, size_t size_bytes, unsigned flags);
};

/* This machine, with nothing before its paths. */
struct seams seams_of_machine(void);

#endif
