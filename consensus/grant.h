#ifndef OSTRAKON_CONSENSUS_GRANT_H
#define OSTRAKON_CONSENSUS_GRANT_H

#include "cluster.h"
#include "turn.h"

/* Step 12 of a block: the grant is given, stands, moves under a new fence, or changes its
 * auditor under the same one (standing.md, section 7; this folder's README). */
void grant_review(struct cluster *c, const struct turn *t);

#endif
