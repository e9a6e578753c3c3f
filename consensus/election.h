#ifndef OSTRAKON_CONSENSUS_ELECTION_H
#define OSTRAKON_CONSENSUS_ELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"

/* Who may lead and who may audit, in tiers, and who of them is chosen (standing.md, section 7).
 * Everything follows from the state alone, so that the block which needs a leader has one. */

#define TIERS 3u
#define RECENT_TICKS 3u /* perfect ticks in a row that tier 1 asks for */

struct choice {
    uint32_t member; /* MEMBER_NONE: there is no candidate */
    uint32_t place;  /* the lower the fitter; of a leader: its tier, 1 .. TIERS */
};

/* Attested in this tick or the last: what is older tells nothing of now. */
bool election_attests(const struct cluster *c, uint32_t member);

/* The place of a member as leader, as auditor: 1 is the best; UINT32_MAX: not a candidate.
 * Witnesses go before nodes within a tier of auditors, hence two places a tier. */
uint32_t election_leader_place(const struct cluster *c, uint32_t member);
uint32_t election_auditor_place(const struct cluster *c, uint32_t member);

/* Who has disputed a window that is still open is chosen only where nobody else is left; and
 * so, but before those, are the members of `fallen` (bits), who have just lost that very role:
 * where all are barred, the same one would be chosen for ever. */
struct choice election_leader(const struct cluster *c, uint32_t fallen);
struct choice election_auditor(const struct cluster *c, uint32_t leader, uint32_t fallen);

#endif
