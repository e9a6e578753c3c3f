#include "votes_fixture.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "consensus/vote.h"

void voters_found(struct voters *v, uint32_t count)
{
    memset(v, 0, sizeof *v);
    struct founding *f = &v->founding;
    snprintf(f->name, sizeof f->name, "test");
    f->founded_ms = 1000000000000u;
    f->timing = timing_default();
    f->malfunctioning_max = MEMBERS_MAX;
    f->member_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct founding_member *m = &f->members[i];
        const uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)(i + 1)};
        key_pair_from_seed(&v->keys[i], seed);
        snprintf(m->name, sizeof m->name, "node%u", i);
        memcpy(m->vote_key, v->keys[i].public_key, sizeof m->vote_key);
        memcpy(m->transport_key, v->keys[i].public_key, sizeof m->transport_key);
    }
    cluster_found(&v->cluster, f);
}

struct hash some_hash(uint8_t first_byte)
{
    struct hash hash = {{first_byte, 1, 2, 3}};
    return hash;
}

void voters_sign(const struct voters *v, struct vote *vote)
{
    vote_sign(vote, &v->cluster.id, &v->keys[vote->signer]);
}

struct vote voters_vote(const struct voters *v, enum vote_kind kind, uint32_t signer,
                        uint32_t view, const struct hash *block)
{
    struct vote vote = {
        .kind = kind,
        .signer = signer,
        .height = v->cluster.height + 1,
        .view = view,
        .claim = VIEW_NONE,
        .parent = v->cluster.block,
    };
    if (block != NULL) {
        vote.block = *block;
    }
    voters_sign(v, &vote);
    return vote;
}

struct certificate voters_certificate(const struct voters *v, enum vote_kind kind,
                                      uint32_t view, const struct hash *block, uint32_t signers,
                                      const uint32_t *claims)
{
    static const enum certificate_kind KINDS[] = {
        [VOTE_NOTARIZE] = CERTIFICATE_NOTARIZATION,
        [VOTE_NULLIFY] = CERTIFICATE_NULLIFICATION,
        [VOTE_FINALIZE] = CERTIFICATE_FINALIZATION,
    };
    struct certificate c = {.kind = KINDS[kind], .view = view};
    if (block != NULL) {
        c.block = *block;
    }
    for (uint32_t i = 0; i < v->cluster.member_count; i++) {
        if ((signers >> i & 1) == 0) {
            continue;
        }
        struct vote vote = voters_vote(v, kind, i, view, block);
        if (claims != NULL) {
            vote.claim = claims[c.count];
            voters_sign(v, &vote);
        }
        certificate_add(&c, &vote);
    }
    return c;
}

uint32_t voters_block(const struct voters *v, uint32_t proposer,
                      uint8_t bytes[static BLOCK_BYTES_MAX], struct hash *hash)
{
    struct block_maker maker = block_begin(bytes);
    struct command command = {.kind = COMMAND_ATTEST, .author = proposer, .term = 1};
    command.attest.incarnation = 1; /* news of a start, and so urgent */
    command.attest.seq = 1;
    command.attest.tick = v->cluster.tick;
    command_sign(&command, &v->cluster.id, &v->keys[proposer]);
    uint8_t command_bytes[COMMAND_BYTES_MAX];
    const size_t command_size_bytes = command_encode(&command, command_bytes);
    const bool added = block_add(&maker, command_bytes, command_size_bytes);
    assert(added);
    struct block_header header = {
        .height = v->cluster.height + 1,
        .parent = v->cluster.block,
        .time_ms = v->cluster.time_ms + 1000,
        .proposer = proposer,
        .state = cluster_state_hash(&v->cluster),
        .version = v->cluster.version,
    };
    const uint32_t size_bytes = (uint32_t)block_end(&maker, &header);
    struct block b;
    const bool decodes = block_decode(&b, bytes, size_bytes);
    assert(decodes);
    *hash = b.hash;
    return size_bytes;
}
