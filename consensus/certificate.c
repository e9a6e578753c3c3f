#include "certificate.h"

#include <assert.h>
#include <string.h>

#include "sabotage.h"
#include "vote.h"

uint32_t certificate_needed(const struct cluster *c)
{
    const uint32_t needed = cluster_quorum(c).needed;
    if (SABOTAGE == SABOTAGE_QUORUM_SMALLER) {
        return needed - 1;
    }
    return needed;
}

struct certificate_context certificate_context_of(const struct cluster *c)
{
    uint32_t voters = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i)) {
            voters |= 1u << i;
        }
    }
    return (struct certificate_context){
        .cluster = c,
        .height = c->height + 1,
        .parent = c->block,
        .voters = voters,
        .needed = certificate_needed(c),
    };
}

static enum vote_kind vote_kind_of(enum certificate_kind kind)
{
    switch (kind) {
    case CERTIFICATE_NOTARIZATION:
        return VOTE_NOTARIZE;
    case CERTIFICATE_NULLIFICATION:
        return VOTE_NULLIFY;
    case CERTIFICATE_FINALIZATION:
        return VOTE_FINALIZE;
    case CERTIFICATE_NONE:
        break;
    }
    assert(false); /* there are no votes in nothing */
    return VOTE_NOTARIZE;
}

struct vote certificate_vote(const struct certificate *c, uint32_t index,
                             const struct certificate_context *context)
{
    assert(index < c->count);
    struct vote v = {
        .kind = vote_kind_of(c->kind),
        .signer = c->signer[index],
        .height = context->height,
        .view = c->view,
        .claim = c->claim[index],
        .parent = context->parent,
        .block = c->block,
    };
    memcpy(v.signature, c->signature[index], sizeof v.signature);
    return v;
}

static bool is_known(const struct vote *v, const struct certificate_context *context)
{
    if (context->known == NULL) {
        return false;
    }
    const struct tally *t = &context->known[v->signer][v->kind - 1];
    return t->has && vote_same(&t->vote, v) &&
           memcmp(t->vote.signature, v->signature, sizeof v->signature) == 0;
}

static bool vote_holds(const struct vote *v, const struct certificate_context *context)
{
    if (is_known(v, context)) {
        return true;
    }
    const struct cluster *cluster = context->cluster;
    return vote_verify(v, &cluster->id, cluster->member[v->signer].vote_key);
}

bool certificate_verify(const struct certificate *c, const struct certificate_context *context)
{
    if (c->kind == CERTIFICATE_NONE || c->count < context->needed || c->count > MEMBERS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        const uint32_t signer = c->signer[i];
        const bool ascends = i == 0 || c->signer[i - 1] < signer;
        if (!ascends || signer >= MEMBERS_MAX || (context->voters >> signer & 1) == 0) {
            return false;
        }
        if (c->claim[i] != VIEW_NONE && c->claim[i] >= c->view) {
            return false; /* nobody holds a notarization of a view that is not over */
        }
    }
    for (uint32_t i = 0; i < c->count; i++) {
        const struct vote v = certificate_vote(c, i, context);
        if (!vote_holds(&v, context)) {
            return false;
        }
    }
    return true;
}

void certificate_add(struct certificate *c, const struct vote *v)
{
    assert(c->count < MEMBERS_MAX);
    assert(c->count == 0 || c->signer[c->count - 1] < v->signer);
    assert(vote_kind_of(c->kind) == v->kind);
    assert(c->view == v->view);
    assert(hash_equal(&c->block, &v->block));
    c->signer[c->count] = (uint8_t)v->signer;
    c->claim[c->count] = v->claim;
    memcpy(c->signature[c->count], v->signature, sizeof v->signature);
    c->count++;
}

