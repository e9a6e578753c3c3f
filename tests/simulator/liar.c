#include "liar.h"

#include <string.h>

#include "../../consensus/command.h"

#define DOES_PER_10000 6000u

bool liar_does(struct world *w, const struct station *s, enum habit habit)
{
    return !s->sound && (w->plan.habits[s->member] & (uint32_t)habit) != 0 &&
           (w->plan.lies_always || dice_chance(&w->dice, DOES_PER_10000));
}

void liar_say(struct world *w, const struct outgoing *o, const uint8_t *bytes,
              size_t size_bytes)
{
    const uint32_t from = station_index(w, o->liar);
    if (size_bytes > 0 && bytes[0] == MESSAGE_VOTE &&
        !cluster_is_voter(&o->liar->node->deciding.cluster, o->liar->member)) {
        world_strike(w, FAULT_OUT_AND_VOTES);
    }
    judge_lied(w, o->liar, bytes, size_bytes);
    if (liar_does(w, o->liar, HABIT_DELAY)) {
        world_strike(w, FAULT_DELAY);
        const uint64_t late_ms = dice_between(&w->dice, 1, 10u * w->plan.timing.delta_ms);
        network_send_late(w, from, o->to, bytes, size_bytes, late_ms);
        return;
    }
    network_send(w, from, o->to, bytes, size_bytes, o->channel);
}

void liar_say_message(struct world *w, const struct outgoing *o, const struct message *m)
{
    uint8_t bytes[MESSAGE_BYTES_MAX];
    liar_say(w, o, bytes, message_encode(m, bytes));
}

/* What others said once, under its own name. */
static void repeat_others(struct world *w, const struct outgoing *o)
{
    const struct past_message *m = &w->past[dice_between(&w->dice, 0, PAST_MESSAGES - 1)];
    if (m->bytes != NULL) {
        struct blob *b = blob_hold(m->bytes); /* its place may be taken while it is sent */
        world_strike(w, FAULT_LIAR_REPLAY);
        network_send(w, station_index(w, o->liar), o->to, b->bytes, b->size_bytes, o->channel);
        blob_drop(b);
    }
}

static bool lies(struct world *w, const struct outgoing *o, struct message *m)
{
    switch (m->kind) {
    case MESSAGE_PROPOSAL:
        return liar_lies_in_proposal(w, o, m);
    case MESSAGE_VOTE:
        return liar_lies_in_vote(w, o, m);
    case MESSAGE_COMMAND:
        return liar_lies_in_command(w, o, m);
    case MESSAGE_COSIGN:
        return liar_lies_in_cosign(w, o, m);
    case MESSAGE_STATUS:
    case MESSAGE_DECIDED:
    case MESSAGE_WANT:
    case MESSAGE_BLOCK:
    case MESSAGE_HELLO:
    case MESSAGE_CHALLENGE:
    case MESSAGE_TASK:
    case MESSAGE_SOLUTION:
        return false;
    case MESSAGE_HEARTBEAT:
        return liar_lies_in_heartbeat(w, o, m);
    case MESSAGE_ANSWER:
        return liar_lies_in_answer(w, o, m);
    }
    return false;
}

void liar_send(struct world *w, struct station *s, uint32_t to_member, const uint8_t *bytes,
               size_t size_bytes, enum channel channel)
{
    const struct outgoing o = {.liar = s, .to = to_member, .channel = channel};
    if (liar_does(w, s, HABIT_SILENT)) {
        world_strike(w, FAULT_SILENT);
        return;
    }
    if (liar_does(w, s, HABIT_REPLAY) && dice_chance(&w->dice, 2000)) {
        repeat_others(w, &o);
    }
    if (liar_does(w, s, HABIT_FORGE) && dice_chance(&w->dice, 3000)) {
        world_strike(w, FAULT_FORGE);
        liar_forges(w, &o, bytes, size_bytes);
    }
    if (liar_does(w, s, HABIT_EARLY) && size_bytes > 0 && bytes[0] == MESSAGE_PROPOSAL) {
        world_strike(w, FAULT_EARLY);
    }
    struct message *m = &w->scratch;
    if (!message_decode(m, bytes, size_bytes) || !lies(w, &o, m)) {
        liar_say(w, &o, bytes, size_bytes);
    }
}

static void say_command(struct world *w, struct station *s, struct command *c)
{
    c->term = s->node->deciding.cluster.member[c->author].term;
    command_sign(c, &w->id, &w->key[s->member]);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct message *m = &w->scratch;
    m->kind = MESSAGE_COMMAND;
    m->command.command = (struct bytes_view){bytes, (uint32_t)command_encode(c, bytes)};
    for (uint32_t i = 0; i < w->plan.members; i++) {
        if (i != s->member) {
            const struct outgoing o = {.liar = s, .to = i, .channel = CHANNEL_MESSAGE};
            liar_say_message(w, &o, m);
        }
    }
}

