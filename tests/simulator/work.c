/* Workers, as deploy/stats has them, under the keeper's lease. They may die between any two
 * steps, and on either side of what the sink has committed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define POLL_MS 30u

static void step_after(struct world *w, const struct station *s, uint64_t delay_ms)
{
    const struct event e = {.at_ms = w->now_ms + 1 + delay_ms,
                            .kind = EVENT_WORK,
                            .station = station_index(w, s),
                            .run = s->run,
                            .serial = s->worker.serial};
    queue_push(&w->queue, &e);
}

static void end(struct world *w, struct station *s, bool clean)
{
    s->worker.stage = WORK_IDLE;
    s->worker.serial++;
    const struct event e = {.at_ms = w->now_ms + 2,
                            .kind = EVENT_WORK_ENDED,
                            .station = station_index(w, s),
                            .run = s->run,
                            .member = clean};
    queue_push(&w->queue, &e);
}

static void report(struct world *w, const struct station *s, enum report_kind kind)
{
    const struct worker *k = &s->worker;
    struct report r;
    memset(&r, 0, sizeof r);
    r.kind = kind;
    r.fence = k->work.fence;
    r.window = k->window;
    r.digest = k->digest;
    r.sink_fence = liar_does(w, s, HABIT_FAIL_STORM) ? SINK_FENCE_MAX : w->sink.fence_top;
    memcpy(r.reason, "the sink is away", sizeof "the sink is away");
    struct event e = {.at_ms = w->now_ms + 1,
                      .kind = EVENT_REPORT,
                      .station = station_index(w, s),
                      .run = s->run,
                      .size_bytes = sizeof r};
    e.bytes = malloc(e.size_bytes);
    assert(e.bytes != NULL);
    memcpy(e.bytes, &r, sizeof r);
    queue_push(&w->queue, &e);
}

void work_start(struct world *w, struct station *s, const struct work *work)
{
    struct worker *k = &s->worker;
    const uint64_t serial = k->serial + 1;
    *k = (struct worker){.serial = serial,
                         .stage = WORK_CLOSE,
                         .work = *work,
                         .window = work->first_window,
                         .lease_mono_ms = work->until_ms};
    k->pace_ms = (uint32_t)dice_between(&w->dice, 2, 40);
    if (!w->calm && dice_chance(&w->dice, w->plan.worker_late)) {
        world_strike(w, FAULT_WORKER_LATE);
        k->pace_ms *= 40;
    }
    world_say(w, "%s works as %s under fence %llu on %llu..%llu", world_name(w, s->member),
              work->role == WORK_LEADER ? "leader" : "auditor", (unsigned long long)work->fence,
              (unsigned long long)work->first_window, (unsigned long long)work->last_window);
    if (liar_does(w, s, HABIT_FAIL_STORM)) {
        world_strike(w, FAULT_FAIL_STORM);
        memset(&k->digest, 0x5a + (int)s->member, sizeof k->digest);
        report(w, s, dice_chance(&w->dice, 5000) ? REPORT_FAIL : REPORT_DISPUTE);
    }
    step_after(w, s, k->pace_ms);
}

void work_lease(struct world *w, struct station *s, uint64_t until_mono_ms)
{
    struct worker *k = &s->worker;
    (void)w;
    k->lease_mono_ms = until_mono_ms < k->work.until_ms ? until_mono_ms : k->work.until_ms;
}

void work_kill(struct world *w, struct station *s, bool told)
{
    const bool ran = s->worker.stage != WORK_IDLE;
    if (told) {
        end(w, s, !ran);
    } else {
        s->worker.stage = WORK_IDLE;
        s->worker.serial++;
    }
}

/* The digest of what was read; a liar's is of something else, or of what it never looked at. */
static void compute(struct world *w, struct station *s)
{
    struct worker *k = &s->worker;
    k->rows = sink_read(&w->sink, k->window);
    k->lies = liar_does(w, s, HABIT_WRONG_WORK);
    if (k->lies && dice_chance(&w->dice, 7000)) {
        world_strike(w, FAULT_WRONG_WORK);
        k->rows.sum += 1000003u * (s->member + 1);
    }
    k->digest = sink_digest(k->window, &k->rows);
    if (k->lies && dice_chance(&w->dice, 3000)) {
        world_strike(w, FAULT_WRONG_WORK); /* stages other rows than it endorses */
        k->rows.count += s->member + 1;
    }
}

static void next_window(struct world *w, struct station *s)
{
    struct worker *k = &s->worker;
    if (k->window == k->work.last_window) {
        end(w, s, true);
        return;
    }
    k->window++;
    k->stage = WORK_CLOSE;
    step_after(w, s, dice_around(&w->dice, k->pace_ms));
}

static void report_window(struct world *w, struct station *s, const struct sink_window *in_sink)
{
    const bool equal = sink_same(&in_sink->digest, &s->worker.digest) || s->worker.lies;
    report(w, s, equal ? REPORT_RESULT : REPORT_DISPUTE);
    next_window(w, s);
}

