#include "heartbeat.h"

#include <assert.h>

#include "message.h"

static void echo_read(struct reader *r, struct heartbeat_echo *e)
{
    e->run = (uint32_t)read_uint(r, 4);
    e->sequence = (uint32_t)read_uint(r, 4);
    e->held_ms = (uint32_t)read_uint(r, 2);
    e->heard = (uint32_t)read_uint(r, 1);
    e->elsewhere = (uint32_t)read_uint(r, 4);
    r->misfit |= e->heard > HEARTBEAT_HEARD_MAX;
}

void heartbeat_read(struct reader *r, struct heartbeat *h)
{
    h->height = read_uint(r, 8);
    h->view = (uint32_t)read_uint(r, 4);
    h->finalized = read_bool(r);
    h->starting = read_bool(r);
    h->incarnation = read_uint(r, 8);
    h->unix_ms = read_uint(r, 8);
    h->sequence = (uint32_t)read_uint(r, 4);
    h->blames = (uint32_t)read_uint(r, 2);
    h->cloned = (uint32_t)read_uint(r, 2);
    h->own = read_uint(r, 8);
    h->serve = read_uint(r, 8);
    h->count = (uint32_t)read_uint(r, 1);
    if (h->view >= VIEW_END || h->count > MEMBERS_MAX ||
        (h->blames | h->cloned) >> h->count != 0) {
        r->misfit = true;
        h->count = 0;
    }
    for (uint32_t i = 0; i < h->count; i++) {
        echo_read(r, &h->echo[i]);
    }
}

static void echo_write(struct writer *w, const struct heartbeat_echo *e)
{
    assert(e->held_ms <= HEARTBEAT_HELD_MAX);
    assert(e->heard <= HEARTBEAT_HEARD_MAX);
    write_uint(w, e->run, 4);
    write_uint(w, e->sequence, 4);
    write_uint(w, e->held_ms, 2);
    write_uint(w, e->heard, 1);
    write_uint(w, e->elsewhere, 4);
}

void heartbeat_write(struct writer *w, const struct heartbeat *h)
{
    assert(h->count <= MEMBERS_MAX);
    write_uint(w, h->height, 8);
    write_uint(w, h->view, 4);
    write_bool(w, h->finalized);
    write_bool(w, h->starting);
    write_uint(w, h->incarnation, 8);
    write_uint(w, h->unix_ms, 8);
    write_uint(w, h->sequence, 4);
    write_uint(w, h->blames, 2);
    write_uint(w, h->cloned, 2);
    write_uint(w, h->own, 8);
    write_uint(w, h->serve, 8);
    write_uint(w, h->count, 1);
    for (uint32_t i = 0; i < h->count; i++) {
        echo_write(w, &h->echo[i]);
    }
}
