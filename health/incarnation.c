#include "incarnation.h"

#include <assert.h>
#include <string.h>

void incarnation_init(struct incarnation_guard *g)
{
    memset(g, 0, sizeof *g);
}

static bool was_former(const struct incarnations *i, uint64_t incarnation)
{
    for (uint32_t k = 0; k < INCARNATIONS_KEPT; k++) {
        if (i->former[k] == incarnation) {
            return true;
        }
    }
    return false;
}

static void follow(struct incarnations *i, uint64_t incarnation, uint32_t sent)
{
    if (i->current != 0 && !was_former(i, i->current)) {
        i->former[i->former_next] = i->current;
        i->former_next = (i->former_next + 1) % INCARNATIONS_KEPT;
    }
    i->current = incarnation;
    i->marked = sent;
    i->proved = true;
}

static void meet(struct incarnations *i, uint64_t incarnation, uint32_t sent, bool has_echo)
{
    i->current = incarnation;
    i->marked = sent;
    i->proved = has_echo;
}

/* A message of the run was sent after one that starts as the same member had been heard. */
static void prove_elsewhere(struct incarnations *i, uint64_t incarnation, bool has_echo,
                            uint32_t echo, uint64_t now_ms)
{
    if (i->starting != 0 && i->starting != incarnation && has_echo &&
        echo > i->starting_marked) {
        i->elsewhere = i->starting;
        i->elsewhere_ms = now_ms;
    }
}

void incarnation_starts(struct incarnation_guard *g, uint32_t peer, uint64_t incarnation,
                        uint32_t sent, bool has_echo, uint32_t echo, uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    struct incarnations *i = &g->peer[peer];
    const bool is_later = i->starting == 0 || (has_echo && echo > i->starting_marked);
    if (incarnation == 0 || incarnation == i->starting || incarnation == i->current ||
        !is_later) {
        return;
    }
    prove_elsewhere(i, incarnation, has_echo, echo, now_ms);
    i->starting = incarnation;
    i->starting_marked = sent;
}

uint64_t incarnation_elsewhere(const struct incarnation_guard *g, uint32_t peer,
                               uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    const struct incarnations *i = &g->peer[peer];
    const bool lately = i->elsewhere != 0 && now_ms - i->elsewhere_ms < INCARNATION_TOLD_MS;
    return lately ? i->elsewhere : 0;
}

bool incarnation_heard(struct incarnation_guard *g, uint32_t peer, uint64_t incarnation,
                       uint32_t sent, bool has_echo, uint32_t echo, uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    struct incarnations *i = &g->peer[peer];
    if (incarnation == 0) {
        return false;
    }
    if (incarnation == i->starting) {
        i->starting = 0; /* it has listened for long enough */
    }
    prove_elsewhere(i, incarnation, has_echo, echo, now_ms);
    if (incarnation == i->current) {
        i->proved |= has_echo;
        return false;
    }
    if (!i->proved) {
        meet(i, incarnation, sent, has_echo);
        return false;
    }
    if (!has_echo || echo <= i->marked) {
        return false; /* it may have been under way since before */
    }
    const bool back = was_former(i, incarnation);
    follow(i, incarnation, sent);
    if (!back) {
        return false;
    }
    const bool news = !i->cloned;
    i->cloned = true;
    i->cloned_ms = now_ms;
    return news;
}

uint32_t incarnation_cloned(const struct incarnation_guard *g, uint64_t now_ms)
{
    uint32_t cloned = 0;
    for (uint32_t k = 0; k < PEERS_MAX; k++) {
        const struct incarnations *i = &g->peer[k];
        if (i->cloned && now_ms - i->cloned_ms < INCARNATION_TOLD_MS) {
            cloned |= peer_bit(k);
        }
    }
    return cloned;
}

void incarnation_told(struct incarnation_guard *g, uint32_t peer, uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    g->told_ms[peer] = now_ms + 1; /* never 0, which is nobody's word */
}

void incarnation_told_elsewhere(struct incarnation_guard *g, uint32_t peer, uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    g->told_elsewhere_ms[peer] = now_ms + 1;
}

static uint32_t told_lately(const uint64_t *told_ms, uint64_t now_ms)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < PEERS_MAX; k++) {
        count += told_ms[k] != 0 && now_ms + 1 - told_ms[k] < INCARNATION_TOLD_MS;
    }
    return count;
}

bool incarnation_is_elsewhere(const struct incarnation_guard *g, uint32_t testimony,
                              uint64_t now_ms)
{
    return told_lately(g->told_elsewhere_ms, now_ms) >= testimony;
}

bool incarnation_believes(struct incarnation_guard *g, uint32_t testimony, uint64_t now_ms)
{
    if (told_lately(g->told_ms, now_ms) >= testimony) {
        g->believed = true;
    }
    return g->believed;
}
