/* A machine that can no longer sign must still be able to resign. So while it is fit it signs
 * one resignation of each class in advance, again in each new term, and gives them to the
 * shell. They can only lower its own standing, and are void after its next change
 * (references.md, R05). */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#include "../health/self.h"

#define AGAIN_MS 1000u

static bool may_resign(const struct deciding *d)
{
    const enum standing standing = d->cluster.member[d->options.self].standing;
    return standing == STANDING_GOOD || standing == STANDING_SUSPENDED;
}

static struct command resignation_of(const struct deciding *d, enum resign_class class)
{
    return (struct command){
        .kind = COMMAND_RESIGN,
        .author = d->options.self,
        .term = d->own.resign_term,
        .resign = {.class = class},
    };
}

static void ask(struct deciding *d, struct effects *out)
{
    d->own.resign_term = d->cluster.member[d->options.self].term;
    for (uint32_t i = 0; i < RESIGN_CLASS_COUNT; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        const struct command c = resignation_of(d, (enum resign_class)i);
        const size_t size_bytes = command_signed_bytes(&c, bytes);
        d->own.signs++;
        d->own.resign_serial[i] = d->own.signs;
        effects_sign(out, SIGNING_RESIGNATION, d->own.signs, COMMAND_DOMAIN, bytes, size_bytes);
    }
}

/* A neutered member's last word, until the chain has heard it. */
static void hand_in(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct node_options *o = &d->options;
    if (!may_resign(d)) {
        return;
    }
    if (d->now_ms >= d->own.resign_after_ms) {
        d->own.resign_after_ms = d->now_ms + AGAIN_MS / 4;
        /* Useless or known: then it is void, or on its way already. */
        (void)pool_add(&n->pool, &d->cluster, o->resignation, o->resignation_bytes, d->now_ms);
        node_words_broadcast(n, o->resignation, o->resignation_bytes, out);
    }
    effects_wake(out, d->own.resign_after_ms);
}

void node_resign_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    if (d->options.resignation_bytes > 0) {
        hand_in(n, out);
        return;
    }
    const bool stale = d->own.resign_term != d->cluster.member[d->options.self].term;
    if (!stale || d->muted || d->silent || !may_resign(d)) {
        return;
    }
    if (d->now_ms < d->own.resign_after_ms) {
        effects_wake(out, d->own.resign_after_ms);
        return;
    }
    ask(d, out);
}

void node_resign_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                           struct effects *out)
{
    struct deciding *d = &n->deciding;
    uint32_t class = 0;
    while (class < RESIGN_CLASS_COUNT && d->own.resign_serial[class] != serial) {
        class ++;
    }
    if (class == RESIGN_CLASS_COUNT || serial == 0) {
        return;
    }
    d->own.resign_serial[class] = 0;
    if (signature == NULL) { /* refused: all of them once more, later */
        d->own.resign_term = 0;
        d->own.resign_after_ms = d->now_ms + AGAIN_MS;
        return;
    }
    struct command c = resignation_of(d, (enum resign_class) class);
    const uint8_t *key = d->cluster.member[d->options.self].vote_key;
    memcpy(c.signature, signature, sizeof c.signature);
    if (c.term == 0 || c.term != d->cluster.member[d->options.self].term) {
        return; /* of a term that is over */
    }
    if (!command_verify(&c, &d->cluster.id, key)) {
        const struct finding why = self_finding(SELF_SIGNATURE);
        node_neuter(n, &why, out);
        return;
    }
    uint8_t bytes[COMMAND_BYTES_MAX];
    const size_t size_bytes = command_encode(&c, bytes);
    assert(size_bytes <= RESIGNATION_BYTES_MAX);
    struct effect *e = effects_add(out, EFFECT_RESIGNATION);
    e->resigned = (enum resign_class) class;
    e->body = effects_body(out, bytes, size_bytes);
}
