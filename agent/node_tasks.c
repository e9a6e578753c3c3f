/* Tasks: is the arithmetic of the others right (standing.md, section 5)? Now and then each is
 * given a number to do memory-hard work over, and so is this machine's own solver; what the
 * other one signs must be what comes out here. */
#include "node_parts.h"

#include <string.h>

#define AGAIN_MS 1000u   /* a task is sent again, until it is answered */
#define BALLOT_MS 1500u  /* that a task for a ballot is given at least */
#define ATTESTS_TICKS 3u /* whose last attestation is older does not answer anyhow */

static uint32_t bit(uint32_t member)
{
    return (uint32_t)1 << member;
}

uint64_t node_tasks_solve(struct deciding *d, const struct hash *nonce, struct effects *out)
{
    const struct body body = effects_body(out, nonce->bytes, sizeof nonce->bytes);
    struct effect *e = effects_add(out, EFFECT_SOLVE);
    d->trials.solves++;
    e->serial = d->trials.solves;
    e->body = body;
    return d->trials.solves;
}

void node_tasks_send(struct node *n, uint32_t to, uint32_t subject, const struct hash *nonce,
                     struct effects *out)
{
    n->scratch.kind = MESSAGE_TASK;
    n->scratch.task.subject = subject;
    n->scratch.task.nonce = *nonce;
    node_challenges_send(n, to, out);
}

/* Witnesses do it, who have nothing else to do; all of them, where these are too few to be
 * believed. */
static bool is_my_part(const struct cluster *c, uint32_t self)
{
    uint32_t witnesses = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        witnesses += cluster_is_voter(c, i) && c->member[i].role == ROLE_WITNESS ? 1 : 0;
    }
    return c->member[self].role == ROLE_WITNESS || witnesses < cluster_testimony(c);
}

/* Never whoever doubts itself, or is late (R29, R30). */
static bool may_set(struct node *n, struct effects *out)
{
    const struct deciding *d = &n->deciding;
    const struct cluster *c = &d->cluster;
    const struct simplex_world world = node_world(n, 0, out);
    return !d->silent && !d->muted && d->examined && cluster_is_voter(c, d->options.self) &&
           !node_links_doubts(d) && local_health_may_accuse(&d->local_health) &&
           simplex_is_caught_up(&d->simplex, &world);
}

static struct hash nonce_of(const struct deciding *d, uint32_t member)
{
    struct hash nonce;
    memcpy(nonce.bytes, d->trials.book.member[member].work.nonce, sizeof nonce.bytes);
    return nonce;
}

static void send_task(struct node *n, uint32_t member, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct hash nonce = nonce_of(d, member);
    d->trials.task[member].again_ms = d->now_ms + AGAIN_MS;
    node_tasks_send(n, member, member, &nonce, out);
}

/* Unanswered, it is put through every other voter too, each under a number of its own. */
static void send_again(struct node *n, uint32_t member, struct effects *out)
{
    const struct deciding *d = &n->deciding;
    const struct hash nonce = nonce_of(d, member);
    send_task(n, member, out);
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (i != member && i != d->options.self && cluster_is_voter(&d->cluster, i)) {
            node_tasks_send(n, i, member, &nonce, out);
        }
    }
}

static void set_task(struct node *n, uint32_t member, uint64_t random, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct task *t = &d->trials.task[member];
    const struct hash nonce = node_challenges_draw(d, random);
    challenge_work(&d->trials.book, member, nonce.bytes, random >> 8, d->now_ms);
    *t = (struct task){.serial = 0};
    t->serial = node_tasks_solve(d, &nonce, out);
    send_task(n, member, out);
}

static void convict(struct node *n, uint32_t member, struct effects *out)
{
    struct deciding *d = &n->deciding;
    challenge_work_answered(&d->trials.book, member, false);
    d->trials.wrong[member] = d->trials.task[member].answer;
    retrial_know(&d->retrials, &d->trials.wrong[member].nonce, &d->trials.task[member].result);
    self_doubt_wrong(&d->links.doubt, member, d->now_ms);
    const struct note note = {
        .kind = NOTE_SOLUTION_WRONG, .member = member, .other = MEMBER_NONE};
    effects_note(out, &note);
}

