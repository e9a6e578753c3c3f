#include "plan.h"

#include <assert.h>

#define LARGE_SEED 41u /* of each hundred: as many members as a cluster may have */

/* Present in about half of the seeds, so that combinations vary. */
static uint32_t maybe(struct dice *d, uint32_t low, uint32_t high)
{
    const uint64_t value = dice_between(d, low, high);
    return dice_chance(d, 5000) ? (uint32_t)value : 0;
}

static uint32_t drawn(struct dice *d, uint32_t low, uint32_t high)
{
    return (uint32_t)dice_between(d, low, high);
}

static void draw_size(struct plan *p, struct dice *d)
{
    p->members = drawn(d, 3, 9);
    if (dice_chance(d, 5000)) {
        p->members = drawn(d, 4, 5); /* what clusters are like */
    }
    if (p->seed % 100 == LARGE_SEED) {
        p->members = MEMBERS_DRAWN_MAX;
    }
    p->witnesses = drawn(d, 0, p->members >= 4 ? 2 : 0);
    p->malfunctioning_max = dice_chance(d, 500) ? 0 : MEMBERS_MAX;
    p->audited = !dice_chance(d, 500);
}

static void draw_timing(struct plan *p, struct dice *d)
{
    const uint32_t delta_ms = drawn(d, 20, 100);
    const uint32_t tick_ms = drawn(d, 10, 15) * delta_ms;
    p->timing = (struct timing){
        .heartbeat_ms = drawn(d, 100, 200),
        .suspicion = drawn(d, 3, 5),
        .delta_ms = delta_ms,
        .gather_ms = drawn(d, 1, 1 + delta_ms / 3),
        .tick_ms = tick_ms < 500 ? 500 : tick_ms,
        .record_ticks = drawn(d, 4, 36),
        .patience_ms = 4 * tick_ms,
        .window_s = drawn(d, 1, 3),
        .grace_s = drawn(d, 0, 1),
        .window_timeout_s = drawn(d, 5, 9),
        .audit_timeout_s = drawn(d, 3, 5),
        .ttl_s = drawn(d, 6, 60),
        /* three ticks, and one for each liar; or so long that suspended owners come back */
        .name_lease_s = ((p->seed % 3 == 0 ? 120 : 6) * tick_ms + 999) / 1000,
    };
}

/* Own arithmetic: the checkers share none with the core. */
void plan_draw_quorum(struct plan *p)
{
    const uint32_t third = (p->members - 1) / 3;
    p->malfunctioning = p->malfunctioning_max < third ? p->malfunctioning_max : third;
    p->needed = (p->members + p->malfunctioning) / 2 + 1;
}

/* Votes shrink the number of voters, and with it the number of faults that it bears: never
 * below those that this world has drawn. */
static uint32_t members_min_of(const struct plan *p)
{
    const uint32_t lying =
        (uint32_t)__builtin_popcount(p->liars | (p->rolls_back ? p->forgetful : 0));
    const uint32_t failing = (uint32_t)__builtin_popcount(p->liars | p->forgetful | p->doomed);
    uint32_t least = p->members >= 5 ? 4 : p->members / 2 + 1;
    for (; least < p->members; least++) {
        const uint32_t third = (least - 1) / 3;
        const uint32_t bears = p->malfunctioning_max < third ? p->malfunctioning_max : third;
        if (bears >= lying && least - (least + bears) / 2 - 1 >= failing) {
            break;
        }
    }
    return least > 2 ? least : 2;
}

static uint32_t draw_member_not_in(struct dice *d, const struct plan *p, uint32_t taken)
{
    uint32_t member = drawn(d, 0, p->members - 1);
    while ((taken >> member & 1) != 0) {
        member = (member + 1) % p->members;
    }
    return member;
}

