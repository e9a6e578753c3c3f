#include "dice.h"

#include <assert.h>

struct dice dice_of(uint64_t seed)
{
    return (struct dice){.state = seed};
}

uint64_t dice_roll(struct dice *d)
{
    d->state += 0x9e3779b97f4a7c15u;
    uint64_t z = d->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high)
{
    assert(low <= high);
    return low + dice_roll(d) % (high - low + 1); /* the bias is nothing to a fault */
}

bool dice_chance(struct dice *d, uint32_t per_10000)
{
    return per_10000 > 0 && dice_roll(d) % 10000 < per_10000;
}

/* -ln of a uniform number: its leading zeros give the whole part of -log2, the bits behind the
 * first one, taken as linear between powers of two, the rest. */
uint64_t dice_around(struct dice *d, uint64_t mean)
{
    const uint64_t roll = dice_roll(d) | 1u << 16;
    const uint32_t zeros = (uint32_t)__builtin_clzll(roll);
    const uint64_t fraction = (roll << zeros << 1) >> 48;
    const uint64_t log2_x65536 = ((uint64_t)(zeros + 1) << 16) - fraction;
    const uint64_t ln2_x65536 = 45426;
    return mean * (log2_x65536 * ln2_x65536 >> 16) >> 16;
}
