#include "simplex_parts.h"

/* What is told of a height that is over: the block that I know, or proof that the fault model
 * is broken (case 32). */
static void look_back(struct simplex *s, const struct simplex_world *w,
                      const struct certificate *c, const struct block *b)
{
    const struct past *past = &s->past[b->header.height % PAST_KEPT];
    if (past->height != b->header.height || hash_equal(&past->hash, &b->hash)) {
        return;
    }
    struct certificate_context context = simplex_context(s, w);
    context.height = past->height;
    context.parent = b->header.parent;
    context.voters = past->voters;
    context.needed = past->needed;
    context.known = NULL;
    if (certificate_verify(c, &context)) {
        simplex_stop(s, w, NOTE_FORK_SEEN, past->height);
    }
}

static void decide(struct simplex *s, const struct simplex_world *w, uint32_t from,
                   const struct certificate *c, const struct block *b)
{
    const bool known =
        s->undecided.kind != CERTIFICATE_NONE && hash_equal(&s->undecided.block, &b->hash);
    if (!known) {
        struct certificate_context context = simplex_context(s, w);
        context.parent = b->header.parent;
        if (!certificate_verify(c, &context)) {
            simplex_nonsense(w, from, CAUSE_BAD_CERTIFICATE);
            s->peers[from].height = 0; /* so the next one is asked */
            s->ask_after_ms = w->now_ms;
            return;
        }
        if (!hash_equal(&b->header.parent, &s->parent)) {
            simplex_stop(s, w, NOTE_FORK_SEEN, s->height);
            return;
        }
        learn_verified(s, w, c);
    }
    if (!s->deciding && hash_equal(&s->undecided.block, &b->hash)) {
        decide_begin(s, w, b);
    }
}

void on_decided(struct simplex *s, const struct simplex_world *w, uint32_t from,
                const struct message *m)
{
    const struct certificate *c = &m->decided.finalization;
    struct block b;
    if (!block_decode(&b, m->decided.block.bytes, m->decided.block.size_bytes) ||
        !hash_equal(&b.hash, &c->block)) {
        simplex_nonsense(w, from, CAUSE_MALFORMED);
        return;
    }
    if (s->peers[from].height <= b.header.height) {
        s->peers[from].height = b.header.height + 1;
    }
    if (b.header.height < s->height) {
        look_back(s, w, c, &b);
    } else if (b.header.height == s->height) {
        decide(s, w, from, c, &b);
    }
}
