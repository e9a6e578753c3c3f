/* Messages that change in a leaky node's hands (faults.md, F28): after they came and before
 * they are verified, after that and before they are used, between encoding and signing, between
 * signing and sending. Its twin has a copy of its own of whatever came. */
#include <string.h>

#include "world.h"

#define USED_BYTES 512u /* of a decoded message: what is before its certificates and bytes */

static struct world *world_in_step;
static struct station *station_in_step; /* NULL: no leaky node is in a step */

static void flip_one(struct world *w, uint8_t *bytes, size_t size_bytes)
{
    bytes[dice_between(&w->dice, 0, size_bytes - 1)] ^=
        (uint8_t)(1u << dice_between(&w->dice, 0, 7));
}

/* From now on it may hold what is not so, and nothing at rest tells. */
static void strike(struct world *w, struct station *s)
{
    const enum fault fault = (enum fault)s->buffer_fault;
    s->buffer_fault = 0;
    s->flipped_ms = w->now_ms;
    s->computed = true;
    world_strike(w, fault);
    world_say(w, "%s: %s", world_name(w, s->member), fault_text(fault));
}

void buffers_receive(struct world *w, struct station *s, struct input *in)
{
    static uint8_t changed[MESSAGE_BYTES_MAX];
    if (s->buffer_fault != FAULT_FLIP_RECEIVED || in->kind != INPUT_MESSAGE ||
        in->size_bytes == 0 || in->size_bytes > sizeof changed) {
        return;
    }
    memcpy(changed, in->bytes, in->size_bytes);
    flip_one(w, changed, in->size_bytes);
    in->bytes = changed;
    strike(w, s);
}

void buffers_begin(struct world *w, struct station *s)
{
    world_in_step = w;
    station_in_step = s->twin == NULL ? NULL : s;
}

void buffers_end(void)
{
    station_in_step = NULL;
}

/* A signature of what it decoded was found to be right. */
void buffers_verified(void)
{
    struct station *s = station_in_step;
    if (s == NULL || s->buffer_fault != FAULT_FLIP_VERIFIED) {
        return;
    }
    flip_one(world_in_step, (uint8_t *)&s->node->scratch, USED_BYTES);
    strike(world_in_step, s);
}

static struct effect *first_of(struct effects *out, enum effect_kind a, enum effect_kind b)
{
    for (uint32_t i = 0; i < out->count; i++) {
        struct effect *e = &out->list[i];
        if ((e->kind == a || e->kind == b) && e->body.size_bytes > 0) {
            return e;
        }
    }
    return NULL;
}

static bool change(struct world *w, struct station *s, enum effect_kind a, enum effect_kind b)
{
    const struct effect *e = first_of(&w->effects, a, b);
    if (e != NULL) {
        flip_one(w, w->effects.outbox + e->body.offset, e->body.size_bytes);
        strike(w, s);
    }
    return e != NULL;
}

bool buffers_encoded(struct world *w, struct station *s)
{
    return s->buffer_fault == FAULT_FLIP_ENCODED && change(w, s, EFFECT_SIGN, EFFECT_SIGN);
}

void buffers_signed(struct world *w, struct station *s)
{
    if (s->buffer_fault == FAULT_FLIP_SIGNED && change(w, s, EFFECT_SEND, EFFECT_BROADCAST)) {
        s->flipped_ms = 0; /* nothing that it keeps */
        s->computed = false;
        s->garbled = true;
        s->garbled_ms = w->now_ms;
    }
}

/* In this world nobody computes wrongly in what it says: so nobody is to be accused of it. */
void buffers_judge(struct world *w, const struct station *s)
{
    if (w->plan.leaky == 0 || s->flipped_ms != 0) {
        return;
    }
    w->counters.check[CHECK_UNBLAMED]++;
    const uint32_t blamed = s->node->deciding.own.wrong;
    if (blamed != 0) {
        world_fail(w, CHECK_UNBLAMED, "%s accuses %s", world_name(w, s->member),
                   world_name(w, (uint32_t)__builtin_ctz(blamed)));
    }
}
