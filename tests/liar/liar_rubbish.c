/* What no sound member would ever send: bytes without sense, numbers that cannot be,
 * certificates that are none. */
#include "liar.h"

#include <string.h>

#define RUBBISH_BYTES (8u * 1024u)

static uint8_t bent[PEERS_MESSAGE_MAX];

static void flip_or_cut(uint32_t to, const uint8_t *bytes, size_t size_bytes)
{
    size_t rest = size_bytes;
    memcpy(bent, bytes, size_bytes);
    if (liar_chance(70)) {
        bent[liar_between(0, (uint32_t)size_bytes - 1)] ^= (uint8_t)(1u << liar_between(0, 7));
    } else {
        rest = liar_between(1, (uint32_t)size_bytes);
    }
    liar_say(to, bent, rest);
}

static void noise(uint32_t to)
{
    const size_t size_bytes =
        liar_chance(2) ? PEERS_MESSAGE_MAX : liar_between(1, RUBBISH_BYTES);
    for (size_t i = 0; i < size_bytes && i < RUBBISH_BYTES; i++) {
        bent[i] = (uint8_t)liar_roll();
    }
    bent[0] = (uint8_t)liar_between(0, 13);
    liar_say(to, bent, size_bytes);
}

static void question(uint32_t to)
{
    static struct message m;
    const uint64_t height = liar.agent->node->deciding.simplex.height;
    m = (struct message){.kind = MESSAGE_WANT};
    switch (liar_between(0, 3)) {
    case 0:
        m.want.height = liar_between(0, (uint32_t)height + 1);
        break;
    case 1:
        m.kind = MESSAGE_HELLO;
        m.hello.nonce = liar_roll();
        m.hello.answer = liar_roll();
        m.hello.height = liar_chance(50) ? UINT64_MAX - 3 : height;
        break;
    case 2:
        m.kind = MESSAGE_CHALLENGE;
        m.challenge.subject = liar_between(0, MEMBERS_MAX - 1);
        m.challenge.nonce.bytes[0] = (uint8_t)liar_roll();
        break;
    default:
        m.kind = MESSAGE_STATUS;
        m.status.height = height + liar_between(0, 1000);
        m.status.view = VIEW_END - 1;
        break;
    }
    liar_say_message(to, &m);
}

/* A vote too few, one twice, of another view, or in another's name. */
static void bend(struct certificate *c)
{
    if (c->kind == CERTIFICATE_NONE || c->count < 2) {
        return;
    }
    switch (liar_between(0, 3)) {
    case 0:
        c->count--;
        break;
    case 1:
        c->signer[1] = c->signer[0];
        memcpy(c->signature[1], c->signature[0], SIGNATURE_BYTES);
        break;
    case 2:
        c->view += liar_between(1, 3);
        break;
    default:
        c->signer[c->count - 1] = (uint8_t)liar_between(0, MEMBERS_MAX - 1);
        break;
    }
}

static void certificates(uint32_t to, struct message *m)
{
    switch (m->kind) {
    case MESSAGE_PROPOSAL:
        bend(liar_chance(50) ? &m->proposal.entry.certificate : &m->proposal.justification);
        break;
    case MESSAGE_STATUS:
        m->status.view += liar_between(0, 2);
        bend(liar_chance(50) ? &m->status.entry.certificate : &m->status.best);
        break;
    case MESSAGE_DECIDED:
        bend(&m->decided.finalization);
        break;
    case MESSAGE_VOTE:
        bend(&m->vote.support);
        break;
    case MESSAGE_WANT:
    case MESSAGE_BLOCK:
    case MESSAGE_HELLO:
    case MESSAGE_HEARTBEAT:
    case MESSAGE_COMMAND:
    case MESSAGE_CHALLENGE:
    case MESSAGE_TASK:
    case MESSAGE_SOLUTION:
    case MESSAGE_ANSWER:
    case MESSAGE_COSIGN:
        return;
    }
    liar_told(HABIT_CERTIFICATES);
    liar_say_message(to, m);
}

void liar_spoils(uint32_t to, const uint8_t *bytes, size_t size_bytes, struct message *m)
{
    if (liar_does(HABIT_RUBBISH) && liar_chance(30)) {
        liar_told(HABIT_RUBBISH);
        flip_or_cut(to, bytes, size_bytes);
    }
    if (liar_does(HABIT_CERTIFICATES)) {
        certificates(to, m);
    }
}

void liar_rubbish_act(void)
{
    for (uint32_t i = 0; i < liar.members; i++) {
        if (i != liar.self && liar_does(HABIT_RUBBISH)) {
            liar_told(HABIT_RUBBISH);
            noise(i);
            question(i);
        }
    }
}
