#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "consensus/evidence.h"
#include "consensus/pool.h"
#include "tests/scripts/cluster/world.h"

/* Proofs against the chain: votes in another history than the decided one, or for a block of
 * another parent or state. Member 1 is the subject, member 4 shows what it signed. */

#define SUBJECT 1u
#define SHOWS 4u

static struct world w;

static void found(void)
{
    const struct world_options o = world_options(3, 2);
    world_found(&w, &o);
}

static void decide(uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++) {
        world_block(&w, world_now_ms(&w) + 10);
    }
}

/* As the chain has it after height - 1; the caller changes it, and signs. */
static struct block_header header_at(uint64_t height)
{
    const struct cluster *c = &w.cluster;
    return (struct block_header){.height = height,
                                 .parent = c->blocks[(height - 1) % HEIGHTS_KEPT],
                                 .time_ms = c->time_ms + 10,
                                 .proposer = SUBJECT,
                                 .state = c->digests[(height - 1) % HEIGHTS_KEPT],
                                 .version = c->version,
                                 .root = {{7}}};
}

static struct vote vote_for(enum vote_kind kind, const struct block_header *h)
{
    struct vote v = {.kind = kind,
                     .signer = SUBJECT,
                     .height = h->height,
                     .view = 2,
                     .claim = VIEW_NONE,
                     .parent = w.cluster.blocks[(h->height - 1) % HEIGHTS_KEPT]};
    if (kind != VOTE_NULLIFY) {
        v.block = block_header_hash(h);
    }
    vote_sign(&v, &w.cluster.id, &w.keys[SUBJECT]);
    return v;
}

static struct vote vote_astray(enum vote_kind kind)
{
    const struct block_header h = header_at(w.cluster.height + 1);
    struct vote v = vote_for(kind, &h);
    v.parent.bytes[HASH_BYTES - 1] ^= 1;
    vote_sign(&v, &w.cluster.id, &w.keys[SUBJECT]);
    return v;
}

static struct command proof_of(const struct vote *v, const struct block_header *h)
{
    struct command c = world_command(&w, SHOWS, COMMAND_PROVE);
    c.prove = (struct prove){.subject = SUBJECT,
                             .term = w.cluster.member[SUBJECT].term,
                             .kind = h == NULL ? PROOF_HISTORY : PROOF_BLOCK,
                             .votes = {*v}};
    if (h != NULL) {
        c.prove.header = *h;
    }
    return c;
}

/* The next block has these bytes in it, which their author has signed. */
static struct block block_with(const struct command *c)
{
    struct command said = *c;
    w.command_count = 0;
    w.size_bytes = 0;
    world_say(&w, &said);
    return world_make_block(&w, world_now_ms(&w) + 10);
}

static enum standing standing_after(const struct command *c)
{
    const struct block b = block_with(c);
    cr_assert(eq(int, cluster_check(&w.cluster, &b), BLOCK_GOOD));
    decide(1);
    return w.cluster.member[SUBJECT].standing;
}

