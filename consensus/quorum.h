#ifndef OSTRAKON_CONSENSUS_QUORUM_H
#define OSTRAKON_CONSENSUS_QUORUM_H

#include <stdint.h>

/* How many votes decide, and how many faults that bears. Source of the hybrid counting: UpRight
 * (Clement et al., SOSP 2009); protocol.md, section 1. */
struct quorum {
    uint32_t voters;         /* n, at least 1 */
    uint32_t malfunctioning; /* r: how many of them may say anything at all */
    uint32_t needed;         /* q: the votes of a certificate */
    uint32_t draws;          /* j: the nullify votes that draw others along */
};

/* voters >= 1 is asserted; malfunctioning_max is the cluster's setting R. */
struct quorum quorum_of(uint32_t voters, uint32_t malfunctioning_max);

/* a: how many different observers make testimony. Counted over the members one had before any
 * was removed, so that no liar gains by the removal of others (standing.md, section 1). */
uint32_t testimony_needed(uint32_t members, uint32_t malfunctioning_max);

#endif
