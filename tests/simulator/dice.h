#ifndef OSTRAKON_TESTS_SIMULATOR_DICE_H
#define OSTRAKON_TESTS_SIMULATOR_DICE_H

#include <stdbool.h>
#include <stdint.h>

/* All chance there is in a run. Integers only: the same rolls on every machine and under every
 * compiler. Source: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
struct dice {
    uint64_t state;
};

struct dice dice_of(uint64_t seed);
uint64_t dice_roll(struct dice *d);
/* Both ends included; asserts low <= high. */
uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high);
/* True so many times in 10,000. */
bool dice_chance(struct dice *d, uint32_t per_10000);
/* Exponentially distributed with this mean, to a few per cent. */
uint64_t dice_around(struct dice *d, uint64_t mean);

#endif
