#include "cluster.h"

#include <assert.h>
#include <string.h>

#include "cluster_parts.h"
#include "codec.h"

/* The canonical bytes of the state: every field in the order of the struct, of the open windows
 * only the digests that somebody gave, of the settled ones only those that there are. The
 * digest after the block last applied is the hash of these very bytes, so it is not among them;
 * its block is told apart.
 * What is decoded is judged in cluster_sound.c. */

static void write_timing(struct writer *w, const struct timing *t)
{
    write_uint(w, t->heartbeat_ms, 4);
    write_uint(w, t->suspicion, 4);
    write_uint(w, t->delta_ms, 4);
    write_uint(w, t->gather_ms, 4);
    write_uint(w, t->tick_ms, 4);
    write_uint(w, t->record_ticks, 4);
    write_uint(w, t->patience_ms, 4);
    write_uint(w, t->window_s, 4);
    write_uint(w, t->grace_s, 4);
    write_uint(w, t->window_timeout_s, 4);
    write_uint(w, t->audit_timeout_s, 4);
    write_uint(w, t->ttl_s, 4);
    write_uint(w, t->name_lease_s, 4);
}

static void read_timing(struct reader *r, struct timing *t)
{
    t->heartbeat_ms = (uint32_t)read_uint(r, 4);
    t->suspicion = (uint32_t)read_uint(r, 4);
    t->delta_ms = (uint32_t)read_uint(r, 4);
    t->gather_ms = (uint32_t)read_uint(r, 4);
    t->tick_ms = (uint32_t)read_uint(r, 4);
    t->record_ticks = (uint32_t)read_uint(r, 4);
    t->patience_ms = (uint32_t)read_uint(r, 4);
    t->window_s = (uint32_t)read_uint(r, 4);
    t->grace_s = (uint32_t)read_uint(r, 4);
    t->window_timeout_s = (uint32_t)read_uint(r, 4);
    t->audit_timeout_s = (uint32_t)read_uint(r, 4);
    t->ttl_s = (uint32_t)read_uint(r, 4);
    t->name_lease_s = (uint32_t)read_uint(r, 4);
}

static void write_grant(struct writer *w, const struct grant *g)
{
    write_uint(w, g->fence, 8);
    write_uint(w, g->leader, 1);
    write_uint(w, g->auditor, 1);
    write_uint(w, g->tier, 1);
    write_uint(w, g->given_ms, 8);
    write_uint(w, g->deadline_ms, 8);
    write_uint(w, g->audit_deadline_ms, 8);
    write_bool(w, g->audit_was_late);
}

static void read_grant(struct reader *r, struct grant *g)
{
    g->fence = read_uint(r, 8);
    g->leader = (uint32_t)read_uint(r, 1);
    g->auditor = (uint32_t)read_uint(r, 1);
    g->tier = (uint32_t)read_uint(r, 1);
    g->given_ms = read_uint(r, 8);
    g->deadline_ms = read_uint(r, 8);
    g->audit_deadline_ms = read_uint(r, 8);
    g->audit_was_late = read_bool(r);
}

static void write_claims(struct writer *w, const struct window_claims *claims)
{
    write_uint(w, claims->results, 2);
    write_uint(w, claims->disputes, 2);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if (((claims->results | claims->disputes) >> i & 1) != 0) {
            write_bytes(w, claims->digest[i].bytes, DIGEST_BYTES);
        }
    }
}

static void read_claims(struct reader *r, struct window_claims *claims)
{
    claims->results = (uint32_t)read_uint(r, 2);
    claims->disputes = (uint32_t)read_uint(r, 2);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if (((claims->results | claims->disputes) >> i & 1) != 0) {
            read_bytes(r, claims->digest[i].bytes, DIGEST_BYTES);
        }
    }
}

static void write_settled(struct writer *w, const struct settled_window *s)
{
    write_uint(w, s->window, 8);
    if (s->window != 0) {
        write_uint(w, s->fence, 8);
        write_bytes(w, s->digest.bytes, DIGEST_BYTES);
        write_uint(w, s->members[0], 1);
        write_uint(w, s->members[1], 1);
        write_uint(w, s->dissenters, 2);
        write_uint(w, s->convicted, 1);
    }
}

static void read_settled(struct reader *r, struct settled_window *s)
{
    s->window = read_uint(r, 8);
    if (s->window != 0) {
        s->fence = read_uint(r, 8);
        read_bytes(r, s->digest.bytes, DIGEST_BYTES);
        s->members[0] = (uint32_t)read_uint(r, 1);
        s->members[1] = (uint32_t)read_uint(r, 1);
        s->dissenters = (uint32_t)read_uint(r, 2);
        s->convicted = (uint32_t)read_uint(r, 1);
    }
}