Test(evidence_chain, is_a_vote_of_any_kind_that_follows_another_block_than_the_decided,
     .init = found)
{
    decide(5);
    for (enum vote_kind kind = VOTE_PROPOSE; kind <= VOTE_FINALIZE; kind++) {
        const struct block_header h = header_at(w.cluster.height + 1);
        struct vote v = vote_for(kind, &h);
        cr_assert(eq(int, evidence_against_chain(&w.cluster, &v, NULL), CAUSE_NONE));
        for (uint32_t bit = 0; bit < 8 * HASH_BYTES; bit++) {
            v.parent.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert(
                eq(int, evidence_against_chain(&w.cluster, &v, NULL), CAUSE_OTHER_HISTORY),
                "kind %u, bit %u", (unsigned)kind, bit);
            v.parent.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

Test(evidence_chain, is_a_vote_for_a_block_of_another_parent_or_state_and_of_nothing_else,
     .init = found)
{
    decide(5);
    const struct block_header sound = header_at(w.cluster.height + 1);
    struct block_header other[8];
    for (uint32_t i = 0; i < 8; i++) {
        other[i] = sound;
    }
    other[1].parent.bytes[0] ^= 1;
    other[2].state.bytes[HASH_BYTES - 1] ^= 1;
    other[3].height++;
    other[4].time_ms = 0;
    other[5].proposer++;
    other[6].root.bytes[0] ^= 1;
    other[7].state.bytes[0] ^= 1;
    other[7].parent.bytes[0] ^= 1;
    other[7].version++;
    static const enum cause said[] = {CAUSE_NONE, CAUSE_OTHER_PARENT, CAUSE_OTHER_STATE,
                                      CAUSE_NONE, CAUSE_NONE,         CAUSE_NONE,
                                      CAUSE_NONE, CAUSE_OTHER_VERSION};
    for (uint32_t i = 0; i < 8; i++) {
        struct vote v = vote_for(VOTE_NOTARIZE, &sound);
        v.block = block_header_hash(&other[i]);
        const enum cause cause = evidence_against_chain(&w.cluster, &v, &other[i]);
        cr_assert(eq(int, cause, said[i]), "%u", i);
        cr_assert(eq(int, evidence_is_offence(cause), i == 1 || i == 2), "%u", i);
    }
}

Test(evidence_chain, is_told_of_as_many_heights_as_are_kept, .init = found)
{
    decide(HEIGHTS_KEPT + 6);
    const uint64_t top = w.cluster.height;
    for (uint64_t height = 1; height < top + 5; height++) {
        struct vote v = {.kind = VOTE_NULLIFY, .height = height, .parent = {{1}}};
        const enum cause cause = evidence_against_chain(&w.cluster, &v, NULL);
        const enum cause expected = height > top + 1                   ? CAUSE_TOO_NEW
                                    : height - 1 <= top - HEIGHTS_KEPT ? CAUSE_TOO_OLD
                                                                       : CAUSE_OTHER_HISTORY;
        cr_assert(eq(int, cause, expected), "height %llu", (unsigned long long)height);
    }
    struct vote first = {.kind = VOTE_NULLIFY, .height = UINT64_MAX};
    cr_assert(eq(int, evidence_against_chain(&w.cluster, &first, NULL), CAUSE_TOO_NEW));
}

Test(evidence_chain, knows_the_founding_as_the_parent_of_the_first_height, .init = found)
{
    struct vote v = {.kind = VOTE_NULLIFY, .height = 1, .parent = w.cluster.id};
    for (uint32_t i = 0; i < HEIGHTS_KEPT; i++) {
        cr_assert(eq(int, evidence_against_chain(&w.cluster, &v, NULL), CAUSE_NONE), "%u", i);
        decide(1);
    }
    cr_assert(eq(int, evidence_against_chain(&w.cluster, &v, NULL), CAUSE_TOO_OLD));
}

Test(evidence_chain, removes_its_subject_whoever_shows_it, .init = found)
{
    const struct vote astray = vote_astray(VOTE_NULLIFY);
    const struct command history = proof_of(&astray, NULL);
    cr_assert(eq(int, standing_after(&history), STANDING_LOCKED_OUT));
    cr_assert(eq(int, w.cluster.member[SUBJECT].cause, STANDING_CAUSE_PROOF));
    cr_assert(eq(int, w.cluster.member[SHOWS].standing, STANDING_GOOD));
    for (uint32_t i = 0; i < 2; i++) {
        found();
        struct block_header h = header_at(1);
        *(i == 0 ? &h.parent : &h.state) = (struct hash){{9}};
        const struct vote v = vote_for(VOTE_PROPOSE, &h);
        const struct command block = proof_of(&v, &h);
        cr_assert(eq(int, standing_after(&block), STANDING_LOCKED_OUT), "%u", i);
    }
}

/* What follows the chain is no offence, whoever says so: the block is good, and the proof is
 * skipped; a pool does not take it. */
Test(evidence_chain, is_not_made_of_what_a_sound_member_signs, .init = found)
{
    static struct pool pool;
    decide(3);
    for (enum vote_kind kind = VOTE_PROPOSE; kind <= VOTE_FINALIZE; kind++) {
        const uint64_t next = w.cluster.height + 1;
        for (uint64_t height = 1; height <= next; height++) {
            const struct block_header h = header_at(height);
            const struct vote v = vote_for(kind, &h);
            struct command proof = proof_of(&v, kind == VOTE_NULLIFY ? NULL : &h);
            uint8_t bytes[COMMAND_BYTES_MAX];
            command_sign(&proof, &w.cluster.id, &w.keys[SHOWS]);
            cr_assert(eq(int, cluster_would_skip(&w.cluster, &proof), CAUSE_FALSE_PROOF));
            cr_assert(eq(int,
                         pool_add(&pool, &w.cluster, bytes, command_encode(&proof, bytes), 0),
                         POOL_USELESS));
            cr_assert(eq(int, standing_after(&proof), STANDING_GOOD));
        }
    }
}

/* Its author signs the altered one too. Nothing of it can be changed and still convict. */
Test(evidence_chain, is_refused_with_any_bit_altered, .init = found)
{
    decide(2);
    struct block_header h = header_at(3);
    h.state.bytes[0] ^= 1;
    const struct vote astray = vote_astray(VOTE_NOTARIZE);
    const struct vote for_block = vote_for(VOTE_NOTARIZE, &h);
    struct command proofs[] = {proof_of(&astray, NULL), proof_of(&for_block, &h)};
    const size_t votes_from = 1 + 4 + 1 + 1 + 4 + 1;
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t sound[COMMAND_BYTES_MAX];
        command_sign(&proofs[i], &w.cluster.id, &w.keys[SHOWS]);
        const size_t size_bytes = command_encode(&proofs[i], sound);
        cr_assert(eq(sz, size_bytes,
                     votes_from + VOTE_BYTES + i * BLOCK_HEADER_BYTES + SIGNATURE_BYTES));
        for (size_t bit = 8 * votes_from; bit < 8 * (size_bytes - SIGNATURE_BYTES); bit++) {
            uint8_t bytes[COMMAND_BYTES_MAX];
            struct command altered;
            memcpy(bytes, sound, size_bytes);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (command_decode(&altered, bytes, size_bytes)) {
                const struct block b = block_with(&altered);
                cr_assert(eq(int, cluster_check(&w.cluster, &b), BLOCK_BAD_PROOF),
                          "%u, bit %zu", i, bit);
            }
        }
    }
}

/* One offence, one form: what tells itself by its form alone is not to be shown as another. */
Test(evidence_chain, has_a_form_of_its_own, .init = found)
{
    const struct block_header h = header_at(1);
    const struct vote astray = vote_astray(VOTE_NOTARIZE);
    const struct vote nullify = vote_astray(VOTE_NULLIFY);
    struct command proof = proof_of(&astray, NULL);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct command decoded;
    size_t size_bytes = command_encode(&proof, bytes);
    for (uint32_t kind = 0; kind < 256; kind++) {
        bytes[1 + 4 + 1 + 1 + 4] = (uint8_t)kind;
        cr_assert(eq(int, command_decode(&decoded, bytes, size_bytes), kind == PROOF_HISTORY),
                  "kind %u", kind);
    }
    proof = proof_of(&astray, &h);
    size_bytes = command_encode(&proof, bytes);
    cr_assert(command_decode(&decoded, bytes, size_bytes));
    bytes[1 + 4 + 1 + 1 + 4 + 1] = VOTE_NULLIFY; /* is for no block */
    memset(bytes + 12 + 1 + 1 + 8 + 4 + HASH_BYTES, 0, HASH_BYTES);
    cr_assert_not(command_decode(&decoded, bytes, size_bytes));
    proof = proof_of(&nullify, NULL);
    size_bytes = command_encode(&proof, bytes);
    cr_assert(command_decode(&decoded, bytes, size_bytes));
}

Test(evidence_chain, is_of_this_cluster_and_of_the_subjects_key, .init = found)
{
    const struct vote astray = vote_astray(VOTE_FINALIZE);
    const struct command proof = proof_of(&astray, NULL);
    cr_assert(evidence_holds(&w.cluster, &proof.prove));
    struct cluster other = w.cluster;
    other.id.bytes[0] ^= 1;
    cr_assert_not(evidence_holds(&other, &proof.prove));
    other = w.cluster;
    memcpy(other.member[SUBJECT].vote_key, w.keys[SHOWS].public_key, PUBLIC_KEY_BYTES);
    cr_assert_not(evidence_holds(&other, &proof.prove));
}

/* Of a block two in a minute may bar from a say only: nobody hides what is worse behind it. */
Test(evidence_chain, by_a_block_gives_way_to_any_other, .init = found)
{
    static struct offences o;
    memset(&o, 0, sizeof o);
    struct block_header h = header_at(1);
    h.state.bytes[0] ^= 1;
    const struct vote for_block = vote_for(VOTE_NOTARIZE, &h);
    const struct vote astray = vote_astray(VOTE_NOTARIZE);
    offences_look_at(&o, &w.cluster, &for_block, NULL);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_ANSWER), "the header was not at hand");
    offences_look_at(&o, &w.cluster, &for_block, &h);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_BLOCK));
    cr_assert(evidence_holds(&w.cluster, &o.of[SUBJECT]));
    offences_look_at(&o, &w.cluster, &astray, NULL);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_HISTORY));
    offences_look_at(&o, &w.cluster, &for_block, &h);
    offences_add(&o, &w.cluster, &for_block, &astray);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_HISTORY), "the first one stays");
}

