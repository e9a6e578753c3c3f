/* What others know of my votes: rule 16 asks before the first vote, rule 17 makes a member mute
 * that has forgotten some, until the others have provably passed all heights at which it may
 * have voted. */
#include "simplex_parts.h"

#include <assert.h>

#include "sabotage.h"
#include "vote_record.h"

static uint32_t others(const struct simplex *s, const struct simplex_world *w)
{
    return simplex_context(s, w).voters & ~(1u << s->options.self);
}

/* Forgets the votes of the record and keeps what was learnt: certificates hold for everyone. */
static void empty_votes(struct simplex *s, uint64_t resume)
{
    const struct vote_record old = s->record;
    s->record = vote_record_of(s->height, &s->parent, resume);
    if (old.height == s->height) {
        s->record.entry = old.entry;
        s->record.best = old.best;
    }
}

void amnesia_begin(struct simplex *s, const struct simplex_world *w, enum cause cause)
{
    s->amnesiac = true;
    s->resuming = true;
    s->pending_count = 0;
    empty_votes(s, RESUME_UNKNOWN);
    simplex_note(w, NOTE_VOTES_FORGOTTEN, cause, s->options.self, 0, 0);
    if (cause == CAUSE_VOTES_OLDER_THAN_SHOWN && !w->muted) {
        cast_record(s, w); /* or the next start would believe the old record once more */
    }
}

void amnesia_look(struct simplex *s, const struct simplex_world *w, const struct vote *v)
{
    /* Below `resume` lie the votes that are known to be forgotten. */
    if (SABOTAGE == SABOTAGE_VOTES_FORGOTTEN || s->amnesiac || v->height < s->record.resume ||
        !vote_record_forgot(&s->record, v)) {
        return;
    }
    amnesia_begin(s, w, CAUSE_VOTES_OLDER_THAN_SHOWN);
}

bool simplex_has_asked(const struct simplex *s, const struct simplex_world *w)
{
    if (SABOTAGE == SABOTAGE_VOTES_FORGOTTEN) {
        return true;
    }
    const uint32_t asked = others(s, w);
    uint32_t answered = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        answered += (asked >> i & 1) != 0 && s->peers[i].answered;
    }
    return answered + 1 >= certificate_needed(w->cluster);
}

bool amnesia_is_asking(const struct simplex *s, const struct simplex_world *w)
{
    return s->amnesiac || !simplex_has_asked(s, w);
}

/* Whoever voted at h had decided h-1, and a quorum had finalized there; one sound voter of it
 * is among the q that answered, and was at h-1 at least. So h is at most their highest + 1. An
 * answer counts once my own chain has come as far: that is its proof. */
bool amnesia_evaluate(struct simplex *s, const struct simplex_world *w)
{
    if (!s->amnesiac || w->muted || w->out->count == EFFECTS_MAX) {
        return false;
    }
    const uint32_t asked = others(s, w);
    uint32_t proved = 0;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct acquaintance *peer = &s->peers[i];
        if ((asked >> i & 1) == 0 || !peer->answered || peer->answered_height > s->height) {
            continue;
        }
        proved++;
        highest = peer->answered_height > highest ? peer->answered_height : highest;
    }
    if (proved < certificate_needed(w->cluster)) {
        return false;
    }
    s->amnesiac = false;
    empty_votes(s, highest + 2);
    cast_record(s, w);
    return true;
}

void simplex_wake(struct simplex *s, uint64_t nonce)
{
    assert(nonce != 0);
    s->options.nonce = nonce;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        s->peers[i].answered = false;
        s->peers[i].answered_height = 0;
        s->peers[i].hello_after_ms = 0;
    }
}

void amnesia_ask(struct simplex *s, const struct simplex_world *w)
{
    if (!amnesia_is_asking(s, w)) {
        return;
    }
    const uint32_t asked = others(s, w);
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        struct acquaintance *peer = &s->peers[i];
        if ((asked >> i & 1) == 0 || peer->answered) {
            continue;
        }
        if (w->now_ms >= peer->hello_after_ms) {
            peer->hello_after_ms = w->now_ms + 3ull * s->options.timing.delta_ms;
            struct message m = {.kind = MESSAGE_HELLO};
            m.hello.nonce = s->options.nonce;
            m.hello.height = s->height;
            m.hello.parent = s->parent;
            send_to(w, i, &m);
        }
        effects_wake(w->out, peer->hello_after_ms);
    }
}
