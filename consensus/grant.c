#include "grant.h"

#include <assert.h>

#include "election.h"
#include "window.h"

static bool is_accused(const struct cluster *c, uint32_t member, bool wrong)
{
    return cluster_accusers(c, member, wrong) >= cluster_testimony(c);
}

/* Silence moves a grant at most once in a while, or a flapping link would keep it moving. */
static bool may_move_for_silence(const struct cluster *c)
{
    return c->grant_moved_ms == 0 ||
           c->time_ms >= c->grant_moved_ms + turn_ticks_ms(c, MOVED_TICKS);
}

/* What lets either of the two fall. */
static enum cause holder_falls(const struct cluster *c, uint32_t member, bool failed)
{
    if (!cluster_is_voter(c, member)) {
        return CAUSE_NOT_GOOD;
    }
    if (failed) {
        return CAUSE_FAILED;
    }
    if (c->member[member].held) {
        return CAUSE_HELD;
    }
    if (is_accused(c, member, true)) {
        return CAUSE_WRONG;
    }
    if (c->time_ms < c->dissent_until_ms[member]) {
        return CAUSE_DISSENT;
    }
    return is_accused(c, member, false) && may_move_for_silence(c) ? CAUSE_UNREACHABLE
                                                                   : CAUSE_NONE;
}

static bool is_work_due(const struct cluster *c)
{
    return cluster_windows_due(c, c->time_ms) > 0;
}

/* Windows have fallen due with nothing open before: each is elected anew. */
static bool is_election_due(const struct cluster *c, const struct turn *t)
{
    return t->was_idle && is_work_due(c);
}

/* The oldest window waits for the leader; not for an auditor that has yet to confirm what the
 * leader found, unless one auditor has been late with that before: then the leader's word may
 * be a lie, and a sound auditor would wait for it for ever. */
static bool is_leader_awaited(const struct cluster *c)
{
    const struct grant *g = &c->grant;
    if (!is_work_due(c) || (g->auditor == MEMBER_NONE && c->audit_required)) {
        return false;
    }
    return !windows_has_result(c, g->leader) || windows_has_result(c, g->auditor) ||
           g->audit_was_late;
}

static enum cause leader_falls(const struct cluster *c, const struct turn *t)
{
    const struct grant *g = &c->grant;
    const enum cause cause = holder_falls(c, g->leader, t->leader_failed);
    if (cause != CAUSE_NONE) {
        return cause;
    }
    if (t->disputers != 0) {
        return CAUSE_DISPUTED;
    }
    if (is_leader_awaited(c) && c->time_ms >= g->deadline_ms) {
        return CAUSE_DEADLINE;
    }
    /* Who is drained is going away on purpose: there is no better time than now. */
    const bool may_change = is_election_due(c, t) || c->member[g->leader].drained;
    const bool outdone =
        may_change && election_leader(c, 0).place < election_leader_place(c, g->leader);
    return outdone ? CAUSE_BETTER_CANDIDATE : CAUSE_NONE;
}

static enum cause auditor_falls(const struct cluster *c, const struct turn *t)
{
    const struct grant *g = &c->grant;
    const enum cause cause = holder_falls(c, g->auditor, t->auditor_failed);
    if (cause != CAUSE_NONE) {
        return cause;
    }
    const bool awaited = is_work_due(c) && windows_has_result(c, g->leader) &&
                         !windows_has_result(c, g->auditor) && !g->audit_was_late;
    if (awaited && c->time_ms >= g->audit_deadline_ms) {
        return CAUSE_DEADLINE;
    }
    const bool outdone = is_election_due(c, t) && election_auditor(c, g->leader, 0).place <
                                                      election_auditor_place(c, g->auditor);
    return outdone ? CAUSE_BETTER_CANDIDATE : CAUSE_NONE;
}

static void bar(struct cluster *c, uint32_t member)
{
    if (member != MEMBER_NONE) {
        c->barred_until_ms[member] = c->time_ms + turn_ticks_ms(c, BARRED_TICKS);
    }
}

/* Who is no candidate for a while because the grant moved. Of two that disagree the one who did
 * not dispute is barred; the other's dispute itself keeps it away. When the time is over and
 * neither has found anything published, nobody can tell whose fault that was. */
static void bar_fallen(struct cluster *c, const struct turn *t, enum cause cause)
{
    const struct grant *g = &c->grant;
    const bool late = cause == CAUSE_DEADLINE && !windows_has_result(c, g->auditor);
    const bool leader = cause != CAUSE_BETTER_CANDIDATE && cause != CAUSE_DISPUTED;
    const bool accused = cause == CAUSE_DISPUTED;
    if (leader || (accused && (t->disputers & 1u << g->leader) == 0)) {
        bar(c, g->leader);
    }
    if (g->auditor == MEMBER_NONE) {
        return;
    }
    if (t->auditor_failed || late || (accused && (t->disputers & 1u << g->auditor) == 0)) {
        bar(c, g->auditor);
    }
}

/* Tier 2 is nothing to worry about while no record can yet hold the ticks that tier 1 asks for.
 */
static void note_tier(const struct cluster *c, const struct turn *t, uint32_t tier)
{
    const bool is_young = c->tick <= RECENT_TICKS;
    if (tier == 3 || (tier == 2 && !is_young)) {
        struct note *note = turn_note(t, NOTE_LOWER_TIER, c->grant.leader);
        note->fence = c->grant.fence;
        note->count = tier;
    }
}

