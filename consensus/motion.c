#include "motion.h"

#include <assert.h>

#include "cluster_parts.h"
#include "sabotage.h"

enum outcome { OUTCOME_OPEN, OUTCOME_PASSED, OUTCOME_FAILED };

static uint32_t count(uint32_t members)
{
    return (uint32_t)__builtin_popcount(members);
}

const char *motion_text(enum motion_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) [MOTION_##name] = text,
        MOTIONS(X)
#undef X
    };
    return kind < MOTION_KINDS ? texts[kind] : "unknown";
}

static bool has_ballots(const struct cluster *c, uint32_t member)
{
    return cluster_is_voter(c, member) && !c->member[member].held &&
           record_is_perfect(&c->record[member], c->timing.record_ticks);
}

uint32_t cluster_electors(const struct cluster *c, uint32_t subject)
{
    uint32_t electors = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        electors |= i != subject && has_ballots(c, i) ? 1u << i : 0;
    }
    return electors;
}

uint32_t cluster_yes_needed(const struct cluster *c, uint32_t subject)
{
    const struct motion *m = &c->confidence[subject].motion;
    assert(m->id != 0);
    const uint32_t majority = count(m->electors) / 2 + 1;
    const uint32_t testimony = cluster_testimony(c);
    return majority > testimony ? majority : testimony;
}

enum cause cluster_removal_bar(const struct cluster *c)
{
    if (c->time_ms < c->pause_until_ms) {
        return CAUSE_PAUSED;
    }
    if (cluster_quorum(c).voters <= c->members_min) {
        return CAUSE_TOO_FEW;
    }
    return c->observes ? CAUSE_OBSERVED : CAUSE_NONE;
}

uint64_t cluster_brake_ms(const struct cluster *c, enum motion_kind kind)
{
    const uint64_t last_ms = kind < REMOVAL_KINDS ? c->testimony_ms[kind] : 0;
    return last_ms == 0 ? 0 : last_ms + turn_ticks_ms(c, BRAKE_TICKS);
}

static struct note *note_motion(const struct cluster *c, const struct turn *t,
                                enum note_kind kind, uint32_t subject)
{
    const struct motion *m = &c->confidence[subject].motion;
    struct note *note = turn_note(t, kind, subject);
    note->first = (uint64_t)m->kind;
    note->fence = count(m->yes);
    note->count = count(m->electors);
    return note;
}

static void open_motion(struct cluster *c, const struct turn *t, uint32_t subject,
                        enum motion_kind kind)
{
    c->confidence[subject].motion = (struct motion){
        .id = t->height,
        .kind = kind,
        .opened_ms = c->time_ms,
        .electors = cluster_electors(c, subject),
    };
    note_motion(c, t, NOTE_MOTION_OPENED, subject);
}

/* Who is heard by the chain is not silent, whatever is said of it. */
bool cluster_calls_for(const struct cluster *c, uint32_t subject, enum motion_kind kind)
{
    const uint64_t since_ms = c->confidence[subject].accused_since_ms[kind];
    if (since_ms == 0 || kind == MOTION_LOCK_OUT) {
        return since_ms != 0;
    }
    const uint64_t patience_ms = c->timing.patience_ms;
    return c->time_ms >= since_ms + patience_ms &&
           c->time_ms >= c->latest[subject].decided_ms + patience_ms;
}

void motions_accuse(struct cluster *c)
{
    const uint32_t needed = SABOTAGE == SABOTAGE_ONE_ACCUSER ? 1 : cluster_testimony(c);
    for (uint32_t i = 0; i < c->member_count; i++) {
        struct confidence *s = &c->confidence[i];
        for (uint32_t kind = 0; kind < REMOVAL_KINDS; kind++) {
            const bool stands = cluster_is_voter(c, i) &&
                                cluster_accusers(c, i, kind == MOTION_LOCK_OUT) >= needed;
            if (!stands) {
                s->accused_since_ms[kind] = 0;
            } else if (s->accused_since_ms[kind] == 0) {
                s->accused_since_ms[kind] = c->time_ms;
            }
        }
        if (s->accused_since_ms[MOTION_SUSPEND] == 0 &&
            s->accused_since_ms[MOTION_LOCK_OUT] == 0) {
            s->motions_failed = 0;
        }
    }
}

/* The n-th wait of a row that doubles from `ticks` up to `ticks_max`. */
static uint64_t doubled_ms(const struct cluster *c, uint32_t ticks, uint32_t ticks_max,
                           uint32_t n)
{
    while (n > 0 && ticks < ticks_max) {
        ticks *= 2;
        n--;
    }
    return turn_ticks_ms(c, ticks < ticks_max ? ticks : ticks_max);
}

