#include "simplex_parts.h"

#include <assert.h>
#include <string.h>

static void send(const struct simplex_world *w, enum effect_kind kind, uint32_t member,
                 const struct message *m)
{
    struct effects *out = w->out;
    if (!effects_has_room(out, MESSAGE_BYTES_MAX)) {
        out->dropped++; /* as if the network had lost it */
        return;
    }
    const size_t size_bytes = message_encode(m, out->outbox + out->outbox_bytes);
    struct effect *e = effects_add(out, kind);
    e->member = member;
    e->body = (struct body){out->outbox_bytes, (uint32_t)size_bytes};
    out->outbox_bytes += (uint32_t)size_bytes;
}

void send_to(const struct simplex_world *w, uint32_t member, const struct message *m)
{
    send(w, EFFECT_SEND, member, m);
}

void send_to_all(const struct simplex_world *w, const struct message *m)
{
    send(w, EFFECT_BROADCAST, MEMBER_NONE, m);
}

static struct message status_of(const struct simplex *s)
{
    struct message m = {.kind = MESSAGE_STATUS};
    m.status.height = s->height;
    if (simplex_has_record(s)) {
        m.status.view = s->view;
        m.status.entry = s->record.entry;
        /* What is the way into the view already need not be told twice. */
        if (!certificate_same(&s->record.best, &s->record.entry.certificate)) {
            m.status.best = s->record.best;
        }
    }
    return m;
}

void send_status(struct simplex *s, const struct simplex_world *w, uint32_t member)
{
    struct acquaintance *peer = &s->peers[member];
    if (w->now_ms < peer->status_after_ms) {
        return;
    }
    peer->status_after_ms = w->now_ms + s->options.timing.delta_ms;
    const struct message m = status_of(s);
    send_to(w, member, &m);
}

void send_status_to_all(struct simplex *s, const struct simplex_world *w)
{
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        s->peers[i].status_after_ms = w->now_ms + s->options.timing.delta_ms;
    }
    const struct message m = status_of(s);
    send_to_all(w, &m);
}

void send_vote(const struct simplex *s, const struct simplex_world *w, const struct vote *v)
{
    struct message m = {.kind = MESSAGE_VOTE};
    m.vote.vote = *v;
    if (v->claim != VIEW_NONE) {
        m.vote.support = s->record.best; /* of the claimed view, or of a later one */
    }
    send_to_all(w, &m);
}

void send_proposal(struct simplex *s, const struct simplex_world *w)
{
    const struct tally *mine = &s->tallies[s->options.self][VOTE_PROPOSE - 1];
    struct block b;
    if (!mine->has || mine->vote.view != s->view || !held_find(s, w, &mine->vote.block, &b)) {
        return;
    }
    /* Of a block that is not mine, and after a restart: what made it good may be forgotten. */
    if (s->justification.kind == CERTIFICATE_NONE && b.header.proposer != s->options.self) {
        return;
    }
    struct message m = {.kind = MESSAGE_PROPOSAL};
    m.proposal.vote = mine->vote;
    m.proposal.entry = s->record.entry;
    m.proposal.justification = s->justification;
    m.proposal.block = (struct bytes_view){b.bytes, b.size_bytes};
    send_to_all(w, &m);
}

/* 3 delta, 20 % more or less, so that members do not all speak at once for ever. */
static uint64_t repeat_after_ms(const struct simplex *s, const struct simplex_world *w)
{
    const uint64_t usual_ms = 3ull * s->options.timing.delta_ms;
    const uint64_t spread_ms = usual_ms * 2 / 5;
    return usual_ms - spread_ms / 2 + w->random % (spread_ms + 1);
}

void send_repeats(struct simplex *s, const struct simplex_world *w)
{
    if (!clock_is_engaged(s) || w->now_ms < s->repeat_ms) {
        return;
    }
    s->repeat_ms = w->now_ms + repeat_after_ms(s, w);
    cast_ask(s, w);
    send_status_to_all(s, w);
    const struct tally *mine = s->tallies[s->options.self];
    for (uint32_t i = 0; i < VOTE_KINDS; i++) {
        if (mine[i].has && mine[i].vote.kind != VOTE_PROPOSE) {
            send_vote(s, w, &mine[i].vote);
        }
    }
    send_proposal(s, w);
}
