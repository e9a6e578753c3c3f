#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../../consensus/certificate.h"

static void found_member(struct world *w, uint32_t member)
{
    struct founding_member *m = &w->founding.members[member];
    const uint8_t seed[IDENTITY_SEED_BYTES] = {(uint8_t)(member + 1)};
    key_pair_from_seed(&w->keys[member], seed);
    snprintf(m->name, sizeof m->name, "node%u", member);
    snprintf(m->address, sizeof m->address, "127.0.0.1:%u", 7100 + member);
    memcpy(m->vote_key, w->keys[member].public_key, sizeof m->vote_key);
    memcpy(m->transport_key, w->keys[member].public_key, sizeof m->transport_key);
}

void world_found(struct world *w, const struct world_options *o)
{
    memset(w, 0, sizeof *w);
    w->now_ms = 1000;
    w->heartbeat_ms = w->now_ms;
    struct founding *f = &w->founding;
    memcpy(f->name, "test", 5);
    f->founded_ms = WORLD_FOUNDED_MS;
    f->timing = timing_default();
    f->timing.delta_ms = o->delta_ms;
    f->timing.tick_ms = o->tick_ms;
    f->malfunctioning_max = o->malfunctioning_max;
    f->member_count = o->members;
    for (uint32_t i = 0; i < o->members; i++) {
        found_member(w, i);
    }
    for (uint32_t i = 0; i < o->members; i++) {
        if ((o->absent >> i & 1) == 0) {
            world_start(w, i, CAUSE_NONE);
        }
    }
}

static uint32_t up(const struct world *w)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        members |= (uint32_t)w->agents[i].up << i;
    }
    return members;
}

static struct simplex_world view_of(struct world *w, struct agent *a)
{
    const int64_t clock_ms = (int64_t)(WORLD_FOUNDED_MS + w->now_ms - 1000) + a->clock_ms;
    return (struct simplex_world){
        .now_ms = w->now_ms,
        .unix_ms = (uint64_t)clock_ms,
        .clock_ms = (uint64_t)clock_ms,
        .random = w->now_ms * 7919,
        .cluster = &a->cluster,
        .pool = &a->pool,
        .suspected = a->suspects,
        .heard = up(w),
        .offences = &a->offences,
        .retrials = &a->retrials,
        .bulk = &a->bulk,
        .out = &w->out,
    };
}

/* Bit of a message in a rule's kinds. */
static uint32_t kind_of(const struct message *m)
{
    return m->kind == MESSAGE_VOTE ? 1u << (16 + m->vote.vote.kind) : 1u << m->kind;
}

static bool is_lost(const struct world *w, uint32_t from, uint32_t to, const struct message *m)
{
    for (uint32_t i = 0; i < w->rule_count; i++) {
        const struct rule *r = &w->rules[i];
        if ((r->from >> from & 1) != 0 && (r->to >> to & 1) != 0 &&
            (r->kinds & kind_of(m)) != 0) {
            return true;
        }
    }
    return false;
}

static void post(struct world *w, uint32_t from, uint32_t to, const uint8_t *bytes,
                 uint32_t size_bytes)
{
    struct message m;
    const bool decodes = message_decode(&m, bytes, size_bytes);
    assert(decodes); /* our own */
    if (to == from || !w->agents[to].up || is_lost(w, from, to, &m)) {
        return;
    }
    struct letter *letter = malloc(sizeof *letter + size_bytes);
    assert(letter != NULL);
    *letter = (struct letter){NULL, from, to, w->now_ms + 1, size_bytes};
    memcpy(letter->bytes, bytes, size_bytes);
    struct letter **last = &w->letters;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = letter;
}

static void post_all(struct world *w, uint32_t from, const struct effect *e)
{
    const uint8_t *bytes = w->out.outbox + e->body.offset;
    struct message m;
    const bool decodes = message_decode(&m, bytes, e->body.size_bytes);
    assert(decodes);
    if (m.kind == MESSAGE_VOTE) {
        event_vote(w, from, &m.vote.vote);
    } else if (m.kind == MESSAGE_PROPOSAL) {
        event_vote(w, from, &m.proposal.vote);
    }
    for (uint32_t to = 0; to < w->founding.member_count; to++) {
        post(w, from, to, bytes, e->body.size_bytes);
    }
}

