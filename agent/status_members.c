/* Who is there, who is not, and whom only some can reach. */
#include <stdio.h>
#include <string.h>

#include "agent/status_parts.h"

#define CERTAIN_MS 1000u /* more than clocks and messages under way can make up */

/* It answers a challenge through others, or its own word has reached the chain since it was
 * last heard here: it is there, and only the way to us is not. */
static bool is_heard_elsewhere(const struct moment *m, uint32_t member)
{
    if (challenge_is_link_trouble(&m->deciding->trials.book, member)) {
        return true;
    }
    const struct attested *latest = &m->cluster->latest[member];
    return latest->seq != 0 && m->deciding->peer[member].ever_heard &&
           latest->decided_ms > status_heard_unix_ms(m, member) + CERTAIN_MS;
}

/* What was wrong with it when it was last heard, after the sentence that it is heard no more.
 */
static void say_last_words(const struct peer_view *p, struct status_reason *r)
{
    char references[STATUS_TEXT_BYTES / 2];
    const size_t used = strlen(r->text);
    const uint64_t said = p->own | p->serve;
    if (said != 0) {
        words_references(said, references, sizeof references);
        snprintf(r->text + used, sizeof r->text - used, " Its last word of itself: %s.",
                 references);
    }
}

static void say_unheard(const struct moment *m, uint32_t member)
{
    const struct peer_view *p = &m->deciding->peer[member];
    const char *name = m->cluster->member[member].name;
    struct status_reason *r = status_add(m, "OST-2001", false, member);
    char since[STATUS_SHORT_BYTES];
    if (p->ever_heard) {
        status_when(m, status_heard_unix_ms(m, member), since);
    } else {
        char age[STATUS_SHORT_BYTES];
        status_age(m->now_ms - m->deciding->started_ms, age);
        snprintf(since, sizeof since, "this agent started, %.24s ago", age);
    }
    if (is_heard_elsewhere(m, member)) {
        status_say(r->text, "%s has not been heard here since %s, but others hear it.", name,
                   since);
        status_say(r->action, "Look at the network between %s and %s", m->self, name);
    } else if (p->detector.refused) {
        status_say(r->text, "%s has not been heard since %s: nobody listens at its address.",
                   name, since);
        status_say(r->action, "On %s: start ostrakond", name);
    } else {
        status_say(r->text, "%s has not been heard since %s.", name, since);
        status_say(r->action, "On %s: see whether ostrakond runs; then the network to it",
                   name);
    }
    say_last_words(p, r);
}

static void say_foreign(const struct moment *m, uint32_t member)
{
    const char *name = m->cluster->member[member].name;
    struct status_reason *r = status_add(m, "OST-5501", false, member);
    status_say(r->text, "%s runs with another cluster.yaml than %s.", name, m->self);
    status_say(r->action, "Compare the files: they must be the same on every node");
}

/* Bits of the voters that say now that they cannot reach it, and that are heard here. */
static uint32_t accusers_of(const struct moment *m, uint32_t member)
{
    const struct cluster *c = m->cluster;
    uint32_t accusers = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool says_so = (c->latest[i].silent >> member & 1) != 0;
        const bool of_now = c->latest[i].tick + 1 >= c->tick;
        if (i != member && says_so && of_now && cluster_is_voter(c, i) &&
            (m->deciding->heard >> i & 1) != 0) {
            accusers |= (uint32_t)1 << i;
        }
    }
    return accusers & ~((uint32_t)1 << m->deciding->options.self);
}

/* It is heard here, or is myself; others cannot reach it. One such is a broken link, which
 * accuses nobody. */
static void look_at_links(const struct moment *m, uint32_t member)
{
    const char *name = m->cluster->member[member].name;
    const uint32_t accusers = accusers_of(m, member);
    const bool is_self = member == m->deciding->options.self;
    char names[STATUS_NAMES_BYTES];
    if (accusers == 0) {
        return;
    }
    status_names(m->cluster, accusers, " and ", names);
    struct status_reason *r = status_add(m, "OST-2006", false, member);
    status_say(r->text, "%s cannot reach %s%s.", names, name,
               is_self ? "" : ", which is heard here");
    status_say(r->action, "Look at the network between %s and %s", names, name);
}

/* How many voters find what the member signs wrong now. */
static uint32_t blamers_of(const struct moment *m, uint32_t member)
{
    const struct cluster *c = m->cluster;
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool of_now = c->latest[i].tick + 1 >= c->tick;
        const bool says_so = (c->latest[i].wrong >> member & 1) != 0;
        count += says_so && of_now && cluster_is_voter(c, i) ? 1 : 0;
    }
    return count;
}

/* It finds what others sign wrong, and too few join in: it errs, or lies, or knows better.
 * Nothing follows for them. */
static void look_at_blame(const struct moment *m, uint32_t member)
{
    const struct cluster *c = m->cluster;
    char names[STATUS_NAMES_BYTES];
    uint32_t blamed = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool alone = blamers_of(m, i) < cluster_testimony(c);
        const bool blames = (c->latest[member].wrong >> i & 1) != 0;
        blamed |= blames && alone && cluster_is_voter(c, i) ? (uint32_t)1 << i : 0;
    }
    if (blamed == 0 || c->latest[member].tick + 1 < c->tick) {
        return;
    }
    const bool one = __builtin_popcount(blamed) == 1;
    status_names(c, blamed, " and ", names);
    struct status_reason *r = status_add(m, "OST-2007", false, member);
    status_say(
        r->text, "%s says that what %s %s is wrong, and too few join in: %s nothing by it.",
        c->member[member].name, names, one ? "signs" : "sign", one ? "it loses" : "they lose");
    status_say(r->action, "ostrakon explain %s; on it: ostrakon doctor",
               c->member[member].name);
}

/* What it said of statistics, against those that two others agreed on. */
static void look_at_dissent(const struct moment *m, uint32_t member)
{
    const struct cluster *c = m->cluster;
    const char *name = c->member[member].name;
    const bool is_condemned = c->time_ms < c->condemned_until_ms[member];
    char clock[STATUS_SHORT_BYTES];
    if (c->time_ms >= c->dissent_until_ms[member] && !is_condemned) {
        return;
    }
    struct status_reason *r =
        status_add(m, is_condemned ? "OST-2004" : "OST-3104", false, member);
    status_clock(is_condemned ? c->condemned_until_ms[member] : c->dissent_until_ms[member],
                 clock);
    status_say(r->text,
               "%s reported other statistics than those settled%s: it neither leads nor audits "
               "before %.8s UTC.",
               name, is_condemned ? ", for the second time" : "", clock);
    status_say(r->action, "Look for the cause on %s: its worker, its memory", name);
}

void status_look_at_members(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const bool is_of_now = m->status->phase == STATUS_RUNNING;
    for (uint32_t i = 0; i < m->cluster->member_count; i++) {
        const bool is_self = i == d->options.self;
        const bool is_heard = (d->heard >> i & 1) != 0;
        const bool may_come = m->is_settling_in && (d->suspected >> i & 1) == 0;
        if (!cluster_is_voter(m->cluster, i)) {
            continue;
        }
        if (!is_self && (m->agent->foreign >> i & 1) != 0) {
            say_foreign(m, i);
        } else if (!is_self && !is_heard && !may_come) {
            say_unheard(m, i);
        } else if (is_of_now && m->status->state != STATUS_NO_QUORUM) {
            look_at_links(m, i);
        }
        if (is_of_now) {
            look_at_blame(m, i);
            look_at_dissent(m, i);
        }
    }
}
