#ifndef OSTRAKON_HEALTH_INCARNATION_H
#define OSTRAKON_HEALTH_INCARNATION_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* Two agents with one identity (references.md, R09). Each start of an agent has a random
 * incarnation, which every heartbeat carries. A restart shows A, then B, and never A again;
 * clones show A, B, A.
 *
 * That alone would accuse whoever restarts while one of its old messages is still under way. So
 * whatever comes behind a B counts only with a proof that it was *sent* after B was heard: it
 * names the last heartbeat of mine that its sender had received, and that one I sent only after
 * B had come. No delay, replay or reordering makes such a message.
 *
 * What has not named any heartbeat of this run of mine may have been under way since before I
 * started: any other takes its place, or two that both start anew could each stay with what the
 * other said before.
 *
 * Whoever starts first says so for a while, and signs nothing: `starting`. It takes nobody's
 * place yet. Another run of its member that is heard meanwhile, in a message that was sent
 * after the starting one had been heard (the same proof), runs elsewhere: then the one that
 * starts is told so, by its incarnation, and stays silent. What of a former run is still under
 * way has no such proof. Of two that start at once each is told.
 *
 * Who hears clones tells both, in a mask in its heartbeats. A member that is told so by as many
 * different peers as make testimony believes it, and is silent until it is started anew. */

#define INCARNATIONS_KEPT 4u
#define INCARNATION_TOLD_MS 10000u /* how long a peer's word counts */

struct incarnations {
    uint64_t current; /* 0: not heard yet */
    uint64_t former[INCARNATIONS_KEPT];
    uint32_t former_next;
    uint32_t marked;    /* my sequence number when `current` began to be heard */
    bool proved;        /* `current` has been heard of in answer to this run of mine */
    uint64_t cloned_ms; /* when it was last seen to be cloned */
    bool cloned;
    uint64_t starting;        /* the newest that said it starts; 0: none */
    uint32_t starting_marked; /* my sequence number when that was heard first */
    uint64_t elsewhere;       /* one that started while another of its member ran; 0: none */
    uint64_t elsewhere_ms;    /* when that was last proved */
};

struct incarnation_guard {
    struct incarnations peer[PEERS_MAX];
    uint64_t told_ms[PEERS_MAX]; /* when the peer last told me that I am cloned; 0: never */
    uint64_t told_elsewhere_ms[PEERS_MAX]; /* or that this run of mine is not the only one */
    bool believed;                         /* for the rest of this run */
};

void incarnation_init(struct incarnation_guard *g);

/* A heartbeat of the peer. `sent`: the sequence number of my own last heartbeat; `echo`: of the
 * last one that the sender had received of this run of mine (has_echo), not above `sent`.
 * True: it is cloned, and was not known to be. A new `current` is believed only once it proves
 * that it came after the one before. */
bool incarnation_heard(struct incarnation_guard *g, uint32_t peer, uint64_t incarnation,
                       uint32_t sent, bool has_echo, uint32_t echo, uint64_t now_ms);

/* The same of a peer that starts. Nothing else of such a heartbeat is to be taken. */
void incarnation_starts(struct incarnation_guard *g, uint32_t peer, uint64_t incarnation,
                        uint32_t sent, bool has_echo, uint32_t echo, uint64_t now_ms);

/* Which one that starts as the peer I tell that it runs elsewhere: the one of the newest proof,
 * for a while; 0: none. Told as that peer's, or one that shows another's incarnation as its own
 * would have me silence it. */
uint64_t incarnation_elsewhere(const struct incarnation_guard *g, uint32_t peer,
                               uint64_t now_ms);

/* Whom I tell that they are cloned: for a while after it was last seen. */
uint32_t incarnation_cloned(const struct incarnation_guard *g, uint64_t now_ms);

/* The peer tells me that I am. */
void incarnation_told(struct incarnation_guard *g, uint32_t peer, uint64_t now_ms);

/* The peer tells me, who starts, that I run elsewhere. */
void incarnation_told_elsewhere(struct incarnation_guard *g, uint32_t peer, uint64_t now_ms);

/* Whether enough of them do. */
bool incarnation_is_elsewhere(const struct incarnation_guard *g, uint32_t testimony,
                              uint64_t now_ms);

/* Whether enough of them tell me that I am cloned: then for good. */
bool incarnation_believes(struct incarnation_guard *g, uint32_t testimony, uint64_t now_ms);

#endif
