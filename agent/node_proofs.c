/* Proofs: what a member has signed and nobody sound ever signs. Whoever comes across it shows
 * it to all; it convicts by itself (standing.md, section 3). Votes tell it by their form. Of an
 * answer to a task it is not known before the task was solved again, here as everywhere: until
 * then what others show is passed on to nobody, and put into no block. */
#include "node_parts.h"

#include <string.h>

#define REFUTED_TICKS 12u /* a minute */

/* ---- shown by this member */

/* The first offence of the subject that is known here; its votes before its answer. False:
 * none. */
static bool find_offence(struct deciding *d, uint32_t subject, struct command *c)
{
    const uint32_t term = d->cluster.member[subject].term;
    const bool votes = d->offences.of[subject].kind != PROOF_ANSWER;
    if (!votes && d->trials.wrong[subject].term != term) {
        return false;
    }
    *c = (struct command){.kind = COMMAND_PROVE,
                          .author = d->options.self,
                          .term = d->cluster.member[d->options.self].term};
    struct prove *p = &c->prove;
    *p = d->offences.of[subject];
    p->subject = subject;
    p->term = term;
    p->answer = d->trials.wrong[subject];
    return votes || retrial_of(&d->retrials, &p->answer) == RETRIAL_WRONG;
}

/* What it was signed with is no key of the subject's any more. */
static void forget(struct deciding *d, uint32_t subject)
{
    struct prove *p = &d->offences.of[subject];
    if (p->kind == PROOF_ANSWER) {
        d->trials.wrong[subject] = (struct solution){.term = 0};
    }
    p->kind = PROOF_ANSWER;
}

/* Somebody's proof against it waits for a block already: mine would only be skipped. */
static bool is_shown(const struct node *n, uint32_t subject)
{
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        const struct pooled *p = &n->pool.slot[i][COMMAND_PROVE - 1];
        struct command c;
        if (p->size_bytes != 0 && command_decode(&c, p->bytes, p->size_bytes) &&
            c.prove.subject == subject && (p->tried || !evidence_is_answer(&c))) {
            return true;
        }
    }
    return false;
}

/* One after the other: a command of a kind waits in the place of the one before. */
static void show(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        struct command c;
        if (!find_offence(d, i, &c) || cluster_would_skip(&d->cluster, &c) != CAUSE_NONE ||
            is_shown(n, i)) {
            continue;
        }
        if (d->now_ms < d->confidence.prove_again_ms) {
            effects_wake(out, d->confidence.prove_again_ms);
            return;
        }
        if (!evidence_holds(&d->cluster, &c.prove)) {
            forget(d, i);
            continue;
        }
        d->confidence.prove_again_ms =
            d->now_ms + REPEAT_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
        node_words_hand_in(n, &c, out);
        return;
    }
}

/* ---- shown by others */

bool node_proofs_wants(const struct deciding *d, const uint8_t *command, size_t size_bytes)
{
    struct command c;
    return size_bytes <= COMMAND_KIND_AT || command[COMMAND_KIND_AT] != COMMAND_PROVE ||
           !command_decode(&c, command, size_bytes) || !evidence_is_answer(&c) ||
           c.author >= MEMBERS_MAX || d->now_ms >= d->confidence.refuted_until_ms[c.author];
}

/* It has signed that an answer is wrong which is right. What it shows next may well be false
 * too, and is work for everybody: a minute's rest. */
static void refute(struct node *n, uint32_t author, struct effects *out)
{
    struct deciding *d = &n->deciding;
    d->confidence.refuted_until_ms[author] =
        d->now_ms + REFUTED_TICKS * (uint64_t)d->cluster.timing.tick_ms;
    pool_tried(&n->pool, &d->cluster, author, false, d->now_ms);
    const struct note note = {.kind = NOTE_PEER_NONSENSE,
                              .cause = CAUSE_FALSE_PROOF,
                              .member = author,
                              .other = MEMBER_NONE};
    effects_note(out, &note);
}

static void try_shown(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        struct command c;
        const struct pooled *p = pool_untried(&n->pool, i, &c);
        if (p == NULL) {
            continue;
        }
        const enum retrial_verdict verdict = retrial_of(&d->retrials, &c.prove.answer);
        if (verdict == RETRIAL_RIGHT) {
            refute(n, i, out);
        } else if (verdict == RETRIAL_WRONG) {
            pool_tried(&n->pool, &d->cluster, i, true, d->now_ms);
            node_words_broadcast(n, p->bytes, p->size_bytes, out);
        }
    }
}

void node_proofs_watch(struct node *n, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct simplex_world world = node_world(n, 0, out);
    try_shown(n, out);
    if (!d->muted && !d->silent && cluster_is_voter(&d->cluster, d->options.self) &&
        simplex_is_caught_up(&d->simplex, &world)) {
        show(n, out);
    }
}

/* ---- solved again */

void node_proofs_solve(struct deciding *d, struct effects *out)
{
    uint64_t wake_ms;
    struct retrial *t;
    while ((t = retrial_next(&d->retrials, d->now_ms, &wake_ms)) != NULL) {
        t->serial = node_tasks_solve(d, &t->nonce, out);
    }
    effects_wake(out, wake_ms);
}

void node_proofs_on_solved(struct node *n, uint64_t serial, const uint8_t *result,
                           struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct hash solved = {{0}};
    if (result != NULL) {
        memcpy(solved.bytes, result, sizeof solved.bytes);
    }
    if (!retrial_solved(&d->retrials, serial, result == NULL ? NULL : &solved, d->now_ms)) {
        effects_add(out, EFFECT_BURST);
    }
}
