#ifndef OSTRAKON_TESTS_RANDOM_PROOF_H
#define OSTRAKON_TESTS_RANDOM_PROOF_H

#include "chance.h"
#include "consensus/cluster.h"

/* Proofs of any form, unsigned, mostly near to what makes sense now. */

/* Of a height whose parent is known, or is not any more, or not yet; right or wrong. */
static inline void random_history(struct chance *chance, const struct cluster *c,
                                  struct vote *v, struct block_header *h)
{
    v->height = near(chance, c->height + 1, chance_one_in(chance, 2) ? 2 : HEIGHTS_KEPT + 2);
    v->height = v->height == 0 ? 1 : v->height;
    const uint64_t before = (v->height - 1) % HEIGHTS_KEPT;
    v->parent = c->blocks[before];
    h->parent = c->blocks[before];
    h->state = c->digests[before];
    h->version = c->version + (chance_one_in(chance, 8) ? 1 : 0);
    v->parent.bytes[0] ^= chance_one_in(chance, 2) ? 1 : 0;
    h->parent.bytes[0] ^= chance_one_in(chance, 4) ? 1 : 0;
    h->state.bytes[0] ^= chance_one_in(chance, 4) ? 1 : 0;
}

static inline struct prove random_proof(struct chance *chance, const struct cluster *c)
{
    const uint32_t i = chance_below(chance, c->member_count);
    const enum proof_kind kinds[] = {PROOF_ANSWER, PROOF_PAIR, PROOF_HISTORY, PROOF_BLOCK};
    struct vote v = {VOTE_NOTARIZE, i, c->height + 1, 0, VIEW_NONE, .block = {{1}}};
    const struct solution s = {i, c->member[i].term, c->version, .nonce = {{1}}};
    struct prove p = {i, s.term, kinds[c->height % 4], {v, v}, .answer = s};
    if (p.kind == PROOF_HISTORY || p.kind == PROOF_BLOCK) {
        random_history(chance, c, &p.votes[0], &p.header);
    }
    p.votes[1].block.bytes[0] = 2;
    return p;
}

#endif
