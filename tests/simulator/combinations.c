#include "combinations.h"

#define FINDS_OUT_MS 12000u /* its canary is heard every ten seconds */
#define REFUSES 10000u      /* of as many */

uint64_t ticks_ms(const struct world *w, uint32_t ticks)
{
    return (uint64_t)w->plan.timing.tick_ms * ticks;
}

uint64_t passing_ms(const struct world *w, uint32_t wasted)
{
    const struct timing *t = &w->plan.timing;
    return 3u * (uint64_t)t->suspicion * t->heartbeat_ms / 2 +
           (15u + 24u * wasted) * (uint64_t)t->delta_ms + 500;
}

void cut_off(struct world *w, uint32_t members, bool cut)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        for (uint32_t k = 0; k < w->station_count; k++) {
            const bool apart =
                (members >> w->station[i].member & 1) != (members >> w->station[k].member & 1);
            w->link[i][k].cut = cut && apart;
        }
    }
}

void give_up(struct world *w, uint32_t members)
{
    w->plan.doomed |= members;
}

static bool has_leader(const struct world *w, uint64_t unused)
{
    (void)unused;
    const struct grant *g = &calm_newest_state(w, 0)->grant;
    return g->fence != 0 && g->auditor != MEMBER_NONE;
}

struct station *leader_of(struct world *w)
{
    if (!calm_wait(w, has_leader, 0, calm_progress_ms(w))) {
        world_fail(w, CHECK_PASSED_ON, "nobody leads");
        return NULL;
    }
    return calm_station(w, calm_newest_state(w, 0)->grant.leader);
}

static bool is_led_by_another(const struct world *w, uint64_t member)
{
    const struct grant *g = &calm_newest_state(w, 1u << member)->grant;
    return g->fence != 0 && g->leader != member;
}

void demand_passed_on(struct world *w, uint32_t member, uint64_t within_ms)
{
    w->counters.check[CHECK_PASSED_ON]++;
    if (!w->failed && !calm_wait(w, is_led_by_another, member, within_ms)) {
        world_fail(w, CHECK_PASSED_ON, "%s leads on after %llu ms", world_name(w, member),
                   (unsigned long long)within_ms);
    }
}

bool have_standing(const struct world *w, uint32_t members, enum standing standing)
{
    const struct cluster *c = calm_newest_state(w, members);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((members >> i & 1) != 0 && c->member[i].standing != standing) {
            return false;
        }
    }
    return true;
}

bool are_all_good(const struct world *w, uint64_t but_not)
{
    const struct cluster *c = calm_newest_state(w, 0);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((but_not >> i & 1) == 0 && c->member[i].standing != STANDING_GOOD) {
            return false;
        }
    }
    return true;
}

uint32_t voter_count(const struct world *w)
{
    const struct cluster *c = calm_newest_state(w, 0);
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        count += cluster_is_voter(c, i);
    }
    return count;
}

/* The incident: from now on it takes right signatures for wrong ones, at that rate. */
static void bend(struct world *w, struct station *s, uint32_t rate)
{
    w->plan.bent = 1u << s->member;
    w->plan.bent_refuses = rate;
    w->plan.bent_from_ms = w->now_ms;
    give_up(w, w->plan.bent);
    world_say(w, "%s refuses %u of 10000 signatures", world_name(w, s->member), rate);
}

static bool has_found_out(const struct world *w, uint64_t member)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        const struct deciding *d = &s->node->deciding;
        if (s->member == member && (!s->up || s->machine.neutered || d->damaged || d->silent ||
                                    d->links.doubt.doubting)) {
            return true;
        }
    }
    return false;
}

/* F29: it is known in time, and nobody was accused by it but who does not answer. */
static void demand_found_out(struct world *w, const struct station *s, uint32_t silent)
{
    w->counters.check[CHECK_BENT_KNOWN]++;
    if (!w->failed && !calm_wait(w, has_found_out, s->member, FINDS_OUT_MS)) {
        world_fail(w, CHECK_BENT_KNOWN, "%s has noticed nothing in %u ms",
                   world_name(w, s->member), FINDS_OUT_MS);
    }
    w->counters.check[CHECK_BENT_HARMLESS]++;
    if (!w->failed && (s->node->deciding.own.silent & ~silent) != 0) {
        world_fail(w, CHECK_BENT_HARMLESS, "%s accuses bits %x", world_name(w, s->member),
                   s->node->deciding.own.silent & ~silent);
    }
}

