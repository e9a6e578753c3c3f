#ifndef OSTRAKON_CONSENSUS_CALL_H
#define OSTRAKON_CONSENSUS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

struct cluster;

/* When tokens and the trust bundle are called for (standing.md, section 9): for all members at
 * once, in the first block after the founding, whenever what a bundle says of them has changed,
 * and when a third of their time to live has passed. All of them follow from the state after
 * that block; as nothing of that changes without another call, they follow as well from any
 * later state and this. */
struct call {
    uint64_t height; /* of the last block that called; 0: none yet */
    uint64_t time_ms;
    struct hash roster; /* of what a bundle said then */
};

/* The last step of a block, with the block's time and height: calls if it is due. */
void call_review(struct cluster *c, uint64_t height);

/* Whether a decoded one can be there. */
bool call_is_sound(const struct cluster *c);

#endif
