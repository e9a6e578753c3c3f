#include "evidence.h"

#include <assert.h>
#include <string.h>

#include "sabotage.h"

/* In one view; the claim is all that a nullify says. */
static bool say_otherwise(const struct vote *a, const struct vote *b)
{
    return a->view == b->view &&
           (a->kind == VOTE_NULLIFY ? a->claim != b->claim : !hash_equal(&a->block, &b->block));
}

/* Whoever finalizes holds a notarization of that view for good: a nullify of it or of a later
 * view claims no less. */
static bool denies(const struct vote *nullify, const struct vote *finalize)
{
    return nullify->kind == VOTE_NULLIFY && finalize->kind == VOTE_FINALIZE &&
           nullify->view >= finalize->view && view_above(finalize->view, nullify->claim);
}

bool evidence_conflict(const struct vote *a, const struct vote *b)
{
    if (a->signer != b->signer || a->height != b->height) {
        return false;
    }
    return a->kind == b->kind ? say_otherwise(a, b) : denies(a, b) || denies(b, a);
}

bool evidence_alone(const struct vote *v)
{
    return v->kind == VOTE_NULLIFY && v->claim != VIEW_NONE && v->claim >= v->view;
}

enum cause evidence_against_chain(const struct cluster *c, const struct vote *v,
                                  const struct block_header *header)
{
    const uint64_t before = v->height - 1;
    if (before > c->height) {
        return CAUSE_TOO_NEW;
    }
    if (!cluster_keeps(c, before)) {
        return CAUSE_TOO_OLD;
    }
    const struct hash *parent = &c->blocks[before % HEIGHTS_KEPT];
    if (!hash_equal(&v->parent, parent)) {
        return CAUSE_OTHER_HISTORY;
    }
    if (header == NULL) {
        return CAUSE_NONE;
    }
    if (header->version != c->version) {
        return CAUSE_OTHER_VERSION;
    }
    if (!hash_equal(&header->parent, parent)) {
        return CAUSE_OTHER_PARENT;
    }
    return hash_equal(&header->state, &c->digests[before % HEIGHTS_KEPT]) ? CAUSE_NONE
                                                                          : CAUSE_OTHER_STATE;
}

bool evidence_is_offence(enum cause against_chain)
{
    return against_chain == CAUSE_OTHER_HISTORY || against_chain == CAUSE_OTHER_PARENT ||
           against_chain == CAUSE_OTHER_STATE;
}

enum cause evidence_of_chain(const struct cluster *c, const struct prove *p)
{
    if (p->kind != PROOF_HISTORY && p->kind != PROOF_BLOCK) {
        return CAUSE_NONE;
    }
    const struct block_header *header = p->kind == PROOF_BLOCK ? &p->header : NULL;
    const enum cause cause = evidence_against_chain(c, &p->votes[0], header);
    return cause == CAUSE_NONE ? CAUSE_FALSE_PROOF : cause;
}

bool evidence_is_answer(const struct command *c)
{
    return c->kind == COMMAND_PROVE && c->prove.kind == PROOF_ANSWER;
}

/* How many votes there are in it. */
static uint32_t vote_count(enum proof_kind kind)
{
    return kind == PROOF_ANSWER ? 0 : kind == PROOF_PAIR ? 2 : 1;
}

/* As far as that can be told without the chain. */
static bool is_offence(const struct prove *p)
{
    bool its_own = p->subject < MEMBERS_MAX;
    for (uint32_t i = 0; i < vote_count(p->kind); i++) {
        its_own = its_own && p->votes[i].signer == p->subject;
    }
    if (!its_own) {
        return false;
    }
    switch (p->kind) {
    case PROOF_ANSWER:
        return p->answer.author == p->subject && p->answer.term == p->term;
    case PROOF_ALONE:
        return evidence_alone(&p->votes[0]);
    case PROOF_PAIR:
        return evidence_conflict(&p->votes[0], &p->votes[1]);
    case PROOF_HISTORY:
        return true;
    case PROOF_BLOCK:
        return p->votes[0].kind != VOTE_NULLIFY;
    }
    return false; /* the kind is a foreign byte */
}