static void write_doubtful(struct writer *w, const struct doubtful_window *d)
{
    write_uint(w, d->window, 8);
    write_uint(w, d->members[0], 1);
    write_uint(w, d->members[1], 1);
    write_bytes(w, d->digest.bytes, DIGEST_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        write_uint(w, d->claims[i].member, 1);
        if (d->claims[i].member != MEMBER_NONE) {
            write_bytes(w, d->claims[i].digest.bytes, DIGEST_BYTES);
        }
    }
    write_bool(w, d->closed);
}

static void read_doubtful(struct reader *r, struct doubtful_window *d)
{
    d->members[0] = (uint32_t)read_uint(r, 1);
    d->members[1] = (uint32_t)read_uint(r, 1);
    read_bytes(r, d->digest.bytes, DIGEST_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        d->claims[i].member = (uint32_t)read_uint(r, 1);
        if (d->claims[i].member != MEMBER_NONE) {
            read_bytes(r, d->claims[i].digest.bytes, DIGEST_BYTES);
        }
    }
    d->closed = read_bool(r);
}

/* Only those there are: mostly none. */
static void write_doubts(struct writer *w, const struct cluster *c)
{
    write_uint(w, doubtful_count(c, false), 1);
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        if (c->windows.doubtful[i].window != 0) {
            write_doubtful(w, &c->windows.doubtful[i]);
        }
    }
}

/* In the order of their places, which follow from the windows. */
static bool read_doubts(struct reader *r, struct cluster *c)
{
    uint32_t place = 0;
    for (uint64_t left = read_uint(r, 1); left > 0; left--) {
        const uint64_t window = read_uint(r, 8);
        if (window == 0 || window % DOUBTFUL_KEPT < place) {
            return false;
        }
        place = window % DOUBTFUL_KEPT;
        c->windows.doubtful[place].window = window;
        read_doubtful(r, &c->windows.doubtful[place]);
        place++;
    }
    return true;
}

static void write_call(struct writer *w, const struct call *call)
{
    write_uint(w, call->height, 8);
    write_uint(w, call->time_ms, 8);
    write_hash(w, &call->roster);
}

static void read_call(struct reader *r, struct call *call)
{
    call->height = read_uint(r, 8);
    call->time_ms = read_uint(r, 8);
    call->roster = read_hash(r);
}

static uint64_t first_kept(const struct cluster *c)
{
    return c->height < HEIGHTS_KEPT ? 0 : c->height - HEIGHTS_KEPT + 1;
}

static void write_chain(struct writer *w, const struct cluster *c)
{
    write_hash(w, &c->id);
    write_bytes(w, c->name, sizeof c->name);
    write_timing(w, &c->timing);
    write_uint(w, c->malfunctioning_max, 4);
    write_bool(w, c->audit_required);
    write_bool(w, c->observes);
    write_uint(w, c->members_min, 1);
    write_uint(w, c->height, 8);
    write_hash(w, &c->block);
    write_uint(w, c->time_ms, 8);
    write_uint(w, c->version, 4);
    write_uint(w, c->tick, 8);
    write_uint(w, c->tick_start_ms, 8);
    for (uint64_t height = first_kept(c); height < c->height; height++) {
        write_hash(w, &c->blocks[height % HEIGHTS_KEPT]);
        write_hash(w, &c->digests[height % HEIGHTS_KEPT]);
    }
}

static void read_chain(struct reader *r, struct cluster *c)
{
    c->id = read_hash(r);
    read_bytes(r, c->name, sizeof c->name);
    read_timing(r, &c->timing);
    c->malfunctioning_max = (uint32_t)read_uint(r, 4);
    c->audit_required = read_bool(r);
    c->observes = read_bool(r);
    c->members_min = (uint32_t)read_uint(r, 1);
    c->height = read_uint(r, 8);
    c->block = read_hash(r);
    c->time_ms = read_uint(r, 8);
    c->version = (uint32_t)read_uint(r, 4);
    c->tick = read_uint(r, 8);
    c->tick_start_ms = read_uint(r, 8);
    for (uint64_t height = first_kept(c); height < c->height; height++) {
        c->blocks[height % HEIGHTS_KEPT] = read_hash(r);
        c->digests[height % HEIGHTS_KEPT] = read_hash(r);
    }
    c->blocks[c->height % HEIGHTS_KEPT] = c->block;
}