/* In its own name, and it goes on as if nothing had been; or in somebody else's. */
static void say_resigned(struct world *w, struct station *s)
{
    struct command c = {.kind = COMMAND_RESIGN, .resign = {.class = RESIGN_OWN}};
    const bool own = dice_chance(&w->dice, 1000);
    c.author = own ? s->member : (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    world_strike(w, c.author == s->member ? FAULT_RESIGN : FAULT_RESIGN_FOR_OTHERS);
    say_command(w, s, &c);
}

/* A proof of what somebody sound never signed: two votes under the liar's own signature, or one
 * of them true and taken from the wire. */
static void frame(struct world *w, struct station *s)
{
    const struct cluster *c = &s->node->deciding.cluster;
    const uint32_t subject = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    struct command command = {.kind = COMMAND_PROVE, .author = s->member};
    struct prove *p = &command.prove;
    *p =
        (struct prove){.subject = subject, .term = c->member[subject].term, .kind = PROOF_PAIR};
    for (uint32_t i = 0; i < 2; i++) {
        const struct tally *heard =
            &s->node->deciding.simplex.tallies[subject][VOTE_NOTARIZE - 1];
        struct vote *v = &p->votes[i];
        *v = heard->vote;
        if (i == 0 || !heard->has) {
            *v = (struct vote){.kind = VOTE_NOTARIZE,
                               .signer = subject,
                               .height = heard->has ? heard->vote.height : c->height + 1,
                               .view = heard->has ? heard->vote.view : 0,
                               .claim = VIEW_NONE,
                               .parent = c->block};
            memset(&v->block, (int)i + 1, sizeof v->block);
            vote_sign(v, &w->id, &w->key[s->member]);
        }
    }
    world_strike(w, FAULT_FRAME);
    say_command(w, s, &command);
}

static void frame_by_answer(struct world *w, struct station *s)
{
    const uint32_t subject = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    const bool truly = dice_chance(&w->dice, 7000);
    struct command command;
    if (liar_false_proof(w, s, subject, truly, &command)) {
        say_command(w, s, &command);
    }
}

static void frame_by_chain(struct world *w, struct station *s)
{
    const uint32_t subject = (uint32_t)dice_between(&w->dice, 0, w->plan.members - 1);
    struct command command;
    if (liar_false_history(w, s, subject, &command)) {
        say_command(w, s, &command);
    }
}

/* An attestation that says something new each time, and a result of nothing. */
void liar_storm(struct world *w, struct station *s)
{
    const struct cluster *c = &s->node->deciding.cluster;
    if (liar_does(w, s, HABIT_STORM)) {
        struct command attest = {.kind = COMMAND_ATTEST, .author = s->member};
        attest.attest = (struct attest){
            .incarnation = dice_roll(&w->dice) | 1,
            .seq = 1,
            .tick = c->tick,
            .height = c->height,
            .digest = c->digests[c->height % HEIGHTS_KEPT],
            .own = (uint32_t)dice_between(&w->dice, 0, 3),
            .score = 100,
            .version_low = PROTOCOL_OLDEST,
            .version_high = PROTOCOL_NEWEST,
        };
        world_strike(w, FAULT_STORM);
        say_command(w, s, &attest);
    }
    if (liar_does(w, s, HABIT_RESIGN) && dice_chance(&w->dice, 500)) {
        say_resigned(w, s);
    }
    if (liar_does(w, s, HABIT_FORGE) && dice_chance(&w->dice, 500)) {
        frame(w, s);
    }
    if (liar_does(w, s, HABIT_FORGE) && dice_chance(&w->dice, 500)) {
        frame_by_chain(w, s);
    }
    if (liar_does(w, s, HABIT_FRAME) && dice_chance(&w->dice, 1000)) {
        frame_by_answer(w, s);
        frame_by_chain(w, s);
    }
    if (liar_does(w, s, HABIT_WRONG_WORK) && dice_chance(&w->dice, 1000)) {
        struct command result = {.kind = COMMAND_RESULT, .author = s->member};
        result.result.first_window = c->windows.next;
        result.result.count = (uint32_t)dice_between(&w->dice, 1, 3);
        for (uint32_t i = 0; i < result.result.count; i++) {
            memset(&result.result.digests[i], (int)s->member + 1, DIGEST_BYTES);
        }
        world_strike(w, FAULT_WRONG_WORK);
        say_command(w, s, &result);
    }
}
