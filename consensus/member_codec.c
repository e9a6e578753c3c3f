#include "cluster_parts.h"
#include "codec.h"

/* The canonical bytes of all that the state holds of one member; see cluster_codec.c. */

static void write_member(struct writer *w, const struct member *m)
{
    write_bytes(w, m->name, sizeof m->name);
    write_uint(w, (uint64_t)m->role, 1);
    write_bytes(w, m->address, sizeof m->address);
    write_bytes(w, m->transport_key, sizeof m->transport_key);
    write_bytes(w, m->vote_key, sizeof m->vote_key);
    write_uint(w, (uint64_t)m->standing, 1);
    write_uint(w, (uint64_t)m->cause, 1);
    write_uint(w, (uint64_t)m->resigned, 1);
    write_uint(w, m->resigned_reference, 1);
    write_uint(w, m->resigned_ms, 8);
    write_uint(w, m->since_ms, 8);
    write_uint(w, m->good_until_ms, 8);
    write_uint(w, m->convicted_ms, 8);
    write_uint(w, m->term, 4);
    write_bool(w, m->drained);
    write_bool(w, m->held);
}

static void read_member(struct reader *r, struct member *m)
{
    read_bytes(r, m->name, sizeof m->name);
    m->role = (enum role)read_uint(r, 1);
    read_bytes(r, m->address, sizeof m->address);
    read_bytes(r, m->transport_key, sizeof m->transport_key);
    read_bytes(r, m->vote_key, sizeof m->vote_key);
    m->standing = (enum standing)read_uint(r, 1);
    m->cause = (enum standing_cause)read_uint(r, 1);
    m->resigned = (enum resign_class)read_uint(r, 1);
    m->resigned_reference = (uint32_t)read_uint(r, 1);
    m->resigned_ms = read_uint(r, 8);
    m->since_ms = read_uint(r, 8);
    m->good_until_ms = read_uint(r, 8);
    m->convicted_ms = read_uint(r, 8);
    m->term = (uint32_t)read_uint(r, 4);
    m->drained = read_bool(r);
    m->held = read_bool(r);
}

static void write_attested(struct writer *w, const struct attested *a)
{
    write_uint(w, a->incarnation, 8);
    write_uint(w, a->seq, 8);
    write_uint(w, a->tick, 8);
    write_uint(w, a->height, 8);
    write_uint(w, a->decided_ms, 8);
    write_uint(w, a->own, 8);
    write_uint(w, a->serve, 8);
    write_uint(w, a->score, 1);
    write_uint(w, a->silent, 2);
    write_uint(w, a->wrong, 2);
    write_uint(w, a->version_low, 4);
    write_uint(w, a->version_high, 4);
    write_uint(w, a->ranked, 1);
    write_bytes(w, a->ranking, sizeof a->ranking);
    write_bytes(w, a->configuration, sizeof a->configuration);
    write_uint(w, a->certificate_count, 1);
    for (uint32_t i = 0; i < a->certificate_count; i++) {
        write_bytes(w, a->certificates[i].purpose, PURPOSE_SIZE_BYTES);
        write_bytes(w, a->certificates[i].fingerprint, FINGERPRINT_BYTES);
        write_uint(w, a->certificates[i].not_after_s, 8);
    }
}

static void read_attested(struct reader *r, struct attested *a)
{
    a->incarnation = read_uint(r, 8);
    a->seq = read_uint(r, 8);
    a->tick = read_uint(r, 8);
    a->height = read_uint(r, 8);
    a->decided_ms = read_uint(r, 8);
    a->own = read_uint(r, 8);
    a->serve = read_uint(r, 8);
    a->score = (uint8_t)read_uint(r, 1);
    a->silent = (uint32_t)read_uint(r, 2);
    a->wrong = (uint32_t)read_uint(r, 2);
    a->version_low = (uint32_t)read_uint(r, 4);
    a->version_high = (uint32_t)read_uint(r, 4);
    a->ranked = (uint32_t)read_uint(r, 1);
    read_bytes(r, a->ranking, sizeof a->ranking);
    read_bytes(r, a->configuration, sizeof a->configuration);
    a->certificate_count = (uint32_t)read_uint(r, 1);
    for (uint32_t i = 0; i < a->certificate_count && i < CERTIFICATES_MAX; i++) {
        read_bytes(r, a->certificates[i].purpose, PURPOSE_SIZE_BYTES);
        read_bytes(r, a->certificates[i].fingerprint, FINGERPRINT_BYTES);
        a->certificates[i].not_after_s = read_uint(r, 8);
    }
}

