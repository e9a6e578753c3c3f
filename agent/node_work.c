/* The grant seen from its holder: which windows the worker is started for, how long it may
 * live, and what becomes of its reports. */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

static bool is_none(const struct window_digest *digest)
{
    static const struct window_digest none;
    return memcmp(digest, &none, sizeof none) == 0;
}

static const struct window_digest *own_result(const struct deciding *d, uint64_t window)
{
    const uint32_t place = (uint32_t)(window % RESULT_WINDOWS_MAX);
    const bool known =
        d->own.result_window[place] == window && !is_none(&d->own.results[place]);
    return known ? &d->own.results[place] : NULL;
}

static bool is_claimed(const struct deciding *d, uint64_t window)
{
    const struct window_claims *claims = &d->cluster.windows.open[window % RESULT_WINDOWS_MAX];
    return (claims->results >> d->options.self & 1) != 0; /* a dispute may be taken back */
}

static uint64_t chain_now_ms(const struct deciding *d)
{
    return d->cluster.time_ms + (d->now_ms - d->decided_ms);
}

/* A doubtful window that is mine to look at again, and that I have not looked at. */
static const struct doubtful_window *doubtful(const struct deciding *d, bool looked_at)
{
    for (uint32_t i = 0; i < DOUBTFUL_KEPT; i++) {
        const struct doubtful_window *w = &d->cluster.windows.doubtful[i];
        const uint32_t self = d->options.self;
        const bool claimed = w->claims[0].member == self || w->claims[1].member == self;
        if (doubtful_waits_for(w, self) && !claimed &&
            (own_result(d, w->window) != NULL) == looked_at) {
            return w;
        }
    }
    return NULL;
}

/* Besides what is due, and with as much time as there is for a window. */
static bool wants_second_look(const struct deciding *d, struct work *work)
{
    const struct doubtful_window *w = doubtful(d, false);
    if (w == NULL) {
        return false;
    }
    work->first_window = w->window;
    work->last_window = w->window;
    work->until_ms = d->now_ms + (uint64_t)d->cluster.timing.window_timeout_s * 1000;
    return true;
}

/* What there is for my worker to do now. False: nothing. */
static bool wanted(const struct deciding *d, struct work *work)
{
    const struct grant *g = &d->cluster.grant;
    const uint32_t self = d->options.self;
    if (g->fence == 0 || (g->leader != self && g->auditor != self) || !d->quorum_heard ||
        d->silent) {
        return false;
    }
    const bool leads = g->leader == self;
    const uint64_t deadline_ms = leads ? g->deadline_ms : g->audit_deadline_ms;
    const uint64_t chain_ms = chain_now_ms(d);
    const uint64_t due = cluster_windows_due(&d->cluster, d->cluster.time_ms);
    uint64_t first = d->cluster.windows.next;
    const uint64_t end = first + (due < RESULT_WINDOWS_MAX ? due : RESULT_WINDOWS_MAX);
    while (first < end && (is_claimed(d, first) || own_result(d, first) != NULL)) {
        first++;
    }
    *work = (struct work){.role = leads ? WORK_LEADER : WORK_AUDITOR, .fence = g->fence};
    if (first == end) {
        return wants_second_look(d, work);
    }
    if (deadline_ms <= chain_ms) {
        return false;
    }
    *work = (struct work){
        .role = work->role,
        .fence = g->fence,
        .first_window = first,
        .last_window = end - 1,
        .until_ms = d->now_ms + (deadline_ms - chain_ms),
    };
    return true;
}

static bool holds_the_role(const struct deciding *d, const struct work *work)
{
    const struct grant *g = &d->cluster.grant;
    const uint32_t member = work->role == WORK_LEADER ? g->leader : g->auditor;
    return g->fence == work->fence && member == d->options.self;
}

/* The lease runs out by itself when I hang, die, or am cut off from the quorum. */
static void renew_lease(struct deciding *d, bool awake, struct effects *out)
{
    const uint64_t heartbeat_ms = d->cluster.timing.heartbeat_ms;
    if (!d->quorum_heard || d->quiet || !awake) {
        return;
    }
    if (d->now_ms >= d->work.lease_ms) {
        d->work.lease_ms = d->now_ms + LEASE_HEARTBEATS * heartbeat_ms / 4;
        struct effect *e = effects_add(out, EFFECT_WORK_LEASE);
        e->until_ms = d->now_ms + LEASE_HEARTBEATS * heartbeat_ms;
    }
    effects_wake(out, d->work.lease_ms);
}

