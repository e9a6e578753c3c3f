/* Confidence votes, when all else is well: members fall silent for long, are suspended, come
 * back and are reinstated, each in time (faults.md, L5 and L6). */
#include <assert.h>

#include "world.h"

#define MOTION_MS 5000u
#define LIMIT_MS 3000u /* L6 */

static uint64_t ticks_ms(const struct world *w, uint32_t ticks)
{
    return (uint64_t)w->plan.timing.tick_ms * ticks;
}

/* Everybody sound is good and has a full record. */
static bool are_all_well(const struct world *w, uint64_t but_not)
{
    const struct cluster *c = calm_newest_state(w, (uint32_t)but_not);
    bool well = true;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool counts = !plan_is_liar(&w->plan, i) && (but_not >> i & 1) == 0;
        const bool perfect = c->member[i].standing == STANDING_GOOD &&
                             c->record[i].run == c->timing.record_ticks;
        well = well && (perfect || !counts);
    }
    return well;
}

/* What the storm has removed comes back, each after its wait, once records are full. */
static bool recover(struct world *w)
{
    const uint64_t record_ms = ticks_ms(w, 2 * w->plan.timing.record_ticks + 40);
    w->counters.check[CHECK_ELECTORATE]++;
    if (!calm_wait(w, are_all_well, 0, 2 * record_ms + calm_progress_ms(w))) {
        world_fail(w, CHECK_ELECTORATE, "not all are good with full records");
        return false;
    }
    return true;
}

static bool are_suspended(const struct world *w, uint64_t victims)
{
    const struct cluster *c = calm_newest_state(w, (uint32_t)victims);
    bool out = true;
    for (uint32_t i = 0; i < c->member_count; i++) {
        out = out && ((victims >> i & 1) == 0 || c->member[i].standing == STANDING_SUSPENDED);
    }
    return out;
}

static bool are_good(const struct world *w, uint64_t victims)
{
    const struct cluster *c = calm_newest_state(w, 0);
    bool good = true;
    for (uint32_t i = 0; i < c->member_count; i++) {
        good = good && ((victims >> i & 1) == 0 || c->member[i].standing == STANDING_GOOD);
    }
    return good;
}

/* Or it has passed since this was last asked. */
static bool was_heard(const struct world *w, uint64_t victims)
{
    const struct cluster *c = calm_newest_state(w, 0);
    bool open = false;
    for (uint32_t i = 0; i < c->member_count; i++) {
        open = open || ((victims >> i & 1) != 0 && c->confidence[i].motion.id != 0);
    }
    return open || are_good(w, victims);
}

static void set_links(struct world *w, const struct station *s, bool cut)
{
    const uint32_t index = station_index(w, s);
    for (uint32_t i = 0; i < w->station_count; i++) {
        w->link[index][i].cut = cut && i != index;
        w->link[i][index].cut = cut && i != index;
    }
}

/* As many as can go: the others decide without them, and are not too few. */
static uint32_t choose_victims(struct world *w)
{
    const struct plan *p = &w->plan;
    const uint32_t liars = (uint32_t)__builtin_popcount(p->liars);
    const uint32_t bears = p->members - p->needed;
    uint32_t victims = 0;
    for (uint32_t count = 0; count < 2; count++) {
        const bool room = p->members - count > p->members_min && count + liars < bears;
        const uint32_t member = (uint32_t)dice_between(&w->dice, 0, p->members - 1);
        if (room && !plan_is_liar(p, member)) {
            victims |= 1u << member;
        }
    }
    return victims;
}

/* L5: suspicion, patience, a tick's block and the motion; a second one of the same kind waits
 * for the brake. */
static bool fall_silent(struct world *w, uint32_t victims, bool crash)
{
    const struct timing *t = &w->plan.timing;
    const uint64_t brake_ms = (victims & (victims - 1)) != 0 ? ticks_ms(w, 14) : 0;
    const uint64_t within_ms = t->patience_ms + ticks_ms(w, 3) + 8000 + brake_ms;
    for (uint32_t i = 0; i < w->plan.members; i++) {
        if ((victims >> i & 1) != 0 && crash) {
            station_crash(w, calm_station(w, i), true);
        } else if ((victims >> i & 1) != 0) {
            set_links(w, calm_station(w, i), true);
        }
    }
    w->counters.check[CHECK_SUSPENDED]++;
    if (!calm_wait(w, are_suspended, victims, within_ms)) {
        world_fail(w, CHECK_SUSPENDED, "silent for %llu ms, and not suspended: bits %x",
                   (unsigned long long)within_ms, victims);
        return false;
    }
    return true;
}

static bool are_perfect(const struct world *w, uint64_t victims)
{
    const struct cluster *c = calm_newest_state(w, 0);
    bool perfect = true;
    for (uint32_t i = 0; i < c->member_count; i++) {
        perfect =
            perfect && ((victims >> i & 1) == 0 || c->record[i].run == c->timing.record_ticks);
    }
    return perfect;
}

/* L8: 36 ticks and two at the defaults; here as many as were drawn. Its tick is judged when it
 * closes, or with its attestation. */
static void earn_records(struct world *w, uint32_t victims)
{
    const uint32_t ticks = w->plan.timing.record_ticks + 3 + w->plan.malfunctioning;
    w->counters.check[CHECK_PERFECT]++;
    if (!calm_wait(w, are_perfect, victims, ticks_ms(w, ticks) + 2000)) {
        world_fail(w, CHECK_PERFECT, "back for %u ticks, and without a full record: bits %x",
                   ticks, victims);
    }
}

