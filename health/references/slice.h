#ifndef OSTRAKON_HEALTH_REFERENCES_SLICE_H
#define OSTRAKON_HEALTH_REFERENCES_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "seams.h"

/* A piece of memory that is tested: written with a pattern, pushed out of the caches, read
 * again and compared, once for each pattern. */

#define SLICE_BYTES (UINT64_C(2) << 20) /* and its alignment: one huge page, if it is one */
#define SLICE_WORDS ((uint32_t)(SLICE_BYTES / sizeof(uint64_t)))
#define SLICE_PATTERNS 8u
#define SLICE_RETESTS 16u

/* The first wrong word, and how many there were in that pattern's round. */
struct slice_fault {
    uint64_t address;
    uint64_t expected;
    uint64_t got;
    uint64_t count;
    uint32_t pattern;
    uint32_t
        again; /* of SLICE_RETESTS with the same pattern on the same page: how often wrong */
};

/* NULL without memory. `huge` asks for one huge page, or for none. `*locked` tells whether it
 * is held against swapping. */
uint64_t *slice_take(const struct seams *seams, bool huge, bool *locked);
void slice_release(const struct seams *seams, uint64_t *slice);

/* All patterns; the walking ones at `visit` mod 64, so that 64 visits walk all the way. True:
 * every word read back as it was written. False at the first pattern that did not, after the
 * retests. About 4 ms. */
bool slice_test(const struct seams *seams, uint64_t *slice, uint64_t visit,
                struct slice_fault *out) __attribute__((warn_unused_result));

#endif