static void write_confidence(struct writer *w, const struct confidence *s)
{
    for (uint32_t kind = 0; kind < REMOVAL_KINDS; kind++) {
        write_uint(w, s->accused_since_ms[kind], 8);
    }
    write_uint(w, s->motion.id, 8);
    if (s->motion.id != 0) {
        write_uint(w, (uint64_t)s->motion.kind, 1);
        write_uint(w, s->motion.opened_ms, 8);
        write_uint(w, s->motion.electors, 2);
        write_uint(w, s->motion.yes, 2);
        write_uint(w, s->motion.no, 2);
        write_bool(w, s->motion.passed);
    }
    write_uint(w, s->motion_after_ms, 8);
    write_uint(w, s->motions_failed, 4);
    write_uint(w, s->barred_told_ms, 8);
    for (uint32_t k = 0; k < REMOVALS_KEPT; k++) {
        write_uint(w, s->removed_ms[k], 8);
    }
    write_uint(w, s->appeals_lost, 4);
    write_uint(w, s->appeal_after_ms, 8);
}

static void read_confidence(struct reader *r, struct confidence *s)
{
    for (uint32_t kind = 0; kind < REMOVAL_KINDS; kind++) {
        s->accused_since_ms[kind] = read_uint(r, 8);
    }
    s->motion.id = read_uint(r, 8);
    if (s->motion.id != 0) {
        s->motion.kind = (enum motion_kind)read_uint(r, 1);
        s->motion.opened_ms = read_uint(r, 8);
        s->motion.electors = (uint32_t)read_uint(r, 2);
        s->motion.yes = (uint32_t)read_uint(r, 2);
        s->motion.no = (uint32_t)read_uint(r, 2);
        s->motion.passed = read_bool(r);
    }
    s->motion_after_ms = read_uint(r, 8);
    s->motions_failed = (uint32_t)read_uint(r, 4);
    s->barred_told_ms = read_uint(r, 8);
    for (uint32_t k = 0; k < REMOVALS_KEPT; k++) {
        s->removed_ms[k] = read_uint(r, 8);
    }
    s->appeals_lost = (uint32_t)read_uint(r, 4);
    s->appeal_after_ms = read_uint(r, 8);
}

void member_write(struct writer *w, const struct cluster *c, uint32_t i)
{
    write_member(w, &c->member[i]);
    write_attested(w, &c->latest[i]);
    write_uint(w, c->record[i].next, 8);
    write_uint(w, c->record[i].run, 4);
    write_uint(w, c->record[i].attested, 2);
    write_uint(w, c->record[i].spoiled, 2);
    for (uint32_t k = 0; k < RECORD_WINDOW_TICKS; k++) {
        write_uint(w, c->around[i][k], 8);
    }
    write_uint(w, c->barred_until_ms[i], 8);
    write_uint(w, c->dissent_until_ms[i], 8);
    write_uint(w, c->condemned_until_ms[i], 8);
    write_uint(w, c->failed_fence[i], 8);
    write_uint(w, c->sink_fence[i], 8);
    write_uint(w, c->urgent_used[i], 1);
    write_confidence(w, &c->confidence[i]);
}

void member_read(struct reader *r, struct cluster *c, uint32_t i)
{
    read_member(r, &c->member[i]);
    read_attested(r, &c->latest[i]);
    c->record[i].next = read_uint(r, 8);
    c->record[i].run = (uint32_t)read_uint(r, 4);
    c->record[i].attested = (uint16_t)read_uint(r, 2);
    c->record[i].spoiled = (uint16_t)read_uint(r, 2);
    for (uint32_t k = 0; k < RECORD_WINDOW_TICKS; k++) {
        c->around[i][k] = read_uint(r, 8);
    }
    c->barred_until_ms[i] = read_uint(r, 8);
    c->dissent_until_ms[i] = read_uint(r, 8);
    c->condemned_until_ms[i] = read_uint(r, 8);
    c->failed_fence[i] = read_uint(r, 8);
    c->sink_fence[i] = read_uint(r, 8);
    c->urgent_used[i] = (uint32_t)read_uint(r, 1);
    read_confidence(r, &c->confidence[i]);
}
