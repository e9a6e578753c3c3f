#include "agent/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/node_parts.h"
#include "agent/words.h"
#include "consensus/election.h"

#define STANDSTILL_TICKS 3u
#define STANDSTILL_MORE_MS 2000u
#define TEXT_SHORT 64u

/* One moment, and what is derived of it for several reasons. */
struct moment {
    const struct agent *agent;
    const struct deciding *deciding;
    const struct cluster *cluster;
    uint64_t now_ms;
    uint64_t unix_ms;
    struct status *status;
};

/* "4 min ago": an age in words. */
static void age_text(uint64_t age_ms, char text[static TEXT_SHORT])
{
    const uint64_t seconds = age_ms / 1000;
    if (seconds < 120) {
        snprintf(text, TEXT_SHORT, "%" PRIu64 " s", seconds);
    } else if (seconds < 7200) {
        snprintf(text, TEXT_SHORT, "%" PRIu64 " min", seconds / 60);
    } else if (seconds < 172800) {
        snprintf(text, TEXT_SHORT, "%" PRIu64 " h", seconds / 3600);
    } else {
        snprintf(text, TEXT_SHORT, "%" PRIu64 " days", seconds / 86400);
    }
}

/* "14:03:11 UTC, 4 min ago" */
static void when_text(const struct moment *m, uint64_t at_unix_ms, char text[static TEXT_SHORT])
{
    char clock[WORDS_ISO_BYTES];
    char age[TEXT_SHORT];
    words_clock(at_unix_ms, clock);
    age_text(m->unix_ms > at_unix_ms ? m->unix_ms - at_unix_ms : 0, age);
    snprintf(text, TEXT_SHORT, "%.8s UTC, %.24s ago", clock, age);
}

static struct status_reason *add(const struct moment *m, const char *code, bool critical,
                                 uint32_t member)
{
    struct status *s = m->status;
    const uint32_t place =
        s->reason_count < STATUS_REASONS_MAX ? s->reason_count++ : STATUS_REASONS_MAX - 1;
    struct status_reason *reason = &s->reasons[place];
    *reason = (struct status_reason){.code = code, .critical = critical, .member = member};
    return reason;
}

