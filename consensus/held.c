/* The bytes of the blocks of this height that I may be asked for. A block that I notarized may
 * be certified without my knowing, so its bytes stay until a notarization of its view or a
 * later one shows what came of it. A proposer has room for one fresh block only (README.md,
 * "Held blocks"), so that room for all of them is bounded and nothing ever has to be given up.
 */
#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

static bool is_sound(const struct held_block *held, const struct hash *hash, struct block *b)
{
    return held->size_bytes > 0 && held->size_bytes <= BLOCK_BYTES_MAX &&
           block_decode(b, held->bytes, held->size_bytes) && hash_equal(&b->hash, hash);
}

static uint32_t place_of(const struct simplex *s, const struct hash *hash)
{
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        if (s->held[i].has && hash_equal(&s->held[i].hash, hash)) {
            return i;
        }
    }
    return HELD_MAX;
}

bool held_find(struct simplex *s, const struct simplex_world *w, const struct hash *hash,
               struct block *b)
{
    const uint32_t i = place_of(s, hash);
    if (i < HELD_MAX && is_sound(&w->bulk->held[i], hash, b)) {
        return true;
    }
    return is_sound(&w->bulk->candidate, hash, b);
}

static bool must_stay(const struct simplex *s, const struct held_place *p)
{
    const struct vote_record *r = &s->record;
    return p->proposer == s->options.self || hash_equal(&p->hash, &r->best.block) ||
           hash_equal(&p->hash, &r->finalized_hash) || hash_equal(&p->hash, &r->proposed) ||
           hash_equal(&p->hash, &s->undecided.block) ||
           view_above(p->notarized, simplex_best_view(s));
}

/* Where a new block could go: an empty place, else one that need not stay; HELD_MAX: nowhere.
 */
static uint32_t place_for(const struct simplex *s)
{
    uint32_t found = HELD_MAX;
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        if (!s->held[i].has) {
            return i;
        }
        if (found == HELD_MAX && !must_stay(s, &s->held[i])) {
            found = i;
        }
    }
    return found;
}

bool held_has_room(const struct simplex *s, const struct block *b, bool fresh)
{
    if (place_of(s, &b->hash) < HELD_MAX) {
        return true;
    }
    for (uint32_t i = 0; fresh && i < HELD_MAX; i++) {
        const struct held_place *p = &s->held[i];
        if (p->has && p->proposer == b->header.proposer &&
            view_above(p->notarized, simplex_best_view(s))) {
            return false;
        }
    }
    return place_for(s) < HELD_MAX;
}

static void forget(struct simplex *s, const struct hash *hash)
{
    struct vote_record *r = &s->record;
    for (uint32_t i = 0; i < r->held_count; i++) {
        if (hash_equal(&r->held[i], hash)) {
            r->held_count--;
            r->held[i] = r->held[r->held_count];
            return;
        }
    }
}

bool held_put(struct simplex *s, const struct simplex_world *w, const struct block *b)
{
    uint32_t i = place_of(s, &b->hash);
    if (i == HELD_MAX) {
        i = place_for(s);
        if (i == HELD_MAX) {
            return false;
        }
        if (s->held[i].has) {
            forget(s, &s->held[i].hash);
        }
        s->held[i] = (struct held_place){
            .has = true,
            .hash = b->hash,
            .proposer = b->header.proposer,
            .notarized = VIEW_NONE,
        };
    }
    struct held_block *held = &w->bulk->held[i];
    held->hash = b->hash;
    held->size_bytes = b->size_bytes;
    memmove(held->bytes, b->bytes, b->size_bytes); /* may be the very same */
    return true;
}

void held_notarized(struct simplex *s, const struct hash *hash, uint32_t view)
{
    const uint32_t i = place_of(s, hash);
    assert(i < HELD_MAX);
    s->held[i].notarized = view;
}

bool held_own(struct simplex *s, const struct simplex_world *w, struct block *b)
{
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        const struct held_place *p = &s->held[i];
        if (p->has && p->proposer == s->options.self && held_find(s, w, &p->hash, b) &&
            b->header.height == s->height) {
            return true;
        }
    }
    return false;
}

void held_clear(struct simplex *s, const struct simplex_world *w)
{
    memset(s->held, 0, sizeof s->held);
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        w->bulk->held[i].size_bytes = 0;
    }
    w->bulk->candidate.size_bytes = 0;
}

bool held_adopt(struct simplex *s, const struct simplex_world *w)
{
    memset(s->held, 0, sizeof s->held);
    const struct vote_record *r = &s->record;
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        struct held_block *held = &w->bulk->held[i];
        struct block b;
        if (!is_sound(held, &held->hash, &b)) {
            held->size_bytes = 0;
            continue;
        }
        /* In which view I notarized it is not recorded; none is later than `top`. */
        s->held[i] = (struct held_place){
            .has = true,
            .hash = b.hash,
            .proposer = b.header.proposer,
            .notarized = r->top,
        };
    }
    for (uint32_t i = 0; i < r->held_count; i++) {
        if (place_of(s, &r->held[i]) == HELD_MAX) {
            return false;
        }
    }
    return true;
}