/* Liars, and those who may forget, together within what a quorum bears. */
static void draw_liars(struct plan *p, struct dice *d)
{
    uint32_t count = dice_chance(d, 3000) ? 0 : drawn(d, 0, p->malfunctioning);
    p->beyond = dice_chance(d, 300);
    if (p->beyond) {
        count = p->malfunctioning + 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t liar = draw_member_not_in(d, p, p->liars);
        p->liars |= 1u << liar;
        for (uint32_t k = 0; k < 3; k++) {
            p->habits[liar] |= 1u << drawn(d, 0, HABIT_COUNT - 1);
        }
    }
    const uint32_t bearable = p->malfunctioning > 0 ? p->malfunctioning : 1;
    const bool room = count < bearable && count < p->members - p->needed;
    if (room && dice_chance(d, 5000)) {
        p->forgetful = 1u << draw_member_not_in(d, p, p->liars);
        p->rolls_back = count < p->malfunctioning && dice_chance(d, 5000);
    }
}

static void draw_network(struct plan *p, struct dice *d)
{
    p->delay_min_ms = drawn(d, 0, p->timing.delta_ms / 4);
    p->delay_mean_ms = drawn(d, 1, dice_chance(d, 1000) ? 300 : p->timing.delta_ms / 2);
    p->loss = maybe(d, 10, 3000);
    p->duplicate = maybe(d, 10, 3000);
    p->reorder = maybe(d, 10, 3000);
    p->replay = maybe(d, 10, 1000);
    p->clog = maybe(d, 5, 50);
    p->partition = maybe(d, 10, 300);
}

static void draw_machines(struct plan *p, struct dice *d)
{
    p->crash = p->forgetful != 0 ? drawn(d, 60, 300) : maybe(d, 5, 150);
    p->restart = drawn(d, 200, 5000);
    p->power_cut = drawn(d, 0, 5000);
    p->blackout = maybe(d, 5, 40);
    p->tear = drawn(d, 2000, 10000);
    p->pause = maybe(d, 5, 60);
    p->clock_step = maybe(d, 5, 30);
    p->drift_ppm = (int32_t)maybe(d, 1, 1000);
    p->offset_ms = (int64_t)maybe(d, 1, 10000);
    p->disk_ms = drawn(d, 0, p->timing.delta_ms / 5);
    p->slow_disk = maybe(d, 5, 300);
    p->votes_fail = maybe(d, 1, 60);
    p->forget = drawn(d, 2000, 9000);
    p->lose_blocks = maybe(d, 500, 3000);
    p->snapshot_heights = drawn(d, 2, 64);
    p->rows_per_s = drawn(d, 1, 50);
    p->worker_crash = maybe(d, 50, 1000);
    p->worker_late = maybe(d, 50, 2000);
    p->sink_away = maybe(d, 50, 500);
    p->early_wake = drawn(d, 0, 9000);
}

/* Who is neutered is gone for good: it counts like a crash that never ends. */
static void draw_illness(struct plan *p, struct dice *d)
{
    const uint32_t liars = (uint32_t)__builtin_popcount(p->liars);
    const uint32_t member = draw_member_not_in(d, p, p->liars);
    p->unfit = maybe(d, 100, 1500);
    if (p->unfit > 0 && !p->beyond && p->forgetful == 0 && liars < p->members - p->needed &&
        dice_chance(d, 5000)) {
        p->doomed = 1u << member;
    }
}

/* Later additions, drawn last: what a seed stood for before it stands for still. */
static void draw_more(struct plan *p, struct dice *d)
{
    static const uint32_t habits[] = {HABIT_OTHER_STATE, HABIT_STALE, HABIT_RESIGN};
    static const uint32_t against_chain[] = {HABIT_OTHER_HISTORY, HABIT_WRONG_BLOCK,
                                             HABIT_WRONG_BLOCK}; /* it must propose first */
    for (uint32_t i = 0; i < p->members; i++) {
        for (uint32_t k = 0; k < sizeof habits / sizeof habits[0]; k++) {
            const bool has = dice_chance(d, 2000) && plan_is_liar(p, i);
            p->habits[i] |= has ? habits[k] : 0;
        }
    }
    p->flap = dice_chance(d, 2000) ? drawn(d, 10, 100) : 0;
    p->fence_flip = dice_chance(d, 2000) ? drawn(d, 50, 500) : 0;
    for (uint32_t i = 0; i < p->members; i++) {
        const bool has = dice_chance(d, 3000) && plan_is_liar(p, i);
        p->habits[i] |= has ? against_chain[drawn(d, 0, 2)] : 0;
    }
}

