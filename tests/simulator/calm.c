/* The storm is over: all links and machines are well again, liars lie on. What is demanded now,
 * and by when, follows from the drawn timing (faults.md, section 1, as ratios). */
#include <assert.h>

#include "world.h"

#define SLICE_MS 20u

/* Whoever wastes its turns: liars, and those that are neutered. */
static uint32_t idle_count(const struct world *w)
{
    return (uint32_t)__builtin_popcount(w->plan.liars | w->plan.doomed);
}

bool station_is_fit(const struct station *s)
{
    return s->sound && s->up && !s->machine.neutered && !s->follows;
}

/* The longest time a view may take is 48 delta; a liar may waste each of its own, and a member
 * that has lost its blocks fetches one a round trip. */
uint64_t calm_progress_ms(const struct world *w)
{
    const struct timing *t = &w->plan.timing;
    const uint64_t views_ms = (4 + 4 * idle_count(w)) * 48u * (uint64_t)t->delta_ms;
    return views_ms + 8u * (uint64_t)t->tick_ms + w->judge.height * 4 * t->delta_ms + 2000;
}

static uint64_t windows_ms(const struct world *w)
{
    const struct timing *t = &w->plan.timing;
    const uint64_t turn_ms = 1000u * (uint64_t)(t->window_timeout_s + t->audit_timeout_s);
    return calm_progress_ms(w) + (3 + 3 * idle_count(w)) * turn_ms + 30u * (uint64_t)t->tick_ms;
}

bool calm_wait(struct world *w, predicate *is_so, uint64_t wanted, uint64_t within_ms)
{
    const uint64_t until_ms = w->now_ms + within_ms;
    while (!w->failed && !is_so(w, wanted)) {
        if (w->now_ms >= until_ms || (w->steps_max != 0 && w->steps_done >= w->steps_max)) {
            return false;
        }
        world_run(w, w->now_ms + SLICE_MS);
    }
    return !w->failed;
}

static const struct station *slowest(const struct world *w)
{
    const struct station *least = NULL;
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        if (station_is_fit(s) && (least == NULL || s->height < least->height)) {
            least = s;
        }
    }
    return least;
}

static bool all_reached(const struct world *w, uint64_t height)
{
    return slowest(w)->height >= height;
}

static bool is_settled(const struct world *w, uint64_t next_window)
{
    return w->judge.next_window >= next_window;
}

const struct cluster *calm_newest_state(const struct world *w, uint32_t but_not)
{
    const struct station *most = NULL;
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        const bool counts = station_is_fit(s) && (but_not >> s->member & 1) == 0;
        most = counts && (most == NULL || s->height > most->height) ? s : most;
    }
    assert(most != NULL);
    return &most->node->deciding.cluster;
}

static const struct cluster *newest_state(const struct world *w)
{
    return calm_newest_state(w, 0);
}

/* By the chain's clock; own arithmetic. */
static uint64_t first_not_due(const struct world *w)
{
    const struct timing *t = &w->plan.timing;
    const uint64_t chain_s = newest_state(w)->time_ms / 1000;
    return chain_s < t->grace_s ? 0 : (chain_s - t->grace_s) / t->window_s;
}

static void demand_progress(struct world *w, const char *when)
{
    const uint64_t height = w->judge.height + 3;
    const uint64_t within_ms = calm_progress_ms(w);
    w->counters.check[CHECK_PROGRESS]++;
    if (!calm_wait(w, all_reached, height, within_ms)) {
        const struct station *s = slowest(w);
        const struct simplex *x = &s->node->deciding.simplex;
        world_fail(w, CHECK_PROGRESS, "%s: %s is at height %llu, view %u, not at %llu", when,
                   world_name(w, s->member), (unsigned long long)s->height, x->view,
                   (unsigned long long)height);
    }
}

/* Whether more cannot be relied on to work than may fail: liars, and who is not well to its own
 * knowledge (a clock that stays wrong). A liar that claims what it has not seen makes the
 * others dispute, and who has disputed is spared for as long as anybody else is left. */
static bool too_few_work(const struct world *w)
{
    const struct cluster *c = newest_state(w);
    uint32_t unfit = 0;
    for (uint32_t i = 0; i < w->plan.members; i++) {
        unfit +=
            plan_is_liar(&w->plan, i) || (c->latest[i].own & ~cluster_excused(c)) != 0 ? 1 : 0;
    }
    return w->plan.liars != 0 && unfit > w->plan.members - w->plan.needed;
}

