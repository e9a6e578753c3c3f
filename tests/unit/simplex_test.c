#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "consensus/simplex.h"
#include "consensus/vote.h"
#include "votes_fixture.h"

/* One member of five among four liars who hold the keys of a whole quorum and say anything at
 * all, while its disk is slow and its power fails. Whatever they say, it must not fail an
 * assertion, and no two votes that it sends in all its lives may be a provable offence
 * (protocol.md, section 6). */

#define SELF 0u
#define BLOCKS 10u /* two of each possible proposer */
#define WRITES_MAX 16u
#define SENT_MAX 4096u

struct disk {
    uint32_t record_bytes;
    uint8_t record[RECORD_BYTES_MAX];
    struct held_block held[HELD_MAX];
};

struct signing_under_way {
    uint64_t serial;
    uint8_t signature[SIGNATURE_BYTES];
};

struct life {
    struct voters voters;
    struct simplex simplex;
    struct simplex_bulk bulk;
    struct effects out;
    struct pool pool;
    uint64_t now_ms;
    uint64_t random;
    uint64_t nonce;
    uint32_t suspected;
    struct disk disk;
    uint32_t write_count;
    uint64_t serials[WRITES_MAX];
    struct disk writes[WRITES_MAX]; /* the disk as it will be */
    uint32_t signing_count;
    struct signing_under_way signings[WRITES_MAX];
    uint32_t sent_count;
    struct vote sent[SENT_MAX];
    struct hash hash[BLOCKS];
    uint32_t size_bytes[BLOCKS];
    uint8_t bytes[BLOCKS][BLOCK_BYTES_MAX];
};

static struct life life;

/* splitmix64: any stream will do, as long as it is the same each time. */
static uint64_t draw(uint64_t below)
{
    life.random += 0x9e3779b97f4a7c15u;
    uint64_t z = life.random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static struct simplex_world world(void)
{
    return (struct simplex_world){
        .now_ms = life.now_ms,
        .unix_ms = life.voters.cluster.time_ms + life.now_ms,
        .random = draw(UINT64_MAX),
        .cluster = &life.voters.cluster,
        .pool = &life.pool,
        .suspected = life.suspected,
        .heard = 0x1f,
        .bulk = &life.bulk,
        .out = &life.out,
    };
}

static bool is_offence(const struct vote *a, const struct vote *b)
{
    if (a->kind == b->kind && a->view == b->view) {
        return !hash_equal(&a->block, &b->block) || a->claim != b->claim;
    }
    return a->kind == VOTE_FINALIZE && b->kind == VOTE_NULLIFY && b->view >= a->view &&
           view_above(a->view, b->claim);
}

static void check_vote(const struct vote *v)
{
    const uint8_t *key = life.voters.cluster.member[SELF].vote_key;
    cr_assert(vote_verify(v, &life.voters.cluster.id, key));
    for (uint32_t i = 0; i < life.sent_count; i++) {
        const struct vote *before = &life.sent[i];
        if (vote_same(before, v)) {
            return;
        }
        cr_assert(not(is_offence(before, v) || is_offence(v, before)),
                  "kinds %d and %d, views %u and %u", (int)before->kind, (int)v->kind,
                  before->view, v->view);
    }
    cr_assert(life.sent_count < SENT_MAX);
    life.sent[life.sent_count++] = *v;
}

static void check_sent(const struct effect *e)
{
    struct message m;
    cr_assert(message_decode(&m, life.out.outbox + e->body.offset, e->body.size_bytes));
    if (m.kind == MESSAGE_VOTE) {
        check_vote(&m.vote.vote);
    } else if (m.kind == MESSAGE_PROPOSAL) {
        check_vote(&m.proposal.vote);
    }
}

static bool is_kept(const struct persist *p, const struct hash *hash)
{
    for (uint32_t i = 0; i < p->held_count; i++) {
        if (hash_equal(&p->held[i], hash)) {
            return true;
        }
    }
    return false;
}

static void begin_write(const struct effect *e)
{
    const struct persist *p = &e->persist;
    cr_assert(life.write_count < WRITES_MAX);
    struct disk *d = &life.writes[life.write_count];
    *d = life.write_count > 0 ? life.writes[life.write_count - 1] : life.disk;
    d->record_bytes = p->record.size_bytes;
    memcpy(d->record, life.out.outbox + p->record.offset, p->record.size_bytes);
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        if (!is_kept(p, &d->held[i].hash)) {
            d->held[i].size_bytes = 0;
        }
    }
    for (uint32_t i = 0; p->block.size_bytes > 0 && i < HELD_MAX; i++) {
        if (d->held[i].size_bytes == 0) {
            d->held[i].hash = p->block_hash;
            d->held[i].size_bytes = p->block.size_bytes;
            memcpy(d->held[i].bytes, life.out.outbox + p->block.offset, p->block.size_bytes);
            break;
        }
    }
    life.serials[life.write_count++] = e->serial;
}

