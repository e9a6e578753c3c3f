#ifndef OSTRAKON_CONSENSUS_RETRIAL_H
#define OSTRAKON_CONSENSUS_RETRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "block.h"
#include "hash.h"
#include "solution.h"

/* What this member's own machine makes of tasks whose signed answers are said to be wrong
 * (standing.md, section 3). Nobody votes for a block that holds such a proof, nor proposes one,
 * before the work was done here as well: twice, with one result, before anybody is found wrong;
 * once, if that shows the answer to be right. The work itself is the shell's: whoever owns this
 * asks for what retrial_next names, and tells what came of it. Flat, its owner's. */

#define RETRIALS_MAX 24u /* a proof of each member, one of a proposal, and some more */
#define RETRIAL_PATIENCE_MS 10000u /* work that is not heard of so long is asked for anew */
#define RETRIAL_AGAIN_MS 1000u     /* after work that came to nothing */

struct retrial {
    uint64_t used; /* when it was last asked about, counted; 0: an empty place */
    struct hash nonce;
    struct hash result;
    uint32_t solved;   /* how often it came out as `result`; 2: believed */
    bool wanted;       /* to be solved, once more */
    uint64_t serial;   /* under which that was asked for; 0: it was not */
    uint64_t again_ms; /* not asked for before; while under way: not waited for longer */
};

struct retrials {
    uint64_t uses;
    struct retrial list[RETRIALS_MAX];
};

enum retrial_verdict {
    RETRIAL_OPEN,  /* it is being solved, or will be */
    RETRIAL_WRONG, /* the answer is wrong: the proof holds */
    RETRIAL_RIGHT, /* the answer is what comes out here: the proof is false */
};

/* Wants the work done, if that is what it takes to tell. */
enum retrial_verdict retrial_of(struct retrials *r, const struct solution *answer);

/* Of all the proofs in a block that are answers; WRONG if there are none. */
enum retrial_verdict retrial_of_block(struct retrials *r, const struct block *b);

/* Solved twice already, for another reason. */
void retrial_know(struct retrials *r, const struct hash *nonce, const struct hash *result);

/* What to ask the shell for now: the caller sets its serial, and calls again; NULL: nothing
 * more, before `*wake_ms` (TIME_NEVER: ever). */
struct retrial *retrial_next(struct retrials *r, uint64_t now_ms, uint64_t *wake_ms);

/* What came of the work asked for under that serial; NULL: this machine could not. False: not
 * what came of it before, so that it is this machine which is to be examined. */
bool retrial_solved(struct retrials *r, uint64_t serial, const struct hash *result,
                    uint64_t now_ms) __attribute__((warn_unused_result));

#endif