static void tell_note(struct world *w, uint32_t member, const struct note *note)
{
    if (note->kind == NOTE_VIEW_CHANGED) {
        return; /* told already */
    }
    char cause[64] = "";
    if (note->cause != CAUSE_NONE) {
        snprintf(cause, sizeof cause, " cause=%s", cause_text(note->cause));
    }
    char of[32] = "";
    if (note->kind == NOTE_PEER_NONSENSE) {
        snprintf(of, sizeof of, " of=%u", note->member);
    } else if (note->first > 0) {
        snprintf(of, sizeof of, " height=%llu", (unsigned long long)note->first);
    }
    world_event(w, member, "notes %s%s%s", note_kind_text(note->kind), of, cause);
}

static void sign(struct world *w, uint32_t member, const struct effect *e)
{
    struct agent *a = &w->agents[member];
    const struct statement statement = {
        .domain = e->signing.domain,
        .cluster_id = a->cluster.id.bytes,
        .body = w->out.outbox + e->body.offset,
        .body_size_bytes = e->body.size_bytes,
    };
    assert(a->signature_count < PENDING_MAX);
    struct signature *s = &a->signatures[a->signature_count++];
    s->serial = e->serial;
    signer_sign(&w->keys[member], &statement, s->bytes);
}

static void perform(struct world *w, uint32_t member, const struct effect *e)
{
    struct agent *a = &w->agents[member];
    const uint8_t *bytes = w->out.outbox + e->body.offset;
    switch (e->kind) {
    case EFFECT_SEND:
        post(w, member, e->member, bytes, e->body.size_bytes);
        break;
    case EFFECT_BROADCAST:
        post_all(w, member, e);
        break;
    case EFFECT_PERSIST:
    case EFFECT_STORE_BLOCK:
        disk_write(w, a, e);
        break;
    case EFFECT_HELP:
        if (e->height <= a->disk.height) {
            const struct stored_block *b = &a->disk.decided[e->height];
            post(w, member, e->member, b->bytes, b->size_bytes);
        }
        break;
    case EFFECT_NOTE:
        tell_note(w, member, &e->note);
        break;
    case EFFECT_SIGN:
        sign(w, member, e);
        break;
    case EFFECT_NEUTER:
        world_event(w, member, "is damaged%s", e->finding.id == 4 ? " in its state" : "");
        break;
    case EFFECT_HEARTBEAT:
    case EFFECT_PROBE:
    case EFFECT_NAME:
    case EFFECT_WORK:
    case EFFECT_WORK_LEASE:
    case EFFECT_WORK_STOP:
    case EFFECT_RESIGNATION:
    case EFFECT_SOLVE:
    case EFFECT_BURST:
    case EFFECT_EXAMINE:
    case EFFECT_TOKEN:
    case EFFECT_TRUST:
        assert(false); /* the node's, not simplex's */
    }
}

static void apply_decided(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    struct block block;
    while (simplex_take(&a->simplex, &a->bulk, &block)) {
        struct notes notes = {.count = 0};
        world_event(w, member, "decides %s height=%llu", world_block_name(w, &block.hash),
                    (unsigned long long)block.header.height);
        cluster_apply(&a->cluster, &block, &notes);
        pool_prune(&a->pool, &a->cluster);
        a->view = 0;
        const struct simplex_world world = view_of(w, a);
        simplex_next(&a->simplex, &world);
        event_view(w, member);
    }
}

/* The end of a step, and the effects of all of it. */
static void end_step(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    const struct simplex_world world = view_of(w, a);
    event_view(w, member);
    simplex_tick(&a->simplex, &world);
    event_view(w, member);
    apply_decided(w, member);
    a->disk.outset = a->simplex.outset;
    a->disk.outset.voter_count *= a->simplex.outset.over ? 0 : 1;
    a->timer_ms = w->out.timer_ms;
    for (uint32_t i = 0; i < w->out.count; i++) {
        perform(w, member, &w->out.list[i]);
    }
}

void world_look(struct world *w, uint32_t member)
{
    effects_begin(&w->out);
    end_step(w, member);
}

