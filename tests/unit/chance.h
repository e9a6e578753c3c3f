#ifndef OSTRAKON_TESTS_CHANCE_H
#define OSTRAKON_TESTS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/* Chance that is the same on every machine: of one seed, for tests that try many values. */

struct chance {
    uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline uint32_t chance_below(struct chance *c, uint32_t end)
{
    return (uint32_t)(chance_next(c) % end);
}

static inline bool chance_one_in(struct chance *c, uint32_t n)
{
    return chance_below(c, n) == 0;
}

/* Near the value, on either side, and seldom anywhere. */
static inline uint64_t near(struct chance *c, uint64_t value, uint32_t distance)
{
    if (chance_one_in(c, 200)) {
        return chance_next(c) >> chance_below(c, 64);
    }
    return value + chance_below(c, 2 * distance + 1) - distance;
}

#endif