void node_work_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct work_view *w = &d->work;
    struct work work;
    const struct simplex_world world = node_world(n, 0, out);
    const bool awake = simplex_has_asked(&d->simplex, &world) && /* else it may be lost */
                       d->simplex.needs == CHECKPOINT_NEED_NONE;
    if (w->running && !w->stopping) {
        if (holds_the_role(d, &w->work)) {
            renew_lease(d, awake, out);
        } else {
            effects_add(out, EFFECT_WORK_STOP);
            w->stopping = true;
        }
    } else if (!w->running && awake && wanted(d, &work)) {
        if (d->now_ms < w->again_ms) {
            effects_wake(out, w->again_ms);
            return;
        }
        *w = (struct work_view){.running = true, .work = work, .lease_ms = d->now_ms};
        effects_add(out, EFFECT_WORK)->work = work;
        renew_lease(d, awake, out);
    }
}

/* `sink_fence`: 0, or what stands in the sink, above the fence. */
static void hand_in_fail(struct node *n, const char *reason, uint64_t sink_fence,
                         struct effects *out)
{
    struct command c = {
        .kind = COMMAND_FAIL,
        .fail = {.fence = n->deciding.work.work.fence, .sink_fence = sink_fence}};
    memcpy(c.fail.reason, reason, sizeof c.fail.reason);
    c.fail.reason[sizeof c.fail.reason - 1] = '\0';
    node_words_hand_in(n, &c, out);
}

void node_work_on_ended(struct node *n, bool clean, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct work_view *w = &d->work;
    const uint64_t heartbeat_ms = d->cluster.timing.heartbeat_ms;
    if (!w->running) {
        return;
    }
    if (!clean && !w->stopping && !w->failed && holds_the_role(d, &w->work)) {
        const char reason[REASON_SIZE_BYTES] = "the worker ended without having done its work";
        hand_in_fail(n, reason, 0, out);
    }
    w->running = false;
    w->stopping = false;
    w->again_ms = d->now_ms + REPEAT_HEARTBEATS * heartbeat_ms;
}

void node_work_on_report(struct node *n, const struct report *report, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct work *work = &d->work.work;
    const bool current =
        d->work.running && report->fence == work->fence && holds_the_role(d, work);
    const bool in_range =
        report->window >= work->first_window && report->window <= work->last_window;
    switch (report->kind) {
    case REPORT_RESULT: {
        /* True whatever became of the grant: it says what stands in the sink. */
        const uint32_t place = (uint32_t)(report->window % RESULT_WINDOWS_MAX);
        if (in_range && report->fence == work->fence) {
            d->own.result_window[place] = report->window;
            d->own.results[place] = report->digest;
            if (d->own.results_ms == TIME_NEVER) {
                d->own.results_ms = d->now_ms + d->cluster.timing.gather_ms;
            }
        }
        break;
    }
    case REPORT_DISPUTE:
        if (current && in_range) {
            struct command c = {.kind = COMMAND_DISPUTE,
                                .dispute = {.fence = report->fence,
                                            .window = report->window,
                                            .own = report->digest}};
            node_words_hand_in(n, &c, out);
        }
        break;
    case REPORT_FAIL:
        if (current) {
            d->work.failed = true;
            hand_in_fail(n, report->reason, 0, out);
        }
        break;
    case REPORT_OVERTAKEN:
        /* Whose grant is over is overtaken by the next one, and that is as it should be. */
        if (current && report->sink_fence > work->fence) {
            const char reason[REASON_SIZE_BYTES] = "a fence above this one is in the sink";
            d->work.failed = true;
            hand_in_fail(n, reason, report->sink_fence, out);
        }
        break;
    }
}

/* The first run of windows for which I have a digest and the chain does not have mine. */
void node_work_hand_in_results(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (d->now_ms < d->own.results_ms) {
        if (d->own.results_ms != TIME_NEVER) {
            effects_wake(out, d->own.results_ms);
        }
        return;
    }
    d->own.results_ms = TIME_NEVER;
    uint64_t window = d->cluster.windows.next;
    const uint64_t end = window + RESULT_WINDOWS_MAX;
    while (window < end && (own_result(d, window) == NULL || is_claimed(d, window))) {
        window++;
    }
    struct command c = {.kind = COMMAND_RESULT, .result = {.first_window = window}};
    for (; window < end && own_result(d, window) != NULL && !is_claimed(d, window); window++) {
        c.result.digests[c.result.count++] = *own_result(d, window);
    }
    const struct doubtful_window *second = c.result.count == 0 ? doubtful(d, true) : NULL;
    if (second != NULL) { /* one at a time: they are few */
        c.result.first_window = second->window;
        c.result.digests[c.result.count++] = *own_result(d, second->window);
    }
    if (c.result.count > 0) {
        node_words_hand_in(n, &c, out);
    }
}
