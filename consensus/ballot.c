/* What is asked of ballots and appeals, what a change of standing does to motions, and what is
 * refused when the bytes of a state are read. */
#include <string.h>

#include "cluster_parts.h"
#include "motion.h"

static enum cause entry_cause(const struct cluster *c, uint32_t author, uint32_t subject,
                              uint64_t id)
{
    if (subject >= c->member_count) {
        return CAUSE_NO_MEMBER;
    }
    const struct motion *m = &c->confidence[subject].motion;
    if (id > c->height) {
        return CAUSE_TOO_NEW;
    }
    if (m->id != id || m->passed) {
        return CAUSE_NO_MOTION;
    }
    if ((m->electors >> author & 1) == 0) {
        return CAUSE_NOT_ITS_ROLE;
    }
    return ((m->yes | m->no) >> author & 1) != 0 ? CAUSE_SAID_BEFORE : CAUSE_NONE;
}

/* One that counts is enough; else what is wrong with the last. */
enum cause motions_ballot_cause(const struct cluster *c, uint32_t author,
                                const struct ballot *b)
{
    enum cause cause = CAUSE_NO_MOTION;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if ((b->subjects >> i & 1) == 0) {
            continue;
        }
        cause = entry_cause(c, author, i, b->motion[i]);
        if (cause == CAUSE_NONE) {
            return CAUSE_NONE;
        }
    }
    return cause;
}

void motions_on_ballot(struct cluster *c, uint32_t author, const struct ballot *b)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((b->subjects >> i & 1) == 0 ||
            entry_cause(c, author, i, b->motion[i]) != CAUSE_NONE) {
            continue;
        }
        struct motion *m = &c->confidence[i].motion;
        if ((b->yes >> i & 1) != 0) {
            m->yes |= 1u << author;
        } else {
            m->no |= 1u << author;
        }
    }
}

bool cluster_may_appeal(const struct cluster *c, uint32_t member)
{
    const struct member *m = &c->member[member];
    return m->standing == STANDING_SUSPENDED ||
           (m->standing == STANDING_LOCKED_OUT && m->cause == STANDING_CAUSE_WRONG);
}

/* Whenever it asks: five within a day are for a person, who admits it. */
static bool is_removed_too_often(const struct cluster *c, const struct confidence *s)
{
    const uint64_t first_ms = s->removed_ms[REMOVALS_KEPT - 1];
    return first_ms != 0 && s->removed_ms[0] < first_ms + turn_ticks_ms(c, DAY_TICKS);
}

/* Whoever comes back must have seen the chain, and be able to go on with it. */
static bool is_at_hand(const struct cluster *c, const struct attested *a)
{
    return a->seq != 0 && c->height - a->height < HEIGHTS_ATTESTED &&
           a->version_low <= c->version && c->version <= a->version_high;
}

enum cause motions_appeal_cause(const struct cluster *c, uint32_t author)
{
    const struct confidence *s = &c->confidence[author];
    if (!cluster_may_appeal(c, author)) {
        return CAUSE_NOT_GOOD;
    }
    if (s->motion.id != 0) {
        return CAUSE_SAID_BEFORE;
    }
    if (is_removed_too_often(c, s)) {
        return CAUSE_TOO_OFTEN;
    }
    if (c->time_ms < s->appeal_after_ms) {
        return CAUSE_TOO_NEW;
    }
    if (!is_at_hand(c, &c->latest[author])) {
        return CAUSE_TOO_OLD;
    }
    const uint32_t electors = (uint32_t)__builtin_popcount(cluster_electors(c, author));
    return electors < cluster_testimony(c) ? CAUSE_NO_ELECTORATE : CAUSE_NONE;
}

static void drop_elector(struct cluster *c, uint32_t member)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        struct motion *m = &c->confidence[i].motion;
        m->electors &= ~(1u << member);
        m->yes &= ~(1u << member);
        m->no &= ~(1u << member);
    }
}

void motions_on_start(struct cluster *c, uint32_t member)
{
    drop_elector(c, member);
}

void motions_on_move(struct cluster *c, uint32_t member)
{
    struct confidence *s = &c->confidence[member];
    s->motion = (struct motion){0};
    memset(s->accused_since_ms, 0, sizeof s->accused_since_ms);
    s->motion_after_ms = 0;
    s->motions_failed = 0;
    s->barred_told_ms = 0;
    drop_elector(c, member);
}

static bool is_motion_sound(const struct cluster *c, uint32_t subject)
{
    const struct motion *m = &c->confidence[subject].motion;
    if (m->id == 0) {
        return m->kind == MOTION_SUSPEND && m->opened_ms == 0 && m->electors == 0 &&
               m->yes == 0 && m->no == 0 && !m->passed;
    }
    const bool suits = m->kind == MOTION_REINSTATE
                           ? cluster_may_appeal(c, subject) && !m->passed
                           : cluster_is_voter(c, subject);
    return m->kind < MOTION_KINDS && suits && m->id <= c->height &&
           m->opened_ms <= c->time_ms && m->electors >> c->member_count == 0 &&
           (m->electors >> subject & 1) == 0 && ((m->yes | m->no) & ~m->electors) == 0 &&
           (m->yes & m->no) == 0;
}

bool motions_are_sound(const struct cluster *c, uint32_t member)
{
    const struct confidence *s = &c->confidence[member];
    bool sound = is_motion_sound(c, member) && s->barred_told_ms <= c->time_ms;
    for (uint32_t kind = 0; kind < REMOVAL_KINDS; kind++) {
        sound = sound && s->accused_since_ms[kind] <= c->time_ms &&
                (s->accused_since_ms[kind] == 0 || cluster_is_voter(c, member));
    }
    for (uint32_t i = 0; i < REMOVALS_KEPT; i++) {
        const uint64_t newer_ms = i == 0 ? c->time_ms : s->removed_ms[i - 1];
        sound = sound && s->removed_ms[i] <= newer_ms;
    }
    return sound;
}
