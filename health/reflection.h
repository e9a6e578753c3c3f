#ifndef OSTRAKON_HEALTH_REFLECTION_H
#define OSTRAKON_HEALTH_REFLECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"
#include "reference.h"

/* Whose fault is it that a peer is not heard (references.md, R27)? Heartbeats are numbered, and
 * each says how many of everybody's last ones its sender has received. So a member knows, link
 * by link, what it loses of theirs and what they lose of its own. It is told apart:
 *
 * - one link lost: that link's trouble, and nobody's verdict;
 * - more than half of the peers, who hear each other, lost the same way: it is me, and the
 *   direction says whether it is what I send or what I receive.
 *
 * Counted in my own heartbeat periods, so that time in which I slept is no loss of mine; that
 * the peers heard nothing of me meanwhile is none either. Flat, its owner's. */

#define REFLECTION_PERIODS 20u /* of which it is counted what was heard */
#define REFLECTION_GOOD 16u    /* at least so many of them: nothing to complain of */
#define REFLECTION_HALF 10u
#define REFLECTION_BURST_MS 1600u /* more than a fifth lost for less may be half a second */
#define REFLECTION_LOST_MS 5000u  /* more than half lost for so long: silent */
#define REFLECTION_FRESH 10u      /* periods for which a peer's word counts */
#define REFLECTION_SETTLED 30u    /* periods after which both ends' connections stand */

/* Bits: which way is lost. */
enum reflection_way { REFLECTION_IN = 1, REFLECTION_OUT = 2 };

struct reflected {
    uint32_t heard;   /* bit k: something came k periods ago */
    uint32_t periods; /* since it was first heard, up to REFLECTION_SETTLED; 0: never */
    uint32_t highest; /* its highest number so far */
    uint32_t seen;    /* bit k: number highest - k has come */
    uint32_t age;     /* periods since its last word */
    uint8_t counts[PEERS_MAX]; /* what it hears of each */
};

struct reflection {
    struct reflected peer[PEERS_MAX];
    uint32_t self;
    uint32_t slept;         /* bit k: k periods ago I slept, and sent nothing */
    uint32_t mute_periods;  /* for which what the peers hear of me is no loss */
    uint64_t fifth_lost_ms; /* since when more than a fifth is lost; plus 1, 0: it is not */
    uint64_t half_lost_ms;  /* likewise, more than half */
};

/* What is found at one moment. */
struct reflection_verdict {
    enum reference_result result;
    uint32_t ways;     /* bits: which way it is me; 0: it is not */
    uint32_t lost_in;  /* peers of whom I lose more than a fifth */
    uint32_t lost_out; /* peers that lose more than a fifth of mine */
};

/* Asserts self < PEERS_MAX. */
void reflection_init(struct reflection *r, uint32_t self);

/* A heartbeat of the peer, numbered in its run, with what it hears of each. False: it has come
 * before, or is too old to be told apart from that. */
bool reflection_heard(struct reflection *r, uint32_t peer, uint32_t sequence,
                      const uint8_t counts[static PEERS_MAX]);

/* The peer has been started anew: it numbers from somewhere else. */
void reflection_restarted(struct reflection *r, uint32_t peer);

/* I send nothing in this period: what the peers lose of mine is nobody's fault, until they can
 * have heard me for as long as is counted. */
void reflection_mute(struct reflection *r);

/* Before reflection_period: so many periods went by in which I did not run. */
void reflection_slept(struct reflection *r, uint64_t periods);

/* One of my own heartbeat periods has passed. */
void reflection_period(struct reflection *r);

/* In how many of the last periods the peer was heard, 0 .. REFLECTION_PERIODS. */
uint32_t reflection_count(const struct reflection *r, uint32_t peer);

/* Peers heard well, by their bits; and whom the peer says that it hears well, if its word is
 * fresh. */
uint32_t reflection_hears(const struct reflection *r);
uint32_t reflection_hears_of(const struct reflection *r, uint32_t peer);

/* The verdict on myself, among those peers (bits, never mine) who were heard for long enough in
 * this run. UNKNOWN while there are none. To be asked for once a period. */
struct reflection_verdict reflection_judge(struct reflection *r, uint32_t peers,
                                           uint64_t now_ms);

#endif
