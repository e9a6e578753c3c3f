#include "simplex_parts.h"

#include "vote.h"

/* A vote of the next height: kept as it is, since its parent and its voters are not known yet.
 * Its signer is the only one who can fill its slot. */
static void keep(struct simplex *s, const struct vote *v)
{
    struct tally *t = &s->next[v->signer][v->kind - 1];
    if (!t->has || v->view > t->vote.view) {
        *t = (struct tally){true, *v};
    }
}

/* Of this history. */
static void count(struct simplex *s, const struct simplex_world *w, const struct vote *v)
{
    const struct certificate_context context = simplex_context(s, w);
    const struct tally *t = &s->tallies[v->signer][v->kind - 1];
    const bool conflicts = t->has && evidence_conflict(&t->vote, v);
    if ((context.voters >> v->signer & 1) == 0 || (!tally_is_news(s, v) && !conflicts)) {
        return;
    }
    if (!vote_verify(v, &s->options.cluster_id, w->cluster->member[v->signer].vote_key)) {
        simplex_nonsense(w, v->signer, CAUSE_BAD_SIGNATURE);
        return;
    }
    tally_compare(s, w, v);
    if (!conflicts) { /* the first of the two stands */
        tally_put(s, v);
    }
}

void on_next_vote(struct simplex *s, const struct simplex_world *w, const struct vote *v)
{
    if (v->height == s->height && !tally_is_astray(w, v)) {
        count(s, w, v);
    }
}

void on_vote(struct simplex *s, const struct simplex_world *w, uint32_t from,
             const struct message *m)
{
    const struct vote *v = &m->vote.vote;
    if (v->signer != from) {
        return; /* votes come from whoever cast them, or nobody could be blamed for a bad one */
    }
    help_meet(s, w, from, v->height, v->view);
    if (v->height == s->height + 1) {
        keep(s, v);
    }
    if (v->height <= s->height && tally_is_astray(w, v)) {
        return;
    }
    /* A propose vote means nothing without its proposal. */
    if (v->height != s->height || v->kind == VOTE_PROPOSE) {
        return;
    }
    if (!learn(s, w, &m->vote.support)) {
        simplex_nonsense(w, from, CAUSE_BAD_CERTIFICATE);
        return;
    }
    count(s, w, v);
}
