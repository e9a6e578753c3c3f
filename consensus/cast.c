/* The persistence rule: to cast a vote is to change the record, which at once forbids what
 * contradicts it, and to have record and bytes written. When that is durable its signature is
 * asked for, and when that has come it is counted and sent. */
#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

#include "sabotage.h"
#include "vote.h"
#include "vote_record.h"

#define VOTES_AT_ONCE 2u
#define EFFECTS_AT_ONCE 4u

bool cast_is_possible(const struct simplex *s, const struct simplex_world *w)
{
    const uint32_t room_bytes = OUTBOX_BYTES - w->out->outbox_bytes;
    return simplex_may_vote(s, w) && s->undecided.kind == CERTIFICATE_NONE &&
           !ask_is_behind(s, w) && s->pending_count + VOTES_AT_ONCE <= PENDING_MAX &&
           w->out->count + EFFECTS_AT_ONCE <= EFFECTS_MAX &&
           room_bytes >= RECORD_BYTES_MAX + BLOCK_BYTES_MAX + MESSAGE_BYTES_MAX;
}

struct vote cast_vote(const struct simplex *s, enum vote_kind kind, uint32_t view,
                      const struct hash *block)
{
    return (struct vote){
        .kind = kind,
        .signer = s->options.self,
        .height = s->height,
        .view = view,
        .claim = VIEW_NONE,
        .parent = s->parent,
        .block = *block,
    };
}

void cast_raise_top(struct simplex *s)
{
    struct vote_record *r = &s->record;
    if (!view_above(s->view, r->top)) {
        return;
    }
    r->top = s->view;
    r->proposed = (struct hash){0};
    r->notarized = (struct hash){0};
    r->has_claimed = false;
    r->claimed = VIEW_NONE;
}

static bool is_recorded(const struct vote_record *r, const struct hash *hash)
{
    for (uint32_t i = 0; i < r->held_count; i++) {
        if (hash_equal(&r->held[i], hash)) {
            return true;
        }
    }
    return false;
}

/* Has the record written, and the block's bytes with it if they are not durable yet. */
static void persist(struct simplex *s, const struct simplex_world *w, const struct block *block)
{
    struct vote_record *r = &s->record;
    const bool adds =
        block != NULL && SABOTAGE != SABOTAGE_BYTES_FORGOTTEN && !is_recorded(r, &block->hash);
    if (adds) {
        assert(r->held_count < HELD_MAX); /* each lies in a place of its own */
        r->held[r->held_count] = block->hash;
        r->held_count++;
    }
    uint8_t bytes[RECORD_BYTES_MAX];
    const size_t size_bytes = vote_record_encode(r, bytes);
    struct effect *e = effects_add(w->out, EFFECT_PERSIST);
    s->serial++;
    e->serial = s->serial;
    e->height = s->height;
    e->persist.record = effects_body(w->out, bytes, size_bytes);
    if (adds) {
        e->persist.block = effects_body(w->out, block->bytes, block->size_bytes);
        e->persist.block_hash = block->hash;
    }
    e->persist.held_count = r->held_count;
    memcpy(e->persist.held, r->held, sizeof r->held);
}

void cast(struct simplex *s, const struct simplex_world *w, const struct vote *votes,
          uint32_t count, const struct block *block)
{
    assert(s->pending_count + count <= PENDING_MAX);
    persist(s, w, block);
    for (uint32_t i = 0; i < count; i++) {
        s->pending[s->pending_count] =
            (struct pending_vote){.serial = s->serial, .vote = votes[i]};
        s->pending_count++;
    }
}

void cast_record(struct simplex *s, const struct simplex_world *w)
{
    persist(s, w, NULL);
}

void cast_ask(struct simplex *s, const struct simplex_world *w)
{
    for (uint32_t i = 0; i < s->pending_count && !w->silent; i++) {
        struct pending_vote *p = &s->pending[i];
        if (p->serial > s->stored || p->sign != 0) {
            continue;
        }
        uint8_t bytes[VOTE_SIGNED_BYTES];
        vote_signed_bytes(&p->vote, bytes);
        s->signs++;
        p->sign = s->signs;
        effects_sign(w->out, SIGNING_VOTE, p->sign, VOTE_DOMAIN, bytes, sizeof bytes);
    }
}

void cast_on_stored(struct simplex *s, const struct simplex_world *w)
{
    if (w->muted) { /* their record failed: a block stored after it makes it no more durable */
        s->pending_count = 0;
        return;
    }
    cast_ask(s, w);
}

static void count_and_send(struct simplex *s, const struct simplex_world *w,
                           const struct vote *v)
{
    tally_put(s, v);
    if (v->kind == VOTE_PROPOSE) {
        send_proposal(s, w);
    } else {
        send_vote(s, w, v);
    }
}

void simplex_on_signed(struct simplex *s, const struct simplex_world *w, uint64_t serial,
                       const uint8_t *signature)
{
    uint32_t at = 0;
    while (at < s->pending_count && s->pending[at].sign != serial) {
        at++;
    }
    if (s->damaged || serial == 0 || at == s->pending_count) {
        return; /* its height is over */
    }
    if (signature == NULL || w->silent) {
        s->pending[at].sign = 0;
        return;
    }
    struct vote v = s->pending[at].vote;
    s->pending_count--;
    memmove(&s->pending[at], &s->pending[at + 1],
            (s->pending_count - at) * sizeof s->pending[0]);
    memcpy(v.signature, signature, sizeof v.signature);
    if (!vote_verify(&v, &s->options.cluster_id,
                     w->cluster->member[s->options.self].vote_key)) {
        simplex_damage(s, w, SELF_SIGNATURE);
        return;
    }
    count_and_send(s, w, &v);
}

void cast_recall(struct simplex *s, const struct simplex_world *w)
{
    const struct vote_record *r = &s->record;
    struct vote votes[VOTE_KINDS];
    uint32_t count = 0;
    static_assert(VOTE_KINDS <= PENDING_MAX, "nothing else is pending at a start");
    if (!hash_is_none(&r->proposed)) {
        votes[count++] = cast_vote(s, VOTE_PROPOSE, r->top, &r->proposed);
    }
    if (!hash_is_none(&r->notarized)) {
        votes[count++] = cast_vote(s, VOTE_NOTARIZE, r->top, &r->notarized);
    }
    if (r->has_claimed) {
        votes[count] = cast_vote(s, VOTE_NULLIFY, r->top, &(struct hash){0});
        votes[count++].claim = r->claimed;
    }
    if (r->finalized != VIEW_NONE) {
        votes[count++] = cast_vote(s, VOTE_FINALIZE, r->finalized, &r->finalized_hash);
    }
    for (uint32_t i = 0; i < count; i++) {
        s->pending[s->pending_count] = (struct pending_vote){.vote = votes[i]};
        s->pending_count++;
    }
    cast_ask(s, w);
}
