#include "reflection.h"

#include <assert.h>
#include <string.h>

#define NUMBERS_KEPT 32u /* that a heartbeat may come late and still count */

static const uint32_t all_periods = (1u << REFLECTION_PERIODS) - 1;

void reflection_init(struct reflection *r, uint32_t self)
{
    assert(self < PEERS_MAX);
    memset(r, 0, sizeof *r);
    r->self = self;
}

/* Whether a heartbeat of that number is new; remembers it. */
static bool is_new(struct reflected *p, uint32_t sequence)
{
    const int32_t ahead = (int32_t)(sequence - p->highest); /* numbers may wrap */
    if (p->periods == 0 || ahead > 0) {
        const bool far = p->periods == 0 || ahead >= (int32_t)NUMBERS_KEPT;
        p->seen = far ? 1 : p->seen << ahead | 1;
        p->highest = sequence;
        return true;
    }
    if (ahead <= -(int32_t)NUMBERS_KEPT || (p->seen >> -ahead & 1) != 0) {
        return false;
    }
    p->seen |= (uint32_t)1 << -ahead;
    return true;
}

/* Two that come in one period are of two: the other one is the last that was empty. */
static void count(struct reflected *p)
{
    for (uint32_t k = 0; k < REFLECTION_PERIODS; k++) {
        if ((p->heard >> k & 1) == 0) {
            p->heard |= (uint32_t)1 << k;
            return;
        }
    }
}

bool reflection_heard(struct reflection *r, uint32_t peer, uint32_t sequence,
                      const uint8_t counts[static PEERS_MAX])
{
    assert(peer < PEERS_MAX && peer != r->self);
    struct reflected *p = &r->peer[peer];
    if (!is_new(p, sequence)) {
        return false;
    }
    count(p);
    p->periods = p->periods == 0 ? 1 : p->periods;
    if (sequence == p->highest) {
        memcpy(p->counts, counts, sizeof p->counts);
        p->age = 0;
    }
    return true;
}

void reflection_restarted(struct reflection *r, uint32_t peer)
{
    assert(peer < PEERS_MAX);
    r->peer[peer] = (struct reflected){.periods = 0};
}

void reflection_mute(struct reflection *r)
{
    r->mute_periods = REFLECTION_SETTLED;
}

void reflection_slept(struct reflection *r, uint64_t periods)
{
    const uint32_t all = UINT32_MAX;
    r->slept = periods < 32 ? r->slept << periods | ~(all << periods) : all;
}

void reflection_period(struct reflection *r)
{
    r->slept <<= 1;
    r->mute_periods -= r->mute_periods > 0;
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        struct reflected *p = &r->peer[i];
        if (p->periods == 0) {
            continue;
        }
        p->heard = p->heard << 1 & all_periods;
        p->age += p->age <= REFLECTION_FRESH;
        p->periods += p->periods < REFLECTION_SETTLED;
    }
}

uint32_t reflection_count(const struct reflection *r, uint32_t peer)
{
    assert(peer < PEERS_MAX);
    return peers_count(r->peer[peer].heard);
}

static bool is_fresh(const struct reflected *p)
{
    return p->periods != 0 && p->age <= REFLECTION_FRESH;
}

uint32_t reflection_hears(const struct reflection *r)
{
    uint32_t hears = peer_bit(r->self);
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        hears |= reflection_count(r, i) >= REFLECTION_GOOD ? peer_bit(i) : 0;
    }
    return hears;
}

uint32_t reflection_hears_of(const struct reflection *r, uint32_t peer)
{
    assert(peer < PEERS_MAX);
    const struct reflected *p = &r->peer[peer];
    uint32_t hears = 0;
    for (uint32_t i = 0; is_fresh(p) && i < PEERS_MAX; i++) {
        hears |= p->counts[i] >= REFLECTION_GOOD && i != peer ? peer_bit(i) : 0;
    }
    return hears;
}

/* Whom another one of them hears well: of these it is known that they are not at fault. */
static uint32_t heard_by_others(const struct reflection *r, uint32_t peers)
{
    uint32_t heard = 0;
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        if ((peers & peer_bit(i)) != 0) {
            heard |= reflection_hears_of(r, i);
        }
    }
    return heard & peers;
}

struct losses {
    uint32_t known; /* long enough to be judged */
    uint32_t in;    /* more than a fifth lost */
    uint32_t out;
    uint32_t in_half; /* more than half */
    uint32_t out_half;
    uint32_t deaf; /* nothing at all came */
};

static struct losses losses_of(const struct reflection *r, uint32_t peers)
{
    struct losses l = {0};
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        const struct reflected *p = &r->peer[i];
        if ((peers & peer_bit(i)) == 0 || p->periods < REFLECTION_PERIODS) {
            continue;
        }
        const uint32_t in = reflection_count(r, i);
        l.known |= peer_bit(i);
        l.in |= in < REFLECTION_GOOD ? peer_bit(i) : 0;
        l.in_half |= in < REFLECTION_HALF ? peer_bit(i) : 0;
        l.deaf |= in == 0 ? peer_bit(i) : 0;
        if (is_fresh(p) && r->mute_periods == 0 && p->periods == REFLECTION_SETTLED) {
            const uint32_t out = p->counts[r->self] + peers_count(r->slept);
            l.out |= out < REFLECTION_GOOD ? peer_bit(i) : 0;
            l.out_half |= out < REFLECTION_HALF ? peer_bit(i) : 0;
        }
    }
    return l;
}

static bool is_most(uint32_t some, uint32_t of)
{
    return 2 * peers_count(some) > peers_count(of);
}

/* Whether it has been lost for so long; `lost` is what is so now. */
static bool lasts(uint64_t *since_ms, bool lost, uint64_t now_ms, uint64_t length_ms)
{
    if (!lost) {
        *since_ms = 0;
        return false;
    }
    if (*since_ms == 0) {
        *since_ms = now_ms + 1;
    }
    return now_ms + 1 - *since_ms >= length_ms;
}

struct reflection_verdict reflection_judge(struct reflection *r, uint32_t peers,
                                           uint64_t now_ms)
{
    const struct losses l = losses_of(r, peers);
    struct reflection_verdict v = {.lost_in = l.in, .lost_out = l.out};
    if (l.known == 0) {
        v.result = RESULT_UNKNOWN;
        return v;
    }
    /* Who hears nobody is told nothing. If all of them are dead there is no quorum anyway. */
    const bool deaf = is_most(l.deaf, l.known);
    const uint32_t sound = heard_by_others(r, l.known);
    const bool half =
        is_most(l.in_half & sound, l.known) || is_most(l.out_half & sound, l.known);
    const bool lost = lasts(&r->half_lost_ms, half, now_ms, REFLECTION_LOST_MS);
    const uint32_t ways = (deaf || is_most(l.in & sound, l.known) ? REFLECTION_IN : 0) |
                          (is_most(l.out & sound, l.known) ? REFLECTION_OUT : 0);
    const bool told = lasts(&r->fifth_lost_ms, ways != 0, now_ms, REFLECTION_BURST_MS);
    v.ways = told || deaf ? ways : 0;
    if (deaf || lost) {
        v.result = RESULT_SILENT;
    } else {
        v.result = v.ways != 0 ? RESULT_DEGRADED : RESULT_OK;
    }
    return v;
}
