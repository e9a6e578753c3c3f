/* One key in two agents (faults.md, F67): a copy of a running member's directory is started
 * elsewhere, at once, later, and where the two are never reached together. Whoever starts
 * listens first, and signs nothing where it runs already; those that run both are told, and
 * fall silent.
 */
#include <assert.h>

#include "world.h"

#define LIMIT_HEARTBEATS 30u /* three seconds */
#define SLICE_MS 20u

enum copying { COPY_LATER, COPY_TOGETHER, COPY_ALTERNATELY, COPY_WHILE_CUT_OFF };

static uint64_t heartbeats_ms(const struct world *w, uint32_t count)
{
    return (uint64_t)count * w->plan.timing.heartbeat_ms +
           8u * (uint64_t)w->plan.timing.delta_ms;
}

static void cut(struct world *w, const struct station *s, bool cut)
{
    const uint32_t index = station_index(w, s);
    for (uint32_t i = 0; i < w->station_count; i++) {
        w->link[index][i].cut = cut && i != index;
        w->link[i][index].cut = cut && i != index;
    }
}

static bool is_refused(const struct station *s)
{
    const struct deciding *d = &s->node->deciding;
    return d->silent && diagnosis_result(&d->diagnosis, 9) == RESULT_SILENT;
}

/* Somebody sound and good, whom the others can do without. */
static struct station *choose(struct world *w)
{
    const struct cluster *c = calm_newest_state(w, 0);
    const uint32_t first = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    for (uint32_t i = 0; i < w->plan.members; i++) {
        struct station *s = calm_station(w, (first + i) % w->plan.members);
        if (station_is_fit(s) && cluster_is_voter(c, s->member) && s->disk.write_count == 0 &&
            !s->node->deciding.silent) {
            return s;
        }
    }
    return NULL;
}

static struct station *copy(struct world *w, const struct station *s)
{
    struct station *other = &w->station[w->station_count];
    station_init(w, w->station_count, s->member, 1);
    other->clock = s->clock;
    disk_copy(&other->disk, &s->disk);
    return other;
}

/* Runs; the one that must not sign has not. */
static void run_mute(struct world *w, const struct station *s, uint64_t for_ms)
{
    const uint64_t until_ms = w->now_ms + for_ms;
    const uint64_t signs = s->node->deciding.own.signs;
    while (!w->failed && w->now_ms < until_ms) {
        world_run(w, w->now_ms + SLICE_MS);
        if (s->node->deciding.own.signs != signs) {
            world_fail(w, CHECK_CLONES, "%s signs, and runs elsewhere",
                       world_name(w, s->member));
        }
    }
}

static void demand_refused(struct world *w, const struct station *s, const char *which)
{
    if (!w->failed && !is_refused(s)) {
        world_fail(w, CHECK_CLONES, "%s of two runs as %s and does not know", which,
                   world_name(w, s->member));
    }
}

static void run_later(struct world *w, struct station *s, struct station *other)
{
    station_start(w, other);
    run_mute(w, other, heartbeats_ms(w, LIMIT_HEARTBEATS));
    demand_refused(w, other, "the second");
    if (!w->failed && is_refused(s)) {
        world_fail(w, CHECK_CLONES, "%s is silenced by a copy", world_name(w, s->member));
    }
}

static void run_together(struct world *w, struct station *s, struct station *other)
{
    station_crash(w, s, false);
    station_start(w, s);
    station_start(w, other);
    run_mute(w, other, heartbeats_ms(w, LIMIT_HEARTBEATS));
    demand_refused(w, s, "the first");
    demand_refused(w, other, "the second");
}

/* What each is told reaches it in its own turn. */
static void run_alternately(struct world *w, struct station *s, struct station *other)
{
    station_start(w, other);
    for (uint32_t turn = 0; turn < 8; turn++) {
        cut(w, s, turn % 2 == 0);
        cut(w, other, turn % 2 != 0);
        run_mute(w, other, heartbeats_ms(w, 5));
    }
    demand_refused(w, other, "the second");
}

