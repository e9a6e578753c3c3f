/* Rubbish and nonsense: what no sound member would ever send, well signed or not. */
#include <string.h>

#include "../../consensus/vote.h"
#include "liar.h"

static uint8_t bent[MESSAGE_BYTES_MAX];

static void flip_a_bit(struct world *w, const struct outgoing *o, const uint8_t *bytes,
                       size_t size_bytes)
{
    memcpy(bent, bytes, size_bytes);
    bent[dice_between(&w->dice, 0, size_bytes - 1)] ^=
        (uint8_t)(1u << dice_between(&w->dice, 0, 7));
    liar_say(w, o, bent, size_bytes);
}

static void cut_short(struct world *w, const struct outgoing *o, const uint8_t *bytes,
                      size_t size_bytes)
{
    liar_say(w, o, bytes, (size_t)dice_between(&w->dice, 0, size_bytes - 1));
}

static void rubbish(struct world *w, const struct outgoing *o)
{
    const size_t size_bytes = (size_t)dice_between(&w->dice, 1, 300);
    for (size_t i = 0; i < size_bytes; i++) {
        bent[i] = (uint8_t)dice_roll(&w->dice);
    }
    bent[0] = (uint8_t)dice_between(&w->dice, 1, 13);
    liar_say(w, o, bent, size_bytes);
}

/* What kind of false it is the run so far decides, not the dice. */
static void sign_falsely(struct world *w, const struct outgoing *o, struct vote *v)
{
    struct hash id = w->id;
    id.bytes[0] ^= w->trace % 4 == 1 ? 1 : 0;
    vote_sign(v, &id, &w->key[o->liar->member]);
    if (w->trace % 4 == 1) {
        world_strike(w, FAULT_OTHER_CLUSTER);
    } else if (w->trace % 4 == 2) {
        world_strike(w, FAULT_UNSIGNED);
        memset(v->signature, 0, sizeof v->signature);
    } else if (v->signer != o->liar->member) {
        world_strike(w, FAULT_OTHER_NAME);
    }
}

/* A vote in somebody else's name, or its own over numbers that cannot be. */
static void strange_vote(struct world *w, const struct outgoing *o)
{
    const struct simplex *x = &o->liar->node->deciding.simplex;
    struct message m = {.kind = MESSAGE_VOTE};
    m.vote.vote = (struct vote){
        .kind = (enum vote_kind)dice_between(&w->dice, VOTE_NOTARIZE, VOTE_FINALIZE),
        .signer = o->liar->member,
        .height = x->height,
        .view = (uint32_t)dice_between(&w->dice, 0, 3),
        .claim = VIEW_NONE,
        .parent = x->parent,
    };
    struct vote *v = &m.vote.vote;
    switch (dice_between(&w->dice, 0, 3)) {
    case 0:
        v->signer = (uint32_t)dice_between(&w->dice, 0, MEMBERS_MAX - 1);
        break;
    case 1:
        v->height = dice_chance(&w->dice, 5000) ? UINT64_MAX : x->height + 1;
        break;
    case 2:
        v->view = VIEW_END - 1;
        break;
    default:
        v->kind = VOTE_NULLIFY;
        v->claim = v->view + (uint32_t)dice_between(&w->dice, 0, 5);
        break;
    }
    if (v->kind != VOTE_NULLIFY) {
        memset(v->block.bytes, (int)dice_between(&w->dice, 1, 255), sizeof v->block.bytes);
    }
    sign_falsely(w, o, v);
    liar_say_message(w, o, &m);
}

/* One vote too few, the same vote twice, or votes over another block. */
static void bend_certificate(struct world *w, struct certificate *c)
{
    if (c->kind == CERTIFICATE_NONE || c->count < 2) {
        return;
    }
    world_strike(w, FAULT_FALSE_CERTIFICATE);
    switch (dice_between(&w->dice, 0, 3)) {
    case 0:
        c->count--;
        break;
    case 1:
        c->signer[1] = c->signer[0];
        memcpy(c->signature[1], c->signature[0], SIGNATURE_BYTES);
        break;
    case 2:
        c->view += (uint32_t)dice_between(&w->dice, 1, 3);
        break;
    default:
        c->signer[c->count - 1] = (uint8_t)dice_between(&w->dice, 0, MEMBERS_MAX - 1);
        if (c->kind == CERTIFICATE_NOTARIZATION && w->trace % 2 == 0) {
            c->kind = CERTIFICATE_FINALIZATION;
        }
        break;
    }
}