static void begin_signing(const struct effect *e)
{
    const struct statement statement = {
        .domain = e->signing.domain,
        .cluster_id = life.voters.cluster.id.bytes,
        .body = life.out.outbox + e->body.offset,
        .body_size_bytes = e->body.size_bytes,
    };
    cr_assert(life.signing_count < WRITES_MAX);
    struct signing_under_way *s = &life.signings[life.signing_count++];
    s->serial = e->serial;
    signer_sign(&life.voters.keys[SELF], &statement, s->signature);
}

static void end_step(void)
{
    const struct simplex_world w = world();
    simplex_tick(&life.simplex, &w);
    cr_assert(life.out.count <= EFFECTS_MAX);
    for (uint32_t i = 0; i < life.out.count; i++) {
        const struct effect *e = &life.out.list[i];
        cr_assert(e->kind != EFFECT_NEUTER);
        if (e->kind == EFFECT_SIGN) {
            begin_signing(e);
        } else if (e->kind == EFFECT_PERSIST) {
            begin_write(e);
        } else if (e->kind == EFFECT_BROADCAST || e->kind == EFFECT_SEND) {
            check_sent(e);
        }
    }
}

static void finish_signing(bool refused)
{
    if (life.signing_count == 0) {
        return;
    }
    const struct signing_under_way s = life.signings[--life.signing_count];
    effects_begin(&life.out);
    const struct simplex_world w = world();
    simplex_on_signed(&life.simplex, &w, s.serial, refused ? NULL : s.signature);
    end_step();
}

static void finish_write(void)
{
    if (life.write_count == 0) {
        return;
    }
    const uint64_t serial = life.serials[0];
    life.disk = life.writes[0];
    life.write_count--;
    memmove(life.writes, life.writes + 1, life.write_count * sizeof life.writes[0]);
    memmove(life.serials, life.serials + 1, life.write_count * sizeof life.serials[0]);
    effects_begin(&life.out);
    const struct simplex_world w = world();
    simplex_on_stored(&life.simplex, &w, serial);
    end_step();
}

static void hear(uint32_t from, const struct message *m)
{
    effects_begin(&life.out);
    const struct simplex_world w = world();
    simplex_on_message(&life.simplex, &w, from, m);
    end_step();
}

static void start(void)
{
    const struct simplex_options options = {
        .cluster_id = life.voters.cluster.id,
        .self = SELF,
        .timing = life.voters.founding.timing,
        .nonce = ++life.nonce,
    };
    life.write_count = 0;
    life.signing_count = 0;
    memcpy(life.bulk.held, life.disk.held, sizeof life.bulk.held);
    simplex_init(&life.simplex, &options);
    effects_begin(&life.out);
    const struct simplex_world w = world();
    simplex_resume(&life.simplex, &w, life.disk.record, life.disk.record_bytes, CAUSE_NONE, 0);
    cr_assert(not(life.simplex.amnesiac));
    end_step();
    for (uint32_t i = 1; i < 5; i++) {
        const struct message m = {.kind = MESSAGE_HELLO,
                                  .hello = {.answer = life.nonce, .height = 1}};
        hear(i, &m);
    }
}

static void found(void)
{
    memset(&life, 0, sizeof life);
    life.now_ms = 1000;
    voters_found(&life.voters, 5);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        life.voters.cluster.time_ms += i; /* so that the blocks differ */
        life.size_bytes[i] = voters_block(&life.voters, i % 5, life.bytes[i], &life.hash[i]);
        life.voters.cluster.time_ms -= i;
    }
}

/* Near the view that it is in. */
static uint32_t some_view(void)
{
    const int32_t view = (int32_t)life.simplex.view + 1 - (int32_t)draw(5);
    return view < 0 ? 0 : (uint32_t)view;
}