bool certificate_same(const struct certificate *a, const struct certificate *b)
{
    if (a->kind != b->kind || a->view != b->view || a->count != b->count ||
        !hash_equal(&a->block, &b->block)) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->signer[i] != b->signer[i] || a->claim[i] != b->claim[i] ||
            memcmp(a->signature[i], b->signature[i], SIGNATURE_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

uint32_t certificate_claim(const struct certificate *c)
{
    uint32_t highest = VIEW_NONE;
    for (uint32_t i = 0; i < c->count; i++) {
        if (view_above(c->claim[i], highest)) {
            highest = c->claim[i];
        }
    }
    return highest;
}

bool entry_verify(const struct entry *e, uint32_t view,
                  const struct certificate_context *context)
{
    const struct certificate *c = &e->certificate;
    if (view == 0) {
        return c->kind == CERTIFICATE_NONE && e->support.kind == CERTIFICATE_NONE;
    }
    if (c->view != view - 1 || !certificate_verify(c, context)) {
        return false;
    }
    if (c->kind == CERTIFICATE_NOTARIZATION) {
        return e->support.kind == CERTIFICATE_NONE;
    }
    const uint32_t claim = certificate_claim(c);
    if (claim == VIEW_NONE) {
        return c->kind == CERTIFICATE_NULLIFICATION && e->support.kind == CERTIFICATE_NONE;
    }
    return c->kind == CERTIFICATE_NULLIFICATION &&
           e->support.kind == CERTIFICATE_NOTARIZATION && e->support.view >= claim &&
           e->support.view < view && certificate_verify(&e->support, context);
}

void certificate_read(struct reader *r, struct certificate *c)
{
    memset(c, 0, sizeof *c);
    const uint32_t kind = (uint32_t)read_uint(r, 1);
    if (kind > CERTIFICATE_FINALIZATION) {
        r->misfit = true;
    }
    if (r->misfit || kind == CERTIFICATE_NONE) {
        return;
    }
    c->view = (uint32_t)read_uint(r, 4);
    c->block = read_hash(r);
    c->count = (uint32_t)read_uint(r, 1);
    const bool nullification = kind == CERTIFICATE_NULLIFICATION;
    if (c->view >= VIEW_END || c->count == 0 || c->count > MEMBERS_MAX ||
        hash_is_none(&c->block) != nullification) {
        r->misfit = true;
        c->count = 0;
        return;
    }
    c->kind = (enum certificate_kind)kind;
    for (uint32_t i = 0; i < c->count; i++) {
        c->signer[i] = (uint8_t)read_uint(r, 1);
        c->claim[i] = nullification ? (uint32_t)read_uint(r, 4) : VIEW_NONE;
        read_bytes(r, c->signature[i], SIGNATURE_BYTES);
        if (c->signer[i] >= MEMBERS_MAX || (i > 0 && c->signer[i] <= c->signer[i - 1])) {
            r->misfit = true;
        }
    }
}

void certificate_write(struct writer *w, const struct certificate *c)
{
    write_uint(w, c->kind, 1);
    if (c->kind == CERTIFICATE_NONE) {
        return;
    }
    write_uint(w, c->view, 4);
    write_hash(w, &c->block);
    write_uint(w, c->count, 1);
    for (uint32_t i = 0; i < c->count; i++) {
        write_uint(w, c->signer[i], 1);
        if (c->kind == CERTIFICATE_NULLIFICATION) {
            write_uint(w, c->claim[i], 4);
        }
        write_bytes(w, c->signature[i], SIGNATURE_BYTES);
    }
}

void entry_read(struct reader *r, struct entry *e)
{
    certificate_read(r, &e->certificate);
    certificate_read(r, &e->support);
    const bool supported = e->support.kind != CERTIFICATE_NONE;
    if (e->certificate.kind == CERTIFICATE_FINALIZATION ||
        (supported && (e->certificate.kind != CERTIFICATE_NULLIFICATION ||
                       e->support.kind != CERTIFICATE_NOTARIZATION))) {
        r->misfit = true;
    }
}

void entry_write(struct writer *w, const struct entry *e)
{
    certificate_write(w, &e->certificate);
    certificate_write(w, &e->support);
}
