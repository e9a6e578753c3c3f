/* The judge's own eyes on confidence votes: who may have a ballot, what opens a motion, and by
 * whose word a member goes (faults.md, S4, S5). */
#include "judge.h"
#include "world.h"

static uint32_t count(uint32_t members)
{
    return (uint32_t)__builtin_popcount(members);
}

/* Voters that accuse the member, by their latest attestations. */
static uint32_t accusers_of(const struct cluster *c, uint32_t subject, uint32_t voters)
{
    uint32_t accusers = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint32_t accused = c->latest[i].silent | c->latest[i].wrong;
        accusers |= i != subject && (accused >> subject & 1) != 0 ? 1u << i : 0;
    }
    return accusers & voters;
}

static void fail(struct world *w, uint32_t subject, const struct motion *m, const char *what)
{
    world_fail(w, CHECK_MOTION, "%s: motion %llu %s", world_name(w, subject),
               (unsigned long long)m->id, what);
}

static void check_opened(struct world *w, const struct cluster *c, uint32_t subject,
                         uint32_t accusers)
{
    const struct motion *m = &c->confidence[subject].motion;
    const bool condemned = c->time_ms < c->condemned_until_ms[subject];
    if (m->id != c->height) {
        fail(w, subject, m, "is of another height");
    } else if (m->kind != MOTION_REINSTATE && !condemned &&
               count(accusers) < w->judge.testimony) {
        fail(w, subject, m, "is open on the word of too few");
    }
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool perfect = c->member[i].standing == STANDING_GOOD &&
                             c->record[i].run == c->timing.record_ticks;
        if ((m->electors >> i & 1) != 0 && (!perfect || i == subject)) {
            fail(w, subject, m, "has an elector that is none");
        }
    }
}

static void check_motion(struct world *w, const struct cluster *c, uint32_t subject,
                         const struct motion *before, uint32_t accusers)
{
    const struct motion *m = &c->confidence[subject].motion;
    if (m->id == 0) {
        return;
    }
    w->counters.check[CHECK_MOTION]++;
    if (((m->yes | m->no) & ~m->electors) != 0 || (m->yes & m->no) != 0) {
        fail(w, subject, m, "counts a ballot that is none");
    } else if (m->id != before->id) {
        check_opened(w, c, subject, accusers);
    } else if ((m->electors & ~before->electors) != 0) {
        fail(w, subject, m, "has an elector that came later");
    }
}

/* What it signs is never wrong, and somebody sound must have found it silent. */
static void check_removal(struct world *w, const struct cluster *c, uint32_t subject,
                          const struct standing_page *before)
{
    const bool liar =
        plan_is_liar(&w->plan, subject) || ((w->plan.leaky | w->resealed) >> subject & 1) != 0;
    const enum standing now = c->member[subject].standing;
    if (liar || w->plan.beyond || !before->good || now == STANDING_GOOD) {
        return;
    }
    w->counters.check[CHECK_REMOVAL]++;
    if (now == STANDING_NEUTERED && !calm_station(w, subject)->follows) {
        world_fail(w, CHECK_REMOVAL, "%s has not resigned, and is neutered at height %llu",
                   world_name(w, subject), (unsigned long long)c->height);
    } else if (now == STANDING_LOCKED_OUT) {
        world_fail(w, CHECK_REMOVAL, "%s is sound, and locked out at height %llu",
                   world_name(w, subject), (unsigned long long)c->height);
    } else if (now == STANDING_SUSPENDED && (before->accusers & ~w->plan.liars) == 0) {
        world_fail(w, CHECK_REMOVAL, "%s is suspended at height %llu, accused by liars alone",
                   world_name(w, subject), (unsigned long long)c->height);
    }
}

void judge_motions(struct world *w, const struct cluster *c)
{
    uint32_t voters = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        voters |= c->member[i].standing == STANDING_GOOD ? 1u << i : 0;
    }
    for (uint32_t i = 0; i < c->member_count; i++) {
        struct standing_page *page = &w->judge.standing[i];
        const uint32_t accusers = accusers_of(c, i, voters);
        check_motion(w, c, i, &page->motion, accusers);
        check_removal(w, c, i, page);
        *page = (struct standing_page){
            .good = c->member[i].standing == STANDING_GOOD,
            .motion = c->confidence[i].motion,
            .accusers = accusers,
        };
    }
}