static struct certificate some_certificate(void)
{
    static const enum vote_kind KINDS[] = {VOTE_NOTARIZE, VOTE_NULLIFY, VOTE_NULLIFY};
    const uint64_t kind = draw(4);
    uint32_t claims[4];
    if (kind == 3) {
        return (struct certificate){.kind = CERTIFICATE_NONE};
    }
    for (uint32_t i = 0; i < 4; i++) {
        claims[i] = draw(3) == 0 ? some_view() : VIEW_NONE;
    }
    const bool nullify = KINDS[kind] == VOTE_NULLIFY;
    return voters_certificate(&life.voters, KINDS[kind], some_view(),
                              nullify ? NULL : &life.hash[draw(BLOCKS)], 0x1e,
                              nullify ? claims : NULL);
}

static struct vote some_vote(enum vote_kind kind, uint32_t signer, uint32_t view)
{
    const struct hash *hash = kind == VOTE_NULLIFY ? NULL : &life.hash[draw(BLOCKS)];
    struct vote v = voters_vote(&life.voters, kind, signer, view, hash);
    if (kind == VOTE_NULLIFY && draw(3) == 0) {
        v.claim = some_view();
        voters_sign(&life.voters, &v);
    }
    return v;
}

/* For the view it is in or the next one; two in three are good. */
static void some_proposal(struct message *m, uint32_t *from)
{
    const uint32_t nothing[] = {VIEW_NONE, VIEW_NONE, VIEW_NONE, VIEW_NONE};
    const uint32_t view = life.simplex.view + (uint32_t)draw(2);
    const bool again = view > 0 && draw(2) == 0;
    *from = (1 + view) % 5; /* the proposer of height 1 */
    const uint64_t block = again ? draw(BLOCKS) : *from + 5 * draw(2);
    m->kind = MESSAGE_PROPOSAL;
    m->proposal.vote = voters_vote(&life.voters, VOTE_PROPOSE, *from, view, &life.hash[block]);
    m->proposal.block = (struct bytes_view){life.bytes[block], life.size_bytes[block]};
    if (draw(3) == 0) {
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
    const uint64_t kind = draw(8);
    memset(m, 0, sizeof *m);
    *from = 1 + (uint32_t)draw(4);
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
        const uint32_t block = (uint32_t)draw(BLOCKS);
        m->kind = MESSAGE_BLOCK;
        m->block.block = (struct bytes_view){life.bytes[block], life.size_bytes[block]};
    } else if (kind == 5) {
        m->kind = MESSAGE_WANT;
        m->want.height = draw(3);
        m->want.block = life.hash[draw(BLOCKS)];
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
    if (draw(4) == 0) {
        bytes[draw(size_bytes)] ^= (uint8_t)(1u << draw(8));
    }
    if (message_decode(&m, bytes, size_bytes)) {
        hear(from, &m);
    }
}

static void live(uint32_t steps)
{
    start();
    for (uint32_t i = 0; i < steps; i++) {
        const uint64_t what = draw(100);
        life.now_ms += draw(200);
        life.suspected = draw(20) == 0 ? 0x1e & (uint32_t)draw(32) : 0;
        if (what < 50) {
            tell();
        } else if (what < 75) {
            finish_signing(draw(8) == 0);
        } else if (what < 98) {
            finish_write();
        } else {
            start(); /* the power failed: what was not durable is gone */
        }
    }
}

Test(simplex, never_contradicts_itself_whatever_it_is_told, .timeout = 300)
{
    uint32_t sent = 0;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        found();
        life.random = seed;
        live(200);
        sent += life.sent_count;
    }
    cr_assert(sent > 200, "%u votes: it says too little for this to mean anything", sent);
}

Test(simplex, says_nothing_before_it_is_durable)
{
    found();
    start();
    life.suspected = 1u << 1; /* the proposer of view 0, and the height is due */
    life.now_ms += life.voters.founding.timing.tick_ms;
    effects_begin(&life.out);
    end_step();
    cr_assert(eq(u32, life.write_count, 1));
    finish_signing(false);
    cr_assert(eq(u32, life.sent_count, 0));
    finish_write();
    cr_assert(eq(u32, life.sent_count, 0), "not before it is signed either");
    finish_signing(false);
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
    hear(1, &m);
    finish_write();
    finish_signing(false);
    cr_assert(eq(u32, life.simplex.view, view));
}

/* README.md, "Held blocks": else a liar could fill all places, one view after the other. */
Test(simplex, notarizes_one_fresh_block_of_a_proposer_a_height)
{
    found();
    start();
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