/* What nobody has shown in time convicts no more, and makes room. */
Test(evidence_chain, that_has_grown_too_old_makes_room, .init = found)
{
    static struct offences o;
    memset(&o, 0, sizeof o);
    const struct vote old = vote_astray(VOTE_NOTARIZE);
    offences_look_at(&o, &w.cluster, &old, NULL);
    decide(HEIGHTS_KEPT);
    const struct command proof = proof_of(&old, NULL);
    cr_assert(eq(int, cluster_would_skip(&w.cluster, &proof), CAUSE_TOO_OLD));
    const struct vote young = vote_astray(VOTE_NOTARIZE);
    offences_look_at(&o, &w.cluster, &young, NULL);
    cr_assert(eq(u64, o.of[SUBJECT].votes[0].height, young.height));
}

/* A member that is a block ahead shows what cannot be told here yet. */
Test(evidence_chain, of_the_height_after_the_next_waits_in_the_pool, .init = found)
{
    static struct pool pool;
    memset(&pool, 0, sizeof pool);
    struct vote v = {.kind = VOTE_NULLIFY, .signer = SUBJECT, .height = 2, .claim = VIEW_NONE};
    v.parent.bytes[0] = 1;
    vote_sign(&v, &w.cluster.id, &w.keys[SUBJECT]);
    struct command proof = proof_of(&v, NULL);
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(&proof, &w.cluster.id, &w.keys[SHOWS]);
    const size_t size_bytes = command_encode(&proof, bytes);
    cr_assert(eq(int, pool_add(&pool, &w.cluster, bytes, size_bytes, 0), POOL_NEW));
    cr_assert_not(pool.slot[SHOWS][COMMAND_PROVE - 1].ready);
    decide(1);
    pool_prune(&pool, &w.cluster);
    cr_assert(pool.slot[SHOWS][COMMAND_PROVE - 1].ready);
    cr_assert(pool.slot[SHOWS][COMMAND_PROVE - 1].urgent);
}
