/* From the founding document, a snapshot, the stored blocks and the vote record to a running
 * node. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../consensus/certificate.h"

/* Leaves the room for blocks alone: most of it is never touched, and so costs no memory. */
static void clear_bulk(struct node *n)
{
    memset(&n->pool, 0, sizeof n->pool);
    memset(&n->book, 0, sizeof n->book);
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        n->bulk.held[i].size_bytes = 0;
    }
    n->bulk.candidate.size_bytes = 0;
    n->bulk.deciding.size_bytes = 0;
    n->bulk.next_bytes = 0;
}

void node_init(struct node *n, const struct node_options *o)
{
    assert(o->self < MEMBERS_MAX);
    assert(o->incarnation != 0);
    assert(o->nonce != 0);
    struct deciding *d = &n->deciding;
    memset(d, 0, sizeof *d); /* padding counts in the shadow */
    clear_bulk(n);
    d->options = *o;
    d->writing_since_ms = TIME_NEVER;
    d->wake_ms = TIME_NEVER;
    diagnosis_init(&d->diagnosis);
    cluster_found(&d->cluster, &o->founding);
    const struct simplex_options options = {
        .cluster_id = d->cluster.id,
        .self = o->self,
        .timing = o->founding.timing,
        .nonce = o->nonce,
        .joins = o->joins,
        .checkpoint = o->checkpoint,
    };
    simplex_init(&d->simplex, &options);
}

void node_be(struct node *n, uint32_t self)
{
    assert(self < MEMBERS_MAX);
    n->deciding.options.self = self;
    n->deciding.simplex.options.self = self;
}

void node_set_out(struct node *n, const struct outset *kept)
{
    n->deciding.simplex.options.kept = *kept;
}

bool node_restore(struct node *n, const uint8_t *state, size_t size_bytes)
{
    struct deciding *d = &n->deciding;
    struct cluster *before = &n->restored;
    if (!cluster_decode(before, state, size_bytes) ||
        !hash_equal(&before->id, &d->cluster.id)) {
        return false;
    }
    d->cluster = *before;
    return true;
}

bool node_replay(struct node *n, const uint8_t *decided, size_t size_bytes, struct notes *notes)
{
    struct cluster *c = &n->deciding.cluster;
    struct message *m = &n->scratch;
    struct block block;
    if (!message_decode(m, decided, size_bytes) || m->kind != MESSAGE_DECIDED ||
        !block_decode(&block, m->decided.block.bytes, m->decided.block.size_bytes)) {
        return false;
    }
    const struct hash state = cluster_state_hash(c);
    const struct certificate_context context = certificate_context_of(c);
    if (block.header.height != c->height + 1 || !hash_equal(&block.header.parent, &c->block) ||
        !hash_equal(&block.header.state, &state) ||
        !hash_equal(&block.hash, &m->decided.finalization.block) ||
        !certificate_verify(&m->decided.finalization, &context)) {
        return false;
    }
    cluster_apply(c, &block, notes);
    return true;
}

bool node_hold(struct node *n, const struct hash *hash, const uint8_t *bytes, size_t size_bytes)
{
    struct block block;
    if (!block_decode(&block, bytes, size_bytes) || !hash_equal(&block.hash, hash)) {
        return false;
    }
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        struct held_block *held = &n->bulk.held[i];
        if (held->size_bytes == 0) {
            held->hash = *hash;
            held->size_bytes = block.size_bytes;
            memcpy(held->bytes, bytes, size_bytes);
            return true;
        }
    }
    return false;
}

void node_follow(struct node *n, const uint8_t *resignation, uint32_t size_bytes)
{
    struct deciding *d = &n->deciding;
    assert(size_bytes <= RESIGNATION_BYTES_MAX);
    d->options.neutered = true;
    d->options.resignation_bytes = size_bytes;
    memcpy(d->options.resignation, resignation, size_bytes);
    d->muted = true;
}

/* How long ago the last block was decided, as far as the wall clock can tell; a step back of it
 * makes that zero, a jump forward at most a tick too much (protocol.md, rule 14). */
static uint64_t since_decided_ms(const struct cluster *c, uint64_t unix_ms)
{
    return unix_ms > c->time_ms ? unix_ms - c->time_ms : 0;
}

void node_resume(struct node *n, const struct input *now, const uint8_t *record,
                 size_t size_bytes, enum cause cause, struct effects *out)
{
    struct deciding *d = &n->deciding;
    effects_begin(out);
    d->now_ms = now->now_ms;
    d->unix_ms = now->unix_ms;
    d->started_ms = now->now_ms;
    d->quorum_since_ms = now->now_ms;
    const uint64_t since_ms = since_decided_ms(&d->cluster, now->unix_ms);
    d->decided_ms = since_ms < now->now_ms ? now->now_ms - since_ms : 0;
    d->heartbeat_due_ms = now->now_ms;
    node_still_start(d);
    node_peers_start(d);
    node_challenges_start(d, now->random);
    node_words_start(d);
    node_motions_start(d);
    tick_init(&d->tick);
    node_diagnosis_start(n, out);
    const struct note note = {.kind = NOTE_STARTED,
                              .member = d->options.self,
                              .other = MEMBER_NONE,
                              .first = d->cluster.height};
    effects_note(out, &note);
    const struct simplex_world world = node_world(n, now->random, out);
    simplex_resume(&d->simplex, &world, record, size_bytes, cause, since_ms);
    effects_wake(out, now->now_ms);
    d->wake_ms = out->timer_ms;
    node_seal_first(n);
}
