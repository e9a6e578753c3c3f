#ifndef OSTRAKON_HEALTH_SELF_DOUBT_H
#define OSTRAKON_HEALTH_SELF_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* Doubt yourself first (references.md, R29). When within ten seconds so many peers as make
 * testimony look wrong to me while they vouch for one another, or so many tell me that I look
 * wrong to them, then the odds are millions to one that it is me. Whoever doubts itself votes
 * on in consensus, and neither accuses nor ballots, for a full record; a second episode within
 * 24 hours makes it unfit.
 *
 * Fewer than that prove nothing: two liars who vouch for one another would silence every sound
 * judge. */

#define SELF_DOUBT_WINDOW_MS 10000u
#define SELF_DOUBT_TWICE_MS (UINT64_C(24) * 3600u * 1000u)

struct self_doubt {
    uint64_t wrong_ms[PEERS_MAX]; /* when the peer last looked wrong to me; plus 1, 0: never */
    uint64_t told_ms[PEERS_MAX];  /* when it last told me that I do; likewise */
    uint32_t hears[PEERS_MAX];    /* whom it hears, by its last word */
    uint32_t blames[PEERS_MAX];   /* who looks wrong to it, likewise */
    bool doubting;
    uint64_t until_ms;
    bool once;        /* there was an episode in this run */
    uint64_t once_ms; /* when the last one began */
};

/* What looking at it came to. */
enum self_doubt_verdict {
    SELF_DOUBT_NONE,
    SELF_DOUBT_BEGINS, /* now: a burst test is to be run */
    SELF_DOUBT_TWICE,  /* now, and for the second time in 24 hours: unfit */
    SELF_DOUBT_LASTS,
};

void self_doubt_init(struct self_doubt *s);

/* What I found in the peer is wrong, and my canary was right. */
void self_doubt_wrong(struct self_doubt *s, uint32_t peer, uint64_t now_ms);

/* A heartbeat of the peer: whom it hears, who looks wrong to it. */
void self_doubt_word(struct self_doubt *s, uint32_t self, uint32_t peer, uint32_t hears,
                     uint32_t blames, uint64_t now_ms);

/* Who has looked wrong to me within the last ten seconds. */
uint32_t self_doubt_blamed(const struct self_doubt *s, uint64_t now_ms);

/* Those of them for whom another one of them vouches: it hears it, and does not blame it. */
uint32_t self_doubt_vouched(const struct self_doubt *s, uint64_t now_ms);

/* To be asked in every step. `testimony`: how many observers count, at least 1 (asserted);
 * `record_ms`: how long a full record takes. */
enum self_doubt_verdict self_doubt_judge(struct self_doubt *s, uint32_t testimony,
                                         uint64_t record_ms, uint64_t now_ms);

#endif
