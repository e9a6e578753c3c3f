#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool network_is_open(const struct world *w, uint32_t from, uint32_t to)
{
    const struct link *l = &w->link[from][to];
    return !l->cut && (l->flap_ms == 0 || w->now_ms / l->flap_ms % 2 == 0);
}

uint64_t network_delay_ms(struct world *w)
{
    const struct plan *p = &w->plan;
    const uint64_t delay_ms = p->delay_min_ms + dice_around(&w->dice, p->delay_mean_ms);
    if (!w->calm) {
        return delay_ms;
    }
    return delay_ms < p->timing.delta_ms ? delay_ms : p->timing.delta_ms;
}

static void deliver(struct world *w, uint32_t from, uint32_t to, const uint8_t *bytes,
                    size_t size_bytes, uint64_t delay_ms)
{
    struct event e = {
        .at_ms = w->now_ms + 1 + delay_ms,
        .kind = EVENT_MESSAGE,
        .station = to,
        .member = w->station[from].member,
        .size_bytes = (uint32_t)size_bytes,
    };
    if (w->link[from][to].clogged_until_ms > e.at_ms) {
        e.at_ms = w->link[from][to].clogged_until_ms;
    }
    e.bytes = malloc(size_bytes + 1);
    assert(e.bytes != NULL);
    memcpy(e.bytes, bytes, size_bytes);
    queue_push(&w->queue, &e);
}

/* An old message of the same link comes once more: nobody else's fit the connection's keys. */
static void replay_old(struct world *w, uint32_t from, uint32_t to)
{
    const uint32_t first = (uint32_t)dice_between(&w->dice, 0, PAST_MESSAGES - 1);
    for (uint32_t i = 0; i < PAST_MESSAGES; i++) {
        const struct past_message *m = &w->past[(first + i) % PAST_MESSAGES];
        if (m->bytes != NULL && m->from == from && m->to == to) {
            world_strike(w, FAULT_REPLAY);
            deliver(w, from, to, m->bytes->bytes, m->bytes->size_bytes, 0);
            return;
        }
    }
}

static void remember(struct world *w, uint32_t from, uint32_t to, const uint8_t *bytes,
                     size_t size_bytes)
{
    struct past_message *m = &w->past[w->past_count++ % PAST_MESSAGES];
    blob_drop(m->bytes);
    *m = (struct past_message){from, to, blob_of(bytes, size_bytes)};
}

static void trouble(struct world *w, uint32_t from, uint32_t to, const uint8_t *bytes,
                    size_t size_bytes)
{
    const struct plan *p = &w->plan;
    uint64_t delay_ms = network_delay_ms(w);
    if (dice_chance(&w->dice, p->loss)) {
        world_strike(w, FAULT_LOSS);
        return;
    }
    if (dice_chance(&w->dice, p->reorder)) {
        world_strike(w, FAULT_REORDER);
        delay_ms += dice_around(&w->dice, 4u * p->timing.delta_ms);
    }
    if (dice_chance(&w->dice, p->duplicate)) {
        world_strike(w, FAULT_DUPLICATE);
        deliver(w, from, to, bytes, size_bytes, delay_ms + network_delay_ms(w));
    }
    if (p->replay > 0 || p->liars != 0) {
        remember(w, from, to, bytes, size_bytes);
    }
    if (dice_chance(&w->dice, p->replay)) {
        replay_old(w, from, to);
    }
    deliver(w, from, to, bytes, size_bytes, delay_ms);
}

/* Whether the message goes to this copy of its receiver, and comes from one it listens to. */
static bool talk(const struct world *w, uint32_t from, uint32_t to)
{
    const struct station *a = &w->station[from];
    const struct station *b = &w->station[to];
    const bool a_twin = (w->plan.habits[a->member] & HABIT_TWINS) != 0;
    const bool b_twin = (w->plan.habits[b->member] & HABIT_TWINS) != 0;
    return (!b_twin || w->twin_side[from] == b->copy) &&
           (!a_twin || w->twin_side[to] == a->copy);
}

static void refuse(struct world *w, uint32_t from, uint32_t to)
{
    if (!w->station[to].powered || !network_is_open(w, to, from)) {
        return;
    }
    const struct event e = {
        .at_ms = w->now_ms + 1 + 2 * network_delay_ms(w),
        .kind = EVENT_REFUSED,
        .station = from,
        .member = w->station[to].member,
        .run = w->station[from].run,
    };
    queue_push(&w->queue, &e);
}

void network_send_late(struct world *w, uint32_t from, uint32_t to_member, const uint8_t *bytes,
                       size_t size_bytes, uint64_t late_ms)
{
    for (uint32_t to = 0; to < w->station_count; to++) {
        if (w->station[to].member == to_member && to_member != w->station[from].member &&
            talk(w, from, to) && network_is_open(w, from, to)) {
            deliver(w, from, to, bytes, size_bytes, late_ms);
        }
    }
}

void network_send(struct world *w, uint32_t from, uint32_t to_member, const uint8_t *bytes,
                  size_t size_bytes, enum channel channel)
{
    for (uint32_t to = 0; to < w->station_count; to++) {
        const struct station *s = &w->station[to];
        if (s->member != to_member || to_member == w->station[from].member ||
            !talk(w, from, to) || !network_is_open(w, from, to)) {
            continue;
        }
        if (!s->up) {
            if (channel != CHANNEL_MESSAGE) {
                refuse(w, from, to);
            }
        } else if (w->calm) {
            deliver(w, from, to, bytes, size_bytes, network_delay_ms(w));
        } else {
            trouble(w, from, to, bytes, size_bytes);
        }
    }
}

void network_tell_closed(struct world *w, uint32_t station)
{
    for (uint32_t to = 0; to < w->station_count; to++) {
        if (to == station || !network_is_open(w, station, to) || !w->station[to].up) {
            continue;
        }
        const struct event e = {
            .at_ms = w->now_ms + 1 + network_delay_ms(w),
            .kind = EVENT_CLOSED,
            .station = to,
            .member = w->station[station].member,
            .run = w->station[to].run,
        };
        queue_push(&w->queue, &e);
    }
}

void network_heal(struct world *w, uint32_t station)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        w->link[station][i] = (struct link){.cut = false};
        w->link[i][station] = (struct link){.cut = false};
    }
}
