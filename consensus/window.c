#include "window.h"

#include <assert.h>
#include <string.h>

#include "doubt.h"

static bool digest_equal(const struct window_digest *a, const struct window_digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

static struct window_claims *claims_on(struct cluster *c, uint64_t window)
{
    return &c->windows.open[window % RESULT_WINDOWS_MAX];
}

/* NULL if it is not settled, or so long ago that its digest is forgotten. */
static struct settled_window *settled_of(struct cluster *c, uint64_t window)
{
    struct settled_window *settled = &c->windows.settled[window % SETTLED_KEPT];
    return window != 0 && settled->window == window ? settled : NULL;
}

static enum cause claim_cause(const struct cluster *c, uint32_t author, uint64_t window,
                              const struct window_digest *digest)
{
    const struct doubtful_window *doubtful = doubt_of(c, window);
    if (doubtful != NULL) {
        return doubt_cause(doubtful, author, digest);
    }
    const struct settled_window *settled = &c->windows.settled[window % SETTLED_KEPT];
    if (window != 0 && settled->window == window) {
        const bool dissents = !digest_equal(&settled->digest, digest);
        const bool again = (settled->dissenters >> author & 1) != 0;
        return dissents && !again ? CAUSE_NONE : CAUSE_SAID_BEFORE;
    }
    if (window < c->windows.next) {
        return CAUSE_TOO_OLD;
    }
    if (window - c->windows.next >= RESULT_WINDOWS_MAX) {
        return CAUSE_OUTSIDE_RING;
    }
    if (c->time_ms < cluster_window_due_ms(c, window)) {
        return CAUSE_TOO_NEW;
    }
    const struct window_claims *claims = &c->windows.open[window % RESULT_WINDOWS_MAX];
    return (claims->results >> author & 1) != 0 ? CAUSE_SAID_BEFORE : CAUSE_NONE;
}

enum cause windows_result_cause(const struct cluster *c, uint32_t author,
                                const struct result *s)
{
    enum cause first = CAUSE_NONE;
    for (uint32_t i = 0; i < s->count; i++) {
        const enum cause cause = claim_cause(c, author, s->first_window + i, &s->digests[i]);
        if (cause == CAUSE_NONE) {
            return CAUSE_NONE;
        }
        first = i == 0 ? cause : first;
    }
    return first;
}

enum cause windows_dispute_cause(const struct cluster *c, uint32_t author,
                                 const struct dispute *d)
{
    return claim_cause(c, author, d->window, &d->own);
}

void windows_note(const struct turn *t, enum note_kind kind, uint64_t window,
                  const uint32_t members[static 2])
{
    for (uint32_t i = 0; i < t->notes->count; i++) {
        struct note *note = &t->notes->list[i];
        if (note->kind == kind && note->height == t->height && note->member == members[0] &&
            note->other == members[1] && note->first + note->count == window) {
            note->count++;
            return;
        }
    }
    struct note *note = turn_note(t, kind, members[0]);
    note->other = members[1];
    note->first = window;
    note->count = 1;
}

/* What is settled has two authors; whoever says otherwise is taken to be wrong. The second time
 * within the hour it counts as found wrong by all; what one block brings to light is one time,
 * since a backlog that was computed wrongly differs in every window. */
static void dissent(struct cluster *c, const struct turn *t, struct settled_window *settled,
                    uint32_t member)
{
    const uint64_t lasts_ms = turn_ticks_ms(c, DISSENT_TICKS);
    const uint64_t again_ms = turn_ticks_ms(c, AGAIN_TICKS);
    const uint64_t until_ms = c->dissent_until_ms[member];
    const uint64_t since_ms = until_ms - lasts_ms; /* of the last one, if there was one */
    if (until_ms != 0 && since_ms != c->time_ms && c->time_ms - since_ms < again_ms) {
        c->condemned_until_ms[member] = c->time_ms + again_ms;
    }
    c->dissent_until_ms[member] = c->time_ms + lasts_ms;
    settled->dissenters |= 1u << member;

    struct record *record = &c->record[member];
    assert(c->tick - record->next < RECORD_WINDOW_TICKS);
    for (uint64_t tick = record->next; tick <= c->tick; tick++) {
        if ((record->spoiled >> (tick - record->next) & 1) == 0) {
            turn_note_spoiled(t, member, tick, CAUSE_DISSENT, 0);
        }
    }
    record->run = 0;
    record->spoiled = (uint16_t)((2u << (c->tick - record->next)) - 1); /* all not judged yet */
    windows_note(t, NOTE_DISSENT, settled->window, (const uint32_t[]){member, MEMBER_NONE});
}

static void advance(struct cluster *c)
{
    const uint64_t before = c->windows.next;
    while (settled_of(c, c->windows.next) != NULL) {
        c->windows.next++;
    }
    if (c->windows.next != before && c->grant.fence != 0) {
        windows_renew_deadlines(c);
    }
}

static void settle(struct cluster *c, const struct turn *t, uint64_t window,
                   const uint32_t members[static 2])
{
    struct window_claims *claims = claims_on(c, window);
    struct settled_window *settled = &c->windows.settled[window % SETTLED_KEPT];
    assert(members[0] != members[1]);
    assert((claims->results >> members[0] & 1) != 0);
    *settled = (struct settled_window){
        .window = window,
        .fence = c->last_fence,
        .digest = claims->digest[members[0]],
        .members = {members[0], members[1]},
    };
    windows_note(t, NOTE_WINDOWS_SETTLED, window, members);
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool claimed = ((claims->results | claims->disputes) >> i & 1) != 0;
        if (claimed && !digest_equal(&claims->digest[i], &settled->digest)) {
            dissent(c, t, settled, i);
        }
    }
    memset(claims, 0, sizeof *claims);
    advance(c);
}

