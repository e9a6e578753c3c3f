/* Whether a member that is missed is there after all: it is challenged, directly and through
 * every other voter, before anybody is accused of its silence (standing.md, section 5). */
#include "node_parts.h"

#include <assert.h>
#include <string.h>

#define PROBE_AGAIN_HEARTBEATS 5u
#define PER_SECOND_MAX 16u /* answers that one member may have of me */
#define SECOND_MS 1000u
#define CHALLENGE_TICKS 12u /* between two tasks of one by one: a minute */
#define RELAY_MS 2000u      /* for so long an answer is passed on */

static bool is_asked(const struct deciding *d, uint32_t member)
{
    return member != d->options.self && cluster_is_voter(&d->cluster, member);
}

void node_challenges_start(struct deciding *d, uint64_t random)
{
    challenges_init(&d->trials.book, CHALLENGE_TICKS * (uint64_t)d->cluster.timing.tick_ms,
                    d->now_ms, random);
}

void node_challenges_send(struct node *n, uint32_t member, struct effects *out)
{
    if (!effects_has_room(out, MESSAGE_BYTES_MAX)) {
        out->dropped++;
        return;
    }
    uint8_t bytes[MESSAGE_BYTES_MAX];
    const struct body body = effects_body(out, bytes, message_encode(&n->scratch, bytes));
    struct effect *e = effects_add(out, EFFECT_SEND);
    e->member = member;
    e->body = body;
}

static void send_challenge(struct node *n, uint32_t to, uint32_t subject,
                           const struct hash *nonce, struct effects *out)
{
    n->scratch.kind = MESSAGE_CHALLENGE;
    n->scratch.challenge.subject = subject;
    n->scratch.challenge.nonce = *nonce;
    node_challenges_send(n, to, out);
}

struct hash node_challenges_draw(struct deciding *d, uint64_t random)
{
    uint8_t bytes[8 + 8 + 8];
    struct writer w = writer_of(bytes, sizeof bytes);
    d->trials.drawn++;
    write_uint(&w, d->options.nonce, 8);
    write_uint(&w, random, 8);
    write_uint(&w, d->trials.drawn, 8);
    return hash_of("ostrakon/nonce/1", bytes, writer_done(&w));
}

static void probe(struct node *n, uint32_t subject, uint64_t random, struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct hash fresh = node_challenges_draw(d, random);
    const uint64_t again_ms =
        d->now_ms + PROBE_AGAIN_HEARTBEATS * (uint64_t)d->cluster.timing.heartbeat_ms;
    challenge_probe(&d->trials.book, subject, fresh.bytes, again_ms, d->now_ms);
    struct hash nonce;
    memcpy(nonce.bytes, d->trials.book.member[subject].probe.nonce, sizeof nonce.bytes);
    send_challenge(n, subject, subject, &nonce, out);
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (i != subject && is_asked(d, i)) {
            send_challenge(n, i, subject, &nonce, out);
        }
    }
}

/* ---- asked by others */

bool node_challenges_may_ask(struct deciding *d, uint32_t member)
{
    struct asker *a = &d->trials.asker[member];
    if (d->now_ms >= a->second_ms + SECOND_MS) {
        a->second_ms = d->now_ms;
        a->count = 0;
    }
    a->count++;
    return a->count <= PER_SECOND_MAX;
}

/* An answer of mine is asked for; when its signature has come it goes to that member. */
static void answer(struct node *n, uint32_t to, const struct hash *nonce, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct trials *t = &d->trials;
    if (d->silent || !node_challenges_may_ask(d, to)) {
        return;
    }
    struct answering *a = &t->answering[t->signs % ANSWERING_MAX];
    t->signs++;
    *a = (struct answering){.serial = t->signs, .to = to, .nonce = *nonce};
    const struct answer mine = {.author = d->options.self, .nonce = *nonce};
    uint8_t bytes[ANSWER_SIGNED_BYTES];
    answer_signed_bytes(&mine, bytes);
    effects_sign(out, SIGNING_ANSWER, t->signs, ANSWER_DOMAIN, bytes, sizeof bytes);
}

static void relay(struct node *n, uint32_t from, uint32_t subject, const struct hash *nonce,
                  struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct asker *a = &d->trials.asker[from];
    if (!cluster_is_voter(&d->cluster, from) || !node_challenges_may_ask(d, from)) {
        return;
    }
    const struct hash own = answer_relayed(nonce, d->options.self);
    struct relayed *r = &a->relayed[a->next++ % RELAYED_MAX];
    *r = (struct relayed){.subject = subject, .at_ms = d->now_ms + 1, .nonce = own};
    send_challenge(n, subject, subject, &own, out);
}

void node_challenges_on_challenge(struct node *n, uint32_t from, const struct message *m,
                                  struct effects *out)
{
    struct deciding *d = &n->deciding;
    const uint32_t subject = m->challenge.subject;
    const struct hash nonce = m->challenge.nonce; /* the message is to be used again */
    if (subject >= d->cluster.member_count || subject == from) {
        return;
    }
    if (subject == d->options.self) {
        answer(n, from, &nonce, out);
    } else {
        relay(n, from, subject, &nonce, out);
    }
}

void node_challenges_on_signed(struct node *n, uint64_t serial, const uint8_t *signature,
                               struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct answering *a = d->trials.answering;
    while (a < d->trials.answering + ANSWERING_MAX && a->serial != serial) {
        a++;
    }
    if (a == d->trials.answering + ANSWERING_MAX || serial == 0) {
        return;
    }
    a->serial = 0;
    if (signature == NULL || d->silent || !cluster_is_voter(&d->cluster, a->to)) {
        return; /* who asked may have been removed meanwhile */
    }
    struct answer mine = {.author = d->options.self, .nonce = a->nonce};
    memcpy(mine.signature, signature, sizeof mine.signature);
    n->scratch.kind = MESSAGE_ANSWER;
    n->scratch.answer = mine;
    node_challenges_send(n, a->to, out);
}

