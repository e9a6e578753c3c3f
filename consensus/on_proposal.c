/* A proposal: its certificates are learnt first, its bytes are taken where they are wanted, and
 * it becomes the candidate of the view if it is justified (rules 1 and 7). */
#include "simplex_parts.h"

#include <string.h>

#include "sabotage.h"
#include "vote.h"

/* One of the next height is kept as the message it was, the lowest view of all: the first one
 * is the one that comes before its time (case 18). */
static void keep(struct simplex *s, const struct simplex_world *w, const struct message *m)
{
    struct simplex_bulk *bulk = w->bulk;
    const struct vote *v = &m->proposal.vote;
    struct message kept;
    if (simplex_proposer(w, v->height, v->view) != v->signer) {
        return;
    }
    if (bulk->next_bytes > 0 && message_decode(&kept, bulk->next, bulk->next_bytes) &&
        kept.kind == MESSAGE_PROPOSAL && kept.proposal.vote.height == v->height &&
        kept.proposal.vote.view <= v->view) {
        return;
    }
    bulk->next_bytes = (uint32_t)message_encode(m, bulk->next);
    (void)s;
}

/* How the proposal says its view was entered, judged by itself: I may be there by another way.
 */
static bool is_entered(const struct simplex *s, const struct simplex_world *w,
                       const struct entry *e, uint32_t view)
{
    const struct entry *mine = &s->record.entry;
    if (view == s->view && certificate_same(&e->certificate, &mine->certificate) &&
        certificate_same(&e->support, &mine->support)) {
        return true;
    }
    const struct certificate_context context = simplex_context(s, w);
    return entry_verify(e, view, &context);
}

/* That there is one is all that matters, and I hold it: this one is not looked at. */
static bool is_held(const struct simplex *s, const struct certificate *c)
{
    const struct certificate *best = &s->record.best;
    return best->kind == CERTIFICATE_NOTARIZATION && best->view == c->view &&
           hash_equal(&best->block, &c->block);
}

static bool is_certified(const struct simplex *s, const struct simplex_world *w,
                         const struct certificate *c)
{
    if (is_held(s, c)) {
        return true;
    }
    const struct certificate_context context = simplex_context(s, w);
    return certificate_verify(c, &context);
}

/* Whether what is said of the view before lets its proposer propose this block. */
static bool is_justified(const struct simplex *s, const struct simplex_world *w,
                         const struct message *m)
{
    const struct vote *v = &m->proposal.vote;
    const struct certificate *by = &m->proposal.justification;
    const struct certificate *before = &m->proposal.entry.certificate;
    if (SABOTAGE == SABOTAGE_NO_JUSTIFICATION) {
        return true;
    }
    if (by->kind == CERTIFICATE_NONE) {
        return v->view == 0 || (before->kind == CERTIFICATE_NULLIFICATION &&
                                certificate_claim(before) == VIEW_NONE);
    }
    if (by->view >= v->view || !hash_equal(&by->block, &v->block)) {
        return false;
    }
    if (by->view + 1 != v->view && (before->kind != CERTIFICATE_NULLIFICATION ||
                                    view_above(certificate_claim(before), by->view))) {
        return false;
    }
    return is_certified(s, w, by);
}

static void consider(struct simplex *s, const struct simplex_world *w, const struct message *m,
                     const struct block *b)
{
    const struct vote *v = &m->proposal.vote;
    struct candidate *c = &s->candidate;
    if (v->view != s->view) {
        return;
    }
    if (c->has && (vote_same(&c->vote, v) || SABOTAGE != SABOTAGE_NOTARIZE_TWICE)) {
        return; /* the first of an equivocator's two stands */
    }
    struct held_block *place = &w->bulk->candidate;
    place->hash = b->hash;
    place->size_bytes = b->size_bytes;
    memcpy(place->bytes, b->bytes, b->size_bytes);
    *c = (struct candidate){
        .has = true,
        .fresh = m->proposal.justification.kind == CERTIFICATE_NONE,
        .vote = *v,
    };
    if (!c->fresh) {
        c->accepted = true;
    }
    c->astray = evidence_is_offence(evidence_against_chain(w->cluster, v, &b->header));
    tally_meet_candidate(s, w);
}