static struct plan plan_of_anything(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x6f73747261b6bULL);
    struct plan p = {.seed = seed};
    draw_size(&p, &d);
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    draw_liars(&p, &d);
    draw_network(&p, &d);
    draw_machines(&p, &d);
    p.storm_ms = drawn(&d, 5000, 20000);
    draw_illness(&p, &d);
    draw_more(&p, &d);
    return p;
}

static struct plan plan_of_splits(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x73706c697473ULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = dice_chance(&d, 5000) ? 5 : 7;
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    p.timing.delta_ms = drawn(&d, 5, 20);
    if (dice_chance(&d, 5000)) {
        const uint32_t liar = drawn(&d, 0, p.members - 1);
        p.liars = 1u << liar;
        p.habits[liar] = HABIT_EQUIVOCATE | HABIT_TWO_FACED;
    }
    p.delay_mean_ms = drawn(&d, 5, 2 * p.timing.delta_ms);
    p.loss = drawn(&d, 500, 3000);
    p.reorder = drawn(&d, 500, 3000);
    p.partition = drawn(&d, 100, 500);
    p.crash = drawn(&d, 50, 300);
    p.blackout = drawn(&d, 20, 100);
    p.restart = 5000;
    p.power_cut = 5000;
    p.tear = 5000;
    p.disk_ms = drawn(&d, 0, 10);
    p.snapshot_heights = 8;
    p.rows_per_s = 1;
    p.storm_ms = 20000;
    return p;
}

static struct plan plan_of_blackouts(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x626c61636bULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = drawn(&d, 4, 7);
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    p.timing.delta_ms = drawn(&d, 10, 30);
    p.delay_mean_ms = drawn(&d, p.timing.delta_ms / 2, p.timing.delta_ms);
    p.loss = drawn(&d, 1000, 3500);
    p.blackout = drawn(&d, 100, 2000);
    p.aimed = drawn(&d, 100, 1000);
    p.restart = drawn(&d, 20000, 100000);
    p.tear = drawn(&d, 0, 10000);
    p.disk_ms = drawn(&d, 1, 10);
    p.snapshot_heights = 8;
    p.rows_per_s = 1;
    p.storm_ms = 15000;
    return p;
}

/* Nobody lies, and little else fails: what is not noticed must not hide behind other faults. */
static struct plan plan_of_flips(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x666c697073ULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = drawn(&d, 3, 7);
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    const uint32_t most = p.members - p.needed;
    for (uint32_t i = 0; i < drawn(&d, 1, most); i++) {
        p.leaky |= 1u << draw_member_not_in(&d, &p, p.leaky);
    }
    p.flip = drawn(&d, 300, 2000);
    p.delay_mean_ms = drawn(&d, 1, p.timing.delta_ms / 2);
    p.loss = maybe(&d, 10, 1000);
    p.restart = 5000;
    p.pause = maybe(&d, 5, 30);
    p.disk_ms = drawn(&d, 0, 10);
    p.snapshot_heights = 8;
    p.rows_per_s = drawn(&d, 1, 20);
    p.storm_ms = drawn(&d, 3000, 7000);
    return p;
}

