#ifndef OSTRAKON_TESTS_VOTES_FIXTURE_H
#define OSTRAKON_TESTS_VOTES_FIXTURE_H

#include "consensus/certificate.h"
#include "consensus/cluster.h"

/* A founded cluster of which all keys are known, and what its members sign about height 1. */
struct voters {
    struct founding founding;
    struct cluster cluster;
    struct key_pair keys[MEMBERS_MAX];
};

void voters_found(struct voters *v, uint32_t count);
struct hash some_hash(uint8_t first_byte);
/* Signed; `block` NULL: of none. Its claim may be changed before voters_sign. */
struct vote voters_vote(const struct voters *v, enum vote_kind kind, uint32_t signer,
                        uint32_t view, const struct hash *block);
void voters_sign(const struct voters *v, struct vote *vote);
/* By the members whose bits are set. `claims` NULL: nobody claims anything. */
struct certificate voters_certificate(const struct voters *v, enum vote_kind kind,
                                      uint32_t view, const struct hash *block, uint32_t signers,
                                      const uint32_t *claims);
/* A block on top of the founding document, with one urgent command; its size. */
uint32_t voters_block(const struct voters *v, uint32_t proposer,
                      uint8_t bytes[static BLOCK_BYTES_MAX], struct hash *hash);

#endif