static void strange_certificate(struct world *w, const struct outgoing *o, const uint8_t *bytes,
                                size_t size_bytes)
{
    struct message m;
    if (!message_decode(&m, bytes, size_bytes)) {
        return;
    }
    if (m.kind == MESSAGE_PROPOSAL) {
        bend_certificate(w, dice_chance(&w->dice, 5000) ? &m.proposal.entry.certificate
                                                        : &m.proposal.justification);
    } else if (m.kind == MESSAGE_STATUS) {
        m.status.view += (uint32_t)dice_between(&w->dice, 0, 2);
        bend_certificate(w, dice_chance(&w->dice, 5000) ? &m.status.entry.certificate
                                                        : &m.status.best);
    } else if (m.kind == MESSAGE_DECIDED) {
        bend_certificate(w, &m.decided.finalization);
    } else {
        return;
    }
    liar_say_message(w, o, &m);
}

static void strange_question(struct world *w, const struct outgoing *o)
{
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    const uint64_t height = o->liar->node->deciding.simplex.height;
    switch (dice_between(&w->dice, 0, 2)) {
    case 0:
        m.heartbeat.height = dice_chance(&w->dice, 5000) ? UINT64_MAX : height / 2;
        m.heartbeat.view = VIEW_END - 1;
        m.heartbeat.unix_ms = dice_roll(&w->dice);
        break;
    case 1:
        m.kind = MESSAGE_WANT;
        m.want.height = dice_between(&w->dice, 0, height + 1);
        break;
    default:
        m.kind = MESSAGE_HELLO;
        m.hello.nonce = dice_roll(&w->dice);
        m.hello.answer = dice_roll(&w->dice);
        m.hello.height = dice_chance(&w->dice, 5000) ? UINT64_MAX - 3 : height;
        break;
    }
    liar_say_message(w, o, &m);
}

void liar_forges(struct world *w, const struct outgoing *o, const uint8_t *bytes,
                 size_t size_bytes)
{
    switch (dice_between(&w->dice, 0, 5)) {
    case 0:
        flip_a_bit(w, o, bytes, size_bytes);
        break;
    case 1:
        cut_short(w, o, bytes, size_bytes);
        break;
    case 2:
        rubbish(w, o);
        break;
    case 3:
        strange_vote(w, o);
        break;
    case 4:
        strange_certificate(w, o, bytes, size_bytes);
        break;
    default:
        strange_question(w, o);
        break;
    }
}

/* Blames all, calls all of them cloned, has heard nobody, has another time of day, and finds
 * wrong with itself what is not. */
bool liar_lies_in_heartbeat(struct world *w, const struct outgoing *o, struct message *m)
{
    struct heartbeat *h = &m->heartbeat;
    const uint32_t others = ((1u << h->count) - 1) & ~(1u << o->liar->member);
    if (!liar_does(w, o->liar, HABIT_ACCUSE)) {
        return false;
    }
    world_strike(w, FAULT_SLANDER);
    h->blames = others;
    h->cloned = others;
    h->unix_ms += 3600000;
    h->own = ~h->own;
    h->serve = ~h->serve;
    for (uint32_t i = 0; i < h->count; i++) {
        h->echo[i].heard = 0;
    }
    liar_say_message(w, o, m);
    return true;
}

/* Its own is badly signed, or nobody's answer is passed on. */
bool liar_lies_in_answer(struct world *w, const struct outgoing *o, struct message *m)
{
    if (!liar_does(w, o->liar, HABIT_FORGE)) {
        return false;
    }
    world_strike(w, FAULT_ANSWER);
    if (dice_chance(&w->dice, 5000)) {
        m->answer.signature[dice_between(&w->dice, 0, SIGNATURE_BYTES - 1)] ^= 1;
        liar_say_message(w, o, m);
    }
    return true;
}
