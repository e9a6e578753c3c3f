#include "tick.h"

#include <assert.h>
#include <stddef.h>

static const struct {
    uint32_t penalty;
    const char *text;
} own_bits[TICK_OWN_BITS] = {
#define X(name, bit, penalty, text) [bit] = {penalty, text},
    OWN_BITS(X)
#undef X
};

static uint32_t bit_at(uint32_t index)
{
    return (uint32_t)1 << index;
}

void tick_init(struct tick *t)
{
    *t = (struct tick){0};
}

/* Sets every bit of `bits`, whether or not it was told before. */
static void notice(struct tick *t, uint32_t bits)
{
    t->own |= bits;
    for (uint32_t i = 0; i < TICK_OWN_BITS; i++) {
        if ((bits & bit_at(i)) != 0) {
            t->carried[i] = 0;
        }
    }
}

void tick_observe(struct tick *t, const struct tick_observation *seen)
{
    t->stalled = seen->now_ms > seen->writing_since_ms &&
                 seen->now_ms - seen->writing_since_ms > TICK_STORAGE_MS;
    if (t->stalled) {
        notice(t, OWN_STORAGE);
    }
    if (seen->late_ms > TICK_LATE_MS) {
        notice(t, OWN_LATE);
    }
}

uint32_t tick_own(const struct tick *t)
{
    return t->own;
}

uint32_t tick_score(const struct tick *t)
{
    uint32_t score = TICK_SCORE_MAX;
    for (uint32_t i = 0; i < TICK_OWN_BITS; i++) {
        if ((t->own & bit_at(i)) != 0) {
            score -= own_bits[i].penalty;
        }
    }
    return score;
}

void tick_attested(struct tick *t, uint64_t seq)
{
    assert(seq > 0);
    for (uint32_t i = 0; i < TICK_OWN_BITS; i++) {
        assert(t->carried[i] <= seq);
        if ((t->own & bit_at(i)) != 0 && t->carried[i] == 0) {
            t->carried[i] = seq;
        }
    }
}

void tick_decided(struct tick *t, uint64_t seq)
{
    for (uint32_t i = 0; i < TICK_OWN_BITS; i++) {
        if (t->carried[i] != 0 && t->carried[i] <= seq) {
            t->own &= ~bit_at(i);
            t->carried[i] = 0;
        }
    }
}

const char *own_bit_text(uint32_t bit)
{
    for (uint32_t i = 0; i < TICK_OWN_BITS; i++) {
        if (bit == bit_at(i)) {
            return own_bits[i].text;
        }
    }
    return "unknown";
}
