#ifndef OSTRAKON_HEALTH_TICK_H
#define OSTRAKON_HEALTH_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "reference.h"

/* What this node has to say of itself in its next attestation: the masks `own`, which spoil its
 * tick, and `serve`, which bar it from leading only (standing.md, section 3), and the score. A
 * bit is a reference: REFERENCE_BIT of reference.h.
 *
 * A bit tells the worst since the last *decided* attestation: once noticed it stays until an
 * attestation that carried it is decided, so no tick is passed off as perfect because the block
 * with the bad news was lost. */

#define TICK_LATE_MS 1000u
#define TICK_STORAGE_MS 2000u
#define TICK_SCORE_MAX 100u

/* One mask, and what became of each of its bits. */
struct tick_mask {
    uint64_t bits;                    /* noticed, and not yet decided */
    uint64_t carried[REFERENCES_MAX]; /* seq of the attestation that first told it; 0: none */
};

struct tick {
    struct tick_mask own;
    struct tick_mask serve;
    bool stalled; /* a write has been under way for more than TICK_STORAGE_MS, now */
};

/* What one step sees. */
struct tick_observation {
    uint64_t now_ms;
    uint64_t late_ms;          /* by how much this step is late: local_health_step */
    uint64_t writing_since_ms; /* when the oldest write not known durable was asked for, before
                                * this step's input is taken in; TIME_NEVER if there is none */
};

/* Nothing noticed. */
void tick_init(struct tick *t);

/* First thing in every step, after local_health_step: a late step is R22's, a write that takes
 * long R24's. A write that came back late is noticed by the very step that is told of it, since
 * the observation is of before. */
void tick_observe(struct tick *t, const struct tick_observation *seen);

/* Sets every bit of both, whether or not it was told before. */
void tick_notice(struct tick *t, uint64_t own, uint64_t serve);

/* The masks to attest. */
uint64_t tick_own(const struct tick *t);
uint64_t tick_serve(const struct tick *t);

/* The score to attest: TICK_SCORE_MAX less each bit's penalty, at least 0. */
uint32_t tick_score(const struct tick *t);

/* An attestation with the present masks was signed; its seq grows from 1 (asserted). */
void tick_attested(struct tick *t, uint64_t seq);

/* Own attestation `seq` of this incarnation is decided: what it told, and was not noticed again
 * after it was signed, is over. */
void tick_decided(struct tick *t, uint64_t seq);

#endif