/* Before anybody is found wrong the task is solved once more: if that comes out otherwise than
 * the first time, it is this machine that is to be examined. */
static void judge(struct node *n, uint32_t member, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct task *t = &d->trials.task[member];
    if (!t->answered || t->solved == 0 || t->serial != 0) {
        return;
    }
    if (hash_equal(&t->result, &t->answer.result)) {
        challenge_work_answered(&d->trials.book, member, true);
    } else if (t->solved == 1) {
        t->serial = node_tasks_solve(d, &t->answer.nonce, out);
        return;
    } else {
        convict(n, member, out);
    }
    *t = (struct task){.serial = 0};
}

static void take_result(struct node *n, uint32_t member, const struct hash *result,
                        struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct task *t = &d->trials.task[member];
    t->serial = 0;
    if (t->solved > 0 && !hash_equal(&t->result, result)) {
        challenge_work_answered(&d->trials.book, member, true); /* nothing is known of it */
        *t = (struct task){.serial = 0};
        effects_add(out, EFFECT_BURST);
        return;
    }
    t->result = *result;
    t->solved++;
    judge(n, member, out);
}

void node_tasks_on_solved(struct node *n, uint64_t serial, const uint8_t *result,
                          struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct hash solved = {{0}};
    if (result == NULL) {
        return; /* what I have set is not judged */
    }
    memcpy(solved.bytes, result, sizeof solved.bytes);
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (d->trials.task[i].serial != 0 && d->trials.task[i].serial == serial) {
            take_result(n, i, &solved, out);
        }
    }
}

/* What answers a task that I have passed on: for whom; MEMBER_NONE: it does not. */
static uint32_t passed_on_for(const struct deciding *d, const struct solution *s)
{
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        for (uint32_t k = 0; k < RELAYED_MAX; k++) {
            const struct relayed *r = &d->trials.asker[i].tasks[k];
            if (r->at_ms != 0 && d->now_ms + 1 - r->at_ms < CHALLENGE_PATIENCE_MS &&
                r->subject == s->author && hash_equal(&r->nonce, &s->nonce)) {
                return i;
            }
        }
    }
    return MEMBER_NONE;
}

/* Whether it answers what I have set, by that way. */
static bool is_mine(const struct deciding *d, uint32_t from, const struct solution *s)
{
    const struct hash set = nonce_of(d, s->author);
    const struct hash nonce = from == s->author ? set : answer_relayed(&set, from);
    return d->trials.book.member[s->author].work.asked_ms != 0 &&
           !d->trials.task[s->author].answered && hash_equal(&nonce, &s->nonce) &&
           s->term == d->cluster.member[s->author].term && s->version == d->cluster.version;
}

static void take_answer(struct node *n, uint32_t from, const struct solution *s,
                        struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct task *t = &d->trials.task[s->author];
    t->answered = true;
    t->answer = *s;
    if (from != s->author) { /* that is other work than mine was */
        t->solved = 0;
        t->serial = node_tasks_solve(d, &s->nonce, out);
    }
    judge(n, s->author, out);
}

void node_tasks_on_solution(struct node *n, uint32_t from, const struct message *m,
                            struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct solution s = m->solution;
    if (s.author >= d->cluster.member_count || s.author == d->options.self) {
        return;
    }
    const bool mine = is_mine(d, from, &s);
    const uint32_t asker = !mine && from == s.author ? passed_on_for(d, &s) : MEMBER_NONE;
    if (!mine && asker == MEMBER_NONE) {
        return; /* asked by nobody here: not worth a verification */
    }
    if (!solution_verify(&s, &d->cluster.id, d->cluster.member[s.author].vote_key)) {
        node_links_rejected(n, from, false, out);
        return;
    }
    if (mine) {
        take_answer(n, from, &s, out);
    } else if (cluster_is_voter(&d->cluster, asker)) {
        n->scratch.kind = MESSAGE_SOLUTION;
        n->scratch.solution = s;
        node_challenges_send(n, asker, out);
    }
}

