/* The names that this member holds (standing.md, section 8): it serves under one while the
 * chain says that it may and its lease is not over, and lets go of it before anybody else has
 * it. */
#include "node_parts.h"

#include <string.h>

#define AGAIN_MS 1000u /* between two tries of a release hook that failed */

void node_names_sent(struct deciding *d)
{
    const uint32_t place = (uint32_t)(d->own.seq % SENT_KEPT);
    d->names.sent_seq[place] = d->own.seq;
    d->names.sent_ms[place] = d->now_ms;
}

/* The lease runs from when the last decided attestation was sent: what the others reckon from
 * was later. Who is not good any more gets no new one by going on to attest. */
void node_names_on_decided(struct deciding *d)
{
    const uint32_t self = d->options.self;
    const struct attested *latest = &d->cluster.latest[self];
    const uint32_t place = (uint32_t)(latest->seq % SENT_KEPT);
    if (cluster_is_voter(&d->cluster, self) && latest->seq != 0 &&
        latest->incarnation == d->options.incarnation &&
        d->names.sent_seq[place] == latest->seq) {
        d->names.lease_end_ms = d->names.sent_ms[place] + name_lease_ms(&d->cluster.timing);
    }
}

static bool is_mine(const struct deciding *d, const struct service_name *s)
{
    return s->holder == d->options.self;
}

/* Whether this member serves under the name now, if it does already. */
static bool may_keep(const struct deciding *d, const struct service_name *s)
{
    const struct member *m = &d->cluster.member[d->options.self];
    if (!is_mine(d, s) || s->phase == NAME_RETURNING || d->damaged) {
        return false;
    }
    if (m->standing != STANDING_GOOD && (m->standing != STANDING_SUSPENDED || !s->exclusive)) {
        return false; /* a suspended one waits for its appeal, as long as its lease lasts */
    }
    return !s->exclusive || d->now_ms < d->names.lease_end_ms || node_nobody_is_ahead(d, 0);
}

bool node_names_serves(const struct deciding *d, uint32_t name)
{
    return d->names.view[name].here == NAME_HERE && may_keep(d, &d->cluster.names[name]);
}

/* Whether it begins to: nobody does so before the chain has heard of it in this run, nor, once
 * its lease was over, before the chain has heard of it again. */
static bool may_take(const struct deciding *d, const struct service_name *s)
{
    return s->phase == NAME_HELD && cluster_is_voter(&d->cluster, d->options.self) &&
           d->names.lease_end_ms != 0 && may_keep(d, s) &&
           (!s->exclusive || d->now_ms < d->names.lease_end_ms);
}

static void ask(struct deciding *d, uint32_t k, bool takes, struct effects *out)
{
    struct name_view *v = &d->names.view[k];
    struct effect *e = effects_add(out, EFFECT_NAME);
    v->here = takes ? NAME_TAKING : NAME_LEAVING;
    v->fence = d->cluster.names[k].fence;
    v->serial = ++d->names.asked;
    e->serial = v->serial;
    e->naming = (struct naming){.name = k, .takes = takes, .fence = v->fence};
}

/* After a start it is not known whether an earlier run was serving. It is left as it is until
 * the chain has heard of me, unless the lease of that run is over by the clock of the wall. */
static bool is_over(const struct deciding *d, const struct service_name *s)
{
    const uint64_t heard_ms = d->cluster.latest[d->options.self].decided_ms;
    return !is_mine(d, s) || s->phase == NAME_RETURNING || d->names.lease_end_ms != 0 ||
           d->unix_ms >= heard_ms + name_lease_ms(&d->cluster.timing);
}

static void watch(struct deciding *d, uint32_t k, struct effects *out)
{
    const struct service_name *s = &d->cluster.names[k];
    struct name_view *v = &d->names.view[k];
    const bool failed = v->failed_fence == s->fence;
    if (d->now_ms < v->again_ms) {
        effects_wake(out, v->again_ms);
        return;
    }
    if (d->cluster.observes && v->fence != s->fence) {
        return; /* nothing begins; what I serve under already still ends with my lease */
    }
    switch (v->here) {
    case NAME_UNKNOWN:
        if (may_take(d, s) && !failed) {
            ask(d, k, true, out);
        } else if (is_over(d, s)) {
            ask(d, k, false, out);
        } else {
            effects_wake(out, d->now_ms + AGAIN_MS);
        }
        break;
    case NAME_AWAY:
        if (may_take(d, s) && !failed) {
            ask(d, k, true, out);
        }
        break;
    case NAME_HERE:
        if (!may_keep(d, s)) {
            ask(d, k, false, out);
        } else if (v->fence != s->fence) {
            ask(d, k, true, out);
        } else if (s->exclusive) {
            effects_wake(out, d->now_ms < d->names.lease_end_ms ? d->names.lease_end_ms
                                                                : d->now_ms + AGAIN_MS);
        }
        break;
    case NAME_TAKING:
    case NAME_LEAVING:
        break; /* the hook runs */
    }
}

void node_names_on_done(struct deciding *d, uint64_t serial, bool clean)
{
    for (uint32_t k = 0; k < d->cluster.name_count; k++) {
        struct name_view *v = &d->names.view[k];
        const bool runs = v->here == NAME_TAKING || v->here == NAME_LEAVING;
        if (!runs || v->serial != serial) {
            continue;
        }
        if (v->here == NAME_TAKING && !clean) {
            v->failed_fence = v->fence;
        }
        const bool left = v->here == NAME_LEAVING;
        v->again_ms = left && !clean ? d->now_ms + AGAIN_MS : 0;
        v->here = !clean ? NAME_UNKNOWN : left ? NAME_AWAY : NAME_HERE;
    }
}

/* Names that are mine in the chain, and that I have let go of: whoever is next need not wait.
 */
static void say_release(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct command c = {
        .kind = COMMAND_RELEASE,
        .release = {.incarnation = d->options.incarnation, .height = d->cluster.height}};
    const uint32_t self = d->options.self;
    const bool heard =
        cluster_is_voter(&d->cluster, self) || cluster_may_appeal(&d->cluster, self);
    for (uint32_t k = 0; k < d->cluster.name_count; k++) {
        const struct service_name *s = &d->cluster.names[k];
        const struct name_view *v = &d->names.view[k];
        const bool to_go = s->phase == NAME_RETURNING || v->failed_fence == s->fence ||
                           (s->phase == NAME_VACANT && v->fence == s->fence);
        if (is_mine(d, s) && v->here == NAME_AWAY && to_go) {
            c.release.names |= 1u << k;
            c.release.fence[k] = s->fence;
        }
    }
    if (c.release.names == 0 || !heard || d->cluster.observes) {
        return;
    }
    if (d->now_ms >= d->names.release_again_ms) {
        d->names.release_again_ms =
            d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
        node_words_hand_in(n, &c, out);
    }
    effects_wake(out, d->names.release_again_ms);
}

void node_names_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (d->options.neutered) {
        return;
    }
    for (uint32_t k = 0; k < d->cluster.name_count; k++) {
        watch(d, k, out);
    }
    say_release(n, out);
}