/* L6: from the appeal; before that it catches up, attests, and has been clean for two ticks. */
static void come_back(struct world *w, uint32_t victims, bool crash)
{
    for (uint32_t i = 0; i < w->plan.members; i++) {
        if ((victims >> i & 1) != 0 && crash) {
            station_start(w, calm_station(w, i));
        } else if ((victims >> i & 1) != 0) {
            set_links(w, calm_station(w, i), false);
        }
    }
    const uint64_t appeal_ms = calm_progress_ms(w) + ticks_ms(w, 16) + 9000;
    w->counters.check[CHECK_REINSTATED]++;
    const bool one = (victims & (victims - 1)) == 0;
    if (one && w->plan.liars == 0 && !calm_wait(w, was_heard, victims, appeal_ms)) {
        world_fail(w, CHECK_REINSTATED, "nobody heard the appeal of bits %x", victims);
        return;
    }
    const uint64_t within_ms =
        one && w->plan.liars == 0 ? LIMIT_MS : appeal_ms + ticks_ms(w, 8) + 2 * MOTION_MS;
    if (!calm_wait(w, are_good, victims, within_ms)) {
        world_fail(w, CHECK_REINSTATED, "not reinstated after %llu ms: bits %x",
                   (unsigned long long)within_ms, victims);
    } else if (w->plan.liars == 0) {
        earn_records(w, victims);
    }
}

/* Only one other hears it: what it says goes round by that one, and the rest of the electors
 * wait for it, and say no. Meanwhile those who came back before become electors; not of this
 * motion. */
static void come_half_back(struct world *w)
{
    const uint32_t bears = w->plan.members - w->plan.needed;
    const uint32_t liars = (uint32_t)__builtin_popcount(w->plan.liars);
    const uint32_t member = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    const uint32_t friend = (member + 1) % w->plan.members;
    if (w->plan.members <= w->plan.members_min || liars + 1 > bears ||
        plan_is_liar(&w->plan, member) || !fall_silent(w, 1u << member, false)) {
        return;
    }
    const uint32_t from = station_index(w, calm_station(w, member));
    const uint32_t to = station_index(w, calm_station(w, friend));
    w->link[from][to].cut = false;
    w->link[to][from].cut = false;
    world_run(w, w->now_ms + ticks_ms(w, 8) + 3000);
    set_links(w, calm_station(w, member), false);
    w->counters.check[CHECK_REINSTATED]++;
    if (!calm_wait(w, are_good, 1u << member, calm_progress_ms(w) + ticks_ms(w, 40) + 9000)) {
        world_fail(w, CHECK_REINSTATED, "%s is back, and not reinstated",
                   world_name(w, member));
    }
}

static bool is_asked(const struct world *w, uint64_t member)
{
    return calm_newest_state(w, 0)->confidence[member].motion.id != 0;
}

/* A liar has its vote still, and the good are more than votes may leave. */
static bool has_liar_to_spare(const struct world *w)
{
    const struct cluster *c = calm_newest_state(w, 0);
    uint32_t voters = 0;
    bool lies = false;
    for (uint32_t i = 0; i < c->member_count; i++) {
        voters += cluster_is_voter(c, i) ? 1 : 0;
        lies = lies || (cluster_is_voter(c, i) && plan_is_liar(&w->plan, i));
    }
    return lies && voters > w->plan.members_min;
}

/* The electors start anew while a vote is open, and fall out: a liar and one other are left,
 * and say the opposite of each other. By one half nobody is removed. */
static void split_evenly(struct world *w)
{
    const struct plan *p = &w->plan;
    const uint64_t opens_ms = calm_progress_ms(w) + p->timing.patience_ms + ticks_ms(w, 4);
    uint32_t victim = (uint32_t)dice_between(&w->dice, 0, p->members - 1);
    while (plan_is_liar(p, victim)) {
        victim = (victim + 1) % p->members;
    }
    uint32_t other = (victim + 1) % p->members;
    while (plan_is_liar(p, other)) {
        other = (other + 1) % p->members;
    }
    if (p->liars == 0 || !has_liar_to_spare(w)) {
        return;
    }
    set_links(w, calm_station(w, victim), true);
    if (!calm_wait(w, is_asked, victim, opens_ms)) {
        if (p->members - p->needed > (uint32_t)__builtin_popcount(p->liars)) {
            world_fail(w, CHECK_SUSPENDED, "%s is silent, and nobody is asked about it",
                       world_name(w, victim));
        }
        set_links(w, calm_station(w, victim), false); /* the others are too few without liars */
        return;
    }
    for (uint32_t i = 0; i < p->members; i++) {
        if (i != victim && i != other && !plan_is_liar(p, i)) {
            station_crash(w, calm_station(w, i), false);
            station_start(w, calm_station(w, i));
        }
    }
    world_run(w, w->now_ms + MOTION_MS);
    set_links(w, calm_station(w, victim), false);
}

void trial_run(struct world *w)
{
    if (!recover(w)) {
        return;
    }
    const bool crash = dice_chance(&w->dice, 5000);
    const uint32_t victims = choose_victims(w);
    if (victims != 0 && fall_silent(w, victims, crash)) {
        come_back(w, victims, crash);
    }
    if (!w->failed) {
        come_half_back(w);
    }
    if (!w->failed && dice_chance(&w->dice, 5000)) {
        split_evenly(w);
    }
    if (!w->failed && dice_chance(&w->dice, 6000) && recover(w)) {
        repair_run(w);
    }
}
