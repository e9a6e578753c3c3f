/* What this member does for others' tasks: works out what was set to it, and puts through what
 * was set to a member that the asker does not reach. */
#include "node_parts.h"

#include <string.h>

#define TOIL_MS 2000u /* one task of one member in that time */

/* For a member whose link to the subject may be broken. Set again, it is the same task. */
static void pass_on(struct node *n, uint32_t asker, uint32_t subject, const struct hash *nonce,
                    struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct asker *a = &d->trials.asker[asker];
    const struct hash own = answer_relayed(nonce, d->options.self);
    uint32_t i = 0;
    if (!cluster_is_voter(&d->cluster, subject) || !node_challenges_may_ask(d, asker)) {
        return;
    }
    while (i < RELAYED_MAX && !hash_equal(&a->tasks[i].nonce, &own)) {
        i++;
    }
    i = i < RELAYED_MAX ? i : a->next_task++ % RELAYED_MAX;
    a->tasks[i] = (struct relayed){.subject = subject, .at_ms = d->now_ms + 1, .nonce = own};
    node_tasks_send(n, subject, subject, &own, out);
}

void node_toil_on_task(struct node *n, uint32_t from, const struct message *m,
                       struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct toil *t = &d->trials.toil[from];
    const uint32_t subject = m->task.subject;
    const struct hash nonce = m->task.nonce; /* the message is to be used again */
    if (d->silent || !cluster_is_voter(&d->cluster, from) ||
        subject >= d->cluster.member_count || subject == from) {
        return;
    }
    if (subject != d->options.self) {
        pass_on(n, from, subject, &nonce, out);
        return;
    }
    const bool is_under_way =
        (t->serial != 0 || t->sign != 0) && hash_equal(&t->mine.nonce, &nonce);
    if (is_under_way || d->now_ms < t->after_ms) {
        return; /* begun anew whenever it is sent again, slow work would never end */
    }
    *t = (struct toil){.after_ms = d->now_ms + TOIL_MS};
    t->mine.author = d->options.self;
    t->mine.nonce = nonce;
    t->mine.term = d->cluster.member[d->options.self].term;
    t->mine.version = d->cluster.version;
    t->serial = node_tasks_solve(d, &nonce, out);
}

/* What was asked under another term or version is asked again: the version says what work it
 * was, and what is signed under another one could be shown as a wrong answer. */
static void sign(struct deciding *d, struct toil *t, struct effects *out)
{
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    if (t->mine.term != d->cluster.member[d->options.self].term ||
        t->mine.version != d->cluster.version) {
        return;
    }
    solution_signed_bytes(&t->mine, bytes);
    d->trials.signs++;
    t->sign = d->trials.signs;
    effects_sign(out, SIGNING_ANSWER, t->sign, SOLUTION_DOMAIN, bytes, sizeof bytes);
}

void node_toil_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                         struct effects *out)
{
    struct deciding *d = &n->deciding;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        struct toil *t = &d->trials.toil[i];
        if (t->sign == 0 || t->sign != serial) {
            continue;
        }
        t->sign = 0;
        if (signature != NULL && !d->silent) {
            memcpy(t->mine.signature, signature, sizeof t->mine.signature);
            n->scratch.kind = MESSAGE_SOLUTION;
            n->scratch.solution = t->mine;
            node_challenges_send(n, i, out);
        }
    }
}

void node_toil_on_solved(struct node *n, uint64_t serial, const uint8_t *result,
                         struct effects *out)
{
    struct deciding *d = &n->deciding;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        struct toil *t = &d->trials.toil[i];
        if (t->serial == 0 || t->serial != serial) {
            continue;
        }
        t->serial = 0; /* in vain: it may be set again */
        if (result != NULL && !d->silent) {
            memcpy(t->mine.result.bytes, result, sizeof t->mine.result.bytes);
            sign(d, t, out);
        }
    }
}
