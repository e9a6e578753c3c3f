/* Lies in what it hands in and says of others: accusations, ballots, claims, and what it
 * repeats of others. */
#include "liar.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/vote.h"

#define FLOOD_ACT 50u /* messages to each a twentieth of a second */
#define HOUR_MS 3600000u

static uint32_t others(void)
{
    return ((1u << liar.members) - 1) & ~(1u << liar.self);
}

static const struct cluster *state(void)
{
    return &liar.agent->node->deciding.cluster;
}

/* ---- in place of what the agent would say */

static void lie_in_attest(struct attest *a)
{
    if (liar.has[HABIT_ACCUSE_ALL]) {
        liar_told(HABIT_ACCUSE_ALL);
        a->silent = others();
        a->wrong = others();
    }
    if (liar.has[HABIT_ACCUSE_ONE]) {
        liar_told(HABIT_ACCUSE_ONE);
        a->silent = 1u << liar_turn(7);
        a->wrong = liar_chance(50) ? 1u << liar_turn(7) : 0;
    }
    if (liar.has[HABIT_RANK_SELF]) {
        liar_told(HABIT_RANK_SELF);
        a->ranked = 1;
        a->ranking[0] = (uint8_t)liar.self;
    }
    if (liar.has[HABIT_WRONG_DIGEST]) {
        liar_told(HABIT_WRONG_DIGEST);
        a->digest.bytes[0] ^= 0xff;
    }
}

bool liar_lies_in_command(uint32_t to, struct message *m)
{
    static struct command c;
    if (!command_decode(&c, m->command.command.bytes, m->command.command.size_bytes) ||
        c.author != liar.self) {
        return false;
    }
    if (liar_does(HABIT_WITHHOLD)) {
        liar_told(HABIT_WITHHOLD);
        return true;
    }
    if (c.kind == COMMAND_ATTEST) {
        lie_in_attest(&c.attest);
        liar_say_command(to, &c, true);
        return true;
    }
    if (c.kind == COMMAND_BALLOT && liar.has[HABIT_BALLOT]) {
        liar_told(HABIT_BALLOT);
        c.ballot.yes ^= c.ballot.subjects;
        liar_say_command(to, &c, true);
        return true;
    }
    return false;
}

bool liar_lies_in_heartbeat(uint32_t to, struct message *m)
{
    struct heartbeat *h = &m->heartbeat;
    if (!liar.has[HABIT_SLANDER] && !liar.has[HABIT_CLOCK]) {
        return false;
    }
    if (liar.has[HABIT_SLANDER]) {
        liar_told(HABIT_SLANDER);
        h->blames = others();
        h->cloned = others();
        for (uint32_t i = 0; i < h->count; i++) {
            h->echo[i].heard = 0;
        }
    }
    if (liar.has[HABIT_CLOCK]) {
        liar_told(HABIT_CLOCK);
        h->unix_ms += (to & 1) != 0 ? HOUR_MS : (uint64_t)0 - HOUR_MS;
    }
    liar_say_message(to, m);
    return true;
}

/* ---- unasked */

static void to_all(struct command *c)
{
    for (uint32_t i = 0; i < liar.members; i++) {
        if (i != liar.self) {
            liar_say_command(i, c, true);
        }
    }
}

static void storm(void)
{
    struct command c = {.kind = COMMAND_ATTEST};
    c.attest = (struct attest){
        .incarnation = liar_roll() | 1,
        .seq = liar_between(1, 3),
        .tick = state()->tick + liar_between(0, 1) * liar_between(0, 1000),
        .height = state()->height,
        .digest = state()->digests[state()->height % HEIGHTS_KEPT],
        .own = liar_roll() & 0xfffffffffu,
        .score = (uint8_t)liar_between(0, 100),
        .version_low = PROTOCOL_OLDEST,
        .version_high = PROTOCOL_NEWEST + liar_between(0, 1000),
    };
    liar_told(HABIT_STORM);
    to_all(&c);
}

static void claim(void)
{
    struct command c = {.kind = COMMAND_RESULT};
    liar_told(HABIT_CLAIM);
    switch (liar_between(0, 2)) {
    case 0:
        c.result.first_window = state()->windows.next + liar_between(0, 2);
        c.result.count = liar_between(1, RESULT_WINDOWS_MAX);
        for (uint32_t i = 0; i < c.result.count; i++) {
            memset(&c.result.digests[i], (int)liar_between(1, 255), DIGEST_BYTES);
        }
        break;
    case 1:
        c.kind = COMMAND_DISPUTE;
        c.dispute.fence = state()->last_fence;
        c.dispute.window = state()->windows.next + liar_between(0, 2);
        memset(&c.dispute.own, (int)liar_between(1, 255), DIGEST_BYTES);
        break;
    default:
        c.kind = COMMAND_FAIL;
        c.fail.fence = state()->last_fence;
        strcpy(c.fail.reason, "I say so");
        break;
    }
    to_all(&c);
}

