#include "simplex_life.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

/* Near the view that it is in. */
static uint32_t some_view(void)
{
    const int32_t view = (int32_t)life.simplex.view + 1 - (int32_t)life_draw(5);
    return view < 0 ? 0 : (uint32_t)view;
}

static struct certificate some_certificate(void)
{
    static const enum vote_kind KINDS[] = {VOTE_NOTARIZE, VOTE_NULLIFY, VOTE_NULLIFY};
    const uint64_t kind = life_draw(4);
    uint32_t claims[4];
    if (kind == 3) {
        return (struct certificate){.kind = CERTIFICATE_NONE};
    }
    for (uint32_t i = 0; i < 4; i++) {
        claims[i] = life_draw(3) == 0 ? some_view() : VIEW_NONE;
    }
    const bool nullify = KINDS[kind] == VOTE_NULLIFY;
    return voters_certificate(&life.voters, KINDS[kind], some_view(),
                              nullify ? NULL : &life.hash[life_draw(BLOCKS)], 0x1e,
                              nullify ? claims : NULL);
}

static struct vote some_vote(enum vote_kind kind, uint32_t signer, uint32_t view)
{
    const struct hash *hash = kind == VOTE_NULLIFY ? NULL : &life.hash[life_draw(BLOCKS)];
    struct vote v = voters_vote(&life.voters, kind, signer, view, hash);
    if (kind == VOTE_NULLIFY && life_draw(3) == 0) {
        v.claim = some_view();
        voters_sign(&life.voters, &v);
    }
    return v;
}

/* For the view it is in or the next one; two in three are good. */
static void some_proposal(struct message *m, uint32_t *from)
{
    const uint32_t nothing[] = {VIEW_NONE, VIEW_NONE, VIEW_NONE, VIEW_NONE};
    const uint32_t view = life.simplex.view + (uint32_t)life_draw(2);
    const bool again = view > 0 && life_draw(2) == 0;
    *from = (1 + view) % 5; /* the proposer of height 1 */
    const uint64_t block = again ? life_draw(BLOCKS) : *from + 5 * life_draw(2);
    m->kind = MESSAGE_PROPOSAL;
    m->proposal.vote = voters_vote(&life.voters, VOTE_PROPOSE, *from, view, &life.hash[block]);
    m->proposal.block = (struct bytes_view){life.bytes[block], life.size_bytes[block]};
    if (life_draw(3) == 0) {
        m->proposal.entry.certificate = some_certificate();
        m->proposal.justification = some_certificate();
    } else if (again) {
        m->proposal.justification = voters_certificate(&life.voters, VOTE_NOTARIZE, view - 1,
                                                       &life.hash[block], 0x1e, NULL);
        m->proposal.entry.certificate = m->proposal.justification;
    } else if (view > 0) {
        m->proposal.entry.certificate =
            voters_certificate(&life.voters, VOTE_NULLIFY, view - 1, NULL, 0x1e, nothing);
    }
}

static void some_message(struct message *m, uint32_t *from)
{
    static const enum vote_kind KINDS[] = {VOTE_NOTARIZE, VOTE_NULLIFY, VOTE_FINALIZE};
    const uint64_t kind = life_draw(8);
    memset(m, 0, sizeof *m);
    *from = 1 + (uint32_t)life_draw(4);
    if (kind < 3) {
        /* Only three of them finalize, or the height would soon be over. */
        *from = kind == 2 && *from == 4 ? 3 : *from;
        m->kind = MESSAGE_VOTE;
        m->vote.vote = some_vote(KINDS[kind], *from, some_view());
    } else if (kind == 3) {
        m->kind = MESSAGE_STATUS;
        m->status.height = 1;
        m->status.view = some_view();
        m->status.entry.certificate = some_certificate();
        m->status.best = some_certificate();
    } else if (kind == 4) {
        const uint32_t block = (uint32_t)life_draw(BLOCKS);
        m->kind = MESSAGE_BLOCK;
        m->block.block = (struct bytes_view){life.bytes[block], life.size_bytes[block]};
    } else if (kind == 5) {
        m->kind = MESSAGE_WANT;
        m->want.height = life_draw(3);
        m->want.block = life.hash[life_draw(BLOCKS)];
    } else {
        some_proposal(m, from);
    }
}

