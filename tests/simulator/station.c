#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint32_t station_index(const struct world *w, const struct station *s)
{
    return (uint32_t)(s - w->station);
}

bool station_is_paused(const struct world *w, const struct station *s)
{
    return s->paused_until_ms > w->now_ms;
}

void station_init(struct world *w, uint32_t index, uint32_t member, uint32_t copy)
{
    struct station *s = &w->station[index];
    const struct plan *p = &w->plan;
    w->station_count++;
    s->member = member;
    s->copy = copy;
    s->sound = !plan_is_liar(p, member);
    s->powered = true;
    s->node = calloc(1, sizeof *s->node);
    assert(s->node != NULL);
    s->clock.boot_ms = dice_between(&w->dice, 100000, 100000000);
    if (p->offset_ms > 0) {
        s->clock.offset_ms =
            (int64_t)dice_between(&w->dice, 0, 2 * (uint64_t)p->offset_ms) - p->offset_ms;
        world_strike(w, FAULT_CLOCK_OFFSET);
    }
    if (p->drift_ppm > 0) {
        s->clock.drift_ppm =
            (int32_t)dice_between(&w->dice, 0, 2 * (uint64_t)p->drift_ppm) - p->drift_ppm;
        world_strike(w, FAULT_CLOCK_DRIFT);
    }
}

static void restore(struct world *w, struct station *s)
{
    const struct disk *d = &s->disk;
    w->counters.check[CHECK_RESTART]++;
    if (d->snapshot != NULL &&
        !node_restore(s->node, d->snapshot->bytes, d->snapshot->size_bytes)) {
        world_fail(w, CHECK_RESTART, "%s refuses its own snapshot of height %llu",
                   world_name(w, s->member), (unsigned long long)d->snapshot_height);
        return;
    }
    const struct cluster *c = &s->node->deciding.cluster;
    while (c->height < d->height) {
        const struct blob *b = d->block[c->height + 1];
        struct notes notes = {.count = 0};
        if (!node_replay(s->node, b->bytes, b->size_bytes, &notes)) {
            world_fail(w, CHECK_RESTART, "%s refuses its own block %llu",
                       world_name(w, s->member), (unsigned long long)c->height + 1);
            return;
        }
    }
}

static void hold(struct world *w, struct station *s, const struct image *image)
{
    for (uint32_t i = 0; image != NULL && i < image->held_count; i++) {
        if (!node_hold(s->node, &image->hash[i], image->held[i]->bytes,
                       image->held[i]->size_bytes)) {
            world_fail(w, CHECK_RESTART, "%s refuses a block that its record names",
                       world_name(w, s->member));
        }
    }
}

/* A liar's clock for blocks runs ahead: it proposes as soon as it may at all. */
static void hurry(const struct world *w, struct station *s)
{
    if ((w->plan.habits[s->member] & HABIT_EARLY) != 0) {
        s->node->deciding.simplex.options.timing.tick_ms = 10;
    }
}

void station_start(struct world *w, struct station *s)
{
    if (s->neutered) { /* a restart changes nothing */
        return;
    }
    struct node_options o = {
        .founding = w->founding,
        .self = s->member,
        .incarnation = dice_roll(&w->dice) | 1,
        .nonce = dice_roll(&w->dice) | 1,
    };
    s->up = true;
    s->powered = true;
    s->run++;
    s->paused_until_ms = 0;
    s->sleeps = false;
    s->has_slept = false;
    s->serves = 0; /* what a run before left is this one's to mend, and not judged */
    s->worker = (struct worker){.serial = s->worker.serial};
    s->machine = (struct machine){.examined = false};
    const enum cause votes = s->disk.missing;
    world_say(w, "%s starts, run %llu, vote store %s", world_name(w, s->member),
              (unsigned long long)s->run, cause_text(votes));
    node_init(s->node, &o);
    restore(w, s);
    const struct image *image = votes == CAUSE_NONE ? disk_newest(&s->disk) : NULL;
    hold(w, s, image);
    if (w->failed) {
        return;
    }
    hurry(w, s);
    const struct input now = {.now_ms = clock_mono_ms(w, s),
                              .unix_ms = clock_unix_ms(w, s),
                              .random = dice_roll(&w->dice)};
    if (s->follows) {
        node_follow(s->node, s->resignation[s->resigns], s->resignation_bytes[s->resigns]);
    }
    s->height = s->node->deciding.cluster.height;
    node_resume(s->node, &now, image == NULL ? NULL : image->record->bytes,
                image == NULL ? 0 : image->record->size_bytes, votes, &w->effects);
    const struct vote_record *r = &s->node->deciding.simplex.record;
    world_say(w,
              "%s resumes at height %llu in view %u: top %d, gave up %d, finalized %d, best %d",
              world_name(w, s->member), (unsigned long long)s->node->deciding.simplex.height,
              s->node->deciding.simplex.view, (int)r->top, (int)r->nullified_max,
              (int)r->finalized, r->best.kind == CERTIFICATE_NONE ? -1 : (int)r->best.view);
    memory_begin(w, s);
    station_perform(w, s);
    struct input first = {.kind = INPUT_TIMER};
    station_input(w, s, &first);
    machine_start(w, s);
}

