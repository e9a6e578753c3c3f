/* Whom votes or proofs would remove and do not, and whether there is anybody to vote at all. */
#include <stdio.h>

#include "agent/status_parts.h"

#define COLD_TICKS 12u /* beside a whole record: a start takes that long, and alarms nobody */

/* Enough accuse it for long enough, and something keeps electors from being asked, or their
 * answer from taking effect. */
static void look_at_accused(const struct moment *m, uint32_t member)
{
    const struct cluster *c = m->cluster;
    const bool wrong = cluster_calls_for(c, member, MOTION_LOCK_OUT);
    const bool silent = cluster_calls_for(c, member, MOTION_SUSPEND);
    const uint32_t electors = (uint32_t)__builtin_popcount(cluster_electors(c, member));
    const enum cause bar = cluster_removal_bar(c);
    const enum cause cause = bar != CAUSE_NONE                 ? bar
                             : electors < cluster_testimony(c) ? CAUSE_NO_ELECTORATE
                                                               : CAUSE_NONE;
    if (!(wrong || silent) || cause == CAUSE_NONE) {
        return;
    }
    struct status_reason *r = status_add(m, "OST-2206", false, member);
    status_say(r->text, "%s would be %s, but is not: %s.", c->member[member].name,
               wrong ? "locked out" : "suspended", words_cause(cause));
}

static void look_at_held(const struct moment *m, uint32_t member)
{
    const struct member *held = &m->cluster->member[member];
    if (!held->held) {
        return;
    }
    struct status_reason *r = status_add(m, "OST-2210", true, member);
    status_say(
        r->text,
        "%s is proved wrong, as another member was just before, or too few would be left "
        "without it: the software is the likely fault. It stays, without a ballot, and "
        "leads nothing.",
        held->name);
    status_say(r->action, "Look for the cause, then admit %s anew or remove it", held->name);
}

static void look_at_electorate(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    const uint64_t cold_ms =
        (uint64_t)(c->timing.record_ticks + COLD_TICKS) * c->timing.tick_ms;
    char since[STATUS_SHORT_BYTES];
    if (c->no_electorate_ms == 0 || c->time_ms < c->no_electorate_ms + cold_ms) {
        return;
    }
    status_when(m, c->no_electorate_ms, since);
    struct status_reason *r = status_add(m, "OST-2208", false, MEMBER_NONE);
    status_say(r->text,
               "No electorate since %s: %d members have a perfect record, %u must. Nobody can "
               "be removed or reinstated by a vote.",
               since, __builtin_popcount(cluster_electors(c, MEMBER_NONE)),
               cluster_testimony(c));
    status_say(r->action, "Look at what spoils their records: ostrakon status");
}

void status_look_at_votes_on_members(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (c->member[i].standing == STANDING_GOOD) {
            look_at_held(m, i);
            look_at_accused(m, i);
        }
    }
    look_at_electorate(m);
}
