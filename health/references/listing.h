#ifndef OSTRAKON_HEALTH_REFERENCES_LISTING_H
#define OSTRAKON_HEALTH_REFERENCES_LISTING_H

#include "source.h"

/* Directories and links below /proc and /sys, as bounded as files are (source.h). */

#define LISTING_MAX 256u
#define LISTING_NAME_BYTES 32u

struct listing {
    uint32_t count;
    bool cut; /* there were more, or one with too long a name */
    char names[LISTING_MAX][LISTING_NAME_BYTES];
};

/* The names in the directory `path` that begin with `prefix` and no dot, sorted. With any
 * verdict but READ there are none. */
enum source_verdict listing_read(const struct seams *seams, const char *path,
                                 const char *prefix, struct listing *out)
    __attribute__((warn_unused_result));

/* How many names there are, however many. */
enum source_verdict listing_count(const struct seams *seams, const char *path, uint64_t *out)
    __attribute__((warn_unused_result));

/* The last part of what the symbolic link `path` points to. False: it is no link, or the part
 * is longer than LISTING_NAME_BYTES - 1. `parent`: the part before it, or "". */
bool link_read(const struct seams *seams, const char *path,
               char name[static LISTING_NAME_BYTES], char parent[static LISTING_NAME_BYTES])
    __attribute__((warn_unused_result));

#endif