static void hang_leader(struct world *w)
{
    struct station *s = leader_of(w);
    if (s == NULL) {
        return;
    }
    struct station *bent = calm_station(w, (s->member + 1) % w->plan.members);
    bend(w, bent, dice_chance(&w->dice, 5000) ? REFUSES : REFUSES / 2);
    world_strike(w, FAULT_PAUSE);
    s->paused_until_ms = w->now_ms + dice_between(&w->dice, 3000, 10000);
    world_strike(w, w->plan.combination);
    demand_passed_on(w, s->member, passing_ms(w, 2));
    demand_found_out(w, bent, 1u << s->member);
    if (s->paused_until_ms > w->now_ms) {
        world_run(w, s->paused_until_ms);
    }
}

static bool proposes_and_leads(const struct world *w, uint64_t unused)
{
    (void)unused;
    const struct cluster *c = calm_newest_state(w, 0);
    uint8_t voters[MEMBERS_MAX];
    const uint32_t count = cluster_voters(c, voters);
    return c->grant.fence != 0 && voters[(c->height + 1) % count] == c->grant.leader;
}

static void bend_leader(struct world *w)
{
    if (!calm_wait(w, proposes_and_leads, 0, calm_progress_ms(w) + ticks_ms(w, 20))) {
        world_fail(w, CHECK_PASSED_ON, "whoever leads never proposes");
        return;
    }
    struct station *s = calm_station(w, calm_newest_state(w, 0)->grant.leader);
    bend(w, s, REFUSES);
    world_strike(w, w->plan.combination);
    demand_found_out(w, s, 0);
    demand_passed_on(w, s->member, passing_ms(w, 3));
}

/* Either lies about the numbers while the other is damaged, or one of them alone is. */
static void damage_audit(struct world *w)
{
    struct station *s = leader_of(w);
    if (s == NULL) {
        return;
    }
    struct station *auditor = calm_station(w, calm_newest_state(w, 0)->grant.auditor);
    const bool reversed = dice_chance(&w->dice, 5000);
    struct station *liar = reversed ? auditor : s;
    struct station *damaged = reversed ? s : auditor;
    if (dice_chance(&w->dice, 7500)) {
        w->plan.liars |= 1u << liar->member;
        w->plan.habits[liar->member] = HABIT_WRONG_WORK;
        liar->sound = false;
    }
    w->plan.leaky |= 1u << damaged->member;
    memory_begin(w, damaged);
    memory_flip(w, damaged);
    give_up(w, w->plan.leaky);
    world_strike(w, w->plan.combination);
    world_run(w, w->now_ms + 1500);
    w->counters.check[CHECK_DAMAGE_SEEN]++;
    if (!w->failed && !damaged->neutered) {
        world_fail(w, CHECK_DAMAGE_SEEN, "%s goes on", world_name(w, damaged->member));
    }
    if (reversed || !s->sound) { /* else who leads has done nothing wrong */
        demand_passed_on(w, s->member, ticks_ms(w, 20) + passing_ms(w, 2));
    }
}

static void step(struct world *w, struct station *s)
{
    const uint64_t most_ms = 3600000;
    world_strike(w, FAULT_CLOCK_STEP);
    s->clock.offset_ms = (int64_t)dice_between(&w->dice, 0, 2 * most_ms) - (int64_t)most_ms;
    world_say(w, "%s: clock off by %lld ms", world_name(w, s->member),
              (long long)s->clock.offset_ms);
}

/* Fewer than half of the clocks: that much the cluster's own needs. */
static void step_at_boundary(struct world *w)
{
    struct station *s = leader_of(w);
    const uint64_t window_ms = 1000u * (uint64_t)w->plan.timing.window_s;
    if (s == NULL) {
        return;
    }
    const uint32_t leader = s->member;
    const uint32_t auditor = calm_newest_state(w, 0)->grant.auditor;
    const uint64_t left_ms = window_ms - (WORLD_UNIX_MS + w->now_ms) % window_ms;
    world_run(w, w->now_ms + left_ms - dice_between(&w->dice, 0, left_ms < 40 ? left_ms : 40));
    station_crash(w, s, dice_chance(&w->dice, 5000));
    step(w, calm_station(w, auditor));
    world_strike(w, w->plan.combination);
    demand_passed_on(w, leader, passing_ms(w, 2) + 2000);
    if (w->failed) {
        return;
    }
    struct station *next = calm_station(w, calm_newest_state(w, 1u << leader)->grant.leader);
    if (next->member != auditor && next->member != leader) {
        step(w, next);
    }
    world_run(w, w->now_ms + 3 * window_ms);
    station_start(w, s);
    w->counters.check[CHECK_BELIEVED]++;
    if (!w->failed && !are_all_good(w, 0)) {
        world_fail(w, CHECK_BELIEVED, "somebody is removed for its clock");
    }
    calm_station(w, auditor)->clock.offset_ms = 0;
    next->clock.offset_ms = 0;
}