static void close_unpassed(struct cluster *c, uint32_t subject)
{
    struct confidence *s = &c->confidence[subject];
    if (s->motion.kind == MOTION_REINSTATE) {
        s->appeal_after_ms =
            c->time_ms + doubled_ms(c, APPEAL_TICKS, APPEAL_TICKS_MAX, s->appeals_lost);
        s->appeals_lost++;
    } else {
        s->motion_after_ms =
            c->time_ms + doubled_ms(c, COOL_TICKS, COOL_TICKS_MAX, s->motions_failed);
        s->motions_failed++;
    }
    s->motion = (struct motion){0};
}

static void tell_barred(struct cluster *c, const struct turn *t, uint32_t subject,
                        enum motion_kind kind, enum cause cause)
{
    uint64_t *told_ms = &c->confidence[subject].barred_told_ms;
    if (*told_ms != 0 && c->time_ms < *told_ms + turn_ticks_ms(c, TOLD_TICKS)) {
        return;
    }
    *told_ms = c->time_ms;
    struct note *note = turn_note(t, NOTE_REMOVAL_BARRED, subject);
    note->first = (uint64_t)kind;
    note->cause = cause;
}

uint32_t cluster_removals_lately(const struct cluster *c, uint32_t member)
{
    const struct confidence *s = &c->confidence[member];
    uint32_t lately = 0;
    for (uint32_t i = 0; i < REMOVALS_KEPT && s->removed_ms[i] != 0; i++) {
        lately += s->removed_ms[0] < s->removed_ms[i] + turn_ticks_ms(c, HOUR_TICKS);
    }
    return lately;
}

/* The k-th removal within an hour lets the appeal wait, so that nobody asserts itself again and
 * again for ever. */
static void remove_member(struct cluster *c, const struct turn *t, uint32_t subject)
{
    struct confidence *s = &c->confidence[subject];
    const enum motion_kind kind = s->motion.kind;
    for (uint32_t i = REMOVALS_KEPT - 1; i > 0; i--) {
        s->removed_ms[i] = s->removed_ms[i - 1];
    }
    s->removed_ms[0] = c->time_ms;
    const uint32_t within_hour = cluster_removals_lately(c, subject);
    s->appeals_lost = 0;
    s->appeal_after_ms = c->time_ms;
    if (within_hour > 1) {
        s->appeal_after_ms += doubled_ms(c, APPEAL_TICKS, APPEAL_TICKS_MAX, within_hour - 2);
    }
    c->testimony_ms[kind] = c->time_ms;
    if (kind == MOTION_SUSPEND) {
        cluster_move(c, t, subject, STANDING_SUSPENDED, STANDING_CAUSE_UNREACHABLE);
    } else {
        cluster_move(c, t, subject, STANDING_LOCKED_OUT, STANDING_CAUSE_WRONG);
    }
}

/* A motion to remove has passed, now or under a brake that has kept it from taking effect. */
static void carry_out(struct cluster *c, const struct turn *t, uint32_t subject)
{
    struct confidence *s = &c->confidence[subject];
    const enum motion_kind kind = s->motion.kind;
    const enum cause bar = cluster_removal_bar(c);
    if (c->time_ms < cluster_brake_ms(c, kind)) {
        if (!s->motion.passed) {
            turn_note(t, NOTE_REMOVAL_WAITS, subject)->first = (uint64_t)kind;
        }
        s->motion.passed = true;
    } else if (s->motion.passed && !cluster_calls_for(c, subject, kind)) {
        note_motion(c, t, NOTE_MOTION_FAILED, subject)->cause = CAUSE_CLEARED;
        close_unpassed(c, subject);
    } else if (bar != CAUSE_NONE) {
        tell_barred(c, t, subject, kind, bar);
        close_unpassed(c, subject);
        s->motion_after_ms =
            c->time_ms + turn_ticks_ms(c, bar == CAUSE_OBSERVED ? TOLD_TICKS : COOL_TICKS);
    } else {
        remove_member(c, t, subject);
    }
}

static uint32_t witnesses(const struct cluster *c, uint32_t members)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        found |= c->member[i].role == ROLE_WITNESS ? 1u << i : 0;
    }
    return count(found & members);
}

/* An even split of all leaves a member where it is removed, and lets it back if most witnesses
 * wish so: removal by one side of a split is how one liar removes whom it likes. */
static bool is_even_split(const struct motion *m)
{
    return (m->yes | m->no) == m->electors && count(m->yes) == count(m->no);
}

