#ifndef OSTRAKON_HEALTH_CANARY_H
#define OSTRAKON_HEALTH_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "../tokens/signer.h"
#include "peers.h"

/* Before a peer's message counts as invalid against that peer: is it my verifier that is broken
 * (references.md, R18)? A member whose memory went bad once accused all others, because what
 * they signed looked wrong to it. So each rejection is judged:
 *
 * - a message known to be good must verify and one known to be bad must not, by the very
 *   function that rejected the peer's;
 * - the peer's message is verified again, by the caller, from a second copy of the bytes.
 *
 * Signatures of a key that no member has, made here at the start: the simulator has another
 * kind of signatures. */

/* What becomes of one rejection. */
#define CANARY_VERDICTS(X)                                                                     \
    X(COUNTS, "counts")           /* both canaries right, rejected again: the peer's fault */  \
    X(MINE_BROKEN, "mine_broken") /* a canary was wrong: this node is unfit */                 \
    X(DIFFERS, "differs")         /* the second verification came to something else */

enum canary_verdict {
#define X(name, text) CANARY_##name,
    CANARY_VERDICTS(X)
#undef X
};

#define CANARY_REJECTIONS 20u   /* of one peer in a second: the rest is dropped, uncounted */
#define CANARY_PERIOD_MS 10000u /* it is heard so often without cause */
#define CANARY_SECOND_MS 1000u  /* over which rejections are counted */
#define CANARY_BODY_BYTES 32u

struct canary {
    uint8_t key[IDENTITY_KEY_BYTES];
    uint8_t cluster_id[SIGNER_CLUSTER_BYTES];
    uint8_t body[CANARY_BODY_BYTES];
    uint8_t good[SIGNATURE_BYTES];
    uint8_t bad[SIGNATURE_BYTES];
    uint64_t due_ms;
    struct {
        uint64_t second_ms; /* when the second that `count` counts began */
        uint32_t count;
    } peer[PEERS_MAX];
};

/* Makes both messages. Costs one signature. */
void canary_init(struct canary *c, uint64_t now_ms);

/* Whether the verifier takes the good for good and the bad for bad. Two verifications. */
bool canary_is_right(const struct canary *c) __attribute__((warn_unused_result));

/* The verdict on a rejection; `accepted_again`: what the second verification came to. Costs two
 * verifications. */
enum canary_verdict canary_judge(const struct canary *c, bool accepted_again)
    __attribute__((warn_unused_result));

/* Counts a rejection of the peer's. False: it has had its share of this second; the message is
 * dropped without being judged, or a stranger to the truth burns our processor. */
bool canary_admits(struct canary *c, uint32_t peer, uint64_t now_ms)
    __attribute__((warn_unused_result));

/* True once every CANARY_PERIOD_MS: then it is to be asked without cause. */
bool canary_is_due(struct canary *c, uint64_t now_ms);

/* "counts", ... */
const char *canary_verdict_text(enum canary_verdict verdict);

#endif