bool evidence_read(struct reader *r, struct prove *p)
{
    p->subject = (uint32_t)read_uint(r, 1);
    p->term = (uint32_t)read_uint(r, 4);
    const uint32_t kind = (uint32_t)read_uint(r, 1);
    if (kind > PROOF_BLOCK) {
        return false;
    }
    p->kind = (enum proof_kind)kind;
    for (uint32_t i = 0; i < vote_count(p->kind); i++) {
        vote_read(r, &p->votes[i]);
    }
    if (p->kind == PROOF_BLOCK) {
        p->header = block_header_read(r);
    } else if (p->kind == PROOF_ANSWER) {
        solution_read(r, &p->answer);
    }
    return !r->misfit && is_offence(p);
}

void evidence_write(struct writer *w, const struct prove *p)
{
    assert(is_offence(p));
    write_uint(w, p->subject, 1);
    write_uint(w, p->term, 4);
    write_uint(w, (uint64_t)p->kind, 1);
    for (uint32_t i = 0; i < vote_count(p->kind); i++) {
        vote_write(w, &p->votes[i]);
    }
    if (p->kind == PROOF_BLOCK) {
        block_header_write(w, &p->header);
    } else if (p->kind == PROOF_ANSWER) {
        solution_write(w, &p->answer);
    }
}

static bool is_block_voted_for(const struct prove *p)
{
    const struct hash hash = block_header_hash(&p->header);
    return hash_equal(&hash, &p->votes[0].block);
}

bool evidence_holds(const struct cluster *c, const struct prove *p)
{
    bool holds = p->subject < c->member_count;
    if (p->kind == PROOF_ANSWER) {
        return holds && protocol_is_known(p->answer.version) &&
               solution_verify(&p->answer, &c->id, c->member[p->subject].vote_key);
    }
    if (SABOTAGE == SABOTAGE_PROOF_UNCHECKED) {
        return holds;
    }
    holds = holds && (p->kind != PROOF_BLOCK || is_block_voted_for(p));
    for (uint32_t i = 0; i < vote_count(p->kind) && holds; i++) {
        holds = vote_verify(&p->votes[i], &c->id, c->member[p->subject].vote_key);
    }
    return holds;
}

/* Whether it convicts still: its key may be another one by now, its height too old. */
static bool can_be_shown(const struct cluster *c, const struct prove *p)
{
    const enum cause cause = evidence_of_chain(c, p);
    return p->kind != PROOF_ANSWER && (cause == CAUSE_NONE || evidence_is_offence(cause)) &&
           evidence_holds(c, p);
}

/* NULL: what is there is enough. */
static struct prove *place_of(struct offences *o, const struct cluster *c, uint32_t subject,
                              enum proof_kind kind)
{
    struct prove *p = &o->of[subject];
    const bool is_worse = p->kind == PROOF_BLOCK && kind != PROOF_BLOCK;
    if (!is_worse && can_be_shown(c, p)) {
        return NULL;
    }
    *p = (struct prove){.subject = subject, .kind = kind};
    return p;
}

void offences_add(struct offences *o, const struct cluster *c, const struct vote *first,
                  const struct vote *second)
{
    if (!evidence_conflict(first, second)) {
        return;
    }
    struct prove *p = place_of(o, c, first->signer, PROOF_PAIR);
    if (p != NULL) {
        p->votes[0] = *first;
        p->votes[1] = *second;
    }
}

void offences_look_at(struct offences *o, const struct cluster *c, const struct vote *v,
                      const struct block_header *header)
{
    const enum cause cause = evidence_against_chain(c, v, header);
    enum proof_kind kind = PROOF_ALONE;
    if (cause == CAUSE_OTHER_HISTORY) {
        kind = PROOF_HISTORY;
    } else if (evidence_is_offence(cause)) {
        kind = PROOF_BLOCK;
    } else if (!evidence_alone(v)) {
        return;
    }
    struct prove *p = place_of(o, c, v->signer, kind);
    if (p != NULL) {
        p->votes[0] = *v;
        if (kind == PROOF_BLOCK) {
            p->header = *header;
        }
    }
}
