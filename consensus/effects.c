#include "effects.h"

#include <assert.h>
#include <string.h>

#include "message.h"

/* What no send may take away: places and bytes for all that a step does beside sending. Three
 * votes of one step with their blocks, one decided block, and the tokens that it calls for: to
 * be signed and assembled. */
#define RESERVE_PLACES 68u
#define TOKENS_BYTES (64u * 1024u)
#define RESERVE_BYTES                                                                          \
    (3u * (RECORD_BYTES_MAX + BLOCK_BYTES_MAX) + MESSAGE_BYTES_MAX + TOKENS_BYTES)
static_assert(RESERVE_BYTES + 2 * MESSAGE_BYTES_MAX <= OUTBOX_BYTES, "sends have room too");
static_assert(RESERVE_PLACES + NOTES_MAX + MEMBERS_MAX <= EFFECTS_MAX, "so have all notes");

void effects_begin(struct effects *e)
{
    e->timer_ms = TIME_NEVER;
    e->count = 0;
    e->dropped = 0;
    e->outbox_bytes = 0;
}

void effects_wake(struct effects *e, uint64_t at_ms)
{
    if (at_ms < e->timer_ms) {
        e->timer_ms = at_ms;
    }
}

struct body effects_body(struct effects *e, const void *bytes, size_t size_bytes)
{
    assert(size_bytes <= OUTBOX_BYTES - e->outbox_bytes);
    const struct body body = {e->outbox_bytes, (uint32_t)size_bytes};
    memcpy(e->outbox + e->outbox_bytes, bytes, size_bytes);
    e->outbox_bytes += (uint32_t)size_bytes;
    return body;
}

struct effect *effects_add(struct effects *e, enum effect_kind kind)
{
    assert(e->count < EFFECTS_MAX);
    struct effect *effect = &e->list[e->count];
    e->count++;
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    effect->member = MEMBER_NONE;
    return effect;
}

uint32_t effects_sends_left(const struct effects *e)
{
    const uint32_t taken = e->count + RESERVE_PLACES + NOTES_MAX;
    return taken < EFFECTS_MAX ? EFFECTS_MAX - taken : 0;
}

bool effects_has_room(const struct effects *e, size_t size_bytes)
{
    return effects_sends_left(e) > 0 &&
           size_bytes + RESERVE_BYTES <= OUTBOX_BYTES - e->outbox_bytes;
}

void effects_note(struct effects *e, const struct note *note)
{
    /* What a block decided has room by the bound of struct notes; beyond that a note is a word
     * about a peer, and the peer is not to use up the places that votes need. */
    if (e->count + RESERVE_PLACES >= EFFECTS_MAX) {
        e->dropped++;
        return;
    }
    effects_add(e, EFFECT_NOTE)->note = *note;
}

void effects_sign(struct effects *e, enum signing_kind kind, uint64_t serial,
                  const char *domain, const uint8_t *bytes, size_t size_bytes)
{
    struct effect *effect = effects_add(e, EFFECT_SIGN);
    effect->serial = serial;
    effect->signing = (struct signing){.kind = kind, .domain = domain};
    effect->body = effects_body(e, bytes, size_bytes);
}

static bool persist_same(const struct persist *a, const struct persist *b)
{
    return a->record.offset == b->record.offset &&
           a->record.size_bytes == b->record.size_bytes && a->block.offset == b->block.offset &&
           a->block.size_bytes == b->block.size_bytes &&
           hash_equal(&a->block_hash, &b->block_hash) && a->held_count == b->held_count &&
           memcmp(a->held, b->held, sizeof a->held) == 0;
}

static bool work_same(const struct work *a, const struct work *b)
{
    return a->role == b->role && a->fence == b->fence && a->first_window == b->first_window &&
           a->last_window == b->last_window && a->until_ms == b->until_ms;
}

static_assert(sizeof(struct note) == 120, "no padding");

/* Field by field where there is padding, which is nobody's to compare. */
static bool details_same(const struct effect *a, const struct effect *b)
{
    switch (a->kind) {
    case EFFECT_PERSIST:
        return persist_same(&a->persist, &b->persist);
    case EFFECT_NAME:
        return a->naming.name == b->naming.name && a->naming.takes == b->naming.takes &&
               a->naming.fence == b->naming.fence;
    case EFFECT_WORK:
        return work_same(&a->work, &b->work);
    case EFFECT_SIGN:
        return a->signing.kind == b->signing.kind && a->signing.domain == b->signing.domain;
    case EFFECT_NOTE:
        return memcmp(&a->note, &b->note, sizeof a->note) == 0;
    case EFFECT_NEUTER:
        return memcmp(&a->finding, &b->finding, sizeof a->finding) == 0;
    case EFFECT_RESIGNATION:
        return a->resigned == b->resigned;
    case EFFECT_SEND:
    case EFFECT_BROADCAST:
    case EFFECT_HEARTBEAT:
    case EFFECT_PROBE:
    case EFFECT_STORE_BLOCK:
    case EFFECT_HELP:
    case EFFECT_WORK_LEASE:
    case EFFECT_WORK_STOP:
    case EFFECT_SOLVE:
    case EFFECT_BURST:
    case EFFECT_EXAMINE:
    case EFFECT_TOKEN:
    case EFFECT_TRUST:
        return true;
    }
    return false;
}

static bool effect_same(const struct effect *a, const struct effect *b)
{
    return a->kind == b->kind && a->member == b->member && a->serial == b->serial &&
           a->height == b->height && a->until_ms == b->until_ms &&
           a->body.offset == b->body.offset && a->body.size_bytes == b->body.size_bytes &&
           details_same(a, b);
}

bool effects_same(const struct effects *a, const struct effects *b)
{
    if (a->timer_ms != b->timer_ms || a->count != b->count || a->dropped != b->dropped ||
        a->outbox_bytes != b->outbox_bytes ||
        memcmp(a->outbox, b->outbox, a->outbox_bytes) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (!effect_same(&a->list[i], &b->list[i])) {
            return false;
        }
    }
    return true;
}

const struct finding *effects_fatal(const struct effects *e)
{
    for (uint32_t i = 0; i < e->count; i++) {
        if (e->list[i].kind == EFFECT_NEUTER) {
            return &e->list[i].finding;
        }
    }
    return NULL;
}
