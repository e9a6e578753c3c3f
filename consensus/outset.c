/* Case 31: before a node goes along with what it is told, it asks whether it still knows the
 * cluster well enough to tell its history from another one. The verdicts are checkpoint.h's.
 *
 * That is asked until it has caught up, and never again in this run: then it sees each change
 * of the members as it is decided, and no clock can make it doubt. */
#include "simplex_parts.h"

static const struct checkpoint *given(const struct simplex *s)
{
    return &s->options.checkpoint;
}

/* The chain has come to the checkpoint: whose members they are, a person vouches for. */
static void meet(struct simplex *s, const struct simplex_world *w)
{
    if (given(s)->height != w->cluster->height || given(s)->height == 0 || s->outset.met ||
        s->stopped) {
        return;
    }
    s->outset.met = true;
    outset_know(&s->outset, w->cluster);
    simplex_note(w, NOTE_CHECKPOINT_MET, CAUSE_NONE, s->options.self, given(s)->height, 0);
}

void outset_begin(struct simplex *s, const struct simplex_world *w)
{
    const struct cluster *c = w->cluster;
    const uint64_t height = given(s)->height;
    s->outset = outset_of(c, s->options.self, s->options.joins, w->now_ms);
    if (height <= c->height && cluster_keeps(c, height) &&
        !checkpoint_admits(given(s), height, &c->blocks[height % HEIGHTS_KEPT])) {
        s->outset.differs = true;
        simplex_stop(s, w, NOTE_CHECKPOINT_DIFFERS, height);
    }
    s->outset.met = height != 0 && height < c->height && !s->outset.differs;
    if (s->options.kept.voter_count > 0) {
        outset_keep(&s->outset, &s->options.kept);
    }
}

static void say(struct simplex *s, const struct simplex_world *w)
{
    if (s->needs == CHECKPOINT_NEED_AWAY) {
        simplex_note(w, NOTE_CHECKPOINT_WANTED, CAUSE_AWAY, s->options.self, w->cluster->height,
                     outset_age_ms(&s->outset, w->now_ms, w->clock_ms));
    } else if (s->needs == CHECKPOINT_NEED_STRANGERS) {
        simplex_note(w, NOTE_CHECKPOINT_WANTED, CAUSE_STRANGERS, s->options.self,
                     w->cluster->height, outset_remaining(&s->outset, w->cluster));
    }
}

void outset_evaluate(struct simplex *s, const struct simplex_world *w)
{
    if (s->outset.over) {
        return;
    }
    meet(s, w);
    const enum checkpoint_need before = s->needs;
    s->needs = checkpoint_needed(given(s), &s->outset, w->cluster, w->now_ms, w->clock_ms);
    if (s->needs != before) {
        say(s, w);
    }
    s->outset.over = outset_may_vote(s) && simplex_is_caught_up(s, w) && !ask_is_behind(s, w);
}

bool outset_admits(struct simplex *s, const struct simplex_world *w, const struct hash *block)
{
    if (s->needs != CHECKPOINT_NEED_NONE) {
        return false;
    }
    if (!checkpoint_admits(given(s), s->height, block)) {
        s->outset.differs = true;
        simplex_stop(s, w, NOTE_CHECKPOINT_DIFFERS, s->height);
        return false;
    }
    return true;
}

/* What is decided already needs no vote; and one cast before the checkpoint could be cast in
 * another history. */
bool outset_may_vote(const struct simplex *s)
{
    return s->needs == CHECKPOINT_NEED_NONE && s->height > given(s)->height;
}