static struct sink_claim claim_of(struct world *w, const struct station *s)
{
    const struct worker *k = &s->worker;
    uint64_t fence = k->work.fence;
    if (!w->calm && dice_chance(&w->dice, w->plan.fence_flip)) {
        world_strike(w, FAULT_FENCE_FLIP);
        fence ^= UINT64_C(1) << dice_between(&w->dice, 0, 40);
    }
    return (struct sink_claim){k->window, fence, s->member, k->digest};
}

static bool is_staged(const struct sink_window *k, uint64_t fence)
{
    for (uint32_t i = 0; i < k->staged_count; i++) {
        if (k->staged[i].fence == fence) {
            return true;
        }
    }
    return false;
}

/* Whether the fence above was granted is for the chain to say. */
static void refused(struct world *w, struct station *s, enum sink_answer answer)
{
    if (answer == SINK_OLD_FENCE) {
        world_strike(w, FAULT_OLD_FENCE);
    }
    report(w, s, answer == SINK_OLD_FENCE ? REPORT_OVERTAKEN : REPORT_FAIL);
    end(w, s, true);
}

/* Stages or endorses; what comes back says whether there is any use in going on. */
static void act(struct world *w, struct station *s, struct sink_window *in_sink)
{
    struct worker *k = &s->worker;
    const bool leads = k->work.role == WORK_LEADER;
    const struct sink_claim claim = claim_of(w, s);
    bool published = false;
    if (!leads && !in_sink->published && !is_staged(in_sink, k->work.fence)) {
        if (k->lies) {
            report_window(w, s, in_sink); /* claims what is not there */
        } else {
            step_after(w, s, POLL_MS);
        }
        return;
    }
    const bool open = !in_sink->published;
    const enum sink_answer answer = leads ? sink_stage(&w->sink, &claim, &k->rows, &published)
                                          : sink_endorse(&w->sink, &claim, &published);
    if (published) {
        judge_published(w, k->window);
    }
    if (answer == SINK_DONE && open) {
        judge_written(w, claim.fence);
    }
    if (answer != SINK_DONE) {
        refused(w, s, answer);
    } else if (in_sink->published || !leads) {
        report_window(w, s, in_sink);
    } else {
        k->stage = WORK_WAIT;
        step_after(w, s, POLL_MS);
    }
}

static void wait_for_auditor(struct world *w, struct station *s,
                             const struct sink_window *in_sink)
{
    if (in_sink->published) {
        report_window(w, s, in_sink);
    } else if (w->sink.fence_top > s->worker.work.fence) {
        refused(w, s, SINK_OLD_FENCE);
    } else {
        step_after(w, s, POLL_MS);
    }
}

static void do_stage(struct world *w, struct station *s)
{
    struct worker *k = &s->worker;
    struct sink_window *in_sink = sink_window(&w->sink, k->window);
    if (in_sink == NULL) {
        report(w, s, REPORT_FAIL);
        end(w, s, false);
        return;
    }
    switch (k->stage) {
    case WORK_CLOSE:
        sink_close(&w->sink, k->window);
        k->stage = WORK_READ;
        step_after(w, s, dice_around(&w->dice, k->pace_ms));
        break;
    case WORK_READ:
        compute(w, s);
        k->stage = WORK_ACT;
        step_after(w, s, dice_around(&w->dice, k->pace_ms));
        break;
    case WORK_ACT:
        act(w, s, in_sink);
        break;
    case WORK_WAIT:
        wait_for_auditor(w, s, in_sink);
        break;
    case WORK_IDLE:
        break;
    }
}

/* The keeper's knife: it falls when the lease is over, however the agent is. */
static bool is_killed(struct world *w, struct station *s)
{
    const uint64_t mono_ms = clock_mono_ms(w, s);
    const struct worker *k = &s->worker;
    if (mono_ms < k->lease_mono_ms && mono_ms < k->work.until_ms) {
        return false;
    }
    if (!w->calm && dice_chance(&w->dice, w->plan.early_wake)) {
        return false; /* both wake at once, and the worker is quicker */
    }
    world_strike(w, FAULT_WORKER_LEASE);
    end(w, s, true);
    return true;
}

void work_step(struct world *w, struct station *s, uint64_t serial)
{
    struct worker *k = &s->worker;
    if (k->serial != serial || k->stage == WORK_IDLE || is_killed(w, s)) {
        return;
    }
    if (!w->calm && dice_chance(&w->dice, w->plan.sink_away)) {
        world_strike(w, FAULT_SINK_AWAY);
        report(w, s, REPORT_FAIL);
        end(w, s, false);
        return;
    }
    const bool dies = !w->calm && dice_chance(&w->dice, w->plan.worker_crash);
    const bool before = dies && dice_chance(&w->dice, 5000);
    if (!before) {
        do_stage(w, s);
    }
    if (dies && k->stage != WORK_IDLE) {
        world_strike(w, FAULT_WORKER_CRASH);
        end(w, s, false);
    }
}
