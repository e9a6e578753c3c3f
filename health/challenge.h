#ifndef OSTRAKON_HEALTH_CHALLENGE_H
#define OSTRAKON_HEALTH_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* Who was asked what, when, and what became of it: the books of one member about another
 * (standing.md, section 5). Two kinds are asked:
 *
 * - a *probe* (no work): is it there at all? Directly and through others, who ask under numbers
 *   of their own, from the second heartbeat missed on. One answer, by whatever way, and it is.
 * - a *challenge* (memory-hard work): is its arithmetic right? Now and then, of each member, at
 *   times that it cannot foresee.
 *
 * The bytes of numbers and answers are the consensus's (consensus/answer.h). Flat, its owner's.
 */

#define CHALLENGE_NONCE_BYTES 32u
#define CHALLENGE_ANSWER_BYTES 32u
#define CHALLENGE_PATIENCE_MS 10000u /* for the answer of one with work */
#define CHALLENGE_UNANSWERED 3u      /* in a row, while it attests: wrong */

struct challenge {
    uint8_t nonce[CHALLENGE_NONCE_BYTES];
    uint64_t asked_ms; /* plus 1; 0: nothing is asked */
};

/* What is known of one member. */
struct challenged {
    struct challenge probe;
    uint64_t probe_again_ms; /* not asked again before */
    uint64_t suspicious_ms;  /* since when heartbeats are missed; plus 1, 0: they are not */
    uint64_t answered_ms;    /* when a probe was last answered; likewise */
    struct challenge work;
    uint64_t work_due_ms; /* when it is asked next */
    uint32_t unanswered;  /* in a row */
    bool wrong;           /* it has signed a wrong answer, in this run */
};

struct challenges {
    uint64_t mean_ms; /* between two with work of one member by this one */
    struct challenged member[PEERS_MAX];
};

void challenges_init(struct challenges *c, uint64_t mean_ms, uint64_t now_ms, uint64_t random);
/* It is repaired, and another one: what it signed before counts no more. */
void challenge_forget(struct challenges *c, uint32_t member);

/* It is not asked while it is in no good standing: nothing is unanswered, of before either.
 * What it has signed stays. */
void challenge_excuse(struct challenges *c, uint32_t member);

/* Heartbeats of the member are missed since `since_ms`, or not any more. */
void challenge_suspect(struct challenges *c, uint32_t member, bool missed, uint64_t now_ms);

/* A probe is to be sent now: missed, and none is under way or it was long ago. */
bool challenge_wants_probe(const struct challenges *c, uint32_t member, uint64_t now_ms);
void challenge_probe(struct challenges *c, uint32_t member,
                     const uint8_t nonce[static CHALLENGE_NONCE_BYTES], uint64_t again_ms,
                     uint64_t now_ms);

/* Any answer of the member's to a probe of mine, by whatever way. */
void challenge_probe_answered(struct challenges *c, uint32_t member, uint64_t now_ms);

/* Whether silence of the member is proved as far as it can be: heartbeats missed, probes under
 * way for `patience_ms`, and none answered since they began. */
bool challenge_is_silent(const struct challenges *c, uint32_t member, uint64_t patience_ms,
                         uint64_t now_ms);

/* Missed, and yet a probe was answered: the link between us is at fault, and nobody else. */
bool challenge_is_link_trouble(const struct challenges *c, uint32_t member);

/* A challenge with work is due. It is then asked, and the next one is drawn from `random`,
 * between half and three halves of the mean later. */
bool challenge_wants_work(const struct challenges *c, uint32_t member, uint64_t now_ms);
void challenge_work(struct challenges *c, uint32_t member,
                    const uint8_t nonce[static CHALLENGE_NONCE_BYTES], uint64_t random,
                    uint64_t now_ms);

/* One is due now, whatever was drawn. */
void challenge_hasten_work(struct challenges *c, uint32_t member, uint64_t now_ms);

/* What an answer with work came to; `right`: it is what I computed myself. */
void challenge_work_answered(struct challenges *c, uint32_t member, bool right);

/* To be asked in every step: ends what was waited for long enough. Counts as unanswered only
 * what a member that attests (`attests`) did not answer. */
void challenge_watch(struct challenges *c, uint32_t member, bool attests, uint64_t now_ms);

/* It has signed a wrong answer, or left three in a row unanswered. */
bool challenge_is_wrong(const struct challenges *c, uint32_t member);

#endif