static void say(char text[static STATUS_TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char text[static STATUS_TEXT_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, STATUS_TEXT_BYTES, format, arguments);
    va_end(arguments);
}

static bool is_settling_in(const struct moment *m)
{
    const uint64_t quiet_ms =
        QUIET_START_HEARTBEATS * (uint64_t)m->cluster->timing.heartbeat_ms;
    return m->now_ms - m->deciding->started_ms < quiet_ms;
}

static bool stands_still(const struct moment *m)
{
    const uint64_t since_ms = m->deciding->decided_ms > m->deciding->started_ms
                                  ? m->deciding->decided_ms
                                  : m->deciding->started_ms;
    return m->now_ms - since_ms >
           STANDSTILL_TICKS * (uint64_t)m->cluster->timing.tick_ms + STANDSTILL_MORE_MS;
}

static void look_at_quorum(const struct moment *m)
{
    const struct status *s = m->status;
    char when[TEXT_SHORT];
    when_text(m, m->cluster->time_ms, when);
    if (s->heard < s->needed) {
        struct status_reason *r = add(m, "OST-1001", true, MEMBER_NONE);
        say(r->text,
            "%u of %u voters are heard, %u are needed. Nothing has been decided since %s. "
            "%" PRIu64 " window%s.",
            s->heard, s->voters, s->needed, when, s->due, s->due == 1 ? " waits" : "s wait");
        say(r->action, "Bring the missing members back, or the network to them: on each, "
                       "systemctl status ostrakon");
    } else if (stands_still(m)) {
        struct status_reason *r = add(m, "OST-1003", true, MEMBER_NONE);
        say(r->text,
            "%u of %u voters are heard, and yet nothing has been decided since %s. %" PRIu64
            " window%s.",
            s->heard, s->voters, when, s->due, s->due == 1 ? " waits" : "s wait");
        say(r->action, "Ask the others whether one of them does not vote: ostrakon status");
    }
}

static void look_at_votes(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const struct status *s = m->status;
    if (d->simplex.stopped) {
        struct status_reason *r = add(m, "OST-1201", true, d->options.self);
        say(r->text,
            "%s has stopped voting: what others decided contradicts what it knows (OST-1201 or "
            "OST-1202 in its log tells which).",
            m->agent->config.name);
        say(r->action,
            "Compare the logs of all members at the height named there: ostrakon log");
    }
    if (d->muted) {
        struct status_reason *r = add(m, "OST-1103", true, d->options.self);
        say(r->text, "%s does not vote: its vote store cannot be written any more.",
            m->agent->config.name);
        say(r->action, "Look after the disk of %s, then: systemctl restart ostrakon",
            m->agent->config.name);
    } else if ((d->simplex.amnesiac || d->simplex.resuming)) {
        const bool needed = s->voters - 1 < s->needed || s->heard - 1 < s->needed;
        struct status_reason *r = add(m, "OST-1101", needed, d->options.self);
        say(r->text,
            "%s does not vote yet: what it had voted is lost (vote store lost%s). It votes "
            "again once the others have decided without it.",
            m->agent->config.name, needed ? "; quorum needs me" : "");
        if (needed) {
            say(r->action,
                "Bring the members back that are not heard: the others alone are too "
                "few to decide");
        }
    }
}

static void look_at_member(const struct moment *m, uint32_t member)
{
    const struct deciding *d = m->deciding;
    const char *name = m->cluster->member[member].name;
    const uint32_t accusers = cluster_accusers(m->cluster, member, false);
    const bool unheard = (d->heard >> member & 1) == 0;
    if (m->cluster->member[member].standing != STANDING_GOOD || !unheard) {
        if (accusers >= cluster_testimony(m->cluster)) {
            struct status_reason *r = add(m, "OST-2001", false, member);
            say(r->text, "%s is heard here, but %u other members cannot reach it.", name,
                accusers);
            say(r->action, "Look at the network between %s and the others", name);
        }
        return;
    }
    char since[TEXT_SHORT] = "the start of this agent";
    if (d->peer[member].ever_heard) {
        const uint64_t silent_ms = m->now_ms - d->peer[member].detector.heard_ms;
        when_text(m, m->unix_ms > silent_ms ? m->unix_ms - silent_ms : 0, since);
    }
    struct status_reason *r = add(m, "OST-2001", false, member);
    say(r->text, "%s has not been heard since %s.", name, since);
    say(r->action, "On %s: systemctl status ostrakon", name);
}

static void look_at_grant(const struct moment *m)
{
    const struct cluster *c = m->cluster;
    const struct status *s = m->status;
    const uint64_t late_ms = (uint64_t)c->timing.window_timeout_s * 1000;
    if (c->grant.fence == 0 && c->height > 0) {
        struct status_reason *r = add(m, "OST-3202", s->due > 0, MEMBER_NONE);
        say(r->text, "No front node is fit to process the statistics: %" PRIu64 " window%s.",
            s->due, s->due == 1 ? " waits" : "s wait");
    } else if (s->due > 0 && s->oldest_due_age_ms > late_ms) {
        char age[TEXT_SHORT];
        age_text(s->oldest_due_age_ms, age);
        struct status_reason *r = add(m, "OST-3203", true, c->grant.leader);
        say(r->text, "%" PRIu64 " window%s not settled, the oldest has been due for %s.",
            s->due, s->due == 1 ? " is" : "s are", age);
        say(r->action,
            "On %s and %s, look at what the worker says: ostrakon log --code OST-6004",
            words_member(c, c->grant.leader), words_member(c, c->grant.auditor));
    }
    if (c->grant.fence != 0 && c->grant.auditor == MEMBER_NONE && c->audit_required) {
        struct status_reason *r = add(m, "OST-3204", s->due > 0, MEMBER_NONE);
        say(r->text, "Nobody is left to audit %s: windows are not settled.",
            words_member(c, c->grant.leader));
    }
    const bool is_young =
        c->tick <= RECENT_TICKS; /* no member can have been perfect for longer */
    if (c->grant.fence != 0 && !is_young && election_leader_place(c, c->grant.leader) > 1) {
        struct status_reason *r = add(m, "OST-3201", false, c->grant.leader);
        say(r->text, "%s holds the grant though it has not been perfect for three ticks.",
            words_member(c, c->grant.leader));
    }
}

static void look_at_self(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    if (d->storage_slow) {
        struct status_reason *r = add(m, "OST-5301", false, d->options.self);
        say(r->text, "A write to the disk of %s has been under way for more than 2 s.",
            m->agent->config.name);
        say(r->action, "Look at the disk of %s: df, dmesg", m->agent->config.name);
    }
    if (m->agent->store_refuses) {
        struct status_reason *r = add(m, "OST-5402", false, d->options.self);
        say(r->text, "The database of %s cannot be written: %s.", m->agent->config.name,
            m->agent->store_refusal);
        say(r->action, "Make room on, or repair, the disk of %s", m->agent->config.name);
    }
    for (uint32_t i = 0; i < m->cluster->member_count; i++) {
        if ((m->agent->foreign >> i & 1) != 0) {
            struct status_reason *r = add(m, "OST-5501", false, i);
            say(r->text, "%s was founded with another cluster.yaml than %s.",
                m->cluster->member[i].name, m->agent->config.name);
            say(r->action, "Compare the files: they must be the same on every node");
        }
    }
}

static void look_at_budget(const struct moment *m)
{
    const struct status *s = m->status;
    const struct quorum q = cluster_quorum(m->cluster);
    if (s->heard == s->needed && s->heard < s->voters && q.voters > q.needed) {
        struct status_reason *r = add(m, "OST-1004", false, MEMBER_NONE);
        say(r->text, "One more failure stops the cluster.");
        say(r->action, "Bring back a member that is not heard");
    }
}

static void count(const struct moment *m)
{
    struct status *s = m->status;
    const struct cluster *c = m->cluster;
    const struct quorum q = cluster_quorum(c);
    s->voters = q.voters;
    s->needed = q.needed;
    s->heard = node_peers_voters(m->deciding, m->deciding->heard);
    s->bears_crashed = s->heard > q.needed ? s->heard - q.needed : 0;
    s->bears_malfunctioning =
        s->bears_crashed < q.malfunctioning ? s->bears_crashed : q.malfunctioning;
    s->due = cluster_windows_due(c, m->unix_ms);
    const uint64_t due_ms = cluster_window_due_ms(c, c->windows.next);
    s->oldest_due_age_ms = s->due > 0 && m->unix_ms > due_ms ? m->unix_ms - due_ms : 0;
}

static const char *phase(const struct moment *m)
{
    if (m->status->state == STATUS_NO_QUORUM && is_settling_in(m)) {
        return "starting";
    }
    return m->deciding->simplex.catching_up ? "catching_up" : "running";
}

void status_of(const struct agent *a, uint64_t now_ms, uint64_t unix_ms, struct status *s)
{
    const struct deciding *d = &a->node->deciding;
    const struct moment m = {a, d, &d->cluster, now_ms, unix_ms, s};
    memset(s, 0, sizeof *s);
    count(&m);
    look_at_quorum(&m);
    s->state = s->reason_count > 0 ? STATUS_NO_QUORUM : STATUS_OK;
    s->phase = phase(&m);
    look_at_votes(&m);
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (i != d->options.self && cluster_is_voter(&d->cluster, i)) {
            look_at_member(&m, i);
        }
    }
    look_at_grant(&m);
    look_at_self(&m);
    look_at_budget(&m);
    if (s->state == STATUS_OK && s->reason_count > 0) {
        s->state = STATUS_DEGRADED;
    }
}