static void demand_windows(struct world *w, uint64_t next_window, const char *when)
{
    if (too_few_work(w)) {
        return;
    }
    w->counters.check[CHECK_WINDOWS]++;
    if (!calm_wait(w, is_settled, next_window, windows_ms(w))) {
        const struct grant *g = &newest_state(w)->grant;
        world_fail(w, CHECK_WINDOWS, "%s: window %llu not settled; fence %llu, %s and %s", when,
                   (unsigned long long)w->judge.next_window, (unsigned long long)g->fence,
                   world_name(w, g->leader), world_name(w, g->auditor));
    }
}

static bool all_have_tokens(const struct world *w, uint64_t unused)
{
    (void)unused;
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct deciding *d = &w->station[i].node->deciding;
        const struct token_view *t = &d->token;
        const bool good = cluster_is_voter(&d->cluster, w->station[i].member);
        if (station_is_fit(&w->station[i]) &&
            (t->height != d->cluster.call.height || t->part[JWS_TRUST].told == 0 ||
             (good && t->part[JWS_TOKEN].told == 0))) {
            return false;
        }
    }
    return true;
}

/* Who was in no quorum's reach has missed some; all who are back have the newest at once. */
static void demand_tokens(struct world *w)
{
    const uint64_t within_ms =
        calm_progress_ms(w) + 40u * (uint64_t)w->plan.timing.heartbeat_ms; /* asked for twice */
    w->counters.check[CHECK_RENEWED]++;
    if (!calm_wait(w, all_have_tokens, 0, within_ms)) {
        world_fail(w, CHECK_RENEWED, "somebody has no token of height %llu",
                   (unsigned long long)newest_state(w)->call.height);
    }
}

struct station *calm_station(struct world *w, uint32_t member)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        if (w->station[i].member == member) {
            return &w->station[i];
        }
    }
    return NULL;
}

static bool has_other_leader(const struct world *w, uint64_t leader)
{
    const struct grant *g = &newest_state(w)->grant;
    return g->fence != 0 && g->leader != leader;
}

static bool somebody_may_lead(const struct world *w, uint32_t leader)
{
    for (uint32_t i = 0; i + w->plan.witnesses < w->plan.members; i++) {
        if (i != leader) {
            return true;
        }
    }
    return false;
}

/* Who was late himself judges slowly for up to eight seconds (local_health.h), and detectors
 * have the storm's gaps to unlearn. */
void calm_settle_down(struct world *w)
{
    const struct timing *t = &w->plan.timing;
    world_run(w, w->now_ms + 9000 + 40u * (uint64_t)t->heartbeat_ms);
}

/* Whoever was removed in the storm, and is not back yet for want of electors, is one that is
 * down as far as quorums go. */
static bool all_are_good(const struct world *w)
{
    const struct cluster *c = newest_state(w);
    bool good = true;
    for (uint32_t i = 0; i < c->member_count; i++) {
        good = good && c->member[i].standing == STANDING_GOOD;
    }
    return good;
}

/* L1: the holder falls, others go on. Only where nothing else uses the budget up. */
static void demand_failover(struct world *w)
{
    const struct timing *t = &w->plan.timing;
    const struct grant *g = &newest_state(w)->grant;
    struct station *s = g->fence == 0 ? NULL : calm_station(w, g->leader);
    if (w->failed || w->plan.liars != 0 || w->plan.leaky != 0 || w->plan.doomed != 0 ||
        s == NULL || !somebody_may_lead(w, s->member) || !all_are_good(w)) {
        return;
    }
    const uint32_t leader = s->member;
    const uint64_t within_ms =
        3u * (uint64_t)t->suspicion * t->heartbeat_ms / 2 + 15u * (uint64_t)t->delta_ms + 500;
    w->counters.check[CHECK_FAILOVER]++;
    station_crash(w, s, dice_chance(&w->dice, 5000));
    if (!calm_wait(w, has_other_leader, leader, within_ms)) {
        world_fail(w, CHECK_FAILOVER, "%s has fallen and leads on after %llu ms",
                   world_name(w, leader), (unsigned long long)within_ms);
        return;
    }
    station_start(w, s);
}

static bool is_awake(const struct world *w, const struct station *s)
{
    return station_is_fit(s) && !bent_is(w, s) && !s->node->deciding.silent &&
           cluster_is_voter(&s->node->deciding.cluster, s->member);
}

/* Who is accused by one who should know better: bits of members. */
static uint32_t wrongly_accused(const struct world *w, const struct station *by)
{
    uint32_t accused = 0;
    for (uint32_t i = 0; is_awake(w, by) && i < w->station_count; i++) {
        if (is_awake(w, &w->station[i])) {
            accused |= by->node->deciding.own.silent & 1u << w->station[i].member;
        }
    }
    return accused;
}

