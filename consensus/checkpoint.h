#ifndef OSTRAKON_CONSENSUS_CHECKPOINT_H
#define OSTRAKON_CONSENSUS_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster.h"
#include "hash.h"

/* Case 31 of protocol.md, section 7: the vote keys of members that were removed may since have
 * fallen into bad hands, and a quorum of them can sign a whole other history. Whoever knows the
 * cluster only as it was long ago cannot tell it from the true one. A person can, and gives a
 * checkpoint: the block that was decided at one height. */

/* From `checkpoint` in node.yaml. */
struct checkpoint {
    uint64_t height; /* 0: none was given */
    struct hash hash;
};

#define CHECKPOINT_AWAY_MS (30ull * 24 * 3600 * 1000)

/* What a run set out from: until when this node knew the cluster, and whom it knew. */
struct outset {
    uint64_t height;     /* of its newest block; 0: the founding */
    uint64_t time_ms;    /* of that block, chain time */
    uint64_t started_ms; /* monotonic */
    bool may_be_away;    /* something could have been decided without it, and it had begun */
    bool over;           /* it has caught up since, and goes along with the others */
    bool met;            /* the chain has the checkpoint's block */
    bool differs;        /* the chain has another one there */
    uint32_t voter_count;
    uint8_t voters[MEMBERS_MAX][PUBLIC_KEY_BYTES]; /* the vote keys that it knew */
};

/* Why a node goes no further without a checkpoint. */
enum checkpoint_need {
    CHECKPOINT_NEED_NONE,
    CHECKPOINT_NEED_AWAY,      /* what it knew at its start was more than 30 days old */
    CHECKPOINT_NEED_STRANGERS, /* too few of the voters it knew are still members */
};

/* At a start with that state. `joins`: the machine came after the founding, so that knowing
 * nothing but the founding is old knowledge, too; of a founding member it is none at all. */
struct outset outset_of(const struct cluster *c, uint32_t self, bool joins, uint64_t now_ms);

/* Goes out from what an earlier run did that never caught up: what that took in meanwhile is
 * not known better for having been started again. */
void outset_keep(struct outset *o, const struct outset *kept);

/* What is kept of it until it has caught up, of that cluster. Decode answers false for what
 * encode cannot have written, and of another cluster. */
#define OUTSET_BYTES (16u + 32u + 8u + 8u + 1u + 1u + MEMBERS_MAX * PUBLIC_KEY_BYTES + 32u)
void outset_encode(const struct outset *o, const struct hash *cluster_id,
                   uint8_t out[static OUTSET_BYTES]);
bool outset_decode(struct outset *o, const struct hash *cluster_id, const uint8_t *bytes,
                   size_t size_bytes) __attribute__((warn_unused_result));

/* It has come to this state, for which a person vouches: from here on it knows its voters. */
void outset_know(struct outset *o, const struct cluster *c);

/* How many of the voters that it knew are still members, in a standing from which their key can
 * vote, now or again. Whoever was admitted anew has another key, and is not counted. */
uint32_t outset_remaining(const struct outset *o, const struct cluster *c);

/* How old what it knew was at the start, by its own clock as that goes now; 0 if that lies
 * before. clock_ms is nobody else's: whoever can sign another history tells the time, too. */
uint64_t outset_age_ms(const struct outset *o, uint64_t now_ms, uint64_t clock_ms);

/* What it needs before it may take in, or vote on, the block after `c`. `given` may be none. */
enum checkpoint_need checkpoint_needed(const struct checkpoint *given, const struct outset *o,
                                       const struct cluster *c, uint64_t now_ms,
                                       uint64_t clock_ms);

/* False: at that height the checkpoint has another block than this one. */
bool checkpoint_admits(const struct checkpoint *given, uint64_t height,
                       const struct hash *block);

#endif
