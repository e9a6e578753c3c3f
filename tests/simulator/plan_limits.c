/* What standing.md, section 10, has by default, but for the length of a record and of windows,
 * for which nothing waits here. */
#include "plan.h"

const struct timing plan_timing_by_default = {
    .heartbeat_ms = 100,
    .suspicion = 4,
    .delta_ms = 100,
    .gather_ms = 30,
    .tick_ms = 5000,
    .patience_ms = 10000,
    .window_s = 5,
    .grace_s = 1,
    .window_timeout_s = 30,
    .audit_timeout_s = 15,
    .ttl_s = 3600,
    .name_lease_s = 20,
};

/* Who lies does so when all is well, one way and for sure; of seven, one more may leave out
 * what convicts it. */
static void draw_culprits(struct plan *p, struct dice *d)
{
    const uint32_t nodes = p->members - p->witnesses;
    if (p->malfunctioning == 0 || !dice_chance(d, 5000)) {
        return;
    }
    const uint32_t culprit = (uint32_t)dice_between(d, 0, nodes - 1);
    p->liars = 1u << culprit;
    p->culprit = culprit;
    p->habits[culprit] = HABIT_FAIL_STORM; /* until then */
    if (p->malfunctioning > 1 && dice_chance(d, 5000)) {
        p->liars |= 1u << (culprit + 1) % p->members;
    }
}

struct plan plan_of_limits(uint64_t seed)
{
    struct dice d = dice_of(seed ^ 0x6c696d697473ULL);
    struct plan p = {.seed = seed, .malfunctioning_max = MEMBERS_MAX, .audited = true};
    p.members = (uint32_t)dice_between(&d, 4, 7);
    p.witnesses = (uint32_t)dice_between(&d, 1, 2);
    p.timing = plan_timing_by_default;
    p.timing.record_ticks = (uint32_t)dice_between(&d, 3, 5);
    plan_draw_quorum(&p);
    p.culprit = (uint32_t)dice_between(&d, 0, p.members - p.witnesses - 1);
    draw_culprits(&p, &d);
    p.delay_mean_ms = (uint32_t)dice_between(&d, 1, 25);
    p.disk_ms = (uint32_t)dice_between(&d, 0, 10);
    p.restart = 5000;
    p.snapshot_heights = 8;
    p.rows_per_s = 1;
    p.storm_ms = 1000;
    p.limits = true;
    p.lies_always = true;
    return p;
}
