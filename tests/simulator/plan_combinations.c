/* Clusters in which nothing else fails; what happens to them is in combinations*.c. Two can be
 * spared, and the timing is short. */
#include "plan.h"

#define COUNT (FAULT_ASLEEP - FAULT_HANGING_LEADER + 1u)

static const struct timing short_timing = {
    .heartbeat_ms = 100,
    .suspicion = 4,
    .delta_ms = 50,
    .gather_ms = 10,
    .tick_ms = 700,
    .patience_ms = 2800,
    .window_s = 1,
    .window_timeout_s = 6,
    .audit_timeout_s = 4,
    .ttl_s = 60,
    .name_lease_s = 6,
};

static uint32_t between(struct dice *d, uint32_t low, uint32_t high)
{
    return (uint32_t)dice_between(d, low, high);
}

/* Who lies from the start on. */
static void draw_accusers(struct plan *p, struct dice *d)
{
    for (uint32_t i = 0; i < p->malfunctioning; i++) {
        const uint32_t liar = (between(d, 0, p->members - 1) + i) % p->members;
        p->liars |= 1u << liar;
        p->habits[liar] = HABIT_ACCUSE | HABIT_BALLOT;
    }
}

static struct plan plan_of_one(uint64_t seed, enum fault combination)
{
    struct dice d = dice_of(seed ^ 0x636f6d62696eULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.combined = true;
    p.combination = combination;
    p.members = between(&d, 6, 7);
    p.witnesses = between(&d, 1, 2);
    p.timing = combination >= FAULT_LOSSY && combination <= FAULT_ASLEEP
                   ? plan_timing_by_default
                   : short_timing;
    p.timing.record_ticks = between(&d, 4, 8);
    p.timing.grace_s = between(&d, 0, 1);
    plan_draw_quorum(&p);
    if (p.combination == FAULT_ACCUSED_UNDER_LOSS) {
        draw_accusers(&p, &d);
    }
    if (p.combination == FAULT_DAMAGED_MINORITY) {
        p.leaky = p.doomed = 1u << between(&d, 0, p.members - 1);
    }
    p.delay_mean_ms = between(&d, 1, 15);
    p.disk_ms = between(&d, 0, 5);
    p.restart = 5000;
    p.tear = 9000;
    p.snapshot_heights = 8;
    p.rows_per_s = between(&d, 1, 10);
    p.storm_ms = 1000;
    return p;
}

struct plan plan_of_combinations(uint64_t seed)
{
    return plan_of_one(seed, (enum fault)(FAULT_HANGING_LEADER + seed % COUNT));
}

struct plan plan_of_damaged(uint64_t seed)
{
    return plan_of_one(seed, seed % 2 == 0 ? FAULT_DAMAGED_MINORITY : FAULT_DAMAGED_AUDIT);
}