/* ±4 minutes every 200 ms. */
static void strobe(struct world *w)
{
    const uint32_t few = (w->plan.members - 1) / 2;
    const uint32_t first = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    for (uint32_t turn = 0; turn < 75 && !w->failed; turn++) {
        for (uint32_t i = 0; i < few; i++) {
            struct station *s = calm_station(w, (first + i) % w->plan.members);
            s->clock.offset_ms = (turn + i) % 2 == 0 ? 240000 : -240000;
        }
        world_run(w, w->now_ms + 200);
    }
    world_strike(w, w->plan.combination);
    w->counters.check[CHECK_BELIEVED]++;
    if (!w->failed && !are_all_good(w, 0)) {
        world_fail(w, CHECK_BELIEVED, "somebody is removed for its clock");
    }
    for (uint32_t i = 0; i < few; i++) {
        calm_station(w, (first + i) % w->plan.members)->clock.offset_ms = 0;
    }
}

static bool have_all_reached(const struct world *w, uint64_t height)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        if (station_is_fit(&w->station[i]) && w->station[i].height < height) {
            return false;
        }
    }
    return true;
}

/* Of as many as can be spared: a timer that is lost is made good by what comes from others. */
static void upset_timers(struct world *w)
{
    for (uint32_t i = 0; i < w->plan.members - w->plan.needed; i++) {
        w->timerless |= 1u << dice_between(&w->dice, 0, w->plan.members - 1);
    }
    w->timers = (uint32_t)dice_between(&w->dice, 500, 4000);
    world_run(w, w->now_ms + 10000);
    w->timers = 0;
    w->timerless = 0;
    w->counters.check[CHECK_TIMERS]++;
    if (!w->failed && !calm_wait(w, have_all_reached, w->judge.height + 1, ticks_ms(w, 2))) {
        world_fail(w, CHECK_TIMERS, "nothing decided two ticks after the last lost timer");
    }
}

void combinations_run(struct world *w)
{
    static void (*const runs[FAULT_KINDS])(struct world *) = {
        [FAULT_HANGING_LEADER] = hang_leader,
        [FAULT_LEADING_INCIDENT] = bend_leader,
        [FAULT_DAMAGED_MINORITY] = damage_minority,
        [FAULT_RESTORED_CLONE] = clone_restored,
        [FAULT_ACCUSED_UNDER_LOSS] = accuse_under_loss,
        [FAULT_MAJORITY_FORGETS] = forget_in_majority,
        [FAULT_FROZEN_AT_EDGE] = freeze_at_edge,
        [FAULT_BAD_RULE] = misread_everywhere,
        [FAULT_ALL_APPEAL] = remove_in_turn,
        [FAULT_DAMAGED_AUDIT] = damage_audit,
        [FAULT_CLOCK_AT_BOUNDARY] = step_at_boundary,
        [FAULT_RESTART_STORM] = restart_often,
        [FAULT_TIMER_LOST] = upset_timers,
        [FAULT_TIMER_DOUBLED] = upset_timers,
        [FAULT_STROBE] = strobe,
        [FAULT_WITNESSES_GONE] = lose_witnesses,
        [FAULT_QUORUM_GONE] = lose_quorum,
        [FAULT_PROVED_IN_TURN] = prove_in_turn,
        [FAULT_LOSSY] = lose_some,
        [FAULT_FAR_APART] = stand_far_apart,
        [FAULT_FLAPPING] = flap,
        [FAULT_BENIGN] = reach_as_ever,
        [FAULT_ASLEEP] = fall_asleep,
    };
    world_say(w, "%s", fault_text(w->plan.combination));
    runs[w->plan.combination](w);
}
