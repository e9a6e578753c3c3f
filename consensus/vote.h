#ifndef OSTRAKON_CONSENSUS_VOTE_H
#define OSTRAKON_CONSENSUS_VOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "../tokens/signer.h"
#include "codec.h"
#include "founding.h"
#include "hash.h"

/* One vote: its signed bytes (protocol.md, section 2) and its encoding. */

#define VIEW_NONE UINT32_MAX /* as a view or a claim; lies below 0 (view_above) */
#define VIEW_END 0xfffffff0u /* a real view is below */

enum vote_kind { VOTE_PROPOSE = 1, VOTE_NOTARIZE = 2, VOTE_NULLIFY = 3, VOTE_FINALIZE = 4 };
#define VOTE_KINDS 4u

struct vote {
    enum vote_kind kind;
    uint32_t signer;
    uint64_t height;
    uint32_t view;
    uint32_t claim;     /* nullify only; else VIEW_NONE */
    struct hash parent; /* the decided block height - 1 */
    struct hash block;  /* none for nullify */
    uint8_t signature[SIGNATURE_BYTES];
};

/* Kind 1, signer 1, height 8, view 4, parent 32, block 32, claim 4, signature 64. */
#define VOTE_BYTES 146u
/* What is signed, behind domain and cluster: kind 1, height 8, view 4, parent 32, block 32,
 * claim 4. */
#define VOTE_DOMAIN "ostrakon/vote/1"
#define VOTE_SIGNED_BYTES 81u

/* A vote is a misfit unless its kind is one of the four, its height is not 0, its view is below
 * VIEW_END, a nullify names no block and everything else does, and only a nullify claims
 * anything. A claim that its view forbids is no misfit: it makes the vote count for nothing. */
void vote_read(struct reader *r, struct vote *v);
void vote_write(struct writer *w, const struct vote *v);

void vote_signed_bytes(const struct vote *v, uint8_t out[static VOTE_SIGNED_BYTES]);
/* Fills in the signature (about 25 us). Does not ask whether the vote is durable. */
void vote_sign(struct vote *v, const struct hash *cluster_id, const struct key_pair *key);
/* About 50 us. */
bool vote_verify(const struct vote *v, const struct hash *cluster_id,
                 const uint8_t key[static PUBLIC_KEY_BYTES])
    __attribute__((warn_unused_result));

/* Whether both sign the same fields: then they are one vote, whatever their signatures. */
bool vote_same(const struct vote *a, const struct vote *b);

/* a > b, where VIEW_NONE lies below 0. */
bool view_above(uint32_t a, uint32_t b);

#endif
