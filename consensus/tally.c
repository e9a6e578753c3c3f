/* Rule 9: the newest vote of each kind of each voter, and the certificates that they make. */
#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

bool tally_is_news(const struct simplex *s, const struct vote *v)
{
    const struct tally *t = &s->tallies[v->signer][v->kind - 1];
    return !t->has || v->view > t->vote.view;
}

void tally_put(struct simplex *s, const struct vote *v)
{
    s->tallies[v->signer][v->kind - 1] = (struct tally){true, *v};
}

bool tally_is_astray(const struct simplex_world *w, const struct vote *v)
{
    const struct member *m = &w->cluster->member[v->signer];
    if (evidence_against_chain(w->cluster, v, NULL) != CAUSE_OTHER_HISTORY) {
        return false;
    }
    if (m->standing != STANDING_GOOD && m->standing != STANDING_SUSPENDED) {
        return true; /* is out already */
    }
    if (vote_verify(v, &w->cluster->id, m->vote_key)) {
        offences_look_at(w->offences, w->cluster, v, NULL);
    } else {
        simplex_nonsense(w, v->signer, CAUSE_BAD_SIGNATURE);
    }
    return true;
}

/* With the header of the block it is for, where that convicts and is at hand. */
static void look_at(struct simplex *s, const struct simplex_world *w, const struct vote *v)
{
    const struct candidate *c = &s->candidate;
    struct block b;
    const bool astray = c->has && c->astray && hash_equal(&c->vote.block, &v->block) &&
                        held_find(s, w, &v->block, &b);
    offences_look_at(w->offences, w->cluster, v, astray ? &b.header : NULL);
}

void tally_meet_candidate(struct simplex *s, const struct simplex_world *w)
{
    for (uint32_t i = 0; i < MEMBERS_MAX && s->candidate.astray; i++) {
        for (uint32_t k = 0; k < VOTE_KINDS; k++) {
            const struct tally *t = &s->tallies[i][k];
            if (t->has && i != s->options.self) {
                look_at(s, w, &t->vote);
            }
        }
    }
}

void tally_compare(struct simplex *s, const struct simplex_world *w, const struct vote *v)
{
    look_at(s, w, v);
    for (uint32_t k = 0; k < VOTE_KINDS; k++) {
        const struct tally *t = &s->tallies[v->signer][k];
        if (t->has) {
            offences_add(w->offences, w->cluster, &t->vote, v);
        }
    }
}

static const struct vote *vote_of(const struct simplex *s, uint32_t member, enum vote_kind kind)
{
    const struct tally *t = &s->tallies[member][kind - 1];
    return t->has ? &t->vote : NULL;
}

static bool agrees(const struct vote *a, const struct vote *b)
{
    return a->view == b->view && hash_equal(&a->block, &b->block);
}

/* A claim above my best is one that I cannot check: whoever makes it shows the notarization
 * sooner or later, or lies. */
static bool counts(const struct simplex *s, const struct vote *v)
{
    if (v->kind != VOTE_NULLIFY || v->claim == VIEW_NONE) {
        return true;
    }
    return v->claim < v->view && !view_above(v->claim, simplex_best_view(s));
}

uint32_t tally_nullified(const struct simplex *s, uint32_t view)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct vote *v = vote_of(s, i, VOTE_NULLIFY);
        if (v != NULL && v->view == view && counts(s, v)) {
            members |= 1u << i;
        }
    }
    return members;
}

/* All votes that agree with `model`. */
static struct certificate gather(const struct simplex *s, const struct vote *model,
                                 enum certificate_kind kind)
{
    struct certificate c = {.kind = kind, .view = model->view, .block = model->block};
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct vote *v = vote_of(s, i, model->kind);
        if (v != NULL && agrees(v, model) && counts(s, v)) {
            certificate_add(&c, v);
        }
    }
    return c;
}

/* The certificate of the highest view, at least `from`, that the votes of the kind make. */
static bool find(const struct simplex *s, const struct simplex_world *w, enum vote_kind kind,
                 uint32_t from, struct certificate *found)
{
    static const enum certificate_kind KIND[] = {
        [VOTE_NOTARIZE] = CERTIFICATE_NOTARIZATION,
        [VOTE_NULLIFY] = CERTIFICATE_NULLIFICATION,
        [VOTE_FINALIZE] = CERTIFICATE_FINALIZATION,
    };
    const uint32_t needed = certificate_needed(w->cluster);
    found->kind = CERTIFICATE_NONE;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct vote *v = vote_of(s, i, kind);
        if (v == NULL || v->view < from || !counts(s, v) ||
            (found->kind != CERTIFICATE_NONE && v->view <= found->view)) {
            continue;
        }
        const struct certificate c = gather(s, v, KIND[kind]);
        if (c.count >= needed) {
            *found = c;
        }
    }
    return found->kind != CERTIFICATE_NONE;
}

bool tally_evaluate(struct simplex *s, const struct simplex_world *w)
{
    struct certificate c;
    if (s->undecided.kind != CERTIFICATE_NONE) {
        return false;
    }
    if (find(s, w, VOTE_FINALIZE, 0, &c)) {
        learn_verified(s, w, &c);
        return true;
    }
    if (!simplex_has_record(s)) {
        return false;
    }
    const uint32_t best = simplex_best_view(s);
    if (find(s, w, VOTE_NOTARIZE, best == VIEW_NONE ? 0 : best + 1, &c)) {
        learn_verified(s, w, &c);
        return true;
    }
    if (find(s, w, VOTE_NULLIFY, s->view, &c)) {
        learn_verified(s, w, &c);
        return true;
    }
    return false;
}