static enum outcome outcome_of(const struct cluster *c, uint32_t subject)
{
    const struct motion *m = &c->confidence[subject].motion;
    const uint32_t needed = cluster_yes_needed(c, subject);
    const uint32_t possible = count(m->electors & ~m->no);
    if (count(m->yes) >= needed) {
        return OUTCOME_PASSED;
    }
    if (m->kind == MOTION_REINSTATE && possible >= cluster_testimony(c) &&
        2 * possible == count(m->electors)) {
        if (!is_even_split(m)) {
            return OUTCOME_OPEN; /* may become one */
        }
        return witnesses(c, m->yes) > witnesses(c, m->no) ? OUTCOME_PASSED : OUTCOME_FAILED;
    }
    return possible < needed ? OUTCOME_FAILED : OUTCOME_OPEN;
}

/* Whoever has lost standing or record since the opening falls out, with its ballot. Nobody
 * comes in: else who opens at the right moment chooses his judges. */
static void drop_electors(struct cluster *c, uint32_t subject)
{
    struct motion *m = &c->confidence[subject].motion;
    const uint32_t still = cluster_electors(c, subject);
    m->electors = SABOTAGE == SABOTAGE_ELECTORATE_OPEN ? still : m->electors & still;
    m->yes &= m->electors;
    m->no &= m->electors;
}

static void count_ballots(struct cluster *c, const struct turn *t, uint32_t subject)
{
    const struct motion *m = &c->confidence[subject].motion;
    switch (outcome_of(c, subject)) {
    case OUTCOME_PASSED:
        note_motion(c, t, NOTE_MOTION_PASSED, subject);
        if (m->kind == MOTION_REINSTATE) {
            cluster_move(c, t, subject, STANDING_GOOD, STANDING_CAUSE_REINSTATED);
        } else {
            carry_out(c, t, subject);
        }
        break;
    case OUTCOME_FAILED:
        note_motion(c, t, NOTE_MOTION_FAILED, subject);
        close_unpassed(c, subject);
        break;
    case OUTCOME_OPEN:
        if (c->time_ms >= m->opened_ms + MOTION_DEADLINE_MS) {
            note_motion(c, t, NOTE_MOTION_LAPSED, subject);
            close_unpassed(c, subject);
        }
        break;
    }
}

void motions_decide(struct cluster *c, const struct turn *t)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct motion *m = &c->confidence[i].motion;
        if (m->id == 0) {
            continue;
        }
        if (m->passed) {
            carry_out(c, t, i);
        } else {
            drop_electors(c, i);
            count_ballots(c, t, i);
        }
    }
}

static bool has_electorate(const struct cluster *c, uint32_t subject)
{
    return count(cluster_electors(c, subject)) >= cluster_testimony(c);
}

static void open_by_rule(struct cluster *c, const struct turn *t, uint32_t subject)
{
    const struct confidence *s = &c->confidence[subject];
    const bool wrong = cluster_calls_for(c, subject, MOTION_LOCK_OUT);
    const enum motion_kind kind = wrong ? MOTION_LOCK_OUT : MOTION_SUSPEND;
    const enum cause bar = cluster_removal_bar(c);
    if (s->motion.id != 0 || c->time_ms < s->motion_after_ms ||
        !cluster_calls_for(c, subject, kind)) {
        return;
    }
    if (bar == CAUSE_PAUSED || bar == CAUSE_TOO_FEW) {
        tell_barred(c, t, subject, kind, bar);
    } else if (!has_electorate(c, subject)) {
        tell_barred(c, t, subject, kind, CAUSE_NO_ELECTORATE);
    } else {
        open_motion(c, t, subject, kind);
    }
}

void motions_open(struct cluster *c, const struct turn *t)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        open_by_rule(c, t, i);
    }
}

void motions_watch_electorate(struct cluster *c, const struct turn *t)
{
    const uint32_t have = count(cluster_electors(c, MEMBER_NONE));
    const bool enough = have >= cluster_testimony(c);
    if (enough == (c->no_electorate_ms == 0)) {
        return;
    }
    c->no_electorate_ms = enough ? 0 : c->time_ms;
    turn_note(t, enough ? NOTE_ELECTORATE_FOUND : NOTE_NO_ELECTORATE, MEMBER_NONE)->count =
        have;
}

void motions_on_appeal(struct cluster *c, const struct turn *t, uint32_t author)
{
    turn_note(t, NOTE_APPEALED, author);
    open_motion(c, t, author, MOTION_REINSTATE);
}
