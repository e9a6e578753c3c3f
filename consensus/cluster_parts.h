#ifndef OSTRAKON_CONSENSUS_CLUSTER_PARTS_H
#define OSTRAKON_CONSENSUS_CLUSTER_PARTS_H

#include <stdbool.h>

#include "cluster.h"

/* What the files cluster*.c share and nobody else needs. */

#define URGENT_MAX                                                                             \
    4u /* urgent commands of one author in one tick; the rest waits for its block */

/* Whether a decoded state is one that founding and blocks can lead to. */
bool cluster_is_sound(const struct cluster *c);

/* Whether the author of an attestation that is neither too old nor too new (asserted) attests
 * another state than the chain's, by the same version. */
bool cluster_state_differs(const struct cluster *c, const struct attest *a);

/* How the records see the chain now. */
struct record_clock cluster_record_clock(const struct cluster *c);

/* Closes the tick and judges the records, if it is over by the time of the block. */
void cluster_close_tick(struct cluster *c);

#endif