void station_crash(struct world *w, struct station *s, bool power)
{
    world_say(w, "%s %s", world_name(w, s->member), power ? "loses power" : "is killed");
    const struct crash_losses losses = disk_crash(&s->disk, &w->dice, w->plan.tear);
    w->counters.fault[FAULT_UNTOLD_WRITE] += losses.untold;
    w->counters.fault[FAULT_TORN_WRITE] += losses.torn;
    w->counters.fault[FAULT_LOST_WRITE] += losses.lost;
    s->up = false;
    s->powered = !power;
    s->run++;
    work_kill(w, s, false);
    judge_restart(&w->judge, station_index(w, s));
    if (!power) {
        network_tell_closed(w, station_index(w, s));
    }
}

static void keep_snapshot(const struct world *w, struct station *s, uint64_t height_before)
{
    const struct cluster *c = &s->node->deciding.cluster;
    const uint64_t every = w->plan.snapshot_heights;
    if (c->height / every != height_before / every && !s->computed && !s->blind) {
        uint8_t state[CLUSTER_BYTES_MAX];
        disk_keep_snapshot(&s->disk, c->height, state, cluster_encode(c, state));
    }
}

static void watch_views(struct world *w, struct station *s)
{
    const struct simplex *x = &s->node->deciding.simplex;
    if (x->view > s->view) {
        w->counters.views += x->view - s->view;
    }
    s->view = x->view;
}

static void say_input(const struct world *w, const struct station *s, const struct input *in)
{
    static const char *const inputs[] = {
        [INPUT_TIMER] = "timer",           [INPUT_MESSAGE] = "message",
        [INPUT_STORED] = "stored",         [INPUT_SIGNED] = "signed",
        [INPUT_FINDING] = "finding",       [INPUT_FLEET] = "fleet",
        [INPUT_CLOSED] = "closed",         [INPUT_REFUSED] = "refused",
        [INPUT_REPORT] = "report",         [INPUT_VOTES_DEAD] = "votes dead",
        [INPUT_WORK_ENDED] = "work ended", [INPUT_COMMAND] = "command",
        [INPUT_SOLVED] = "solved",         [INPUT_NAMED] = "named",
    };
    static const char *const messages[] = {
        "?",         "vote",    "proposal",  "status", "decided", "want", "block",   "hello",
        "heartbeat", "command", "challenge", "answer", "cosign",  "task", "solution"};
    const bool message = in->kind == INPUT_MESSAGE && in->size_bytes > 0 &&
                         in->bytes[0] < sizeof messages / sizeof messages[0];
    world_say(w, "%s <- %s from %s (%zu B)", world_name(w, s->member),
              message ? messages[in->bytes[0]] : inputs[in->kind], world_name(w, in->member),
              in->size_bytes);
}

void station_input(struct world *w, struct station *s, struct input *in)
{
    const uint64_t height_before = s->node->deciding.cluster.height;
    in->now_ms = clock_mono_ms(w, s);
    in->unix_ms = clock_unix_ms(w, s);
    in->random = dice_roll(&w->dice);
    w->steps_done++;
    w->counters.steps++;
    say_input(w, s, in);
    if (w->progress != NULL) {
        *w->progress = (struct progress){w->plan.seed, w->now_ms, w->steps_done};
    }
    world_mix(w, (uint64_t)in->kind << 40 | (uint64_t)station_index(w, s) << 32 | w->now_ms);
    if (!memory_step(w, s, in)) {
        return;
    }
    station_perform(w, s);
    bent_judge(w, s);
    buffers_judge(w, s);
    names_judge(w, s);
    keep_snapshot(w, s, height_before);
    watch_views(w, s);
    storm_aim(w);
    s->height = s->node->deciding.cluster.height;
}
