/* Rule 11, first half: whoever is behind is told what was decided, or how to come to my view.
 */
#include "simplex_parts.h"

#include "sabotage.h"

#define HELPS_PER_SECOND 50u
#define HELP_GAP_MS 10u /* beyond that: one at a time */

bool help_is_due(struct simplex *s, const struct simplex_world *w, uint32_t member)
{
    struct acquaintance *peer = &s->peers[member];
    if (w->now_ms - peer->help_from_ms >= 1000) {
        peer->help_from_ms = w->now_ms;
        peer->helped = 0;
    }
    if (peer->helped >= HELPS_PER_SECOND && w->now_ms < peer->help_last_ms + HELP_GAP_MS) {
        return false;
    }
    peer->helped++;
    peer->help_last_ms = w->now_ms;
    return true;
}

void help_decided(struct simplex *s, const struct simplex_world *w, uint32_t member,
                  uint64_t height)
{
    struct acquaintance *peer = &s->peers[member];
    if (SABOTAGE == SABOTAGE_NO_HELP || height == 0 || !effects_has_room(w->out, 0)) {
        return;
    }
    if (height == peer->helped_height && w->now_ms < peer->help_after_ms) {
        return; /* it is on its way */
    }
    if (!help_is_due(s, w, member)) {
        return;
    }
    peer->helped_height = height;
    peer->help_after_ms = w->now_ms + s->options.timing.delta_ms;
    struct effect *e = effects_add(w->out, EFFECT_HELP);
    e->member = member;
    e->height = height;
}

void help_meet(struct simplex *s, const struct simplex_world *w, uint32_t member,
               uint64_t height, uint32_t view)
{
    const uint64_t delta_ms = s->options.timing.delta_ms;
    struct acquaintance *peer = &s->peers[member];
    peer->height = height;
    if (!peer->answered && amnesia_is_asking(s, w) &&
        peer->hello_after_ms < w->now_ms + 2 * delta_ms) {
        peer->hello_after_ms = w->now_ms; /* it is there now, so it is worth asking again */
    }
    if (height > s->height) {
        return; /* ask.c looks at it */
    }
    if (height == s->height) {
        if (view != VIEW_NONE && view < s->view) {
            send_status(s, w, member);
        }
        return;
    }
    /* In the first delta after a decision the others are about to decide by themselves. */
    if (height + 1 < s->height || clock_age_ms(s, w) >= delta_ms) {
        help_decided(s, w, member, height);
    }
}
