/* Anything goes: what strikes links, machines, clocks and disks until the storm is over. */
#include "world.h"

#include <string.h>

#define TENTH_MS 100u

static struct station *random_station(struct world *w)
{
    return &w->station[dice_between(&w->dice, 0, w->station_count - 1)];
}

static void restart_later(struct world *w, const struct station *s)
{
    const uint64_t gap_ms = 1 + dice_around(&w->dice, 100 * 10000 / w->plan.restart);
    const struct event e = {.at_ms = w->now_ms + gap_ms,
                            .kind = EVENT_RESTART,
                            .station = station_index(w, s),
                            .run = s->run};
    queue_push(&w->queue, &e);
}

/* What nobody has any more nobody can bring back. */
static bool others_have_blocks(const struct world *w, const struct station *s)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *other = &w->station[i];
        const bool gives = other->member != s->member && !other->machine.neutered &&
                           (w->plan.liars >> other->member & 1) == 0;
        if (gives && other->disk.height >= s->disk.height) {
            return true;
        }
    }
    return false;
}

/* What a disk loses beside its writes under way. */
static void spoil(struct world *w, struct station *s)
{
    const struct plan *p = &w->plan;
    if (dice_chance(&w->dice, p->lose_blocks)) {
        const uint64_t left = dice_between(&w->dice, 0, s->disk.height);
        if (others_have_blocks(w, s)) {
            world_strike(w, FAULT_BLOCKS_LOST);
            disk_lose_blocks(&s->disk, left);
        }
    }
    if ((p->forgetful >> s->member & 1) == 0 || !dice_chance(&w->dice, p->forget)) {
        return;
    }
    if (p->rolls_back) {
        if (disk_roll_back(&s->disk)) {
            world_strike(w, FAULT_VOTES_ROLLED_BACK);
        }
        return;
    }
    static const enum cause causes[] = {CAUSE_VOTES_MISSING, CAUSE_VOTES_DAMAGED,
                                        CAUSE_VOTES_FOREIGN};
    const enum cause why = causes[dice_between(&w->dice, 0, 2)];
    world_strike(w, why == CAUSE_VOTES_FOREIGN ? FAULT_VOTES_FOREIGN : FAULT_VOTES_LOST);
    disk_lose_votes(&s->disk, why);
}

static void crash(struct world *w, struct station *s, bool power)
{
    if (!s->up || s->machine.neutered) {
        return;
    }
    world_strike(w, power ? FAULT_POWER_CUT : FAULT_CRASH);
    station_crash(w, s, power);
    spoil(w, s);
    restart_later(w, s);
}

static void pause(struct world *w, struct station *s)
{
    if (!s->up || station_is_paused(w, s)) {
        return;
    }
    const uint64_t length_ms = dice_chance(&w->dice, 7000)
                                   ? dice_between(&w->dice, 10, 1000)
                                   : dice_between(&w->dice, 1000, 10000);
    s->paused_until_ms = w->now_ms + length_ms;
    s->sleeps = dice_chance(&w->dice, 3000);
    world_strike(w, s->sleeps ? FAULT_SLEEP : FAULT_PAUSE);
    world_say(w, "%s %s for %llu ms", world_name(w, s->member),
              s->sleeps ? "sleeps" : "is stopped", (unsigned long long)length_ms);
    s->has_slept = s->has_slept || s->sleeps;
    if (s->sleeps) { /* wakes to the moment at which it fell asleep */
        s->clock.slept_ms += length_ms;
    }
}

static void wake(const struct world *w, struct station *s)
{
    if (!station_is_paused(w, s)) {
        return;
    }
    if (s->sleeps) {
        s->clock.slept_ms -= s->paused_until_ms - w->now_ms;
    }
    s->paused_until_ms = w->now_ms;
}

/* More than half of the clocks stay near the truth: that much the cluster's clock needs. */
static void step_clock(struct world *w, struct station *s)
{
    const bool far = s->member < (w->plan.members - 1) / 2;
    const uint64_t most_ms = far && dice_chance(&w->dice, 3000) ? 3600000 : 10000;
    world_strike(w, FAULT_CLOCK_STEP);
    s->clock.offset_ms = (int64_t)dice_between(&w->dice, 0, 2 * most_ms) - (int64_t)most_ms;
    world_say(w, "%s: clock off by %lld ms", world_name(w, s->member),
              (long long)s->clock.offset_ms);
}

static void cut(struct world *w, uint32_t from, uint32_t to)
{
    if (from != to) {
        w->link[from][to].cut = true;
    }
}

static void isolate(struct world *w)
{
    const uint32_t alone = station_index(w, random_station(w));
    for (uint32_t i = 0; i < w->station_count; i++) {
        cut(w, alone, i);
        cut(w, i, alone);
    }
    world_strike(w, FAULT_ISOLATE);
}

/* Two halves; with a bridge, one station that both see. */
static void split(struct world *w, bool bridged)
{
    const uint64_t side = dice_roll(&w->dice);
    const uint32_t bridge = station_index(w, random_station(w));
    for (uint32_t i = 0; i < w->station_count; i++) {
        for (uint32_t k = 0; k < w->station_count; k++) {
            if ((side >> i & 1) != (side >> k & 1) &&
                !(bridged && (i == bridge || k == bridge))) {
                cut(w, i, k);
            }
        }
    }
    world_strike(w, bridged ? FAULT_BRIDGE : FAULT_SPLIT);
}

static void ring(struct world *w)
{
    const uint32_t count = w->station_count;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < count; k++) {
            if ((i + 1) % count != k && (k + 1) % count != i) {
                cut(w, i, k);
            }
        }
    }
    world_strike(w, FAULT_RING);
}

