/* Rule 6. Who proposes notarizes with the same write: what a proposer asks others to vote for,
 * it votes for itself. */
#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

#include "sabotage.h"

/* A lone urgent command waits for company, but no longer than until each voter that I hear has
 * one here: the others of one cause (a member fell, windows were done) come together. */
static bool has_gathered(const struct simplex *s, const struct simplex_world *w)
{
    const uint64_t since_ms = pool_urgent_since_ms(w->pool);
    if (since_ms == TIME_NEVER) {
        return true;
    }
    const uint64_t until_ms = since_ms + s->options.timing.gather_ms;
    const struct certificate_context context = simplex_context(s, w);
    const uint32_t expected = (w->heard | 1u << s->options.self) & context.voters;
    if (w->now_ms >= until_ms || (expected & ~pool_urgent_authors(w->pool)) == 0) {
        return true;
    }
    effects_wake(w->out, until_ms);
    return false;
}

/* A block of what is pooled, in the bulk's candidate place, which a proposer has for itself. */
static void make(const struct simplex *s, const struct simplex_world *w, struct block *b)
{
    struct held_block *place = &w->bulk->candidate;
    struct block_maker maker = block_begin(place->bytes);
    pool_fill(w->pool, &maker);
    struct block_header header = {
        .height = s->height,
        .parent = s->parent,
        .time_ms = clock_block_ms(s, w),
        .proposer = s->options.self,
        .state = cluster_state_hash(w->cluster),
        .version = w->cluster->version,
    };
    place->size_bytes = (uint32_t)block_end(&maker, &header);
    const bool decodes = block_decode(b, place->bytes, place->size_bytes);
    assert(decodes);
    place->hash = b->hash;
}

/* The one that I made before at this height, if there is any: each proposer has room for one
 * (held.c), and its time has not become worse. */
static bool fresh(struct simplex *s, const struct simplex_world *w, struct block *b)
{
    if (held_own(s, w, b)) {
        return true;
    }
    if (s->view == 0 && (w->now_ms < clock_due_ms(s, w) || !has_gathered(s, w))) {
        return false;
    }
    make(s, w, b);
    return retrial_of_block(w->retrials, b) == RETRIAL_WRONG;
}

/* The block to propose, and the notarization that justifies it (NONE: it is fresh). False: not
 * yet. */
static bool choose(struct simplex *s, const struct simplex_world *w, struct block *b)
{
    const struct certificate *entry = &s->record.entry.certificate;
    s->justification = (struct certificate){.kind = CERTIFICATE_NONE};
    if (entry->kind == CERTIFICATE_NONE) {
        return fresh(s, w, b);
    }
    if (entry->kind == CERTIFICATE_NOTARIZATION) {
        /* Usually the others finalize it meanwhile, and nobody needs another view. */
        const uint64_t at_ms = s->entered_ms + s->options.timing.delta_ms;
        if (w->now_ms < at_ms) {
            effects_wake(w->out, at_ms);
            return false;
        }
        s->justification = *entry;
        return held_find(s, w, &entry->block, b);
    }
    const struct certificate *best = &s->record.best;
    const bool ignores = SABOTAGE == SABOTAGE_NO_JUSTIFICATION;
    if (!ignores && best->kind != CERTIFICATE_NONE && held_find(s, w, &best->block, b)) {
        s->justification = *best;
        return true;
    }
    return (ignores || certificate_claim(entry) == VIEW_NONE) && fresh(s, w, b);
}

bool propose_evaluate(struct simplex *s, const struct simplex_world *w)
{
    struct vote_record *r = &s->record;
    struct block b;
    if (!simplex_has_record(s) || simplex_proposer(w, s->height, s->view) != s->options.self ||
        (s->view == r->top && !hash_is_none(&r->proposed)) || !cast_is_possible(s, w)) {
        return false;
    }
    if (s->view == r->top && !hash_is_none(&r->notarized)) {
        return false; /* only I can have proposed that, so the record is older than the vote */
    }
    if (!choose(s, w, &b) || !held_has_room(s, &b, false) || !held_put(s, w, &b)) {
        return false;
    }
    cast_raise_top(s);
    r->proposed = b.hash;
    r->notarized = b.hash;
    held_notarized(s, &b.hash, s->view);
    const struct vote votes[2] = {
        cast_vote(s, VOTE_PROPOSE, s->view, &b.hash),
        cast_vote(s, VOTE_NOTARIZE, s->view, &b.hash),
    };
    cast(s, w, votes, 2, &b);
    return true;
}
