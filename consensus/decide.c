/* Rule 10: from a finalization to a block that is durable, and may be applied. */
#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

enum judgement decide_judge(const struct simplex *s, const struct simplex_world *w,
                            const struct block_header *h)
{
    if (h->height != s->height || !hash_equal(&h->parent, &s->parent)) {
        return JUDGED_OTHER_PARENT;
    }
    if (h->version != w->cluster->version || !protocol_is_known(h->version)) {
        return JUDGED_OTHER_VERSION;
    }
    /* And anew: what was kept as the block was applied tells of no damage since. */
    const struct hash kept = cluster_state_hash(w->cluster);
    const struct hash anew = cluster_digest(w->cluster);
    return hash_equal(&h->state, &kept) && hash_equal(&h->state, &anew) ? JUDGED_SOUND
                                                                        : JUDGED_DAMAGED;
}

static bool is_good(struct simplex *s, const struct simplex_world *w, const struct block *b)
{
    switch (decide_judge(s, w, &b->header)) {
    case JUDGED_SOUND:
        return true;
    case JUDGED_OTHER_PARENT:
        simplex_stop(s, w, NOTE_FORK_SEEN, s->height);
        return false;
    case JUDGED_OTHER_VERSION:
        simplex_stop(s, w, NOTE_STATE_DIFFERS, s->height);
        return false;
    case JUDGED_DAMAGED:
        simplex_damage(s, w, SELF_CHAIN);
        return false;
    }
    return false;
}

static void remember(struct simplex *s, const struct simplex_world *w)
{
    const struct certificate_context context = simplex_context(s, w);
    s->past[s->height % PAST_KEPT] = (struct past){
        .height = s->height,
        .hash = s->undecided.block,
        .voters = context.voters,
        .needed = context.needed,
    };
}

void decide_begin(struct simplex *s, const struct simplex_world *w, const struct block *b)
{
    assert(!s->deciding);
    assert(hash_equal(&b->hash, &s->undecided.block));
    struct effects *out = w->out;
    if (OUTBOX_BYTES - out->outbox_bytes < MESSAGE_BYTES_MAX || out->count == EFFECTS_MAX) {
        effects_wake(out, w->now_ms + 1); /* the finalization stays, and so it is tried again */
        return;
    }
    if (!outset_admits(s, w, &b->hash) || !is_good(s, w, b)) {
        return;
    }
    struct held_block *deciding = &w->bulk->deciding;
    deciding->hash = b->hash;
    deciding->size_bytes = b->size_bytes;
    memcpy(deciding->bytes, b->bytes, b->size_bytes);
    remember(s, w);

    struct message m = {.kind = MESSAGE_DECIDED};
    m.decided.finalization = s->undecided;
    m.decided.block = (struct bytes_view){b->bytes, b->size_bytes};
    struct body body = {.offset = out->outbox_bytes};
    body.size_bytes = (uint32_t)message_encode(&m, out->outbox + body.offset);
    out->outbox_bytes += body.size_bytes;
    struct effect *e = effects_add(out, EFFECT_STORE_BLOCK);
    s->serial++;
    e->serial = s->serial;
    e->height = s->height;
    e->body = body;
    s->deciding = true;
    s->deciding_serial = s->serial;
}

bool decide_evaluate(struct simplex *s, const struct simplex_world *w)
{
    struct block b;
    if (s->undecided.kind == CERTIFICATE_NONE || s->deciding ||
        !held_find(s, w, &s->undecided.block, &b)) {
        return false;
    }
    decide_begin(s, w, &b);
    return s->deciding;
}