static void one_way(struct world *w)
{
    const uint64_t deaf = dice_roll(&w->dice);
    for (uint32_t i = 0; i < w->station_count; i++) {
        for (uint32_t k = 0; k < w->station_count; k++) {
            if ((deaf >> (i + k * 5) % 61 & 3) == 0) {
                cut(w, i, k);
            }
        }
    }
    world_strike(w, FAULT_ONE_WAY);
}

static void partition(struct world *w)
{
    memset(w->link, 0, sizeof w->link);
    switch (dice_between(&w->dice, 0, 4)) {
    case 0:
        isolate(w);
        break;
    case 1:
        split(w, false);
        break;
    case 2:
        split(w, true);
        break;
    case 3:
        ring(w);
        break;
    default:
        one_way(w);
        break;
    }
}

static void trouble_links(struct world *w)
{
    const struct plan *p = &w->plan;
    if (dice_chance(&w->dice, p->partition)) {
        partition(w);
    }
    if (dice_chance(&w->dice, 1500)) { /* heals link by link */
        network_heal(w, station_index(w, random_station(w)));
    }
    if (dice_chance(&w->dice, p->clog * w->station_count)) {
        const uint32_t from = station_index(w, random_station(w));
        const uint32_t to = station_index(w, random_station(w));
        w->link[from][to].clogged_until_ms = w->now_ms + dice_between(&w->dice, 10, 5000);
        world_strike(w, FAULT_CLOG);
    }
    if (p->flap > 0 && dice_chance(&w->dice, p->flap)) {
        const uint32_t from = station_index(w, random_station(w));
        const uint32_t to = station_index(w, random_station(w));
        w->link[from][to].flap_ms = (uint32_t)dice_between(&w->dice, 100, 3000);
        world_strike(w, FAULT_FLAP);
    }
    if (dice_chance(&w->dice, 300)) {
        for (uint32_t i = 0; i < w->station_count; i++) {
            w->twin_side[i] = (uint32_t)dice_between(&w->dice, 0, 1);
        }
    }
}

static void next_tick(struct world *w)
{
    const struct event e = {.at_ms = w->now_ms + TENTH_MS, .kind = EVENT_TROUBLE};
    queue_push(&w->queue, &e);
}

void storm_blackout(struct world *w)
{
    if (w->calm) {
        return;
    }
    world_strike(w, FAULT_BLACKOUT);
    for (uint32_t i = 0; i < w->station_count; i++) {
        crash(w, &w->station[i], true);
    }
}

/* Has voted in a view that it came to by giving up the one before: where it is, and why it may
 * vote there, it knows from what it wrote down, or not at all. */
static bool is_delicate(const struct station *s)
{
    const struct vote_record *r = &s->node->deciding.simplex.record;
    const bool entered = r->entry.certificate.kind == CERTIFICATE_NULLIFICATION;
    return s->up && entered && r->top == r->entry.certificate.view + 1 &&
           !hash_is_none(&r->notarized) && !r->has_claimed;
}

void storm_aim(struct world *w)
{
    uint32_t delicate = 0;
    if (w->calm || w->plan.aimed == 0) {
        return;
    }
    for (uint32_t i = 0; i < w->station_count; i++) {
        delicate += is_delicate(&w->station[i]);
    }
    if (delicate >= 2 && dice_chance(&w->dice, w->plan.aimed)) {
        const struct event e = {.at_ms = w->now_ms, .kind = EVENT_BLACKOUT};
        queue_push(&w->queue, &e);
    }
}

void storm_tick(struct world *w)
{
    const struct plan *p = &w->plan;
    if (w->calm) {
        return;
    }
    trouble_links(w);
    if (dice_chance(&w->dice, p->blackout)) {
        storm_blackout(w);
    }
    for (uint32_t i = 0; i < w->station_count; i++) {
        struct station *s = &w->station[i];
        if (dice_chance(&w->dice, p->crash)) {
            crash(w, s, dice_chance(&w->dice, p->power_cut));
        }
        if (dice_chance(&w->dice, p->pause)) {
            pause(w, s);
        }
        if ((p->leaky >> s->member & 1) != 0 && dice_chance(&w->dice, p->flip)) {
            memory_trouble(w, s);
        }
        if (dice_chance(&w->dice, p->clock_step)) {
            step_clock(w, s);
        }
        if (dice_chance(&w->dice, 500)) {
            disk_keep_backup(&s->disk);
        }
    }
    next_tick(w);
}

void storm_begin(struct world *w)
{
    const bool at_once = dice_chance(&w->dice, 7000);
    for (uint32_t i = 0; i < w->station_count; i++) {
        struct station *s = &w->station[i];
        w->twin_side[i] = i & 1;
        if ((w->plan.habits[s->member] & HABIT_TWINS) != 0) {
            world_strike(w, FAULT_TWINS);
        }
        if (at_once || i == 0) {
            station_start(w, s);
        } else {
            restart_later(w, s);
        }
    }
    next_tick(w);
}

void storm_end(struct world *w)
{
    w->calm = true;
    world_say(w, "the storm is over");
    uint32_t left = (1u << w->station_count) - 1;
    while (left != 0 && !w->failed) { /* in random order, a while apart */
        uint32_t i = station_index(w, random_station(w));
        while ((left >> i & 1) == 0) {
            i = (i + 1) % w->station_count;
        }
        left &= ~(1u << i);
        struct station *s = &w->station[i];
        network_heal(w, i);
        wake(w, s);
        if (s->up && !s->machine.neutered &&
            disk_is_failing(&s->disk)) { /* a person starts it again */
            station_crash(w, s, false);
        }
        if (!s->up) {
            station_start(w, s);
        }
        world_run(w, w->now_ms + dice_between(&w->dice, 0, 300));
    }
}