/* ---- what it comes to */

uint32_t node_tasks_wrong(const struct deciding *d)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const bool is_wrong = i != d->options.self && cluster_is_voter(&d->cluster, i) &&
                              challenge_is_wrong(&d->trials.book, i);
        wrong |= is_wrong ? bit(i) : 0;
    }
    return wrong;
}

/* Only what a member does not answer that attests, and that I hear: a broken link between the
 * two of us is no one's fault. What I have not judged yet it has answered. */
static bool owes_an_answer(const struct deciding *d, uint32_t member)
{
    const struct attested *a = &d->cluster.latest[member];
    const uint64_t fresh_ms = ATTESTS_TICKS * (uint64_t)d->cluster.timing.tick_ms;
    return (d->heard & bit(member)) != 0 && a->seq != 0 &&
           a->decided_ms + fresh_ms >= d->cluster.time_ms && !d->trials.task[member].answered;
}

/* An elector of a motion to lock the member out answers from what it sees itself: it sets a
 * task of its own, once. */
static bool is_for_ballot(struct deciding *d, uint32_t member)
{
    const struct motion *m = &d->cluster.confidence[member].motion;
    const bool asked = m->id != 0 && m->kind == MOTION_LOCK_OUT && !m->passed &&
                       (m->electors & bit(d->options.self)) != 0;
    if (!asked || d->trials.tasked[member] == m->id) {
        return false;
    }
    d->trials.tasked[member] = m->id;
    return !challenge_is_wrong(&d->trials.book, member);
}

bool node_tasks_unanswered(const struct deciding *d, uint32_t member)
{
    const uint64_t asked_ms = d->trials.book.member[member].work.asked_ms;
    return d->trials.tasked[member] == d->cluster.confidence[member].motion.id &&
           asked_ms != 0 && d->now_ms + 1 - asked_ms >= BALLOT_MS && owes_an_answer(d, member);
}

/* Whoever is wrong is to be found out soon: a proof decides what one of two digests does not.
 */
void node_tasks_on_dispute(struct deciding *d, const struct grant *grant)
{
    const uint32_t both[] = {grant->leader, grant->auditor};
    for (uint32_t i = 0; i < 2; i++) {
        if (both[i] < d->cluster.member_count) {
            challenge_hasten_work(&d->trials.book, both[i], d->now_ms);
        }
    }
}

void node_tasks_watch(struct node *n, uint64_t random, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct challenges *book = &d->trials.book;
    const bool sets = may_set(n, out);
    const bool my_part = sets && is_my_part(&d->cluster, d->options.self);
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        const struct member *m = &d->cluster.member[i];
        if (i == d->options.self) {
            continue;
        }
        if (m->standing == STANDING_SUSPENDED && m->cause == STANDING_CAUSE_ADMITTED) {
            challenge_forget(book, i);
        } else if (m->standing != STANDING_GOOD) {
            challenge_excuse(book, i);
        }
        challenge_watch(book, i, owes_an_answer(d, i), d->now_ms);
        if (!sets || m->standing != STANDING_GOOD || (d->heard & bit(i)) == 0) {
            continue;
        }
        if (effects_sends_left(out) < 2 * MEMBERS_MAX) { /* as many for all that follows */
            effects_wake(out, d->now_ms + 1);
            return;
        }
        const bool due = my_part && challenge_wants_work(book, i, d->now_ms);
        if (is_for_ballot(d, i) || due) {
            set_task(n, i, random + i, out);
        }
        const struct challenged *known = &book->member[i];
        const struct task *t = &d->trials.task[i];
        const bool asked = known->work.asked_ms != 0;
        if (asked && !t->answered && d->now_ms >= t->again_ms) {
            send_again(n, i, out);
        }
        if (!asked && !my_part) {
            continue;
        }
        effects_wake(out, !asked         ? known->work_due_ms
                          : !t->answered ? t->again_ms
                                         : known->work.asked_ms + CHALLENGE_PATIENCE_MS);
    }
}
