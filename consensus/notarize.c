/* Rule 7, of a proposal whose justification on_proposal.c has found good. */
#include "simplex_parts.h"

#include "sabotage.h"

static bool holds_urgent(const struct simplex_world *w, const struct block *b)
{
    for (uint32_t i = 0; i < b->command_count; i++) {
        const struct block_span *span = &b->commands[i];
        struct command command;
        if (command_decode(&command, b->bytes + span->offset, span->size_bytes) &&
            cluster_is_urgent(w->cluster, &command)) {
            return true;
        }
    }
    return false;
}

/* What does not change while this height lasts; verifies all commands, so once only. */
static void judge(struct candidate *c, const struct simplex *s, const struct simplex_world *w,
                  const struct block *b)
{
    c->judged = true;
    c->invalid = b->header.proposer != c->vote.signer || b->header.height != s->height ||
                 b->header.time_ms <= w->cluster->time_ms ||
                 cluster_check(w->cluster, b) != BLOCK_GOOD;
    c->urgent = !c->invalid && holds_urgent(w, b);
    c->untried = !c->invalid;
}

/* Whether what convicts by an answer was recomputed here; until then the proposal is kept. */
static bool is_tried(struct candidate *c, const struct simplex_world *w, const struct block *b)
{
    if (c->untried) {
        const enum retrial_verdict verdict = retrial_of_block(w->retrials, b);
        c->untried = verdict == RETRIAL_OPEN;
        c->invalid = verdict == RETRIAL_RIGHT;
    }
    return !c->untried && !c->invalid;
}

/* Whether the tick is over by the block's own time, which is not ahead of my clock. So says it
 * to a member that has just caught up, and cannot know how long ago the others decided the
 * block before; and clocks still bound how fast a liar can turn out such blocks. */
static bool ends_tick(const struct simplex *s, const struct simplex_world *w,
                      const struct block *b)
{
    const uint64_t tick_ms = s->options.timing.tick_ms;
    return b->header.time_ms <= w->unix_ms &&
           b->header.time_ms / tick_ms > w->cluster->time_ms / tick_ms;
}

/* From when on I may notarize a fresh block: its time (rule 15), and nobody is to turn out
 * blocks at the speed of the network (rule 14). Before that it is early, and kept. */
static uint64_t ripe_ms(const struct candidate *c, const struct simplex *s,
                        const struct simplex_world *w, const struct block *b)
{
    const uint64_t passes_ms = clock_passes_ms(s, w, b->header.time_ms);
    const uint64_t due_ms = clock_due_ms(s, w);
    const uint64_t delta_ms = s->options.timing.delta_ms;
    const uint64_t due_soon_ms = due_ms > delta_ms ? due_ms - delta_ms : 0;
    if (c->urgent || ends_tick(s, w, b) || passes_ms > due_soon_ms) {
        return passes_ms;
    }
    return due_soon_ms;
}

static bool is_acceptable(struct simplex *s, const struct simplex_world *w,
                          const struct block *b)
{
    struct candidate *c = &s->candidate;
    if (!c->fresh) {
        return true; /* a quorum has looked at it */
    }
    if (!c->judged) {
        judge(c, s, w, b);
    }
    if (c->invalid || !is_tried(c, w, b)) {
        return false;
    }
    const uint64_t at_ms = ripe_ms(c, s, w, b);
    if (w->now_ms < at_ms) {
        effects_wake(w->out, at_ms);
        return false;
    }
    return true;
}

bool notarize_evaluate(struct simplex *s, const struct simplex_world *w)
{
    struct vote_record *r = &s->record;
    struct candidate *c = &s->candidate;
    struct block b;
    if (!c->has || c->invalid || !cast_is_possible(s, w) || c->vote.view != s->view ||
        view_above(r->top, s->view)) {
        return false;
    }
    const bool again =
        SABOTAGE == SABOTAGE_NOTARIZE_TWICE && !hash_equal(&r->notarized, &c->vote.block);
    if (r->top == s->view && !hash_is_none(&r->notarized) && !again) {
        return false;
    }
    if (!held_find(s, w, &c->vote.block, &b)) {
        c->has = false; /* my own memory has lost it; its proposer says it again */
        return false;
    }
    if (!is_acceptable(s, w, &b)) {
        return c->invalid;
    }
    c->accepted = true;
    if (!held_has_room(s, &b, c->fresh && !again) || !held_put(s, w, &b)) {
        return false;
    }
    cast_raise_top(s);
    r->notarized = b.hash;
    held_notarized(s, &b.hash, s->view);
    const struct vote v = cast_vote(s, VOTE_NOTARIZE, s->view, &b.hash);
    cast(s, w, &v, 1, &b);
    return true;
}
