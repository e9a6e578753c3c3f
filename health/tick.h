#ifndef OSTRAKON_HEALTH_TICK_H
#define OSTRAKON_HEALTH_TICK_H

#include <stdbool.h>
#include <stdint.h>

/* What this node has to say of itself in its next attestation: the bits of the `own` mask,
 * which spoil its tick (standing.md, section 3), and the score.
 *
 * A bit tells the worst since the last *decided* attestation: once noticed it stays until an
 * attestation that carried it is decided, so no tick is passed off as perfect because the block
 * with the bad news was lost. */

/* Bits, what they take off a score of 100, and their words. */
#define OWN_BITS(X)                                                                            \
    X(LATE, 0, 30, "event loop stood still for more than a second")                            \
    X(STORAGE, 1, 50, "a write took more than two seconds")

enum own_bit {
#define X(name, bit, penalty, text) OWN_##name = 1 << (bit),
    OWN_BITS(X)
#undef X
};

#define TICK_LATE_MS 1000u
#define TICK_STORAGE_MS 2000u
#define TICK_OWN_BITS 2u
#define TICK_SCORE_MAX 100u

struct tick {
    uint64_t
        carried[TICK_OWN_BITS]; /* seq of the attestation that first told it; 0: none yet */
    uint32_t own;               /* bits of enum own_bit noticed and not yet decided */
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

/* First thing in every step, after local_health_step. A write that came back late is noticed by
 * the very step that is told of it, since the observation is of before. */
void tick_observe(struct tick *t, const struct tick_observation *seen);

/* The mask to attest. */
uint32_t tick_own(const struct tick *t);

/* The score to attest: TICK_SCORE_MAX less each bit's penalty. */
uint32_t tick_score(const struct tick *t);

/* An attestation with the present mask was signed; its seq grows from 1 (asserted). */
void tick_attested(struct tick *t, uint64_t seq);

/* Own attestation `seq` of this incarnation is decided: what it told, and was not noticed again
 * after it was signed, is over. */
void tick_decided(struct tick *t, uint64_t seq);

/* The words for one bit; "unknown" for none of them (masks come from other versions too). */
const char *own_bit_text(uint32_t bit);

#endif
