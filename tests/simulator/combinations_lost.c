/* Who has forgotten what it signed, or is too few: halts, and says so, or is right. */
#include <assert.h>

#include "combinations.h"

#define KNOWN_MS 2000u /* L9 */
#define LONG_MS 6000u

static uint32_t up_bits(const struct world *w)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < w->station_count; i++) {
        bits |= w->station[i].up ? 1u << w->station[i].member : 0;
    }
    return bits;
}

/* For some seconds they decide nothing, and two seconds after the loss they know why; but where
 * one is heard that only follows any more, and whose resignation nobody can decide. */
static void demand_confined(struct world *w, uint32_t members, uint64_t height, bool know)
{
    world_run(w, w->now_ms + KNOWN_MS + LONG_MS);
    w->counters.check[CHECK_CONFINED]++;
    for (uint32_t i = 0; i < w->station_count && !w->failed; i++) {
        const struct station *s = &w->station[i];
        if ((members >> s->member & 1) == 0 || !station_is_fit(s)) {
            continue;
        }
        if (s->height > height) {
            world_fail(w, CHECK_CONFINED, "%s has decided height %llu with too few",
                       world_name(w, s->member), (unsigned long long)s->height);
        } else if (know && s->node->deciding.quorum_heard) {
            world_fail(w, CHECK_CONFINED, "%s does not know that it is of too few",
                       world_name(w, s->member));
        }
    }
}

static bool has_reached(const struct world *w, uint64_t height)
{
    return w->judge.height >= height;
}

static void demand_decided(struct world *w, uint32_t more)
{
    w->counters.check[CHECK_PROGRESS]++;
    if (!w->failed && !calm_wait(w, has_reached, w->judge.height + more, calm_progress_ms(w))) {
        world_fail(w, CHECK_PROGRESS, "nothing is decided");
    }
}

/* Of two on the smaller side one is damaged while they are cut off. */
void damage_minority(struct world *w)
{
    struct station *s = calm_station(w, (uint32_t)__builtin_ctz(w->plan.leaky));
    const uint32_t side = w->plan.leaky | 1u << (s->member + 1) % w->plan.members;
    cut_off(w, side, true);
    world_run(w, w->now_ms + dice_between(&w->dice, 0, 3000));
    const uint64_t height = w->judge.height;
    if (w->failed) {
        return;
    }
    memory_flip(w, s);
    world_strike(w, w->plan.combination);
    demand_confined(w, side, height, true);
    demand_decided(w, 2);
    w->counters.check[CHECK_DAMAGE_SEEN]++;
    if (!w->failed && !s->neutered) {
        world_fail(w, CHECK_DAMAGE_SEEN, "%s, cut off, goes on", world_name(w, s->member));
    }
    cut_off(w, side, false);
}

static uint32_t forgetful_count(const struct world *w)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct simplex *x = &w->station[i].node->deciding.simplex;
        count += x->amnesiac || x->resuming;
    }
    return count;
}

/* What a quorum was told is written is gone with the power; the rest have all of it. As many as
 * are faulty now nobody bears; the log must not fork for that. */
void forget_in_majority(struct world *w)
{
    const uint32_t members = w->plan.members;
    assert(members > 0);
    const uint32_t first = (uint32_t)dice_between(&w->dice, 0, members - 1);
    uint64_t height[STATIONS_MAX] = {0};
    for (uint32_t i = 0; i < w->plan.needed; i++) {
        struct station *s = calm_station(w, (first + i) % members);
        disk_keep_backup(&s->disk);
        height[s->member] = s->disk.height;
        w->plan.forgetful |= 1u << s->member;
    }
    w->plan.rolls_back = true; /* nothing is asked of their votes */
    world_run(w, w->now_ms + dice_between(&w->dice, 0, 1000));
    for (uint32_t i = 0; i < members; i++) {
        station_crash(w, calm_station(w, i), true);
    }
    for (uint32_t i = 0; i < w->plan.needed; i++) {
        struct station *s = calm_station(w, (first + i) % members);
        (void)disk_roll_back(&s->disk);
        disk_lose_blocks(&s->disk, height[s->member]);
    }
    world_strike(w, w->plan.combination);
    for (uint32_t i = 0; i < members && !w->failed; i++) {
        station_start(w, calm_station(w, (first + i) % members));
        world_run(w, w->now_ms + dice_between(&w->dice, 0, 300));
    }
    w->counters.check[CHECK_HALTS]++;
    if (!w->failed && !calm_wait(w, has_reached, w->judge.height + 3, calm_progress_ms(w))) {
        w->halted = true;
        if (!w->failed && forgetful_count(w) <= members - w->plan.needed) {
            world_fail(w, CHECK_HALTS, "nothing is decided, and %u say that they forgot",
                       forgetful_count(w));
        }
    }
}