/* What was sent, or something near it. */
static void tell(void)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m;
    uint32_t from;
    some_message(&m, &from);
    const size_t size_bytes = message_encode(&m, bytes);
    if (life_draw(4) == 0) {
        bytes[life_draw(size_bytes)] ^= (uint8_t)(1u << life_draw(8));
    }
    if (message_decode(&m, bytes, size_bytes)) {
        life_hear(from, &m);
    }
}

static void live(uint32_t steps)
{
    life_start();
    for (uint32_t i = 0; i < steps; i++) {
        const uint64_t what = life_draw(100);
        life.now_ms += life_draw(200);
        life.suspected = life_draw(20) == 0 ? 0x1e & (uint32_t)life_draw(32) : 0;
        if (what < 50) {
            tell();
        } else if (what < 75) {
            life_finish_signing(life_draw(8) == 0);
        } else if (what < 98) {
            life_finish_write();
        } else {
            life_start(); /* the power failed: what was not durable is gone */
        }
    }
}

Test(simplex, never_contradicts_itself_whatever_it_is_told, .timeout = 300)
{
    uint32_t sent = 0;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        life_found();
        life.random = seed;
        live(200);
        sent += life.sent_count;
    }
    cr_assert(sent > 200, "%u votes: it says too little for this to mean anything", sent);
}

Test(simplex, says_nothing_before_it_is_durable)
{
    life_found();
    life_start();
    life.suspected = 1u << 1; /* the proposer of view 0, and the height is due */
    life.now_ms += life.voters.founding.timing.tick_ms;
    effects_begin(&life.out);
    life_end_step();
    cr_assert(eq(u32, life.write_count, 1));
    life_finish_signing(false);
    cr_assert(eq(u32, life.sent_count, 0));
    life_finish_write();
    cr_assert(eq(u32, life.sent_count, 0), "not before it is signed either");
    life_finish_signing(false);
    cr_assert(eq(u32, life.sent_count, 1));
    cr_assert(life.sent[0].kind == VOTE_NULLIFY);
}

/* Member 1 proposes that block afresh, in a view that it is the proposer of. */
static void propose_fresh(uint32_t block, uint32_t view)
{
    const uint32_t nothing[] = {VIEW_NONE, VIEW_NONE, VIEW_NONE, VIEW_NONE};
    struct message m = {.kind = MESSAGE_PROPOSAL};
    m.proposal.vote = voters_vote(&life.voters, VOTE_PROPOSE, 1, view, &life.hash[block]);
    if (view > 0) {
        m.proposal.entry.certificate =
            voters_certificate(&life.voters, VOTE_NULLIFY, view - 1, NULL, 0x1e, nothing);
    }
    m.proposal.block = (struct bytes_view){life.bytes[block], life.size_bytes[block]};
    life_hear(1, &m);
    life_finish_write();
    life_finish_signing(false);
    cr_assert(eq(u32, life.simplex.view, view));
}

/* README.md, "Held blocks": else a liar could fill all places, one view after the other. */
Test(simplex, notarizes_one_fresh_block_of_a_proposer_a_height)
{
    life_found();
    life_start();
    life.now_ms += life.voters.founding.timing.tick_ms;
    propose_fresh(1, 0);
    cr_assert(eq(u32, life.sent_count, 1));
    propose_fresh(6, 5);
    cr_assert(eq(u32, life.sent_count, 1));
    propose_fresh(1, 10);
    cr_assert(eq(u32, life.sent_count, 2));
    cr_assert(life.sent[1].kind == VOTE_NOTARIZE);
    cr_assert(eq(u32, life.sent[1].view, 10));
}
