#include "consensus/evidence.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/scripts/cluster/world.h"

/* Member 1 is the subject, member 4 shows what it signed. */

#define SUBJECT 1u
#define SHOWS 4u

static struct world w;

static void found(void)
{
    const struct world_options o = world_options(3, 2);
    world_found(&w, &o);
}

/* `content`: the block, or of a nullify the claim. */
static struct vote vote_of(enum vote_kind kind, uint32_t view, uint32_t content)
{
    struct vote v = {.kind = kind,
                     .signer = SUBJECT,
                     .height = 1,
                     .view = view,
                     .claim = kind == VOTE_NULLIFY ? content : VIEW_NONE,
                     .parent = w.cluster.block};
    if (kind != VOTE_NULLIFY) {
        v.block.bytes[0] = (uint8_t)(content + 1);
    }
    vote_sign(&v, &w.cluster.id, &w.keys[SUBJECT]);
    return v;
}

static struct command proof_of(const struct vote *first, const struct vote *second)
{
    struct command c = world_command(&w, SHOWS, COMMAND_PROVE);
    c.prove = (struct prove){.subject = SUBJECT, .term = w.cluster.member[SUBJECT].term};
    c.prove.kind = second != NULL ? PROOF_PAIR : PROOF_ALONE;
    c.prove.votes[0] = *first;
    if (second != NULL) {
        c.prove.votes[1] = *second;
    }
    return c;
}

static struct command sample(void)
{
    const struct vote first = vote_of(VOTE_NOTARIZE, 3, 1);
    const struct vote second = vote_of(VOTE_NOTARIZE, 3, 2);
    return proof_of(&first, &second);
}

/* What voters say of a block with these bytes in it, which its author has signed. */
static enum block_verdict verdict_on(const struct command *c)
{
    struct command said = *c;
    w.command_count = 0;
    w.size_bytes = 0;
    world_say(&w, &said);
    const struct block b = world_make_block(&w, 10);
    return cluster_check(&w.cluster, &b);
}

Test(evidence, is_every_offence_of_the_table_and_no_other_pair, .init = found)
{
    static const struct {
        enum vote_kind a, b;
        uint32_t view_a, content_a, view_b, content_b;
        bool offence;
    } pairs[] = {
        {VOTE_PROPOSE, VOTE_PROPOSE, 2, 1, 2, 2, true},
        {VOTE_NOTARIZE, VOTE_NOTARIZE, 2, 1, 2, 2, true},
        {VOTE_FINALIZE, VOTE_FINALIZE, 2, 1, 2, 2, true},
        {VOTE_NULLIFY, VOTE_NULLIFY, 2, VIEW_NONE, 2, 0, true},
        {VOTE_NULLIFY, VOTE_NULLIFY, 2, 0, 2, 1, true},
        {VOTE_FINALIZE, VOTE_NULLIFY, 2, 1, 2, VIEW_NONE, true},
        {VOTE_FINALIZE, VOTE_NULLIFY, 2, 1, 2, 1, true},
        {VOTE_FINALIZE, VOTE_NULLIFY, 2, 1, 5, 1, true},
        {VOTE_FINALIZE, VOTE_NULLIFY, 0, 1, 1, VIEW_NONE, true},
        /* said again, or in another view */
        {VOTE_PROPOSE, VOTE_PROPOSE, 2, 1, 2, 1, false},
        {VOTE_PROPOSE, VOTE_PROPOSE, 2, 1, 3, 2, false},
        {VOTE_NOTARIZE, VOTE_NOTARIZE, 2, 1, 2, 1, false},
        {VOTE_NOTARIZE, VOTE_NOTARIZE, 2, 1, 3, 2, false},
        {VOTE_FINALIZE, VOTE_FINALIZE, 2, 1, 3, 2, false},
        {VOTE_NULLIFY, VOTE_NULLIFY, 2, 1, 2, 1, false},
        {VOTE_NULLIFY, VOTE_NULLIFY, 2, VIEW_NONE, 3, 2, false},
        /* of two kinds in one view, in either order */
        {VOTE_PROPOSE, VOTE_NOTARIZE, 2, 1, 2, 2, false},
        {VOTE_PROPOSE, VOTE_NULLIFY, 2, 1, 2, VIEW_NONE, false},
        {VOTE_PROPOSE, VOTE_FINALIZE, 2, 1, 2, 2, false},
        {VOTE_NOTARIZE, VOTE_NULLIFY, 2, 1, 2, VIEW_NONE, false},
        {VOTE_NOTARIZE, VOTE_FINALIZE, 2, 1, 2, 2, false},
        /* a nullify before, or one that tells what was finalized */
        {VOTE_FINALIZE, VOTE_NULLIFY, 2, 1, 1, VIEW_NONE, false},
        {VOTE_FINALIZE, VOTE_NULLIFY, 2, 1, 3, 2, false},
        {VOTE_FINALIZE, VOTE_NULLIFY, 2, 1, 5, 4, false},
    };
    for (uint32_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct vote a = vote_of(pairs[i].a, pairs[i].view_a, pairs[i].content_a);
        const struct vote b = vote_of(pairs[i].b, pairs[i].view_b, pairs[i].content_b);
        cr_assert(eq(int, evidence_conflict(&a, &b), pairs[i].offence), "%u", i);
        cr_assert(eq(int, evidence_conflict(&b, &a), pairs[i].offence), "%u", i);
    }
}