void world_resume(struct world *w, uint32_t member, enum cause cause, uint64_t since_ms)
{
    struct agent *a = &w->agents[member];
    effects_begin(&w->out);
    const struct simplex_world world = view_of(w, a);
    simplex_resume(&a->simplex, &world, a->disk.record, a->disk.record_bytes, cause, since_ms);
    end_step(w, member);
}

void world_say(struct world *w, uint32_t from, uint32_t to, const struct message *m)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    const size_t size_bytes = message_encode(m, bytes);
    struct agent *a = &w->agents[to];
    struct message decoded;
    if (!message_decode(&decoded, bytes, size_bytes)) {
        world_event(w, to, "cannot read that");
        return;
    }
    effects_begin(&w->out);
    const struct simplex_world world = view_of(w, a);
    simplex_on_message(&a->simplex, &world, from, &decoded);
    end_step(w, to);
}

/* Signatures take no time here. */
static void finish_signatures(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    while (a->up && a->signature_count > 0) {
        const struct signature s = a->signatures[0];
        a->signature_count--;
        memmove(a->signatures, a->signatures + 1, a->signature_count * sizeof s);
        effects_begin(&w->out);
        const struct simplex_world world = view_of(w, a);
        simplex_on_signed(&a->simplex, &world, s.serial, s.bytes);
        end_step(w, member);
    }
}

static void finish_writes(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    finish_signatures(w, member);
    while (a->up && !a->slow) {
        const uint64_t serial = disk_finish_one(a);
        if (serial == 0) {
            return;
        }
        effects_begin(&w->out);
        const struct simplex_world world = view_of(w, a);
        simplex_on_stored(&a->simplex, &world, serial);
        end_step(w, member);
        finish_signatures(w, member);
    }
}

static void finish_all_writes(struct world *w)
{
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        finish_writes(w, i);
    }
}

void world_disk_fast(struct world *w, uint32_t member)
{
    w->agents[member].slow = false;
    finish_writes(w, member);
}

static void deliver(struct world *w)
{
    struct letter *letter = w->letters;
    w->letters = letter->next;
    if (w->agents[letter->to].up) {
        struct message m;
        const bool decodes = message_decode(&m, letter->bytes, letter->size_bytes);
        assert(decodes);
        world_say(w, letter->from, letter->to, &m);
        finish_writes(w, letter->to);
    }
    free(letter);
}

static void send_heartbeats(struct world *w)
{
    w->heartbeat_ms += w->founding.timing.heartbeat_ms;
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        const struct agent *a = &w->agents[i];
        struct message m = {.kind = MESSAGE_HEARTBEAT};
        m.heartbeat.height = a->simplex.height;
        m.heartbeat.view = a->simplex.view;
        uint8_t bytes[MESSAGE_BYTES_MAX];
        const size_t size_bytes = message_encode(&m, bytes);
        for (uint32_t to = 0; a->up && to < w->founding.member_count; to++) {
            post(w, i, to, bytes, (uint32_t)size_bytes);
        }
    }
}

/* When something happens next. */
static uint64_t next_ms(const struct world *w)
{
    uint64_t at_ms = w->heartbeat_ms;
    if (w->letters != NULL && w->letters->at_ms < at_ms) {
        at_ms = w->letters->at_ms;
    }
    for (uint32_t i = 0; i < w->founding.member_count; i++) {
        const struct agent *a = &w->agents[i];
        if (a->up && a->timer_ms < at_ms) {
            at_ms = a->timer_ms;
        }
    }
    return at_ms > w->now_ms ? at_ms : w->now_ms;
}

void world_run(struct world *w, uint64_t ms)
{
    const uint64_t end_ms = w->now_ms + ms;
    finish_all_writes(w);
    while (next_ms(w) <= end_ms) {
        w->now_ms = next_ms(w);
        if (w->letters != NULL && w->letters->at_ms <= w->now_ms) {
            deliver(w);
            continue;
        }
        if (w->heartbeat_ms <= w->now_ms) {
            send_heartbeats(w);
        }
        for (uint32_t i = 0; i < w->founding.member_count; i++) {
            if (w->agents[i].up && w->agents[i].timer_ms <= w->now_ms) {
                world_look(w, i);
                finish_writes(w, i);
            }
        }
    }
    w->now_ms = end_ms;
}
