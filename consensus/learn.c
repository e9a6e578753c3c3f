/* Certificates of the height in progress, and the views that they open: rules 1, 2, 3, 5 and
 * the beginning of 10. */
#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

static void enter(struct simplex *s, const struct simplex_world *w, uint32_t view,
                  const struct entry *entry)
{
    assert(view > s->view);
    s->view = view;
    s->record.entry = *entry;
    s->candidate = (struct candidate){.has = false};
    s->justification = (struct certificate){.kind = CERTIFICATE_NONE};
    s->entered_ms = w->now_ms;
    s->running_ms = w->now_ms;
    if (entry->certificate.kind == CERTIFICATE_NULLIFICATION) {
        simplex_note(w, NOTE_VIEW_CHANGED, CAUSE_NONE, MEMBER_NONE, s->height, view);
    }
    send_status_to_all(s, w);
}

static void learn_notarization(struct simplex *s, const struct simplex_world *w,
                               const struct certificate *c)
{
    struct block b;
    if (!view_above(c->view, simplex_best_view(s))) {
        return;
    }
    s->record.best = *c;
    if (held_find(s, w, &c->block, &b)) {
        (void)held_put(s, w, &b); /* it may lie with the candidate only, which goes */
    }
    if (c->view >= s->view) {
        const struct entry entry = {.certificate = *c};
        enter(s, w, c->view + 1, &entry);
    }
}

static void learn_nullification(struct simplex *s, const struct simplex_world *w,
                                const struct certificate *c)
{
    const uint32_t claim = certificate_claim(c);
    const uint32_t best = simplex_best_view(s);
    if (c->view < s->view || view_above(claim, best)) {
        return;
    }
    struct entry entry = {.certificate = *c};
    if (claim != VIEW_NONE) {
        assert(best < s->view); /* a notarization of this view would have ended it */
        entry.support = s->record.best;
    }
    enter(s, w, c->view + 1, &entry);
}

static void learn_finalization(struct simplex *s, const struct simplex_world *w,
                               const struct certificate *c)
{
    if (s->undecided.kind == CERTIFICATE_NONE) {
        s->undecided = *c;
    } else if (!hash_equal(&s->undecided.block, &c->block)) {
        simplex_stop(s, w, NOTE_FORK_SEEN, s->height);
    }
}

/* Mine may be one that I do not remember; another's may differ from what it sent me. */
static void look_at_votes(struct simplex *s, const struct simplex_world *w,
                          const struct certificate *c)
{
    const struct certificate_context context = simplex_context(s, w);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct vote v = certificate_vote(c, i, &context);
        if (v.signer == s->options.self) {
            amnesia_look(s, w, &v);
        } else {
            tally_compare(s, w, &v);
        }
    }
}

void learn_verified(struct simplex *s, const struct simplex_world *w,
                    const struct certificate *c)
{
    look_at_votes(s, w, c);
    if (c->kind == CERTIFICATE_FINALIZATION) {
        learn_finalization(s, w, c);
        return;
    }
    if (!simplex_has_record(s) || c->view + 1 >= VIEW_END) {
        return;
    }
    if (c->kind == CERTIFICATE_NOTARIZATION) {
        learn_notarization(s, w, c);
    } else if (c->kind == CERTIFICATE_NULLIFICATION) {
        learn_nullification(s, w, c);
    }
}

static bool would_change(const struct simplex *s, const struct certificate *c)
{
    switch (c->kind) {
    case CERTIFICATE_NOTARIZATION:
        return view_above(c->view, simplex_best_view(s));
    case CERTIFICATE_NULLIFICATION:
        return c->view >= s->view;
    case CERTIFICATE_FINALIZATION:
        return s->undecided.kind == CERTIFICATE_NONE ||
               !hash_equal(&s->undecided.block, &c->block);
    case CERTIFICATE_NONE:
        break;
    }
    return false;
}

bool learn(struct simplex *s, const struct simplex_world *w, const struct certificate *c)
{
    if (!would_change(s, c)) {
        return true;
    }
    const struct certificate_context context = simplex_context(s, w);
    if (!certificate_verify(c, &context)) {
        return false;
    }
    learn_verified(s, w, c);
    return true;
}