static void write_operators(struct writer *w, const struct cluster *c)
{
    write_uint(w, c->operator_count, 1);
    for (uint32_t i = 0; i < c->operator_count; i++) {
        write_bytes(w, c->operators[i].name, sizeof c->operators[i].name);
        write_bytes(w, c->operators[i].key, sizeof c->operators[i].key);
        write_uint(w, c->operator_seq[i], 8);
        write_hash(w, &c->operator_wish[i].keys);
        write_uint(w, c->operator_wish[i].until_ms, 8);
    }
    write_uint(w, c->pause_until_ms, 8);
    for (uint32_t k = 0; k < RECORD_WINDOW_TICKS; k++) {
        write_uint(w, c->common[k], 8);
    }
}

static bool read_operators(struct reader *r, struct cluster *c)
{
    c->operator_count = (uint32_t)read_uint(r, 1);
    if (c->operator_count > OPERATORS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < c->operator_count; i++) {
        read_bytes(r, c->operators[i].name, sizeof c->operators[i].name);
        read_bytes(r, c->operators[i].key, sizeof c->operators[i].key);
        c->operator_seq[i] = read_uint(r, 8);
        c->operator_wish[i].keys = read_hash(r);
        c->operator_wish[i].until_ms = read_uint(r, 8);
    }
    c->pause_until_ms = read_uint(r, 8);
    for (uint32_t k = 0; k < RECORD_WINDOW_TICKS; k++) {
        c->common[k] = read_uint(r, 8);
    }
    return true;
}

size_t cluster_encode(const struct cluster *c, uint8_t out[static CLUSTER_BYTES_MAX])
{
    assert(c->member_count >= 1 && c->member_count <= MEMBERS_MAX);
    struct writer w = writer_of(out, CLUSTER_BYTES_MAX);
    write_chain(&w, c);
    write_operators(&w, c);
    write_uint(&w, c->member_count, 1);
    for (uint32_t i = 0; i < c->member_count; i++) {
        member_write(&w, c, i);
    }
    for (uint32_t kind = 0; kind < REMOVAL_KINDS; kind++) {
        write_uint(&w, c->testimony_ms[kind], 8);
    }
    write_uint(&w, c->proof_ms, 8);
    write_uint(&w, c->proof_member, 1);
    write_uint(&w, c->no_electorate_ms, 8);
    write_uint(&w, c->last_fence, 8);
    write_uint(&w, c->grant_moved_ms, 8);
    write_grant(&w, &c->grant);
    write_uint(&w, c->windows.next, 8);
    for (uint32_t i = 0; i < RESULT_WINDOWS_MAX; i++) {
        write_claims(&w, &c->windows.open[i]);
    }
    for (uint32_t i = 0; i < SETTLED_KEPT; i++) {
        write_settled(&w, &c->windows.settled[i]);
    }
    write_doubts(&w, c);
    names_write(&w, c);
    write_call(&w, &c->call);
    return writer_done(&w);
}

bool cluster_decode(struct cluster *c, const uint8_t *bytes, size_t size_bytes)
{
    *c = (struct cluster){0};
    struct reader r = reader_of(bytes, size_bytes);
    read_chain(&r, c);
    if (!read_operators(&r, c)) {
        return false;
    }
    c->member_count = (uint32_t)read_uint(&r, 1);
    if (c->member_count < 1 || c->member_count > MEMBERS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < c->member_count; i++) {
        member_read(&r, c, i);
    }
    for (uint32_t kind = 0; kind < REMOVAL_KINDS; kind++) {
        c->testimony_ms[kind] = read_uint(&r, 8);
    }
    c->proof_ms = read_uint(&r, 8);
    c->proof_member = (uint32_t)read_uint(&r, 1);
    c->no_electorate_ms = read_uint(&r, 8);
    c->last_fence = read_uint(&r, 8);
    c->grant_moved_ms = read_uint(&r, 8);
    read_grant(&r, &c->grant);
    c->windows.next = read_uint(&r, 8);
    for (uint32_t i = 0; i < RESULT_WINDOWS_MAX; i++) {
        read_claims(&r, &c->windows.open[i]);
    }
    for (uint32_t i = 0; i < SETTLED_KEPT; i++) {
        read_settled(&r, &c->windows.settled[i]);
    }
    if (!read_doubts(&r, c) || !names_read(&r, c)) {
        return false;
    }
    read_call(&r, &c->call);
    c->digests[c->height % HEIGHTS_KEPT] = hash_of("ostrakon/state/1", bytes, size_bytes);
    return reader_done(&r) && cluster_is_sound(c);
}
