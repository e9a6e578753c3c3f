#include "simplex_parts.h"

#include "vote.h"

/* The newest votes that I hold signed by the member. Those of the next height are not verified
 * yet: the member knows its own signature. */
static void add_votes(const struct simplex *s, uint32_t member, struct message *m)
{
    for (uint32_t i = 0; i < VOTE_KINDS; i++) {
        const struct tally *known[2] = {&s->tallies[member][i], &s->next[member][i]};
        for (uint32_t k = 0; k < 2; k++) {
            if (known[k]->has) {
                m->hello.votes[m->hello.count] = known[k]->vote;
                m->hello.count++;
            }
        }
    }
}

/* How far I have come, by my chain or, where that was restored or lost, by my record: who has
 * forgotten its votes reckons from this how far it may have voted (rule 17). */
static uint64_t height_reached(const struct simplex *s)
{
    return s->record.height > s->height ? s->record.height : s->height;
}

static void answer(struct simplex *s, const struct simplex_world *w, uint32_t from,
                   uint64_t nonce)
{
    struct acquaintance *peer = &s->peers[from];
    if (nonce == 0 || w->now_ms < peer->reply_after_ms) {
        return;
    }
    peer->reply_after_ms = w->now_ms + s->options.timing.delta_ms / 2;
    if (!peer->answered) {
        peer->hello_after_ms =
            w->now_ms; /* it has just come, and may have missed my question */
    }
    struct message m = {.kind = MESSAGE_HELLO};
    m.hello.answer = nonce;
    m.hello.height = s->height;
    m.hello.reached = height_reached(s);
    m.hello.parent = s->parent;
    add_votes(s, from, &m);
    send_to(w, from, &m);
}

/* Votes that I am said to have signed. Only one that I do not remember is worth verifying. */
static void look_at_votes(struct simplex *s, const struct simplex_world *w, uint32_t from,
                          const struct message *m)
{
    for (uint32_t i = 0; i < m->hello.count; i++) {
        const struct vote *v = &m->hello.votes[i];
        if (v->signer != s->options.self) {
            simplex_nonsense(w, from, CAUSE_MALFORMED);
            return;
        }
        if (s->amnesiac || v->height < s->height) {
            continue;
        }
        const uint8_t *key = w->cluster->member[s->options.self].vote_key;
        if (!vote_verify(v, &s->options.cluster_id, key)) {
            simplex_nonsense(w, from, CAUSE_BAD_SIGNATURE);
            return;
        }
        amnesia_look(s, w, v);
    }
}

void on_hello(struct simplex *s, const struct simplex_world *w, uint32_t from,
              const struct message *m)
{
    help_meet(s, w, from, m->hello.height, VIEW_NONE);
    answer(s, w, from, m->hello.nonce);
    look_at_votes(s, w, from, m);
    if (m->hello.answer != s->options.nonce) {
        return;
    }
    struct acquaintance *peer = &s->peers[from];
    const uint64_t reached =
        m->hello.reached > m->hello.height ? m->hello.reached : m->hello.height;
    if (!peer->answered || reached > peer->answered_height) {
        peer->answered_height = reached;
    }
    peer->answered = true;
}
