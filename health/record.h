#ifndef OSTRAKON_HEALTH_RECORD_H
#define OSTRAKON_HEALTH_RECORD_H

#include <stdbool.h>
#include <stdint.h>

/* One member's record: how many ticks in a row the cluster agreed to have been perfect
 * (standing.md, section 5). Part of the replicated state, so the fields are public and the same
 * on every member. What spoils a tick is the caller's to know; here is when it is judged:
 *
 * tick T is judged when it closes, if its attestation is decided by then; else as soon as the
 * attestation is; else, as not perfect, when tick T + lag closes. Ticks are judged in order. */

#define RECORD_WINDOW_TICKS 16u /* how many ticks the bits can tell of */
#define RECORD_LAG_MAX 15u

struct record {
    uint64_t next;     /* the first tick not yet judged */
    uint32_t run;      /* perfect ticks in a row up to there, 0 .. length */
    uint16_t attested; /* bit k: an attestation for tick next + k is decided */
    uint16_t spoiled;  /* bit k: tick next + k will not be perfect */
};

/* Where the chain stands; the same for all members of a cluster. */
struct record_clock {
    uint64_t open; /* the tick that is not closed yet */
    uint32_t lag;  /* 1 + r, 1 .. RECORD_LAG_MAX: closings that an attestation may come late */
    uint32_t length; /* of a full record (record_ticks), at least 1: where `run` stops */
};

/* An empty record, whose first tick is the open one. Also on each change of standing. */
void record_start(struct record *r, uint64_t open);

/* A decided attestation for `tick`. `clean`: nothing in it spoils the tick, common cause
 * already taken out. If several are decided for one tick, any that is not clean spoils it: each
 * tells the worst since the one before, so the last alone does not tell all.
 *
 * False, and nothing changed, if the tick is already judged or not yet begun: anybody may say
 * any number. Call before record_close in the same block. */
bool record_attest(struct record *r, const struct record_clock *clock, uint64_t tick,
                   bool clean);

/* The open tick closes (afterwards the caller counts its clock on). `spoiled`: it is not
 * perfect whatever was attested. To be called for every tick of a member whose record is kept:
 * asserts that fewer than RECORD_WINDOW_TICKS are unjudged. */
void record_close(struct record *r, const struct record_clock *clock, bool spoiled);

/* Whether an attestation for the tick, open or closed, could still make it perfect: it is
 * neither judged, nor spoiled, nor attested. */
bool record_awaits(const struct record *r, uint64_t tick);

/* Whether the last `ticks` judged ones were all perfect: with the record's length, whether its
 * member may have a ballot. */
bool record_is_perfect(const struct record *r, uint32_t ticks);

/* Whether these values can be a record at all: for what was decoded from foreign bytes. */
bool record_is_sound(const struct record *r, const struct record_clock *clock)
    __attribute__((warn_unused_result));

#endif
