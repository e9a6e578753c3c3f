/* Rule 4. */
#include "simplex_parts.h"

#include "sabotage.h"

/* Whether what I nullified leaves the view of my best open. */
static bool is_open(const struct vote_record *r, uint32_t view)
{
    if (SABOTAGE == SABOTAGE_FINALIZE_NULLIFIED) {
        return view == r->nullified_max || view_above(view, r->nullified_max);
    }
    if (SABOTAGE == SABOTAGE_FINALIZE_BELOW_NULLIFY) {
        return view != r->nullified_max;
    }
    return view_above(view, r->nullified_max);
}

bool finalize_evaluate(struct simplex *s, const struct simplex_world *w)
{
    struct vote_record *r = &s->record;
    struct block b;
    if (r->best.kind == CERTIFICATE_NONE || !cast_is_possible(s, w) ||
        !is_open(r, r->best.view) || !view_above(r->best.view, r->finalized) ||
        !held_find(s, w, &r->best.block, &b)) {
        return false;
    }
    switch (decide_judge(s, w, &b.header)) {
    case JUDGED_SOUND:
        break;
    case JUDGED_OTHER_PARENT:
    case JUDGED_OTHER_VERSION:
        simplex_stop(s, w, NOTE_STATE_DIFFERS, s->height);
        return false;
    case JUDGED_DAMAGED:
        simplex_damage(s, w, SELF_CHAIN);
        return false;
    }
    if (!held_put(s, w, &b)) {
        return false;
    }
    r->finalized = r->best.view;
    r->finalized_hash = r->best.block;
    const struct vote v = cast_vote(s, VOTE_FINALIZE, r->best.view, &r->best.block);
    cast(s, w, &v, 1, &b);
    return true;
}
