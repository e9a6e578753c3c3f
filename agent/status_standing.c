/* Who is not in good standing, since when, why, and what brings it back; and that removals are
 * paused. The same on every member's status, as it is all in the chain. */
#include <stdio.h>
#include <string.h>

#include "agent/status_parts.h"

/* Nobody hears its appeals any more. */
static bool is_removed_too_often(const struct moment *m, uint32_t member)
{
    const struct command appeal = {
        .kind = COMMAND_APPEAL, .author = member, .term = m->cluster->member[member].term};
    return cluster_would_skip(m->cluster, &appeal) == CAUSE_TOO_OFTEN;
}

static void say_action(const struct moment *m, uint32_t member, struct status_reason *r)
{
    const struct member *x = &m->cluster->member[member];
    const bool heard = (m->deciding->heard >> member & 1) != 0;
    if (x->standing == STANDING_NEUTERED) {
        status_say(r->action,
                   "On %s: ostrakon clear; then the ostrakon operator admit that it prints",
                   x->name);
    } else if (!member_may_sign(x) || is_removed_too_often(m, member)) {
        status_say(r->action,
                   "On %s: ostrakon clear --new-key; then the ostrakon operator admit that it "
                   "prints",
                   x->name);
    } else if (!heard) {
        status_say(r->action, "On %s: see whether ostrakond runs; then the network to it",
                   x->name);
    } else if (x->standing == STANDING_LOCKED_OUT) {
        status_say(r->action, "Test the memory of %s: ostrakon doctor --thorough", x->name);
    }
}

static void say(const struct moment *m, uint32_t member)
{
    const struct member *x = &m->cluster->member[member];
    char since[STATUS_SHORT_BYTES];
    char found[STATUS_SHORT_BYTES] = "";
    struct status_reason *r = status_add(m, "OST-2101", false, member);
    status_when(m, x->since_ms, since);
    if (x->standing == STANDING_NEUTERED && x->resigned_reference != 0) {
        words_references(REFERENCE_BIT(x->resigned_reference), found, sizeof found);
    }
    status_say(r->text, "%s %s since %s: %s%s%s.", x->name, words_standing(x->standing), since,
               words_standing_cause(x->cause), found[0] == '\0' ? "" : ": ", found);
    say_action(m, member, r);
}

void status_look_at_standings(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool own = i == m->deciding->options.self;
        const enum standing standing = c->member[i].standing;
        if (standing != STANDING_GOOD && standing != STANDING_LEFT &&
            !(own && neuter_is(&m->agent->neuter))) { /* which says it in its own words */
            say(m, i);
        }
    }
}

void status_look_at_pause(const struct moment *m)
{
    char until[STATUS_SHORT_BYTES];
    const struct cluster *c = m->cluster;
    if (c->time_ms < c->pause_until_ms) {
        struct status_reason *r = status_add(m, "OST-2301", false, MEMBER_NONE);
        status_clock(c->pause_until_ms, until);
        status_say(r->text, "An operator has paused removals until %.8s UTC.", until);
        status_say(r->action, "To end the pause: ostrakon operator pause 0 --key FILE");
    }
}
