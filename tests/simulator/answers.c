/* The world of answers: tasks come often, and one member solves them wrongly, or shows right
 * answers of others as wrong ones, in its commands and in its blocks (standing.md, section 3).
 */
#include "world.h"

#define TICK_MS 500u
#define TASK_TICKS 18u /* between two by one member, at most */
#define SLACK_TICKS 12u

struct plan plan_of_answers(uint64_t seed)
{
    struct plan p = plan_of(WORLD_TRIALS, seed);
    struct dice d = dice_of(seed ^ 0x616e7377ULL);
    const uint32_t liar = (uint32_t)dice_between(&d, 0, p.members - 1);
    for (uint32_t i = 0; i < p.members; i++) {
        p.habits[i] = 0;
    }
    p.liars = 1u << liar;
    p.habits[liar] = dice_chance(&d, 5000) ? HABIT_BENT : HABIT_FRAME;
    p.timing.tick_ms = TICK_MS;
    p.timing.patience_ms = 4 * TICK_MS;
    p.storm_ms = (uint32_t)dice_between(&d, 2, 5) * TASK_TICKS * TICK_MS;
    p.trial = false;
    p.answers = true;
    return p;
}

/* Or it has found out for itself, as too many others seem wrong to it (R29). */
static bool is_found_out(const struct world *w, uint64_t member)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        const struct deciding *d = &s->node->deciding;
        if (s->member == member && (d->silent || d->damaged || d->links.doubt.doubting)) {
            return true;
        }
    }
    return calm_newest_state(w, 0)->member[member].standing == STANDING_LOCKED_OUT;
}

void answers_run(struct world *w)
{
    const uint32_t liar = (uint32_t)__builtin_ctz(w->plan.liars);
    const uint64_t within_ms =
        calm_progress_ms(w) + (uint64_t)(TASK_TICKS + SLACK_TICKS) * w->plan.timing.tick_ms;
    if ((w->plan.habits[liar] & HABIT_BENT) == 0) {
        return;
    }
    w->counters.check[CHECK_ANSWERED]++;
    if (!calm_wait(w, is_found_out, liar, within_ms)) {
        world_fail(w, CHECK_ANSWERED,
                   "%s answers wrongly, and is neither locked out nor in doubt of itself",
                   world_name(w, liar));
    }
}
