#ifndef OSTRAKON_HEALTH_REFERENCES_MOUNT_H
#define OSTRAKON_HEALTH_REFERENCES_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

/* Which mount a path is on, by the text of /proc/self/mountinfo. */

/* A stretch of the text, not ended by a zero. */
struct words {
    const char *at;
    size_t size_bytes;
};

struct mount {
    struct words point; /* as escaped in the text: \040 for a blank */
    struct words options;
    struct words type;
    struct words device; /* "/dev/sda1", or whatever the file system calls its source */
    struct words super_options;
};

/* The mount with the longest point above `path`, the later of equals: it lies on top. `path` is
 * absolute and real. MISSING: there is none, not even "/". GARBAGE: a line is not as it should
 * be, and nothing is believed. `out` borrows from `s`. */
enum field mount_of(const struct source *s, const char *path, struct mount *out)
    __attribute__((warn_unused_result));

/* True if `option` is one of the list "rw,relatime,errors=remount-ro", whole. */
bool option_has(struct words list, const char *option);

#endif
