/* Rule 11, second half: what I lack, I ask for. The bytes of a block that a certificate names,
 * from its signers in turn; the decided block of my height, from whoever says that it is
 * further, one request at a time. */
#include "simplex_parts.h"

static bool lacks(struct simplex *s, const struct simplex_world *w, const struct certificate *c)
{
    struct block b;
    return c->kind != CERTIFICATE_NONE && !held_find(s, w, &c->block, &b);
}

bool ask_wants(struct simplex *s, const struct simplex_world *w, struct hash *hash,
               const struct certificate **whom)
{
    if (s->deciding) {
        return false;
    }
    const bool undecided = s->undecided.kind != CERTIFICATE_NONE;
    const struct certificate *c = undecided ? &s->undecided : &s->record.best;
    if ((!undecided && !simplex_has_record(s)) || !lacks(s, w, c)) {
        return false;
    }
    *hash = c->block;
    *whom = c;
    return true;
}

/* Asks one of the members, after `last` and in turn, if possible one that I hear. */
static void want(const struct simplex *s, const struct simplex_world *w, uint32_t *last,
                 uint32_t members, const struct hash *hash)
{
    const uint32_t others = members & ~(1u << s->options.self);
    const uint32_t asked = (others & w->heard) != 0 ? others & w->heard : others;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        *last = (*last + 1) % MEMBERS_MAX;
        if ((asked >> *last & 1) != 0) {
            struct message m = {.kind = MESSAGE_WANT};
            m.want.height = s->height;
            m.want.block = *hash;
            send_to(w, *last, &m);
            return;
        }
    }
}

static void fetch(struct simplex *s, const struct simplex_world *w)
{
    const uint64_t delta_ms = s->options.timing.delta_ms;
    struct hash hash;
    const struct certificate *whom;
    if (!ask_wants(s, w, &hash, &whom)) {
        return;
    }
    if (!hash_equal(&s->fetching, &hash)) {
        /* Votes are shorter than proposals and overtake them. */
        s->fetching = hash;
        s->fetch_after_ms = w->now_ms + delta_ms / 4;
    }
    if (w->now_ms >= s->fetch_after_ms) {
        s->fetch_after_ms = w->now_ms + delta_ms;
        uint32_t signers = 0;
        for (uint32_t i = 0; i < whom->count; i++) {
            signers |= 1u << whom->signer[i];
        }
        want(s, w, &s->fetched, signers, &hash);
    }
    effects_wake(w->out, s->fetch_after_ms);
}

/* Bits of the members that claim to be at that height or a later one. */
static uint32_t from_height(const struct simplex *s, uint64_t height)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if (i != s->options.self && s->peers[i].height >= height) {
            members |= 1u << i;
        }
    }
    return members;
}

/* More voters than may lie say so now. What the dead said last does not count: they may be gone
 * for good with what they decided, and the living have to decide it again (case 9). */
static bool is_believed(const struct simplex *s, const struct simplex_world *w, uint64_t height)
{
    const struct certificate_context context = simplex_context(s, w);
    const uint32_t members = from_height(s, height) & w->heard & context.voters;
    return (uint32_t)__builtin_popcount(members) > cluster_quorum(w->cluster).malfunctioning;
}

bool ask_is_behind(const struct simplex *s, const struct simplex_world *w)
{
    return is_believed(s, w, s->height + 1);
}

static void announce(struct simplex *s, const struct simplex_world *w)
{
    if (s->catching_up && !ask_is_behind(s, w)) {
        s->catching_up = false;
        simplex_note(w, NOTE_CAUGHT_UP, CAUSE_NONE, s->options.self, s->height, 0);
        return;
    }
    if (s->catching_up || !is_believed(s, w, s->height + 2)) {
        return;
    }
    /* As far as the highest height that more than the liars claim. */
    uint64_t behind = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const uint64_t height = s->peers[i].height;
        if (height > s->height + behind && is_believed(s, w, height)) {
            behind = height - s->height;
        }
    }
    s->catching_up = true;
    simplex_note(w, NOTE_CATCHING_UP, CAUSE_NONE, s->options.self, s->height, behind);
}

static void catch_up(struct simplex *s, const struct simplex_world *w)
{
    const uint64_t delta_ms = s->options.timing.delta_ms;
    const uint32_t ahead = from_height(s, s->height + 1);
    if (ahead == 0) {
        s->behind_ms = TIME_NEVER;
        return;
    }
    if (s->behind_ms == TIME_NEVER) {
        s->behind_ms = w->now_ms;
    }
    if (s->deciding) {
        return;
    }
    /* One height behind I am about to decide by myself, mostly. */
    const bool far = from_height(s, s->height + 2) != 0;
    const uint64_t soon_ms = far ? 0 : s->behind_ms + delta_ms;
    const uint64_t at_ms = s->ask_after_ms > soon_ms ? s->ask_after_ms : soon_ms;
    if (w->now_ms < at_ms) {
        effects_wake(w->out, at_ms);
        return;
    }
    want(s, w, &s->asked, ahead, &(struct hash){0});
    s->ask_after_ms = w->now_ms + 3 * delta_ms;
    effects_wake(w->out, s->ask_after_ms);
}

void ask_evaluate(struct simplex *s, const struct simplex_world *w)
{
    fetch(s, w);
    announce(s, w);
    catch_up(s, w);
}
