#ifndef OSTRAKON_CONSENSUS_RUNOFF_H
#define OSTRAKON_CONSENSUS_RUNOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "founding.h"

/* Instant runoff (standing.md, section 7): each round the candidate whom the fewest rankings
 * put first falls out, until one is left. Ties fall on the one whom the fewest witnesses put
 * first, then on the one with the highest hash of (window, member), which nobody can choose. */

struct runoff_ranking {
    bool by_witness;
    uint32_t count;
    uint8_t members[MEMBERS_MAX]; /* the best first; whoever is no candidate is passed over */
};

struct runoff {
    uint64_t window;
    uint32_t count;
    struct runoff_ranking rankings[MEMBERS_MAX];
};

/* The winner among the candidates (bits of members; asserts that there is one). */
uint32_t runoff_winner(const struct runoff *r, uint32_t candidates);

#endif
