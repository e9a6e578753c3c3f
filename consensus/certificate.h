#ifndef OSTRAKON_CONSENSUS_CERTIFICATE_H
#define OSTRAKON_CONSENSUS_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"
#include "codec.h"
#include "message.h"

/* Certificates: q votes that agree (protocol.md, section 2). One is judged by itself, against
 * the voters and keys of its own height, never against what this member has heard. */

/* The newest vote of one kind of one voter, its signature verified. */
struct tally {
    bool has;
    struct vote vote;
};

/* What a certificate is judged by: one height of one history. */
struct certificate_context {
    const struct cluster *cluster; /* has the id and the keys; borrowed */
    uint64_t height;
    struct hash parent;
    uint32_t voters; /* bits of members */
    uint32_t needed; /* q */
    /* [MEMBERS_MAX][VOTE_KINDS]: a vote that lies here with the very same signature is not
     * verified again. NULL: every signature is. */
    const struct tally (*known)[VOTE_KINDS];
};

/* Of the height after the last block that `c` has applied; `known` NULL. */
struct certificate_context certificate_context_of(const struct cluster *c);

/* q of that height, by which certificates are made and judged. */
uint32_t certificate_needed(const struct cluster *c);

/* True if exactly votes of that height by voters of that height are in it, at least q, all of
 * them signed. Says nothing of a nullification's highest claim: see entry_verify. Up to
 * MEMBERS_MAX verifications of 50 us. */
bool certificate_verify(const struct certificate *c, const struct certificate_context *context)
    __attribute__((warn_unused_result));

/* The vote in place `index`, as its signer signed it. */
struct vote certificate_vote(const struct certificate *c, uint32_t index,
                             const struct certificate_context *context);

/* Appends a vote; asserts that signers ascend and that it agrees. */
void certificate_add(struct certificate *c, const struct vote *v);

/* Whether both are the same certificate, signature by signature. */
bool certificate_same(const struct certificate *a, const struct certificate *b);

/* The highest claim of a nullification; VIEW_NONE if nobody claims anything. */
uint32_t certificate_claim(const struct certificate *c);

/* True if `e` lets a member enter `view`: nothing for 0; notarization(view - 1); or
 * nullification(view - 1) and, if somebody claims P, a notarization of a view >= P and
 * < view. */
bool entry_verify(const struct entry *e, uint32_t view,
                  const struct certificate_context *context)
    __attribute__((warn_unused_result));

/* Encoding: kind 1, of NONE nothing more; view 4, block 32, count 1, then per vote signer 1,
 * claim 4 (nullification only), signature 64. A misfit: views from VIEW_END, count 0 or above
 * MEMBERS_MAX, signers not ascending, a block in a nullification or none elsewhere. */
void certificate_read(struct reader *r, struct certificate *c);
void certificate_write(struct writer *w, const struct certificate *c);
/* certificate, support; a misfit: a finalization, or a support that is no notarization or
 * stands beside something else than a nullification. */
void entry_read(struct reader *r, struct entry *e);
void entry_write(struct writer *w, const struct entry *e);

#endif