/* The highest fence that as many members have found in the sink as it takes to believe it. */
static uint64_t fence_in_sink(const struct cluster *c)
{
    uint64_t known = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < c->member_count; k++) {
            count += cluster_is_voter(c, k) && c->sink_fence[k] >= c->sink_fence[i];
        }
        if (count >= cluster_testimony(c) && c->sink_fence[i] > known) {
            known = c->sink_fence[i];
        }
    }
    return known;
}

/* A fence that was never granted stands in the sink, by a flipped bit or a lie, and the sink
 * refuses all below. Those to come begin above it. */
static void overtake_sink(struct cluster *c, const struct turn *t)
{
    const uint64_t known = fence_in_sink(c);
    if (known > c->last_fence) {
        struct note *note = turn_note(t, NOTE_FENCE_RAISED, MEMBER_NONE);
        note->first = c->last_fence;
        note->fence = known;
        c->last_fence = known;
    }
}

/* `fallen`: bits of who has just lost the grant. */
static void give(struct cluster *c, const struct turn *t, uint32_t fallen)
{
    const struct choice leader = election_leader(c, fallen);
    if (leader.member == MEMBER_NONE) {
        if (c->grant.fence != 0 || is_election_due(c, t)) {
            turn_note(t, NOTE_NO_CANDIDATE, MEMBER_NONE);
        }
        c->grant = (struct grant){.leader = MEMBER_NONE, .auditor = MEMBER_NONE};
        return;
    }
    overtake_sink(c, t);
    c->last_fence++;
    c->grant = (struct grant){
        .fence = c->last_fence,
        .leader = leader.member,
        .auditor = election_auditor(c, leader.member, 0).member,
        .tier = leader.place,
        .given_ms = c->time_ms,
    };
    windows_renew_deadlines(c);
    struct note *note = turn_note(t, NOTE_GRANTED, leader.member);
    note->other = c->grant.auditor;
    note->fence = c->grant.fence;
    note_tier(c, t, leader.place);
}

static void move(struct cluster *c, const struct turn *t, enum cause cause)
{
    const uint32_t leader = c->grant.leader;
    assert(leader < MEMBERS_MAX);
    struct note *note = turn_note(t, NOTE_GRANT_ENDED, leader);
    note->fence = c->grant.fence;
    note->cause = cause;
    bar_fallen(c, t, cause);
    if (cause == CAUSE_UNREACHABLE) {
        c->grant_moved_ms = c->time_ms;
    }
    give(c, t, cause == CAUSE_BETTER_CANDIDATE ? 0 : 1u << leader);
}

/* The leader is elected again, under the fence that it has. */
static void reelect(struct cluster *c, const struct turn *t)
{
    const uint32_t before = c->grant.tier;
    const uint32_t tier = election_leader_place(c, c->grant.leader);
    c->grant.tier = tier <= TIERS ? tier : TIERS;
    if (c->grant.tier > before) {
        note_tier(c, t, c->grant.tier);
    }
}

/* Another auditor under the same fence: the staged rows stand. The leader gets the time that
 * the new one needs. */
static void change_auditor(struct cluster *c, const struct turn *t, enum cause cause)
{
    struct grant *g = &c->grant;
    const uint32_t old = g->auditor;
    const uint64_t until_ms = c->time_ms + (uint64_t)c->timing.audit_timeout_s * 1000;
    const bool fell = cause != CAUSE_NONE && cause != CAUSE_BETTER_CANDIDATE;
    if (fell) {
        bar(c, old);
    }
    if (cause == CAUSE_UNREACHABLE) {
        c->grant_moved_ms = c->time_ms;
    }
    g->auditor = election_auditor(c, g->leader, fell ? 1u << old : 0).member;
    if (g->auditor != MEMBER_NONE) {
        g->audit_was_late = g->audit_was_late || cause == CAUSE_DEADLINE;
        g->deadline_ms = g->deadline_ms > until_ms ? g->deadline_ms : until_ms;
        g->audit_deadline_ms = g->deadline_ms + (uint64_t)c->timing.audit_timeout_s * 1000;
    }
    if (g->auditor != old) {
        struct note *note = turn_note(t, NOTE_AUDITOR_REPLACED, g->auditor);
        note->other = old;
        note->fence = g->fence;
        note->cause = cause;
    }
}

static void review_auditor(struct cluster *c, const struct turn *t)
{
    const enum cause cause = c->grant.auditor == MEMBER_NONE ? CAUSE_NONE : auditor_falls(c, t);
    if (cause != CAUSE_NONE || c->grant.auditor == MEMBER_NONE) {
        change_auditor(c, t, cause);
    }
}

static void review_standing_grant(struct cluster *c, const struct turn *t)
{
    const enum cause cause = leader_falls(c, t);
    if (cause != CAUSE_NONE) {
        move(c, t, cause);
        return;
    }
    if (is_election_due(c, t)) {
        reelect(c, t);
    }
    review_auditor(c, t);
}

void grant_review(struct cluster *c, const struct turn *t)
{
    if (c->grant.fence == 0) {
        give(c, t, 0);
    } else {
        review_standing_grant(c, t);
    }
    windows_settle_alone(c, t);
    assert(c->grant.fence == 0 || c->grant.fence == c->last_fence);
    assert(c->grant.fence == 0 || c->grant.leader != c->grant.auditor);
}