/* It has listened in vain, since the first was cut off, and runs. Then both are heard. */
static void run_while_cut_off(struct world *w, struct station *s, struct station *other)
{
    w->plan.liars |= 1u << s->member; /* what two minds sign is not one's to answer for */
    w->plan.habits[s->member] = 0;
    s->sound = false;
    other->sound = false;
    cut(w, s, true);
    station_start(w, other);
    world_run(w, w->now_ms + heartbeats_ms(w, LIMIT_HEARTBEATS));
    if (!w->failed && is_refused(other)) {
        world_fail(w, CHECK_CLONES, "%s is refused, though nobody else was heard",
                   world_name(w, s->member));
        return;
    }
    cut(w, s, false);
    world_run(w, w->now_ms + heartbeats_ms(w, LIMIT_HEARTBEATS));
    demand_refused(w, s, "the first");
    demand_refused(w, other, "the second");
}

/* F66 and F67. As a copy it is refused; then the first is gone for good, and the old copy takes
 * its place: it contradicts nothing that the first has said, and votes again. */
void clone_restored(struct world *w)
{
    struct station *s = choose(w);
    if (s == NULL) {
        return;
    }
    disk_keep_backup(&s->disk);
    const uint64_t height = s->disk.height;
    world_run(w, w->now_ms + dice_between(&w->dice, 1, 6) * w->plan.timing.tick_ms);
    while (!w->failed && s->disk.write_count != 0) {
        world_run(w, w->now_ms + 1);
    }
    struct station *other = copy(w, s);
    const bool older = disk_roll_back(&other->disk);
    disk_lose_blocks(&other->disk, height);
    if (w->failed || !older) {
        return;
    }
    w->cloned |= 1u << s->member;
    world_strike(w, FAULT_RESTORED_CLONE);
    w->counters.check[CHECK_CLONES]++;
    run_later(w, s, other);
    if (w->failed) {
        return;
    }
    station_crash(w, s, true);
    station_crash(w, other, false);
    station_start(w, other);
    const uint64_t until_ms = w->now_ms + calm_progress_ms(w) + 9000;
    while (!w->failed && w->now_ms < until_ms && other->node->deciding.own.signs == 0) {
        world_run(w, w->now_ms + SLICE_MS);
    }
    if (!w->failed && other->node->deciding.own.signs == 0) {
        world_fail(w, CHECK_CLONES, "%s from an old copy never votes again",
                   world_name(w, s->member));
    }
}

/* Whether the voters bear one more who signs twice, as two copies do that are heard in turns.
 */
static bool bears_one_more(const struct world *w)
{
    const struct cluster *c = calm_newest_state(w, 0);
    uint32_t liars = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        liars += cluster_is_voter(c, i) && (w->plan.liars >> i & 1) != 0 ? 1 : 0;
    }
    return cluster_quorum(c).malfunctioning > liars;
}

/* At the very end of a run: whoever was copied is left as it is. Peers are believed from two of
 * them on, and the others go on without it. */
void clone_run(struct world *w)
{
    struct station *s = choose(w);
    const bool spare = w->plan.malfunctioning > 0 && w->plan.liars == 0;
    const uint32_t most = !bears_one_more(w) ? COPY_TOGETHER
                          : spare            ? COPY_WHILE_CUT_OFF
                                             : COPY_ALTERNATELY;
    const enum copying copying = (enum copying)dice_between(&w->dice, COPY_LATER, most);
    if (s == NULL || w->station_count == STATIONS_MAX || w->plan.members < 4) {
        return;
    }
    struct station *other = copy(w, s);
    w->cloned |= 1u << s->member;
    w->counters.check[CHECK_CLONES]++;
    world_strike(w, FAULT_CLONES);
    world_say(w, "%s is copied", world_name(w, s->member));
    switch (copying) {
    case COPY_LATER:
        run_later(w, s, other);
        break;
    case COPY_TOGETHER:
        run_together(w, s, other);
        break;
    case COPY_ALTERNATELY:
        run_alternately(w, s, other);
        break;
    case COPY_WHILE_CUT_OFF:
        run_while_cut_off(w, s, other);
        break;
    }
}