static void stop_some(struct world *w, uint32_t but_not, uint32_t count)
{
    for (uint32_t i = 0; i < w->station_count && count > 0; i++) {
        if ((but_not >> w->station[i].member & 1) == 0 && w->station[i].up) {
            station_crash(w, &w->station[i], true);
            count--;
        }
    }
}

static void start_one(struct world *w)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        if (!w->station[i].up) {
            station_start(w, &w->station[i]);
            return;
        }
    }
}

static bool votes_no_more(const struct world *w, uint64_t member)
{
    return !cluster_is_voter(calm_newest_state(w, 1u << member), (uint32_t)member);
}

/* As many as are needed are up, and the clock of one of them stands: it is found out in two
 * seconds (R19), and then they are too few to decide even that it is unfit. */
void freeze_at_edge(struct world *w)
{
    struct station *s =
        calm_station(w, (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1));
    stop_some(w, 1u << s->member, w->plan.members - w->plan.needed);
    demand_decided(w, 2);
    if (w->failed) {
        return;
    }
    s->clock.frozen_ms = w->now_ms;
    world_run(w, w->now_ms + dice_between(&w->dice, 500, 2000));
    s->clock.slept_ms += w->now_ms - s->clock.frozen_ms; /* its next run's clock goes on */
    s->clock.frozen_ms = 0;
    machine_break(w, s);
    give_up(w, 1u << s->member);
    world_run(w, w->now_ms + 500); /* what it has signed is under way */
    world_strike(w, w->plan.combination);
    demand_confined(w, up_bits(w) & ~(1u << s->member), w->judge.height, false);
    start_one(w);
    w->counters.check[CHECK_RESIGNED]++;
    if (!w->failed && !calm_wait(w, votes_no_more, s->member, calm_progress_ms(w))) {
        world_fail(w, CHECK_RESIGNED, "%s is unfit, and a voter", world_name(w, s->member));
    }
    start_one(w);
    demand_decided(w, 2);
}

/* They go one after the other; then they come back likewise. */
void lose_quorum(struct world *w)
{
    while (!w->failed && (uint32_t)__builtin_popcount(up_bits(w)) > w->plan.needed) {
        stop_some(w, 0, 1);
        demand_decided(w, 1);
    }
    stop_some(w, 0, 1);
    world_run(w, w->now_ms + 500);
    world_strike(w, w->plan.combination);
    demand_confined(w, up_bits(w), w->judge.height, true);
    while (!w->failed && (uint32_t)__builtin_popcount(up_bits(w)) < w->plan.members) {
        start_one(w);
        demand_decided(w, 1);
    }
}

static bool is_settled(const struct world *w, uint64_t next_window)
{
    return w->judge.next_window >= next_window;
}

/* Elections and windows go on without them, and so does a hand-over where one more can go. */
void lose_witnesses(struct world *w)
{
    const struct timing *t = &w->plan.timing;
    for (uint32_t i = 0; i < w->plan.witnesses; i++) {
        station_crash(w, calm_station(w, w->plan.members - 1 - i), true);
    }
    world_strike(w, w->plan.combination);
    demand_decided(w, 2);
    struct station *s = w->failed ? NULL : leader_of(w);
    if (s == NULL) {
        return;
    }
    if (w->plan.witnesses < w->plan.members - w->plan.needed) {
        station_crash(w, s, false);
        demand_passed_on(w, s->member, passing_ms(w, 2));
    }
    const uint64_t within_ms =
        calm_progress_ms(w) + 3000u * (uint64_t)(t->window_timeout_s + t->audit_timeout_s);
    w->counters.check[CHECK_WINDOWS]++;
    if (!w->failed && !calm_wait(w, is_settled, w->judge.next_window + 2, within_ms)) {
        world_fail(w, CHECK_WINDOWS, "without witnesses no window is settled");
    }
    while (!w->failed && (uint32_t)__builtin_popcount(up_bits(w)) < w->plan.members) {
        start_one(w);
    }
}

/* Each every one to five seconds, by itself or all at once. */
void restart_often(struct world *w)
{
    const bool all = dice_chance(&w->dice, 5000);
    for (uint32_t turn = 0; turn < 12 && !w->failed; turn++) {
        const uint32_t one = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
        for (uint32_t i = 0; i < w->plan.members; i++) {
            if (all || i == one) {
                world_strike(w, FAULT_CRASH);
                station_crash(w, calm_station(w, i), dice_chance(&w->dice, 3000));
            }
        }
        world_run(w, w->now_ms + dice_between(&w->dice, 10, 500));
        for (uint32_t i = 0; i < w->plan.members && !w->failed; i++) {
            if (!calm_station(w, i)->up) {
                station_start(w, calm_station(w, i));
            }
        }
        world_run(w, w->now_ms + dice_between(&w->dice, 1000, 5000));
    }
    world_strike(w, w->plan.combination);
}