static uint32_t awake_count(const struct world *w)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->station_count; i++) {
        count += is_awake(w, &w->station[i]);
    }
    return count;
}

/* Long enough to be suspected for, and asked anew. */
static void watch_accusations(struct world *w, uint64_t for_ms)
{
    for (const uint64_t until_ms = w->now_ms + for_ms; !w->failed && w->now_ms < until_ms;) {
        world_run(w, w->now_ms + SLICE_MS);
        for (uint32_t i = 0; !w->failed && i < w->station_count; i++) {
            const uint32_t accused = wrongly_accused(w, &w->station[i]);
            if (accused != 0) {
                world_fail(w, CHECK_BROKEN_LINK, "%s accuses %s for a broken link",
                           world_name(w, w->station[i].member),
                           world_name(w, (uint32_t)__builtin_ctz(accused)));
            }
        }
    }
}

/* standing.md, section 11, case 1: one link is cut, one way or both. Only where an answer has
 * its four ways and back within what is waited for it. */
static void demand_patience(struct world *w)
{
    const struct timing *t = &w->plan.timing;
    if (w->failed || awake_count(w) < 3 || 8 * t->delta_ms > 3 * t->heartbeat_ms) {
        return;
    }
    const uint32_t first = (uint32_t)dice_between(&w->dice, 0, w->station_count - 1);
    const uint32_t other =
        (first + (uint32_t)dice_between(&w->dice, 1, w->station_count - 1)) % w->station_count;
    const struct station *b = &w->station[other];
    if (!is_awake(w, &w->station[first]) || !is_awake(w, b)) {
        return;
    }
    w->counters.check[CHECK_BROKEN_LINK]++;
    w->link[first][other].cut = true;
    w->link[other][first].cut = dice_chance(&w->dice, 5000);
    watch_accusations(w, 4u * (uint64_t)t->suspicion * t->heartbeat_ms + 2000);
    const struct deciding *d = &b->node->deciding;
    if (!w->failed && is_awake(w, b) &&
        !challenge_is_link_trouble(&d->trials.book, w->station[first].member)) {
        world_fail(w, CHECK_BROKEN_LINK, "%s does not know that it is the link to %s",
                   world_name(w, b->member), world_name(w, w->station[first].member));
    }
    network_heal(w, first);
}

/* L9: one is cut off, and knows it. */
static void demand_knowledge(struct world *w)
{
    const struct timing *t = &w->plan.timing;
    struct station *s = &w->station[dice_between(&w->dice, 0, w->station_count - 1)];
    if (w->failed || !station_is_fit(s)) {
        return;
    }
    const uint32_t index = station_index(w, s);
    for (uint32_t i = 0; i < w->station_count; i++) {
        w->link[index][i].cut = i != index;
        w->link[i][index].cut = i != index;
    }
    w->counters.check[CHECK_CUT_OFF]++;
    world_run(w, w->now_ms + 3u * (uint64_t)t->suspicion * t->heartbeat_ms + 1000);
    if (s->node->deciding.quorum_heard) {
        world_fail(w, CHECK_CUT_OFF, "%s is cut off and does not know",
                   world_name(w, s->member));
    }
    network_heal(w, index);
}

/* The traffic ends; all that came is settled, and all of it counted. */
static void demand_totals(struct world *w)
{
    w->traffic = false;
    const uint64_t now_window = (WORLD_UNIX_MS + w->now_ms) / 1000 / w->plan.timing.window_s;
    const uint64_t last = w->sink.open > now_window ? w->sink.open : now_window;
    demand_windows(w, last + 1, "after the traffic");
    if (!w->failed && is_settled(w, last + 1)) {
        judge_totals(w);
    }
}

void calm_run(struct world *w)
{
    storm_end(w);
    if (w->failed || w->plan.beyond) {
        return;
    }
    demand_progress(w, "after the storm");
    if (!w->failed) {
        demand_windows(w, first_not_due(w), "after the storm");
    }
    calm_settle_down(w);
    if (w->plan.limits && !w->failed) { /* on records that nothing else has spoilt */
        limits_run(w);
    } else if (w->plan.combined && !w->failed) {
        combinations_run(w);
    } else {
        demand_patience(w);
        demand_failover(w);
        demand_knowledge(w);
    }
    if (w->plan.trial && !w->failed) {
        trial_run(w);
    }
    if (w->plan.answers && !w->failed) {
        answers_run(w);
    }
    if (w->halted) {
        return;
    }
    if (!w->failed) {
        demand_progress(w, "at the end");
    }
    if (!w->failed) {
        demand_tokens(w);
    }
    if (!w->failed) {
        demand_totals(w);
    }
    if (w->plan.trial && !w->failed) {
        clone_run(w);
    }
}
