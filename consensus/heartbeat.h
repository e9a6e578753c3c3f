#ifndef OSTRAKON_CONSENSUS_HEARTBEAT_H
#define OSTRAKON_CONSENSUS_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "codec.h"
#include "founding.h"

/* What a heartbeat says beside being there: what its sender has received of everybody's, so
 * that each member sees itself as the others do (references.md, R09, R21, R27, R29), and what
 * its sender finds wrong with itself before a block could tell, or where it signs nothing. One
 * body goes to all. Nothing of it is signed or decided: it is the word of whoever's connection
 * it came by. */

#define HEARTBEAT_HEARD_MAX 20u   /* periods that `heard` is counted of: health/reflection.h */
#define HEARTBEAT_HELD_MAX 65535u /* ms; longer ago is all the same */

/* What the sender has of one member. */
struct heartbeat_echo {
    uint32_t run;       /* low half of the incarnation that it hears; 0: none yet */
    uint32_t sequence;  /* of that one's last heartbeat */
    uint32_t held_ms;   /* how long before this one it had come, up to HEARTBEAT_HELD_MAX */
    uint32_t heard;     /* in how many of the sender's last periods, 0 .. HEARTBEAT_HEARD_MAX */
    uint32_t elsewhere; /* low half of the incarnation of one that starts as this member, which
                         * runs elsewhere already, as the sender has just heard; 0: of none */
};

struct heartbeat {
    uint64_t height; /* in progress */
    uint32_t view;
    bool finalized; /* the sender has sent a finalize vote of that height */
    bool starting;  /* it listens first whether it runs elsewhere already, and signs nothing */
    uint64_t incarnation;
    uint64_t unix_ms;  /* the sender's wall clock when it sent this */
    uint32_t sequence; /* counts its heartbeats in this incarnation */
    uint32_t blames;   /* bits of members from whom bad signatures came lately */
    uint32_t cloned;   /* bits of members that were lately heard in two incarnations at once */
    uint64_t own;      /* references, health/tick.h: what it would attest now */
    uint64_t serve;    /* likewise */
    uint32_t count;    /* of echoes: as many as there are members */
    struct heartbeat_echo echo[MEMBERS_MAX];
};

void heartbeat_read(struct reader *r, struct heartbeat *h);
void heartbeat_write(struct writer *w, const struct heartbeat *h);

#endif
