#include "tick.h"

#include <assert.h>
#include <stddef.h>

#define STALLS 22u
#define DISK_SPEED 24u

void tick_init(struct tick *t)
{
    *t = (struct tick){0};
}

static bool has(uint64_t bits, uint32_t index)
{
    return (bits >> index & 1) != 0;
}

static void notice(struct tick_mask *m, uint64_t bits)
{
    m->bits |= bits;
    for (uint32_t i = 0; i < REFERENCES_MAX; i++) {
        if (has(bits, i)) {
            m->carried[i] = 0;
        }
    }
}

void tick_notice(struct tick *t, uint64_t own, uint64_t serve)
{
    assert(own <= REFERENCE_BITS);
    assert(serve <= REFERENCE_BITS);
    notice(&t->own, own);
    notice(&t->serve, serve);
}

void tick_observe(struct tick *t, const struct tick_observation *seen)
{
    t->stalled = seen->now_ms > seen->writing_since_ms &&
                 seen->now_ms - seen->writing_since_ms > TICK_STORAGE_MS;
    if (t->stalled) {
        notice(&t->own, REFERENCE_BIT(DISK_SPEED));
    }
    if (seen->late_ms > TICK_LATE_MS) {
        notice(&t->own, REFERENCE_BIT(STALLS));
    }
}

uint64_t tick_own(const struct tick *t)
{
    return t->own.bits;
}

uint64_t tick_serve(const struct tick *t)
{
    return t->serve.bits;
}

/* Of 100: so that of two that are not perfect the one that can lead better leads. */
static uint32_t penalty(uint32_t id)
{
    return id == DISK_SPEED ? 50 : id == STALLS ? 30 : 10;
}

uint32_t tick_score(const struct tick *t)
{
    uint32_t lost = 0;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        lost += has(t->own.bits | t->serve.bits, id - 1) ? penalty(id) : 0;
    }
    return lost < TICK_SCORE_MAX ? TICK_SCORE_MAX - lost : 0;
}

static void attested(struct tick_mask *m, uint64_t seq)
{
    for (uint32_t i = 0; i < REFERENCES_MAX; i++) {
        assert(m->carried[i] <= seq);
        if (has(m->bits, i) && m->carried[i] == 0) {
            m->carried[i] = seq;
        }
    }
}

void tick_attested(struct tick *t, uint64_t seq)
{
    assert(seq > 0);
    attested(&t->own, seq);
    attested(&t->serve, seq);
}

static void decided(struct tick_mask *m, uint64_t seq)
{
    for (uint32_t i = 0; i < REFERENCES_MAX; i++) {
        if (m->carried[i] != 0 && m->carried[i] <= seq) {
            m->bits &= ~((uint64_t)1 << i);
            m->carried[i] = 0;
        }
    }
}

void tick_decided(struct tick *t, uint64_t seq)
{
    decided(&t->own, seq);
    decided(&t->serve, seq);
}