Test(evidence, needs_one_height_and_one_signer, .init = found)
{
    const struct vote a = vote_of(VOTE_NOTARIZE, 2, 1);
    struct vote b = vote_of(VOTE_NOTARIZE, 2, 2);
    cr_assert(evidence_conflict(&a, &b));
    b.height++;
    cr_assert_not(evidence_conflict(&a, &b));
    b = vote_of(VOTE_NOTARIZE, 2, 2);
    b.signer = SHOWS;
    cr_assert_not(evidence_conflict(&a, &b));
}

Test(evidence, of_one_vote_is_a_claim_that_nobody_can_make, .init = found)
{
    for (uint32_t claim = 0; claim < 6; claim++) {
        const struct vote v = vote_of(VOTE_NULLIFY, 3, claim);
        cr_assert(eq(int, evidence_alone(&v), claim >= 3), "claim %u", claim);
    }
    const struct vote nothing = vote_of(VOTE_NULLIFY, 3, VIEW_NONE);
    const struct vote other = vote_of(VOTE_NOTARIZE, 3, 1);
    cr_assert_not(evidence_alone(&nothing));
    cr_assert_not(evidence_alone(&other));
}

Test(evidence, is_accepted_whoever_shows_it_and_removes_its_subject, .init = found)
{
    const struct command proof = sample();
    cr_assert(eq(int, verdict_on(&proof), BLOCK_GOOD));
    world_block(&w, 10);
    cr_assert(eq(int, w.cluster.member[SUBJECT].standing, STANDING_LOCKED_OUT));
    cr_assert(eq(int, w.cluster.member[SUBJECT].cause, STANDING_CAUSE_PROOF));
    cr_assert(eq(int, w.cluster.member[SHOWS].standing, STANDING_GOOD));
}

/* Its author signs the altered one too, so only what it shows can give it away. */
Test(evidence, is_refused_with_any_bit_altered, .init = found)
{
    struct command proof = sample();
    uint8_t sound[COMMAND_BYTES_MAX];
    command_sign(&proof, &w.cluster.id, &w.keys[SHOWS]);
    const size_t size_bytes = command_encode(&proof, sound);
    const size_t votes_from =
        1 + 4 + 1 + 1 + 4 + 1; /* author, term, kind, subject, term, count */
    for (size_t bit = 8 * votes_from; bit < 8 * (size_bytes - SIGNATURE_BYTES); bit++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        struct command altered;
        memcpy(bytes, sound, size_bytes);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (command_decode(&altered, bytes, size_bytes)) {
            cr_assert(eq(int, verdict_on(&altered), BLOCK_BAD_PROOF), "bit %zu", bit);
        }
    }
}

Test(evidence, is_no_other_members, .init = found)
{
    struct command proof = sample();
    for (uint32_t i = 0; i < w.cluster.member_count; i++) {
        proof.prove.subject = i;
        proof.prove.votes[0].signer = i;
        proof.prove.votes[1].signer = i;
        cr_assert(eq(int, verdict_on(&proof), i == SUBJECT ? BLOCK_GOOD : BLOCK_BAD_PROOF),
                  "%u", i);
    }
}

/* All that a member casts that goes by the rules, in a height of four views: in the first it
 * nullified what it had notarized, in the second it proposed, in the third it finalized, in the
 * fourth it told that it had. */
Test(evidence, is_not_to_be_made_of_what_a_sound_member_casts, .init = found)
{
    const struct vote votes[] = {
        vote_of(VOTE_NOTARIZE, 0, 1), vote_of(VOTE_NULLIFY, 0, VIEW_NONE),
        vote_of(VOTE_PROPOSE, 1, 2),  vote_of(VOTE_NOTARIZE, 1, 2),
        vote_of(VOTE_NULLIFY, 1, 0),  vote_of(VOTE_NOTARIZE, 2, 1),
        vote_of(VOTE_FINALIZE, 2, 1), vote_of(VOTE_NOTARIZE, 3, 1),
        vote_of(VOTE_NULLIFY, 3, 2),
    };
    const uint32_t count = sizeof votes / sizeof votes[0];
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_not(evidence_alone(&votes[i]), "%u", i);
        for (uint32_t k = 0; k < count; k++) {
            cr_assert_not(evidence_conflict(&votes[i], &votes[k]), "%u and %u", i, k);
        }
    }
}

