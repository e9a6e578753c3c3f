/* What an operator signed and handed in here: into the pool, and to all, again and again until
 * it is decided or void. This member need not be one that votes. */
#include "node_parts.h"

static uint32_t bit(uint32_t operator)
{
    return (uint32_t)1 << operator;
}

static uint64_t repeat_ms(const struct deciding *d)
{
    return REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
}

static struct pooled *operators_slot(struct node *n, uint32_t operator)
{
    return &n->pool.slot[MEMBERS_MAX + operator][COMMAND_OPERATOR - 1];
}

void node_operator_on_command(struct node *n, const uint8_t *bytes, size_t size_bytes,
                              struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct command c;
    if (size_bytes > COMMAND_BYTES_MAX || !command_decode(&c, bytes, size_bytes) ||
        c.kind != COMMAND_OPERATOR) {
        return;
    }
    const enum pool_verdict verdict =
        pool_add(&n->pool, &d->cluster, bytes, size_bytes, d->now_ms);
    if (verdict == POOL_NEW) {
        node_words_broadcast(n, bytes, (uint32_t)size_bytes, out);
    }
    if (verdict == POOL_NEW || verdict == POOL_KNOWN) {
        d->own.handed_in |= bit(c.author - MEMBERS_MAX);
        d->own.hand_on_ms = d->now_ms + repeat_ms(d);
    }
}

void node_operator_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    for (uint32_t i = 0; i < OPERATORS_MAX; i++) {
        d->own.handed_in &= operators_slot(n, i)->size_bytes == 0 ? ~bit(i) : UINT32_MAX;
    }
    if (d->own.handed_in == 0) {
        return;
    }
    if (d->now_ms >= d->own.hand_on_ms) {
        d->own.hand_on_ms = d->now_ms + repeat_ms(d);
        for (uint32_t i = 0; i < OPERATORS_MAX; i++) {
            const struct pooled *p = operators_slot(n, i);
            if ((d->own.handed_in & bit(i)) != 0) {
                node_words_broadcast(n, p->bytes, p->size_bytes, out);
            }
        }
    }
    effects_wake(out, d->own.hand_on_ms);
}