/* Nothing else fails, so that whoever is accused is accused wrongly. */
static struct plan plan_of_bent(uint64_t seed)
{
    static const uint32_t rates[] = {10000, 5000, 500}; /* faults.md, F29 */
    struct dice d = dice_of(seed ^ 0x62656e74ULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = drawn(&d, 4, 7);
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    const uint32_t member = drawn(&d, 0, p.members - 1);
    const uint32_t rate = rates[drawn(&d, 0, 2)];
    p.bent = 1u << member;
    p.doomed = p.bent;
    p.bent_from_ms = drawn(&d, 0, 3000);
    switch (drawn(&d, 0, 3)) {
    case 0:
        p.bent_accepts = rate;
        break;
    case 1:
        p.bent_hashes = rate;
        break;
    case 2:
        p.bent_accepts = rate;
        p.bent_refuses = rate;
        break;
    default:
        p.bent_refuses = rate;
        break;
    }
    p.delay_mean_ms = drawn(&d, 1, p.timing.delta_ms / 4);
    p.disk_ms = drawn(&d, 0, 10);
    p.snapshot_heights = 8;
    p.rows_per_s = drawn(&d, 1, 10);
    p.restart = 5000;
    p.storm_ms = 16000;
    return p;
}

static struct plan plan_of_traitors(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x747261ULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = drawn(&d, 4, 7);
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    for (uint32_t i = 0; i <= p.malfunctioning; i++) {
        const uint32_t liar = draw_member_not_in(&d, &p, p.liars);
        p.liars |= 1u << liar;
        p.habits[liar] = HABIT_EQUIVOCATE;
    }
    p.delay_mean_ms = drawn(&d, 1, p.timing.delta_ms / 4);
    p.restart = 5000;
    p.snapshot_heights = 8;
    p.rows_per_s = 1;
    p.storm_ms = 20000;
    return p;
}

/* Short records, so that there is an electorate within seconds. No machine sleeps: its clock
 * would be off from then on, and its record never full. */
static struct plan plan_of_trials(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x747269616cULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = drawn(&d, 4, 8);
    p.witnesses = drawn(&d, 1, 2);
    draw_timing(&p, &d);
    plan_draw_quorum(&p);
    p.timing.record_ticks = drawn(&d, 2, 12);
    if (p.malfunctioning > 0 && p.members > 4 && dice_chance(&d, 6000)) {
        const uint32_t liar = drawn(&d, 0, p.members - 1);
        p.liars = 1u << liar;
        /* Who accuses all alone has no record, and no ballot; nor has who is proved to censor.
         */
        p.habits[liar] = dice_chance(&d, 5000) ? HABIT_BALLOT : HABIT_BENT;
        if (dice_chance(&d, 6000)) {
            p.habits[liar] = HABIT_ACCUSE | HABIT_BALLOT;
            p.habits[liar] |= dice_chance(&d, 5000) ? HABIT_CENSOR : HABIT_STORM;
        }
    }
    p.delay_mean_ms = drawn(&d, 1, p.timing.delta_ms / 3);
    p.loss = maybe(&d, 10, 1000);
    p.partition = maybe(&d, 10, 200);
    p.crash = maybe(&d, 5, 60);
    p.restart = 3000;
    p.power_cut = 5000;
    p.disk_ms = drawn(&d, 0, 10);
    p.snapshot_heights = 8;
    p.rows_per_s = drawn(&d, 1, 10);
    p.storm_ms = drawn(&d, 3000, 12000);
    p.trial = true;
    return p;
}

const char *world_kind_text(enum world_kind kind)
{
    static const char *const texts[] = {
#define X(name, text, draw) text,
        WORLDS(X)
#undef X
    };
    return texts[kind];
}

struct plan plan_of(enum world_kind kind, uint64_t seed)
{
    static struct plan (*const draws[])(uint64_t) = {
#define X(name, text, draw) draw,
        WORLDS(X)
#undef X
    };
    struct plan p = draws[kind](seed);
    p.members_min = members_min_of(&p);
    return p;
}

bool plan_is_liar(const struct plan *p, uint32_t member)
{
    return (p->liars >> member & 1) != 0;
}
