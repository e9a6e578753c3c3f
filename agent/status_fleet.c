/* What members should have in common, and have not: certificates of the service, the way they
 * are configured, their build. The same on every member's status, as it is all in the chain. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/status_parts.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define SOON_MS (14 * DAY_MS)
#define NEAR_MS (3 * DAY_MS)

static uint32_t first_of(uint32_t members)
{
    return (uint32_t)__builtin_ctz(members);
}

static void say_behind(const struct moment *m, const struct fleet_renewal *r)
{
    char lack[STATUS_NAMES_BYTES];
    char have[STATUS_NAMES_BYTES];
    const uint32_t behind = r->behind & ~r->unfit;
    if (behind == 0) {
        return;
    }
    status_names(m->cluster, behind, " and ", lack);
    status_names(m->cluster, r->latest, " and ", have);
    struct status_reason *s = status_add(m, "OST-7210", false, first_of(behind));
    status_say(s->text, "The renewal of certificate %s is incomplete: %s %s not the one of %s.",
               r->purpose, lack, (behind & (behind - 1)) == 0 ? "has" : "have", have);
    status_say(s->action, "Put the new certificate %s on %s, too", r->purpose, lack);
}

static void say_unfit(const struct moment *m, const struct fleet_renewal *r)
{
    char names[STATUS_NAMES_BYTES];
    if (r->unfit == 0) {
        return;
    }
    status_names(m->cluster, r->unfit, " and ", names);
    struct status_reason *s = status_add(m, "OST-7212", false, first_of(r->unfit));
    status_say(s->text, "The certificate %s of %s is not fit to be used.", r->purpose, names);
    status_say(s->action, "On %s: ostrakon doctor R31", names);
}

/* Bits of the members whose certificate of that purpose ends so soon, and when the first does.
 */
static uint32_t ending(const struct moment *m, const char *purpose, uint64_t *first_ms)
{
    uint32_t members = 0;
    *first_ms = UINT64_MAX;
    for (uint32_t i = 0; i < m->cluster->member_count; i++) {
        const struct fleet_member *f = &m->status->fleet[i];
        for (uint32_t k = 0; k < f->count; k++) {
            const struct fleet_certificate *c = &f->certificate[k];
            const uint64_t end_ms =
                c->not_after_s < UINT64_MAX / 1000 ? c->not_after_s * 1000 : UINT64_MAX;
            const bool soon = end_ms < m->unix_ms + SOON_MS;
            if (fleet_is_fit(c) && soon &&
                memcmp(c->purpose, purpose, sizeof c->purpose) == 0) {
                members |= (uint32_t)1 << i;
                *first_ms = end_ms < *first_ms ? end_ms : *first_ms;
            }
        }
    }
    return members;
}

static void say_ending(const struct moment *m, const char *purpose)
{
    char names[STATUS_NAMES_BYTES];
    char age[STATUS_SHORT_BYTES];
    uint64_t end_ms;
    const uint32_t members = ending(m, purpose, &end_ms);
    if (members == 0) {
        return;
    }
    status_names(m->cluster, members, " and ", names);
    const bool over = end_ms <= m->unix_ms;
    const bool near = end_ms < m->unix_ms + NEAR_MS;
    struct status_reason *s = status_add(m, "OST-7211", near, first_of(members));
    status_age(over ? m->unix_ms - end_ms : end_ms - m->unix_ms, age);
    if (over) {
        status_say(s->text, "The certificate %s of %s has expired, %s ago.", purpose, names,
                   age);
    } else {
        status_say(s->text, "The certificate %s of %s expires in %s.", purpose, names, age);
    }
    status_say(s->action, "Renew the certificate %s on %s", purpose, names);
}

static void say_skew(const struct moment *m, enum fleet_half half, const char *code,
                     const char *what)
{
    char names[STATUS_NAMES_BYTES];
    const struct fleet_skew skew = node_fleet_skew(m->cluster, half);
    if (skew.differ == 0) {
        return;
    }
    status_names(m->cluster, skew.differ, " and ", names);
    struct status_reason *s = status_add(m, code, false, first_of(skew.differ));
    status_say(s->text, "%s %s %s than most.", names,
               (skew.differ & (skew.differ - 1)) == 0 ? "runs" : "run", what);
    status_say(s->action, "Compare %s with the others: ostrakon version, node.yaml", names);
}

void status_look_at_fleet(const struct moment *m)
{
    struct fleet_renewal list[FLEET_PURPOSES_MAX];
    struct fleet_member *fleet = m->status->fleet;
    node_fleet_of(m->cluster, fleet);
    const uint32_t count = fleet_renewals(
        fleet, m->cluster->member_count, cluster_testimony(m->cluster), m->cluster->tick, list);
    for (uint32_t i = 0; i < count; i++) {
        say_behind(m, &list[i]);
        say_unfit(m, &list[i]);
        say_ending(m, list[i].purpose);
    }
    say_skew(m, FLEET_CONFIGURATION, "OST-7213", "with another configuration");
    say_skew(m, FLEET_BUILD, "OST-7214", "another build");
}
