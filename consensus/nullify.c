/* Rule 8. */
#include "simplex_parts.h"

#include <assert.h>

#include "sabotage.h"

static bool proposer_is_useless(const struct simplex *s, const struct simplex_world *w)
{
    const uint32_t proposer = simplex_proposer(w, s->height, s->view);
    if (proposer == s->options.self) {
        return false;
    }
    if (s->candidate.has && s->candidate.invalid) {
        return true;
    }
    if ((tally_nullified(s, s->view) >> proposer & 1) != 0) {
        return true;
    }
    /* While nothing is to be decided nobody is missed: else an idle cluster would turn over its
     * views until the tick, and meet it with a long timeout. */
    return s->running_ms != TIME_NEVER && (w->suspected >> proposer & 1) != 0;
}

static bool has_reason(const struct simplex *s, const struct simplex_world *w)
{
    const struct quorum quorum = cluster_quorum(w->cluster);
    const uint64_t deadline_ms = clock_deadline_ms(s);
    if (w->now_ms >= deadline_ms) {
        return true;
    }
    const uint32_t others = tally_nullified(s, s->view);
    if ((uint32_t)__builtin_popcount(others) >= quorum.draws) {
        return true;
    }
    /* Only in the first n views, or views would turn over at the speed of the network. */
    return s->view < quorum.voters && proposer_is_useless(s, w);
}

/* The view to be given up: the one that I am in, which is later than all that I finalized. */
static uint32_t view_to_end(const struct simplex *s)
{
    const struct vote_record *r = &s->record;
    if (SABOTAGE == SABOTAGE_NULLIFY_FINALIZED && view_above(r->finalized, r->nullified_max)) {
        return r->finalized;
    }
    assert(r->finalized == VIEW_NONE || r->finalized < s->view);
    return s->view;
}

/* Signed with each nullify vote: the highest view that I hold a notarization of. */
static uint32_t claim_of(const struct simplex *s, uint32_t view)
{
    if (SABOTAGE == SABOTAGE_CLAIM_NOTHING || view != s->view) {
        return VIEW_NONE;
    }
    return simplex_best_view(s);
}

bool nullify_evaluate(struct simplex *s, const struct simplex_world *w)
{
    struct vote_record *r = &s->record;
    if (!cast_is_possible(s, w) || !has_reason(s, w)) {
        return false;
    }
    const uint32_t view = view_to_end(s);
    if (r->nullified_max != VIEW_NONE && r->nullified_max >= view) {
        return false;
    }
    cast_raise_top(s);
    r->has_claimed = true;
    r->claimed = claim_of(s, view);
    r->nullified_max = view;
    struct vote v = cast_vote(s, VOTE_NULLIFY, view, &(struct hash){0});
    v.claim = r->claimed;
    cast(s, w, &v, 1, NULL);
    return true;
}