/* ---- answers */

/* For whom I had asked under that number; NULL: for nobody, or too long ago. */
static struct relayed *asked_for(struct deciding *d, const struct answer *a, uint32_t *asker)
{
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        for (uint32_t k = 0; k < RELAYED_MAX; k++) {
            struct relayed *r = &d->trials.asker[i].relayed[k];
            if (r->at_ms != 0 && d->now_ms + 1 - r->at_ms < RELAY_MS &&
                r->subject == a->author && hash_equal(&r->nonce, &a->nonce)) {
                *asker = i;
                return r;
            }
        }
    }
    return NULL;
}

/* Whether it answers what I ask, by that way. */
static bool is_mine(const struct deciding *d, uint32_t from, const struct answer *a)
{
    const struct challenge *probe = &d->trials.book.member[a->author].probe;
    struct hash nonce;
    if (probe->asked_ms == 0) {
        return false;
    }
    memcpy(nonce.bytes, probe->nonce, sizeof nonce.bytes);
    if (from != a->author) {
        nonce = answer_relayed(&nonce, from);
    }
    return hash_equal(&nonce, &a->nonce);
}

void node_challenges_on_answer(struct node *n, uint32_t from, const struct message *m,
                               struct effects *out)
{
    struct deciding *d = &n->deciding;
    const struct answer a = m->answer;
    uint32_t asker = MEMBER_NONE;
    if (a.author >= d->cluster.member_count || a.author == d->options.self) {
        return;
    }
    const bool mine = is_mine(d, from, &a);
    struct relayed *r = !mine && from == a.author ? asked_for(d, &a, &asker) : NULL;
    if (!mine && r == NULL) {
        return; /* asked by nobody here: not worth a verification */
    }
    if (!answer_verify(&a, &d->cluster.id, d->cluster.member[a.author].vote_key)) {
        node_links_rejected(n, from, false, out);
        return;
    }
    if (mine) {
        challenge_probe_answered(&d->trials.book, a.author, d->now_ms);
        d->trials.alive_ms[a.author] = d->now_ms + 1;
        return;
    }
    r->at_ms = 0;
    if (!cluster_is_voter(&d->cluster, asker)) {
        return;
    }
    n->scratch.kind = MESSAGE_ANSWER;
    n->scratch.answer = a;
    node_challenges_send(n, asker, out);
}

/* ---- what it comes to */

/* From the second missed heartbeat on it costs no time: the suspicion takes longer. Whoever has
 * answered by another way has shown that way, and may be as slow as it. */
static uint64_t patience_ms(const struct deciding *d, uint32_t member)
{
    const struct timing *t = &d->cluster.timing;
    return challenge_is_link_trouble(&d->trials.book, member)
               ? (uint64_t)t->suspicion * t->heartbeat_ms
               : (uint64_t)t->heartbeat_ms * 3 / 2;
}

bool node_challenges_is_silent(const struct deciding *d, uint32_t member)
{
    return d->peer[member].detector.refused ||
           challenge_is_silent(&d->trials.book, member, patience_ms(d, member), d->now_ms);
}

void node_challenges_ask(struct deciding *d, uint32_t member)
{
    challenge_suspect(&d->trials.book, member, false, d->now_ms); /* what is fresh counts */
    d->trials.alive_ms[member] = 0;
    d->trials.wanted_ms[member] = d->now_ms + 1;
}

enum trial node_challenges_trial(const struct deciding *d, uint32_t member)
{
    if (d->trials.alive_ms[member] != 0) {
        return TRIAL_ANSWERED;
    }
    const uint64_t since_ms = d->now_ms + 1 - d->trials.wanted_ms[member];
    return d->trials.wanted_ms[member] != 0 && since_ms < TRIAL_MS ? TRIAL_PENDING
                                                                   : TRIAL_UNANSWERED;
}

void node_challenges_watch(struct node *n, uint64_t random, struct effects *out)
{
    struct deciding *d = &n->deciding;
    struct trials *t = &d->trials;
    const uint64_t missed_ms = (uint64_t)d->cluster.timing.heartbeat_ms * 9 / 4;
    for (uint32_t i = 0; i < d->cluster.member_count; i++) {
        if (i == d->options.self || d->silent) {
            continue;
        }
        const bool wanted = node_challenges_trial(d, i) == TRIAL_PENDING;
        const uint64_t due_ms = d->peer[i].detector.heard_ms + missed_ms;
        const bool missed = is_asked(d, i) && d->now_ms >= due_ms;
        challenge_suspect(&t->book, i, missed || wanted, d->now_ms);
        if (challenge_wants_probe(&t->book, i, d->now_ms)) {
            if (effects_sends_left(out) < 2 * MEMBERS_MAX) { /* as many for all that follows */
                effects_wake(out, d->now_ms + 1);
                continue;
            }
            probe(n, i, random, out);
        }
        if (missed || wanted) {
            effects_wake(out, t->book.member[i].probe_again_ms);
        } else if (is_asked(d, i)) {
            effects_wake(out, due_ms);
        }
        const uint64_t asked_ms = t->book.member[i].probe.asked_ms;
        const uint64_t silent_ms = asked_ms + patience_ms(d, i) - 1;
        if (asked_ms != 0 && d->now_ms < silent_ms) {
            effects_wake(out, silent_ms);
        }
    }
}