Test(evidence, is_kept_once_of_each_member_and_anew_under_another_key, .init = found)
{
    static struct offences o;
    const struct vote first = vote_of(VOTE_NOTARIZE, 3, 1);
    const struct vote second = vote_of(VOTE_NOTARIZE, 3, 2);
    const struct vote claims = vote_of(VOTE_NULLIFY, 3, 3);
    offences_add(&o, &w.cluster, &first, &first);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_ANSWER));
    offences_add(&o, &w.cluster, &first, &second);
    offences_look_at(&o, &w.cluster, &claims, NULL);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_PAIR), "the first one stays");

    w.cluster.member[SUBJECT].vote_key[0] ^= 1;
    offences_look_at(&o, &w.cluster, &claims, NULL);
    cr_assert(eq(int, o.of[SUBJECT].kind, PROOF_ALONE));
}

/* ---- by an answer */

static struct command answer_proof(void)
{
    struct command c = world_command(&w, SHOWS, COMMAND_PROVE);
    struct solution *s = &c.prove.answer;
    *s = (struct solution){.author = SUBJECT,
                           .term = w.cluster.member[SUBJECT].term,
                           .version = w.cluster.version,
                           .nonce = {{1}},
                           .result = {{2}}};
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    solution_signed_bytes(s, bytes);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = w.cluster.id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&w.keys[SUBJECT], &statement, s->signature);
    c.prove.subject = SUBJECT;
    c.prove.term = s->term;
    return c;
}

Test(evidence, by_an_answer_removes_its_subject, .init = found)
{
    const struct command proof = answer_proof();
    cr_assert(evidence_is_answer(&proof));
    cr_assert(eq(int, verdict_on(&proof), BLOCK_GOOD));
    world_block(&w, 10);
    cr_assert(eq(int, w.cluster.member[SUBJECT].standing, STANDING_LOCKED_OUT));
    cr_assert(eq(int, w.cluster.member[SUBJECT].cause, STANDING_CAUSE_PROOF));
}

/* So nobody can make an answer look wrong by telling of another task, term or version. */
Test(evidence, by_an_answer_is_refused_with_any_bit_altered, .init = found)
{
    struct command proof = answer_proof();
    uint8_t sound[COMMAND_BYTES_MAX];
    command_sign(&proof, &w.cluster.id, &w.keys[SHOWS]);
    const size_t size_bytes = command_encode(&proof, sound);
    const size_t answer_from = 1 + 4 + 1 + 1 + 4 + 1;
    uint32_t forms = 0;
    for (size_t bit = 8 * answer_from; bit < 8 * (size_bytes - SIGNATURE_BYTES); bit++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        struct command altered;
        memcpy(bytes, sound, size_bytes);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (command_decode(&altered, bytes, size_bytes)) {
            cr_assert(eq(int, verdict_on(&altered), BLOCK_BAD_PROOF), "bit %zu", bit);
            forms++;
        }
    }
    cr_assert(eq(u32, forms, 8 * (4 + 2 * HASH_BYTES + SIGNATURE_BYTES)));
}

Test(evidence, by_an_answer_is_the_subjects_of_this_cluster_and_of_its_term, .init = found)
{
    struct command proof = answer_proof();
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(&proof, &w.cluster.id, &w.keys[SHOWS]);
    size_t size_bytes = command_encode(&proof, bytes);
    bytes[6] = SHOWS; /* the subject */
    cr_assert_not(command_decode(&proof, bytes, size_bytes));
    proof = answer_proof();
    size_bytes = command_encode(&proof, bytes);
    bytes[10]++; /* its term */
    cr_assert_not(command_decode(&proof, bytes, size_bytes));

    proof = answer_proof();
    w.cluster.id.bytes[0] ^= 1;
    cr_assert_not(evidence_holds(&w.cluster, &proof.prove));
}

Test(evidence, by_an_answer_is_in_a_block_but_once, .init = found)
{
    struct command proof = answer_proof();
    w.command_count = 0;
    w.size_bytes = 0;
    world_say(&w, &proof);
    proof.author = 0;
    world_say(&w, &proof);
    const struct block b = world_make_block(&w, 10);
    cr_assert(eq(int, cluster_check(&w.cluster, &b), BLOCK_TOO_MANY));
}
