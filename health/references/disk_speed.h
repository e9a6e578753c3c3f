#ifndef OSTRAKON_HEALTH_REFERENCES_DISK_SPEED_H
#define OSTRAKON_HEALTH_REFERENCES_DISK_SPEED_H

#include "health/reference.h"

/* R24: how long writes to the data directory take, from samples that others give: R23, and
 * whoever else waits for that disk. A disk that has stalled must not keep its grant. */

#define DISK_SPEED_NOTES(X)                                                                    \
    X(FAST, "the slowest of {count} writes took {got} ms", "")                                 \
    X(SLOW, "{count} of the last 64 writes took more than 500 ms, one {got} ms",               \
      "See what else keeps this disk busy, and whether it reports errors.")                    \
    X(STALLED, "a write has not completed after {got} ms",                                     \
      "See what keeps this disk busy, and whether it reports errors; the node waits for it.")  \
    X(RECOVERING, "a write took {got} ms; {count} more good ones are wanted", "")              \
    X(NO_SAMPLE, "nothing was written yet", "")                                                \
    X(NO_DIRECTORY, "no data directory was named", "")

enum disk_speed_note {
#define X(name, text, action) DISK_SPEED_##name,
    DISK_SPEED_NOTES(X)
#undef X
};

#define DISK_SPEED_SAMPLES 64u
#define DISK_SPEED_SLOW_MS 500u
#define DISK_SPEED_STALL_MS 2000u
#define DISK_SPEED_GOOD 6u /* in a row, after a stall */

struct disk_speed_state {
    uint32_t count; /* samples held */
    uint32_t next;  /* place of the next one */
    uint64_t took_ms[DISK_SPEED_SAMPLES];
    uint64_t stall_ms; /* the last stall; 0: none to recover from */
    uint32_t good;     /* writes in a row since it */
    bool pending;
    uint64_t begun_ms; /* of the one that is pending */
};

/* A write has begun, and is pending until disk_speed_end. */
void disk_speed_begin(struct disk_speed_state *s, uint64_t now_ms);
void disk_speed_end(struct disk_speed_state *s, uint64_t took_ms);

extern const struct reference reference_disk_speed;

#endif
