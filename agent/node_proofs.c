/* Proofs: what a member has signed and nobody sound ever signs. Whoever comes across it shows
 * it to all; it convicts by itself (standing.md, section 3). */
#include "node_parts.h"

static struct command proof_of(const struct deciding *d, uint32_t subject)
{
    struct command c = {.kind = COMMAND_PROVE,
                        .author = d->options.self,
                        .term = d->cluster.member[d->options.self].term};
    c.prove = d->offences.of[subject];
    c.prove.term = d->cluster.member[subject].term;
    return c;
}

/* Somebody's proof against it waits for a block already: mine would only be skipped. */
static bool is_shown(const struct node *n, uint32_t subject)
{
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct pooled *p = &n->pool.slot[i][COMMAND_PROVE - 1];
        struct command c;
        if (p->size_bytes != 0 && command_decode(&c, p->bytes, p->size_bytes) &&
            c.prove.subject == subject) {
            return true;
        }
    }
    return false;
}

/* One after the other: a command of a kind waits in the place of the one before. */
void node_proofs_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct simplex_world world = node_world(n, 0, out);
    if (d->muted || d->silent || !cluster_is_voter(&d->cluster, d->options.self) ||
        !simplex_is_caught_up(&d->simplex, &world)) {
        return;
    }
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        struct prove *p = &d->offences.of[i];
        if (p->count == 0) {
            continue;
        }
        struct command c = proof_of(d, i);
        if (cluster_would_skip(&d->cluster, &c) != CAUSE_NONE || is_shown(n, i)) {
            continue;
        }
        if (d->now_ms < d->confidence.prove_again_ms) {
            effects_wake(out, d->confidence.prove_again_ms);
            return;
        }
        if (!evidence_holds(&d->cluster, &c.prove)) {
            p->count = 0; /* of a key that it has no more */
            continue;
        }
        d->confidence.prove_again_ms =
            d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
        node_words_hand_in(n, &c, out);
        return;
    }
}
