#include "quorum.h"

#include <assert.h>

static uint32_t malfunctioning_of(uint32_t voters, uint32_t malfunctioning_max)
{
    assert(voters >= 1); /* else voters - 1 wraps */
    const uint32_t third = (voters - 1) / 3;
    return third < malfunctioning_max ? third : malfunctioning_max;
}

static uint32_t at_least_two(uint32_t count)
{
    return count > 2 ? count : 2;
}

struct quorum quorum_of(uint32_t voters, uint32_t malfunctioning_max)
{
    const uint32_t malfunctioning = malfunctioning_of(voters, malfunctioning_max);
    const uint32_t needed = (voters + malfunctioning) / 2 + 1;
    assert(2 * needed >= voters + malfunctioning + 1); /* two quorums share a sound voter */
    assert(needed <= voters - malfunctioning);         /* the sound decide without the others */
    return (struct quorum){
        .voters = voters,
        .malfunctioning = malfunctioning,
        .needed = needed,
        .draws = at_least_two(malfunctioning + 1),
    };
}

uint32_t testimony_needed(uint32_t members, uint32_t malfunctioning_max)
{
    return at_least_two(malfunctioning_of(members, malfunctioning_max) + 1);
}
