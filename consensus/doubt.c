#include "doubt.h"

#include <assert.h>
#include <string.h>

#include "window.h"

static bool is_same(const struct window_digest *a, const struct window_digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

const struct doubtful_window *doubt_of(const struct cluster *c, uint64_t window)
{
    const struct doubtful_window *d = &c->windows.doubtful[window % DOUBTFUL_KEPT];
    return window != 0 && d->window == window ? d : NULL;
}

bool doubtful_waits_for(const struct doubtful_window *d, uint32_t member)
{
    return d->window != 0 && !d->closed && d->members[0] != member && d->members[1] != member;
}

bool doubtful_is_corrected(const struct doubtful_window *d)
{
    return d->closed && !is_same(&d->claims[0].digest, &d->digest);
}

uint32_t doubtful_count(const struct cluster *c, bool corrected)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        const struct doubtful_window *d = &c->windows.doubtful[i];
        count += d->window != 0 && (!corrected || doubtful_is_corrected(d));
    }
    return count;
}

enum cause doubt_cause(const struct doubtful_window *d, uint32_t author,
                       const struct window_digest *digest)
{
    if (!doubtful_waits_for(d, author)) {
        return CAUSE_SAID_BEFORE;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (d->claims[i].member == author && is_same(&d->claims[i].digest, digest)) {
            return CAUSE_SAID_BEFORE;
        }
    }
    return CAUSE_NONE;
}

/* The author's own claim before, else the older one, makes room: one liar's word does not keep
 * two others from agreeing. */
void doubt_on_claim(struct cluster *c, const struct turn *t, uint32_t author, uint64_t window,
                    const struct window_digest *digest)
{
    struct doubtful_window *d = &c->windows.doubtful[window % DOUBTFUL_KEPT];
    assert(doubt_cause(d, author, digest) == CAUSE_NONE);
    if (d->claims[1].member != author) {
        d->claims[0] = d->claims[1];
    }
    d->claims[1] = (struct doubtful_claim){.member = author, .digest = *digest};
    if (d->claims[0].member == MEMBER_NONE || !is_same(&d->claims[0].digest, digest)) {
        return;
    }
    d->closed = true;
    windows_note(t, doubtful_is_corrected(d) ? NOTE_WINDOW_CORRECTED : NOTE_WINDOW_CONFIRMED,
                 window, (const uint32_t[]){d->claims[0].member, author});
}

/* Whoever is locked out now; it stays so, whether it is repaired or removed for good. */
static void convict(const struct cluster *c, struct settled_window *s)
{
    for (uint32_t k = 0; k < 2; k++) {
        const uint32_t i = s->members[k];
        if (i < c->member_count && c->member[i].standing == STANDING_LOCKED_OUT) {
            s->convicted |= 1u << k;
        }
    }
}

static bool is_in_doubt(const struct cluster *c, const struct settled_window *s)
{
    if (s->convicted != 3) {
        return false;
    }
    const uint64_t a_ms = c->member[s->members[0]].convicted_ms;
    const uint64_t b_ms = c->member[s->members[1]].convicted_ms;
    return (a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms) < turn_ticks_ms(c, AGAIN_TICKS);
}

/* In the place of a window that is no longer remembered as settled, if any: what is in doubt
 * never takes the place of what is in doubt. */
static void list(struct cluster *c, const struct turn *t, const struct settled_window *s)
{
    c->windows.doubtful[s->window % DOUBTFUL_KEPT] = (struct doubtful_window){
        .window = s->window,
        .members = {s->members[0], s->members[1]},
        .digest = s->digest,
        .claims = {{.member = MEMBER_NONE}, {.member = MEMBER_NONE}},
    };
    windows_note(t, NOTE_WINDOW_DOUBTFUL, s->window, s->members);
}

/* In their order, so that a run of them is one note. */
void doubt_review(struct cluster *c, const struct turn *t)
{
    for (uint32_t i = 0; i < SETTLED_KEPT; i++) {
        struct settled_window *s = &c->windows.settled[(c->windows.next + i) % SETTLED_KEPT];
        if (s->window == 0) {
            continue;
        }
        convict(c, s);
        if (is_in_doubt(c, s) && doubt_of(c, s->window) == NULL) {
            list(c, t, s);
        }
    }
}

static bool is_sound(const struct cluster *c, const struct doubtful_window *d)
{
    const struct doubtful_claim *a = &d->claims[0];
    const struct doubtful_claim *b = &d->claims[1];
    const bool agree = a->member != MEMBER_NONE && is_same(&a->digest, &b->digest);
    return d->members[0] < c->member_count && d->members[1] < c->member_count &&
           d->members[0] != d->members[1] &&
           (a->member < c->member_count || a->member == MEMBER_NONE) &&
           (b->member < c->member_count || b->member == MEMBER_NONE) &&
           (b->member != MEMBER_NONE || a->member == MEMBER_NONE) &&
           (a->member != b->member || a->member == MEMBER_NONE) && d->closed == agree;
}

bool doubts_are_sound(const struct cluster *c)
{
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        const struct doubtful_window *d = &c->windows.doubtful[i];
        if (d->window != 0 && (!is_sound(c, d) || d->window % DOUBTFUL_KEPT != i ||
                               d->window >= UINT64_MAX / 1000)) {
            return false;
        }
    }
    return true;
}