static void ballot_on_nothing(void)
{
    struct command c = {.kind = COMMAND_BALLOT};
    for (uint32_t i = 0; i < liar.members; i++) {
        const uint64_t open = state()->confidence[i].motion.id;
        if (i != liar.self && (open != 0 || liar_chance(30))) {
            c.ballot.subjects |= 1u << i;
            c.ballot.motion[i] = open != 0 ? open : state()->height;
        }
    }
    c.ballot.yes = c.ballot.subjects & (uint32_t)liar_roll();
    if (c.ballot.subjects != 0) {
        liar_told(HABIT_BALLOT);
        to_all(&c);
    }
}

static void appeal_or_resign(bool resigns)
{
    struct command c = {.kind = resigns ? COMMAND_RESIGN : COMMAND_APPEAL};
    c.resign.class = RESIGN_OWN;
    to_all(&c);
}

static void in_others_name(uint32_t to)
{
    static struct message m;
    struct command c = {.kind = liar_chance(50) ? COMMAND_RESIGN : COMMAND_APPEAL};
    const struct simplex *x = &liar.agent->node->deciding.simplex;
    liar_told(HABIT_IN_OTHERS_NAME);
    c.author = liar_turn(1);
    liar_say_command(to, &c, false);
    c = (struct command){.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX};
    c.by_operator = (struct operator_command){
        .seq = state()->operator_seq[0] + 1,
        .not_after_ms = state()->time_ms + HOUR_MS,
        .operation = OPERATION_REMOVE,
        .member = liar_turn(1),
        .term = state()->member[liar_turn(1)].term,
    };
    liar_say_command(to, &c, false);
    m.kind = MESSAGE_VOTE;
    m.vote.support = (struct certificate){.kind = CERTIFICATE_NONE};
    m.vote.vote = (struct vote){
        .kind = VOTE_NULLIFY,
        .signer = liar_turn(1),
        .height = x->height,
        .view = x->view,
        .claim = VIEW_NONE,
        .parent = x->parent,
    };
    vote_sign(&m.vote.vote, &liar.id, &liar.pen);
    liar_say_message(to, &m);
}

/* ---- what others said */

static void keep(struct saying *saying, const uint8_t *bytes, size_t size_bytes)
{
    free(saying->bytes);
    saying->bytes = malloc(size_bytes);
    saying->size_bytes = saying->bytes == NULL ? 0 : (uint32_t)size_bytes;
    if (saying->bytes != NULL) {
        memcpy(saying->bytes, bytes, size_bytes);
    }
}

/* Heartbeats would drive all else out. */
void liar_remember(const uint8_t *bytes, size_t size_bytes, const struct message *m)
{
    static struct command c;
    if (m->kind == MESSAGE_HEARTBEAT && !liar_chance(2)) {
        return;
    }
    keep(&liar.past[liar.next++ % PAST_MESSAGES], bytes, size_bytes);
    if (m->kind == MESSAGE_COMMAND &&
        command_decode(&c, m->command.command.bytes, m->command.command.size_bytes) &&
        (c.kind == COMMAND_APPEAL || c.kind == COMMAND_RESIGN || c.kind == COMMAND_OPERATOR)) {
        keep(&liar.words[liar.word_count++ % PAST_WORDS], bytes, size_bytes);
    }
}

static void repeat(const struct saying *saying, uint32_t to)
{
    if (saying->size_bytes > 0) {
        liar_told(HABIT_REPLAY);
        liar_say(to, saying->bytes, saying->size_bytes);
    }
}

static void flood(uint32_t to)
{
    liar_told(HABIT_FLOOD);
    for (uint32_t i = 0; i < FLOOD_ACT; i++) {
        const struct saying *saying = &liar.past[liar_between(0, PAST_MESSAGES - 1)];
        if (saying->size_bytes > 0) {
            liar_say(to, saying->bytes, saying->size_bytes);
        }
    }
}

void liar_words_act(void)
{
    if (liar_does(HABIT_STORM)) {
        storm();
    }
    if (liar_does(HABIT_CLAIM) && liar_chance(20)) {
        claim();
    }
    if (liar_does(HABIT_BALLOT) && liar_chance(20)) {
        ballot_on_nothing();
        appeal_or_resign(false);
    }
    if (liar_does(HABIT_RESIGN)) {
        liar_told(HABIT_RESIGN);
        appeal_or_resign(true);
    }
    for (uint32_t i = 0; i < liar.members; i++) {
        if (i == liar.self) {
            continue;
        }
        if (liar_does(HABIT_IN_OTHERS_NAME)) {
            in_others_name(i);
        }
        if (liar_does(HABIT_REPLAY)) {
            repeat(&liar.past[liar_between(0, PAST_MESSAGES - 1)], i);
            repeat(&liar.words[liar_between(0, PAST_WORDS - 1)], i);
        }
        if (liar_does(HABIT_FLOOD)) {
            flood(i);
        }
    }
}
