#ifndef OSTRAKON_CONSENSUS_TURN_H
#define OSTRAKON_CONSENSUS_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"

/* What the application of one block carries from step to step (standing.md, section 4) and
 * forgets at its end. Private to consensus. */
struct turn {
    uint64_t height; /* of the block */
    uint64_t time_ms;
    struct notes *notes;
    bool was_idle;        /* before this block no window was due and unsettled */
    uint32_t unreachable; /* bits of members that >= a accused before this block */
    uint32_t wrong;
    uint32_t disputers; /* bits: of the grant's two, who disputed in this block */
    struct operator_key operators[OPERATORS_MAX]; /* before this block */
    bool leader_failed;
    bool auditor_failed;
};

/* A note of this block. */
struct note *turn_note(const struct turn *t, enum note_kind kind, uint32_t member);
/* The note that a tick of the member is not perfect, and why: one for each such tick. */
void turn_note_spoiled(const struct turn *t, uint32_t member, uint64_t tick, enum cause cause,
                       uint64_t mask);

/* Times that the rules state in seconds scale with the tick, so that a demonstration with ticks
 * of one second does not wait a minute: at the default tick of 5 s they are those of
 * standing.md. */
#define BARRED_TICKS 12u   /* a leader that fell is no candidate: 60 s */
#define MOVED_TICKS 2u     /* between two moves of a grant for silence: 10 s */
#define DISSENT_TICKS 120u /* neither leader nor auditor: 10 min */
#define AGAIN_TICKS 720u   /* a second dissent within this long condemns: 1 h */
/* Blocks are due every tick: with more than this between two, the chain stood still. */
#define STANDSTILL_TICKS 2u

uint64_t turn_ticks_ms(const struct cluster *c, uint32_t ticks);

#endif
