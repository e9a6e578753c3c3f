#include "self_doubt.h"

#include <assert.h>
#include <string.h>

void self_doubt_init(struct self_doubt *s)
{
    memset(s, 0, sizeof *s);
}

static uint32_t recent(const uint64_t at_ms[static PEERS_MAX], uint64_t now_ms)
{
    uint32_t peers = 0;
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        if (at_ms[i] != 0 && now_ms + 1 - at_ms[i] < SELF_DOUBT_WINDOW_MS) {
            peers |= peer_bit(i);
        }
    }
    return peers;
}

void self_doubt_wrong(struct self_doubt *s, uint32_t peer, uint64_t now_ms)
{
    assert(peer < PEERS_MAX);
    s->wrong_ms[peer] = now_ms + 1;
}

void self_doubt_word(struct self_doubt *s, uint32_t self, uint32_t peer, uint32_t hears,
                     uint32_t blames, uint64_t now_ms)
{
    assert(self < PEERS_MAX && peer < PEERS_MAX);
    s->hears[peer] = hears;
    s->blames[peer] = blames;
    if ((blames & peer_bit(self)) != 0) {
        s->told_ms[peer] = now_ms + 1;
    }
}

uint32_t self_doubt_blamed(const struct self_doubt *s, uint64_t now_ms)
{
    return recent(s->wrong_ms, now_ms);
}

uint32_t self_doubt_vouched(const struct self_doubt *s, uint64_t now_ms)
{
    const uint32_t blamed = self_doubt_blamed(s, now_ms);
    uint32_t vouched = 0;
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        if ((blamed & peer_bit(i)) != 0) {
            vouched |= s->hears[i] & ~s->blames[i] & ~peer_bit(i);
        }
    }
    return blamed & vouched;
}

enum self_doubt_verdict self_doubt_judge(struct self_doubt *s, uint32_t testimony,
                                         uint64_t record_ms, uint64_t now_ms)
{
    assert(testimony >= 1);
    /* One alone has nobody to vouch for it: with it goes whoever blames me. */
    const uint32_t told = recent(s->told_ms, now_ms);
    const bool reason = peers_count(self_doubt_vouched(s, now_ms)) >= testimony ||
                        peers_count(told) >= testimony;
    if (s->doubting && now_ms < s->until_ms) {
        return SELF_DOUBT_LASTS;
    }
    s->doubting = reason;
    if (!reason) {
        return SELF_DOUBT_NONE;
    }
    const bool twice = s->once && now_ms - s->once_ms < SELF_DOUBT_TWICE_MS;
    s->once = true;
    s->once_ms = now_ms;
    s->until_ms = now_ms + record_ms;
    return twice ? SELF_DOUBT_TWICE : SELF_DOUBT_BEGINS;
}
