#ifndef OSTRAKON_AGENT_ACCUSATIONS_H
#define OSTRAKON_AGENT_ACCUSATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ratelimit.h"
#include "consensus/founding.h"

/* What members say of one another in the attestations of decided blocks, told when they begin
 * to. Alone it has no effect, and so no note of the chain's; but who said what of whom, before
 * anything came of it, is what people ask afterwards. Loop's thread. */

struct agent;

struct accusations {
    bool begun;
    uint32_t silent[MEMBERS_MAX]; /* bits of members, as last seen */
    uint32_t wrong[MEMBERS_MAX];
    struct ratelimit limits; /* its own: who accuses on and on crowds nobody else out */
};

/* After a step that took in blocks: an event for each member that says something new of others,
 * a notice if it is that what they sign is wrong; of each two at most once a minute. It has no
 * height, as who takes in several blocks at once sees less of it. The first call only looks:
 * what was said before this agent ran it told then. */
void accusations_watch(struct agent *a);

#endif
