#ifndef OSTRAKON_HEALTH_REFERENCES_TALLY_H
#define OSTRAKON_HEALTH_REFERENCES_TALLY_H

#include <stdint.h>

/* How often something happened of late. Counts by parts of the window, so what is told is of
 * the window and at most one part more. */

#define TALLY_PARTS 24u

struct tally {
    uint64_t part_ms;
    uint64_t part; /* the newest one, by its number since time 0 */
    uint32_t counts[TALLY_PARTS + 1];
};

/* `window_ms` is at least TALLY_PARTS. */
void tally_begin(struct tally *t, uint64_t window_ms);

/* Times are of one clock; one before the newest counts as it. A part holds at most 2^32 - 1. */
void tally_add(struct tally *t, uint64_t now_ms, uint64_t count);

uint64_t tally_sum(struct tally *t, uint64_t now_ms);

#endif