/* The bytes of any block are welcome that a certificate of mine names and I lack. */
static void take_bytes(struct simplex *s, const struct simplex_world *w, const struct block *b)
{
    struct hash hash;
    const struct certificate *whom;
    if (ask_wants(s, w, &hash, &whom) && hash_equal(&hash, &b->hash)) {
        (void)held_put(s, w, b);
    }
}

static bool is_from_proposer(struct simplex *s, const struct simplex_world *w,
                             const struct vote *v)
{
    const struct tally *t = &s->tallies[v->signer][VOTE_PROPOSE - 1];
    if (v->view < s->view || simplex_proposer(w, v->height, v->view) != v->signer) {
        return false;
    }
    if (t->has && vote_same(&t->vote, v)) {
        return true;
    }
    if (!vote_verify(v, &s->options.cluster_id, w->cluster->member[v->signer].vote_key)) {
        simplex_nonsense(w, v->signer, CAUSE_BAD_SIGNATURE);
        return false;
    }
    tally_compare(s, w, v);
    if (tally_is_news(s, v)) {
        tally_put(s, v);
    }
    return true;
}

static void judge(struct simplex *s, const struct simplex_world *w, const struct message *m,
                  const struct block *b)
{
    const struct vote *v = &m->proposal.vote;
    const struct entry *e = &m->proposal.entry;
    if (!is_from_proposer(s, w, v)) {
        return;
    }
    if (SABOTAGE != SABOTAGE_NO_JUSTIFICATION && !is_entered(s, w, e, v->view)) {
        simplex_nonsense(w, v->signer, CAUSE_BAD_CERTIFICATE);
        return;
    }
    learn_verified(s, w, &e->support);
    learn_verified(s, w, &e->certificate);
    if (!is_justified(s, w, m)) {
        simplex_nonsense(w, v->signer, CAUSE_BAD_CERTIFICATE);
        return;
    }
    if (!is_held(s, &m->proposal.justification)) {
        learn_verified(s, w, &m->proposal.justification);
    }
    take_bytes(s, w, b);
    consider(s, w, m, b);
}

/* Nobody sound signs a proposal of a block that does not follow what was decided, in whatever
 * view and whatever else is wrong with it. */
static void look_at_block(const struct simplex *s, const struct simplex_world *w,
                          const struct vote *v, const struct block *b)
{
    const struct cluster *c = w->cluster;
    if (evidence_is_offence(evidence_against_chain(c, v, &b->header)) &&
        vote_verify(v, &s->options.cluster_id, c->member[v->signer].vote_key)) {
        offences_look_at(w->offences, c, v, &b->header);
    }
}

void on_proposal(struct simplex *s, const struct simplex_world *w, uint32_t from,
                 const struct message *m)
{
    const struct vote *v = &m->proposal.vote;
    struct block b;
    if (v->signer != from) {
        return;
    }
    help_meet(s, w, from, v->height, v->view);
    if (v->height == s->height + 1) {
        keep(s, w, m);
    }
    if (v->height <= s->height && tally_is_astray(w, v)) {
        return;
    }
    const struct certificate_context context = simplex_context(s, w);
    if (v->height != s->height || (context.voters >> from & 1) == 0) {
        return;
    }
    if (!block_decode(&b, m->proposal.block.bytes, m->proposal.block.size_bytes) ||
        !hash_equal(&b.hash, &v->block)) {
        simplex_nonsense(w, from, CAUSE_MALFORMED);
        return;
    }
    look_at_block(s, w, v, &b);
    take_bytes(s, w, &b);
    if (simplex_has_record(s) && s->undecided.kind == CERTIFICATE_NONE) {
        judge(s, w, m, &b);
    }
}
