/* Who is removed one after the other, who must not be, and that all come back. */
#include "combinations.h"

#define MOTION_MS 5000u
#define BRAKE_TICKS 14u
#define KERNEL_LOG 14u

static bool are_suspended(const struct world *w, uint64_t members)
{
    return have_standing(w, (uint32_t)members, STANDING_SUSPENDED);
}

static bool are_locked_out(const struct world *w, uint64_t members)
{
    return have_standing(w, (uint32_t)members, STANDING_LOCKED_OUT);
}

static bool are_perfect(const struct world *w, uint64_t but_not)
{
    const struct cluster *c = calm_newest_state(w, 0);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if ((but_not >> i & 1) == 0 && c->record[i].run != c->timing.record_ticks) {
            return false;
        }
    }
    return true;
}

static bool wait_electorate(struct world *w, uint32_t but_not)
{
    const uint32_t ticks = 2 * w->plan.timing.record_ticks + 40;
    w->counters.check[CHECK_ELECTORATE]++;
    if (!calm_wait(w, are_perfect, but_not, ticks_ms(w, ticks))) {
        world_fail(w, CHECK_ELECTORATE, "not all have full records");
    }
    return !w->failed;
}

/* S4: a fifth of all that is said is lost, and the liars say that nobody answers. */
void accuse_under_loss(struct world *w)
{
    const uint64_t until_ms = w->now_ms + 30000;
    w->plan.loss = 2000;
    w->calm = false;
    world_strike(w, w->plan.combination);
    while (!w->failed && w->now_ms < until_ms) {
        world_run(w, w->now_ms + 100);
        w->counters.check[CHECK_BELIEVED]++;
        const struct cluster *c = calm_newest_state(w, 0);
        for (uint32_t i = 0; i < c->member_count && !w->failed; i++) {
            if (!plan_is_liar(&w->plan, i) && c->member[i].standing != STANDING_GOOD) {
                world_fail(w, CHECK_BELIEVED, "%s is sound, and out", world_name(w, i));
            }
        }
    }
    w->plan.loss = 0;
    w->calm = true;
}

/* F74 with F65: a rule is rolled out machine by machine, and finds each broken. Whoever comes
 * late takes it for what it is; until it is taken back a person is called. */
void misread_everywhere(struct world *w)
{
    const uint32_t testimony = w->judge.testimony;
    const uint32_t first = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    static const uint32_t gaps_ms[] = {100, 1000, 3000, 15000};
    const uint64_t gap_ms = gaps_ms[dice_between(&w->dice, 0, 3)];
    uint32_t gone = 0;
    for (uint32_t i = 0; i < w->plan.members && !w->failed; i++) {
        struct station *s = calm_station(w, (first + i) % w->plan.members);
        gone |= machine_misread(w, s, KERNEL_LOG) ? 1u << s->member : 0;
        world_run(w, w->now_ms + gap_ms);
    }
    world_strike(w, w->plan.combination);
    give_up(w, gone);
    w->counters.check[CHECK_OUTLIVED]++;
    for (uint32_t i = 0; i < w->station_count && !w->failed; i++) {
        const struct station *s = &w->station[i];
        if ((gone >> s->member & 1) == 0 && !s->node->deciding.silent) {
            world_fail(w, CHECK_OUTLIVED, "%s signs on", world_name(w, s->member));
        }
    }
    if (!w->failed && (uint32_t)__builtin_popcount(gone) > testimony) {
        world_fail(w, CHECK_OUTLIVED, "%u are neutered by one source, where %u are testimony",
                   (unsigned)__builtin_popcount(gone), testimony);
    }
    for (uint32_t i = 0; i < w->station_count && !w->failed; i++) {
        if ((gone >> w->station[i].member & 1) == 0) {
            machine_read_right(w, &w->station[i]);
        }
    }
}

/* F72: of six or seven one after the other is silent, until as few are left as may be; then one
 * more, and no vote removes it. F75: all come back, and appeal. */
void remove_in_turn(struct world *w)
{
    const uint64_t within_ms = w->plan.timing.patience_ms + ticks_ms(w, 3 + BRAKE_TICKS) + 8000;
    uint32_t out = 0;
    for (uint32_t next = 0; wait_electorate(w, out) && voter_count(w) > w->plan.members_min;
         next++) {
        out |= 1u << next;
        cut_off(w, out, true);
        w->counters.check[CHECK_SUSPENDED]++;
        if (!calm_wait(w, are_suspended, out, within_ms)) {
            world_fail(w, CHECK_SUSPENDED, "not suspended: one of bits %x", out);
            return;
        }
    }
    if (w->failed) {
        return;
    }
    const uint32_t last = (uint32_t)__builtin_popcount(out);
    const uint64_t height = w->judge.height;
    cut_off(w, out | 1u << last, true);
    world_run(w, w->now_ms + within_ms);
    w->counters.check[CHECK_LAST_FEW]++;
    if (!w->failed && (voter_count(w) != w->plan.members_min || w->judge.height <= height)) {
        world_fail(w, CHECK_LAST_FEW, "%u voters are left, and height %llu after %llu",
                   voter_count(w), (unsigned long long)w->judge.height,
                   (unsigned long long)height);
        return;
    }
    cut_off(w, out | 1u << last, false);
    world_strike(w, w->plan.combination);
    const uint64_t back_ms = calm_progress_ms(w) + ticks_ms(w, 60) + 4 * MOTION_MS + 60000;
    w->counters.check[CHECK_ALL_BACK]++;
    if (!calm_wait(w, are_all_good, 0, back_ms)) {
        world_fail(w, CHECK_ALL_BACK, "back for %llu ms, and not all are good",
                   (unsigned long long)back_ms);
    }
}

/* F72 by proofs, which no brake holds when they are a minute apart (twelve ticks): never more
 * than one liar among those that have a vote. */
void prove_in_turn(struct world *w)
{
    uint32_t out = 0;
    for (uint32_t next = 0; !w->failed && voter_count(w) > 4; next++) {
        struct station *s = calm_station(w, next);
        w->plan.liars |= 1u << next;
        w->plan.habits[next] = HABIT_OTHER_STATE;
        s->sound = false;
        out |= 1u << next;
        w->counters.check[CHECK_PROVED]++;
        if (!calm_wait(w, are_locked_out, out, calm_progress_ms(w) + ticks_ms(w, 4))) {
            world_fail(w, CHECK_PROVED, "%s attests another state, and is not locked out",
                       world_name(w, next));
            return;
        }
        world_run(w, w->now_ms + ticks_ms(w, 13));
    }
    world_strike(w, w->plan.combination);
    w->counters.check[CHECK_BELIEVED]++;
    if (!w->failed && !are_all_good(w, out)) {
        world_fail(w, CHECK_BELIEVED, "somebody else is out, too");
    }
}