/* Who else has found the window published with the author's digest. */
static uint32_t confirmed_by(const struct cluster *c, const struct window_claims *claims,
                             uint32_t author)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (i != author && (claims->results >> i & 1) != 0 &&
            digest_equal(&claims->digest[i], &claims->digest[author])) {
            return i;
        }
    }
    return MEMBER_NONE;
}

static void on_claim(struct cluster *c, struct turn *t, uint32_t author, uint64_t window,
                     const struct window_digest *digest)
{
    struct window_claims *claims = claims_on(c, window);
    claims->disputes &= ~(1u << author);
    claims->results |= 1u << author;
    claims->digest[author] = *digest;
    const uint32_t other = confirmed_by(c, claims, author);
    if (other != MEMBER_NONE) {
        settle(c, t, window, (const uint32_t[]){other, author});
    }
}

void windows_on_result(struct cluster *c, struct turn *t, uint32_t author,
                       const struct result *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const uint64_t window = s->first_window + i;
        if (claim_cause(c, author, window, &s->digests[i]) != CAUSE_NONE) {
            continue;
        }
        struct settled_window *settled = settled_of(c, window);
        if (doubt_of(c, window) != NULL) {
            doubt_on_claim(c, t, author, window, &s->digests[i]);
        } else if (settled != NULL) {
            dissent(c, t, settled, author);
        } else {
            on_claim(c, t, author, window, &s->digests[i]);
        }
    }
}

void windows_on_dispute(struct cluster *c, struct turn *t, uint32_t author,
                        const struct dispute *d)
{
    struct note *note = turn_note(t, NOTE_WINDOW_DISPUTED, author);
    note->first = d->window;
    note->count = 1;
    note->fence = d->fence;
    struct settled_window *settled = settled_of(c, d->window);
    if (doubt_of(c, d->window) != NULL) {
        doubt_on_claim(c, t, author, d->window, &d->own);
        return;
    }
    if (settled != NULL) {
        dissent(c, t, settled, author);
        return;
    }
    struct window_claims *claims = claims_on(c, d->window);
    claims->disputes |= 1u << author;
    claims->digest[author] = d->own;
    t->disputers |= 1u << author;
}

void windows_settle_alone(struct cluster *c, const struct turn *t)
{
    const uint32_t leader = c->grant.leader;
    if (c->audit_required || c->grant.fence == 0 || c->grant.auditor != MEMBER_NONE) {
        return;
    }
    const uint64_t first = c->windows.next;
    for (uint64_t window = first; window < first + RESULT_WINDOWS_MAX; window++) {
        if ((claims_on(c, window)->results >> leader & 1) != 0) {
            settle(c, t, window, (const uint32_t[]){leader, MEMBER_NONE});
        }
    }
}

uint32_t windows_disputers(const struct cluster *c)
{
    uint32_t disputers = 0;
    for (uint32_t i = 0; i < RESULT_WINDOWS_MAX; i++) {
        disputers |= c->windows.open[i].disputes;
    }
    return disputers;
}

bool windows_has_result(const struct cluster *c, uint32_t member)
{
    const struct window_claims *claims = &c->windows.open[c->windows.next % RESULT_WINDOWS_MAX];
    return member < c->member_count && (claims->results >> member & 1) != 0;
}

void windows_renew_deadlines(struct cluster *c)
{
    const uint64_t due_ms = cluster_window_due_ms(c, c->windows.next);
    const uint64_t begun_ms = c->time_ms > due_ms ? c->time_ms : due_ms;
    struct grant *g = &c->grant;
    g->deadline_ms = begun_ms + (uint64_t)c->timing.window_timeout_s * 1000;
    g->audit_deadline_ms = g->deadline_ms + (uint64_t)c->timing.audit_timeout_s * 1000;
    g->audit_was_late = false;
}
