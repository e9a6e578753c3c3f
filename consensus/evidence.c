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

bool evidence_is_answer(const struct command *c)
{
    return c->kind == COMMAND_PROVE && c->prove.count == 0;
}

static bool is_offence(const struct prove *p)
{
    bool its_own = p->subject < MEMBERS_MAX;
    if (p->count == 0) {
        return its_own && p->answer.author == p->subject && p->answer.term == p->term;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        its_own = its_own && p->votes[i].signer == p->subject;
    }
    return its_own && (p->count == 1 ? evidence_alone(&p->votes[0])
                                     : evidence_conflict(&p->votes[0], &p->votes[1]));
}

bool evidence_read(struct reader *r, struct prove *p)
{
    p->subject = (uint32_t)read_uint(r, 1);
    p->term = (uint32_t)read_uint(r, 4);
    p->count = (uint32_t)read_uint(r, 1);
    if (p->count > PROOF_VOTES_MAX) {
        return false;
    }
    if (p->count == 0) {
        solution_read(r, &p->answer);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        vote_read(r, &p->votes[i]);
    }
    return !r->misfit && is_offence(p);
}

void evidence_write(struct writer *w, const struct prove *p)
{
    assert(p->count <= PROOF_VOTES_MAX);
    assert(is_offence(p));
    write_uint(w, p->subject, 1);
    write_uint(w, p->term, 4);
    write_uint(w, p->count, 1);
    for (uint32_t i = 0; i < p->count; i++) {
        vote_write(w, &p->votes[i]);
    }
    if (p->count == 0) {
        solution_write(w, &p->answer);
    }
}

bool evidence_holds(const struct cluster *c, const struct prove *p)
{
    bool holds = p->subject < c->member_count;
    if (p->count == 0) {
        return holds && p->answer.version == PROTOCOL_VERSION &&
               solution_verify(&p->answer, &c->id, c->member[p->subject].vote_key);
    }
    for (uint32_t i = 0; i < p->count && holds; i++) {
        holds = SABOTAGE == SABOTAGE_PROOF_UNCHECKED ||
                vote_verify(&p->votes[i], &c->id, c->member[p->subject].vote_key);
    }
    return holds;
}

static struct prove *place_of(struct offences *o, const struct cluster *c, uint32_t subject)
{
    struct prove *p = &o->of[subject];
    if (p->count != 0 && evidence_holds(c, p)) {
        return NULL; /* one is enough */
    }
    *p = (struct prove){.subject = subject};
    return p;
}

void offences_add(struct offences *o, const struct cluster *c, const struct vote *first,
                  const struct vote *second)
{
    struct prove *p = evidence_conflict(first, second) ? place_of(o, c, first->signer) : NULL;
    if (p != NULL) {
        p->count = 2;
        p->votes[0] = *first;
        p->votes[1] = *second;
    }
}

void offences_look_at(struct offences *o, const struct cluster *c, const struct vote *v)
{
    struct prove *p = evidence_alone(v) ? place_of(o, c, v->signer) : NULL;
    if (p != NULL) {
        p->count = 1;
        p->votes[0] = *v;
    }
}
