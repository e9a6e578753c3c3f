#include "simplex_parts.h"

static void on_status(struct simplex *s, const struct simplex_world *w, uint32_t from,
                      const struct message *m)
{
    help_meet(s, w, from, m->status.height, m->status.view);
    if (m->status.height != s->height) {
        return;
    }
    if (!learn(s, w, &m->status.best) || !learn(s, w, &m->status.entry.support) ||
        !learn(s, w, &m->status.entry.certificate)) {
        simplex_nonsense(w, from, CAUSE_BAD_CERTIFICATE);
    }
}

static void on_want(struct simplex *s, const struct simplex_world *w, uint32_t from,
                    const struct message *m)
{
    if (m->want.height < s->height) {
        help_decided(s, w, from, m->want.height);
        return;
    }
    struct block b;
    if (m->want.height != s->height || hash_is_none(&m->want.block) ||
        !help_is_due(s, w, from) || !held_find(s, w, &m->want.block, &b)) {
        return;
    }
    struct message answer = {.kind = MESSAGE_BLOCK};
    answer.block.block = (struct bytes_view){b.bytes, b.size_bytes};
    send_to(w, from, &answer);
}

static void on_block(struct simplex *s, const struct simplex_world *w, const struct message *m)
{
    struct hash hash;
    const struct certificate *whom;
    struct block b;
    if (ask_wants(s, w, &hash, &whom) &&
        block_decode(&b, m->block.block.bytes, m->block.block.size_bytes) &&
        hash_equal(&b.hash, &hash)) {
        (void)held_put(s, w, &b);
    }
}

void simplex_on_message(struct simplex *s, const struct simplex_world *w, uint32_t from,
                        const struct message *m)
{
    if (s->damaged || s->height == 0 || from >= w->cluster->member_count ||
        from == s->options.self) {
        return;
    }
    switch (m->kind) {
    case MESSAGE_VOTE:
        on_vote(s, w, from, m);
        break;
    case MESSAGE_PROPOSAL:
        on_proposal(s, w, from, m);
        break;
    case MESSAGE_STATUS:
        on_status(s, w, from, m);
        break;
    case MESSAGE_DECIDED:
        on_decided(s, w, from, m);
        break;
    case MESSAGE_WANT:
        on_want(s, w, from, m);
        break;
    case MESSAGE_BLOCK:
        on_block(s, w, m);
        break;
    case MESSAGE_HELLO:
        on_hello(s, w, from, m);
        break;
    case MESSAGE_HEARTBEAT:
        help_meet(s, w, from, m->heartbeat.height, m->heartbeat.view);
        break;
    case MESSAGE_COMMAND:
    case MESSAGE_CHALLENGE:
    case MESSAGE_ANSWER:
    case MESSAGE_COSIGN:
    case MESSAGE_TASK:
    case MESSAGE_SOLUTION:
        break; /* the node's */
    }
}
