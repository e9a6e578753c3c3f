#include "simplex_life.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "consensus/vote.h"

struct life life;

uint64_t life_draw(uint64_t below)
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
        .random = life_draw(UINT64_MAX),
        .cluster = &life.voters.cluster,
        .pool = &life.pool,
        .suspected = life.suspected,
        .heard = 0x1f,
        .offences = &life.offences,
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

void life_end_step(void)
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

void life_finish_signing(bool refused)
{
    if (life.signing_count == 0) {
        return;
    }
    const struct signing_under_way s = life.signings[--life.signing_count];
    effects_begin(&life.out);
    const struct simplex_world w = world();
    simplex_on_signed(&life.simplex, &w, s.serial, refused ? NULL : s.signature);
    life_end_step();
}

void life_finish_write(void)
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
    life_end_step();
}

void life_hear(uint32_t from, const struct message *m)
{
    effects_begin(&life.out);
    const struct simplex_world w = world();
    simplex_on_message(&life.simplex, &w, from, m);
    life_end_step();
}

void life_start(void)
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
    life_end_step();
    for (uint32_t i = 1; i < 5; i++) {
        const struct message m = {.kind = MESSAGE_HELLO,
                                  .hello = {.answer = life.nonce, .height = 1}};
        life_hear(i, &m);
    }
}

void life_found(void)
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
