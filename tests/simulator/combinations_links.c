/* A network that is merely bad, a machine that merely slept: by the timing that clusters have
 * by default nobody is removed for it, and the grant stays where it is as far as it can. */
#include "combinations.h"

#define LONG_MS 60000u

static uint64_t fence(const struct world *w)
{
    return calm_newest_state(w, 0)->grant.fence;
}

/* What is lost here is heartbeats themselves, which a connection would send again: some find
 * for a tick that they lose too much (R27), and a better candidate leads. */
#define MOVES (LONG_MS / 10000)

/* For a minute: everybody keeps its standing, and the grant moves for somebody's silence so
 * often at most. */
static void demand_kept(struct world *w, uint64_t moves)
{
    const uint64_t *silent = &w->counters.rules.reached[RULES_ENDED][CAUSE_UNREACHABLE];
    const uint64_t silent_before = *silent;
    const uint64_t until_ms = w->now_ms + LONG_MS;
    const uint64_t before = fence(w);
    w->calm = false;
    world_strike(w, w->plan.combination);
    while (!w->failed && w->now_ms < until_ms) {
        world_run(w, w->now_ms + 100);
        w->counters.check[CHECK_BELIEVED]++;
        if (!w->failed && !are_all_good(w, 0)) {
            world_fail(w, CHECK_BELIEVED, "somebody is out for what the network does");
        }
    }
    w->calm = true;
    w->counters.check[CHECK_KEPT]++;
    if (!w->failed && (fence(w) > before + MOVES || *silent > silent_before + moves)) {
        world_fail(w, CHECK_KEPT, "fence %llu, a minute after %llu",
                   (unsigned long long)fence(w), (unsigned long long)before);
    }
}

/* The node that leads is a good candidate: what moved at the start has moved. */
static bool begin(struct world *w)
{
    if (leader_of(w) == NULL) {
        return false;
    }
    world_run(w, w->now_ms + ticks_ms(w, 6));
    return !w->failed;
}

void lose_some(struct world *w)
{
    const bool a_third = dice_chance(&w->dice, 5000);
    if (begin(w)) {
        w->plan.loss = a_third ? 3000 : 1000;
        demand_kept(w, a_third ? MOVES : 0);
        w->plan.loss = 0;
    }
}

void stand_far_apart(struct world *w)
{
    const uint64_t height = w->judge.height;
    if (begin(w)) {
        w->plan.delay_min_ms = 450;
        w->plan.delay_mean_ms = 50;
        demand_kept(w, 1);
        w->plan.delay_min_ms = 0;
        w->plan.delay_mean_ms = 15;
        w->counters.check[CHECK_PROGRESS]++;
        if (!w->failed && w->judge.height < height + LONG_MS / w->plan.timing.tick_ms / 2) {
            world_fail(w, CHECK_PROGRESS, "height %llu, a minute after %llu",
                       (unsigned long long)w->judge.height, (unsigned long long)height);
        }
    }
}

/* One link of the leader's, with periods of 0.2 to 30 s, both ways or one. */
void flap(struct world *w)
{
    static const uint32_t spans_ms[] = {100, 500, 2000, 5000, 15000};
    if (!begin(w)) {
        return;
    }
    const uint32_t from = station_index(w, leader_of(w));
    const uint32_t to = (from + 1) % w->station_count;
    const uint32_t flap_ms = spans_ms[dice_between(&w->dice, 0, 4)];
    w->link[from][to].flap_ms = flap_ms;
    world_strike(w, FAULT_FLAP);
    w->link[to][from].flap_ms = dice_chance(&w->dice, 5000) ? flap_ms : 0;
    demand_kept(w, MOVES);
    network_heal(w, from);
}

void reach_as_ever(struct world *w)
{
    if (!begin(w)) {
        return;
    }
    w->plan.loss = 500;
    w->plan.reorder = 100;
    w->plan.delay_min_ms = 90;
    w->plan.delay_mean_ms = 10;
    demand_kept(w, 0);
    w->plan.loss = w->plan.reorder = w->plan.delay_min_ms = 0;
}

static bool are_good(const struct world *w, uint64_t unused)
{
    return are_all_good(w, (uint32_t)unused);
}

/* It wakes to a cluster that has suspended it, as it must; it appeals, and is one of them. */
void fall_asleep(struct world *w)
{
    struct station *s =
        calm_station(w, (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1));
    const uint64_t length_ms = 30000;
    if (!begin(w)) {
        return;
    }
    world_strike(w, FAULT_SLEEP);
    world_strike(w, w->plan.combination);
    s->paused_until_ms = w->now_ms + length_ms;
    s->sleeps = s->has_slept = true;
    s->clock.slept_ms += length_ms;
    world_run(w, w->now_ms + length_ms);
    s->clock.offset_ms += (int64_t)length_ms; /* the time service sets the wall clock */
    w->counters.check[CHECK_ALL_BACK]++;
    if (!w->failed && !calm_wait(w, are_good, 0, calm_progress_ms(w) + ticks_ms(w, 12))) {
        world_fail(w, CHECK_ALL_BACK, "%s is awake, and not good", world_name(w, s->member));
    }
}
