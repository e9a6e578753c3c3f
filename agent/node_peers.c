/* Who is there: heartbeats out, detectors, suspicion, the quorum that is heard. */
#include "node_parts.h"

#include <assert.h>

static uint32_t bit(uint32_t member)
{
    return (uint32_t)1 << member;
}

uint32_t node_peers_voters(const struct deciding *d, uint32_t members)
{
    uint32_t voters = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if ((members & bit(i)) != 0 && cluster_is_voter(&d->cluster, i)) {
            voters++;
        }
    }
    return voters;
}

void node_peers_start(struct deciding *d)
{
    const struct timing *t = &d->cluster.timing;
    local_health_init(&d->local_health, t->heartbeat_ms, d->now_ms);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        detector_init(&d->peer[i].detector, t->heartbeat_ms, t->suspicion, d->now_ms);
    }
    d->heard = bit(d->options.self);
    node_links_start(d);
}

void node_peers_excuse(struct deciding *d, uint64_t late_ms)
{
    for (uint32_t i = 0; late_ms > 0 && i < d->cluster.member_count; i++) {
        detector_excuse(&d->peer[i].detector, late_ms, d->now_ms);
    }
}

void node_peers_on_anything(struct deciding *d, uint32_t member)
{
    detector_heard(&d->peer[member].detector, d->now_ms);
    d->peer[member].ever_heard = true;
}

void node_peers_on_heartbeat(struct deciding *d, uint32_t member, const struct message *m)
{
    struct peer_view *p = &d->peer[member];
    if (!node_links_on_heartbeat(d, member, &m->heartbeat)) {
        return;
    }
    p->height = m->heartbeat.height;
    p->has_finalized = m->heartbeat.finalized;
    p->own = m->heartbeat.own;
    p->serve = m->heartbeat.serve;
    /* The difference of two clocks, either of which may say anything: a wrap is harmless. */
    p->offset_ms = (int64_t)(m->heartbeat.unix_ms - d->unix_ms);
    p->has_offset = true;
}

int64_t node_peers_median_offset_ms(const struct deciding *d)
{
    int64_t sorted[MEMBERS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const bool self = i == d->options.self;
        const bool known = (d->heard & bit(i)) != 0 && d->peer[i].has_offset;
        if (!cluster_is_voter(&d->cluster, i) || !(self || known)) {
            continue;
        }
        const int64_t offset = self ? 0 : d->peer[i].offset_ms;
        uint32_t at = count++;
        for (; at > 0 && sorted[at - 1] > offset; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = offset;
    }
    return count == 0 ? 0 : sorted[(count - 1) / 2];
}

static struct body heartbeat_body(struct deciding *d, struct effects *out)
{
    struct message m = {
        .kind = MESSAGE_HEARTBEAT,
        .heartbeat = {.height = d->simplex.height,
                      .view = d->simplex.view,
                      .finalized = d->simplex.record.finalized != VIEW_NONE,
                      .incarnation = d->options.incarnation,
                      .unix_ms = d->unix_ms,
                      .own = tick_own(&d->tick),
                      .serve = tick_serve(&d->tick)},
    };
    node_links_say(d, &m.heartbeat);
    uint8_t bytes[MESSAGE_BYTES_MAX];
    return effects_body(out, bytes, message_encode(&m, bytes));
}

void node_peers_probe(struct deciding *d, uint32_t member, struct effects *out)
{
    if (member >= d->cluster.member_count || member == d->options.self || d->quiet) {
        return;
    }
    struct effect *e = effects_add(out, EFFECT_PROBE);
    e->member = member;
    e->body = heartbeat_body(d, out);
}

static void send_heartbeats(struct deciding *d, struct effects *out)
{
    const uint32_t heartbeat_ms = d->cluster.timing.heartbeat_ms;
    if (d->now_ms >= d->heartbeat_due_ms && !d->quiet) {
        struct effect *e = effects_add(out, EFFECT_HEARTBEAT);
        e->body = heartbeat_body(d, out);
        d->heartbeat_due_ms += heartbeat_ms;
        if (d->heartbeat_due_ms <= d->now_ms) { /* I slept: no volley to make up for it */
            d->heartbeat_due_ms = d->now_ms + heartbeat_ms;
        }
    }
    if (!d->quiet) {
        effects_wake(out, d->heartbeat_due_ms);
    }
}

static void note_peer(const struct deciding *d, uint32_t member, bool suspected,
                      struct effects *out)
{
    const struct note note = {
        .kind = suspected ? NOTE_PEER_SUSPECTED : NOTE_PEER_HEARD,
        .member = member,
        .other = MEMBER_NONE,
        .count = d->now_ms - d->peer[member].detector.heard_ms,
    };
    effects_note(out, &note);
}

static void watch_peer(struct deciding *d, uint32_t member, struct effects *out)
{
    const struct peer_view *p = &d->peer[member];
    const bool before = (d->suspected & bit(member)) != 0;
    const bool suspected = local_health_suspects(&d->local_health, &p->detector, d->now_ms);
    if (suspected) {
        d->suspected |= bit(member);
        d->heard &= ~bit(member);
    } else {
        d->suspected &= ~bit(member);
        if (p->ever_heard) {
            d->heard |= bit(member);
        }
        effects_wake(out, local_health_deadline_ms(&d->local_health, &p->detector));
    }
    if (suspected != before) {
        note_peer(d, member, suspected, out);
    }
}

static void watch_quorum(struct deciding *d, struct effects *out)
{
    const uint32_t heard = node_peers_voters(d, d->heard);
    const bool enough = heard >= cluster_quorum(&d->cluster).needed;
    if (enough == d->quorum_heard) {
        return;
    }
    d->quorum_heard = enough;
    d->quorum_since_ms = d->now_ms;
    const struct note note = {.kind = enough ? NOTE_QUORUM_FOUND : NOTE_QUORUM_LOST,
                              .member = MEMBER_NONE,
                              .other = MEMBER_NONE,
                              .count = heard};
    effects_note(out, &note);
}

void node_peers_watch(struct deciding *d, struct effects *out)
{
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (i != d->options.self && d->cluster.member[i].standing != STANDING_LEFT) {
            watch_peer(d, i, out);
        }
    }
    watch_quorum(d, out);
    send_heartbeats(d, out);
}
