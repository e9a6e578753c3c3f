#ifndef OSTRAKON_HEALTH_PEER_CLOCK_H
#define OSTRAKON_HEALTH_PEER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"
#include "reference.h"

/* My wall clock against the peers' (references.md, R21). A heartbeat says when its sender's
 * clock showed what, and which of my own heartbeats it had received how long before: so the way
 * there and back is known, and with it how wrong the difference of the two clocks can be, at
 * most half of it. Source: NTP's on-wire estimate (RFC 5905, section 8). */

#define PEER_CLOCK_SENT 64u        /* of my heartbeats it is remembered when they left */
#define PEER_CLOCK_WAY_MAX_MS 250u /* a longer way there and back tells too little */
#define PEER_CLOCK_FRESH_MS 5000u  /* how long an estimate counts */
#define PEER_CLOCK_DEGRADED_MS 500 /* off the median */
#define PEER_CLOCK_SILENT_MS 30000 /* certificates and blocks are in danger */
#define PEER_CLOCK_AGREE_MS 200    /* how close those must be who make a majority */

struct peer_offset {
    uint64_t at_ms;    /* plus 1; 0: none */
    int64_t offset_ms; /* its wall clock minus mine */
    int64_t error_ms;  /* at most so much off, either way */
};

struct peer_clock {
    struct {
        uint32_t sequence;
        uint64_t sent_ms; /* plus 1; 0: none */
    } sent[PEER_CLOCK_SENT];
    struct peer_offset peer[PEERS_MAX];
};

/* What a peer's heartbeat tells of time. */
struct peer_clock_word {
    uint32_t peer;
    uint32_t echo;    /* the number of my heartbeat that it had received last */
    uint32_t held_ms; /* how long before it sent this */
    uint64_t unix_ms; /* what its wall clock showed then */
};

void peer_clock_init(struct peer_clock *c);

/* My heartbeat of that number leaves. */
void peer_clock_sent(struct peer_clock *c, uint32_t sequence, uint64_t now_ms);

/* False: it tells nothing, since the way was too long or that heartbeat is forgotten. Nothing
 * that a peer says can overflow or fail: it is a liar's at worst. */
bool peer_clock_heard(struct peer_clock *c, const struct peer_clock_word *word, uint64_t now_ms,
                      uint64_t unix_ms);

/* My clock against the median of those peers' (bits) whose estimate is fresh. OK, DEGRADED or
 * SILENT while most of the members, I among them, agree with one another within
 * PEER_CLOCK_AGREE_MS; else UNKNOWN: nobody knows what time it is. `off_ms` gets mine minus
 * theirs. Three members at least, or it is one's word against the other's. */
enum reference_result peer_clock_judge(const struct peer_clock *c, uint32_t peers,
                                       uint64_t now_ms, int64_t *off_ms);

#endif
