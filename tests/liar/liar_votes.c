/* Lies in blocks and votes: two of them, none, other ones to other members, blocks that cannot
 * be. */
#include "liar.h"

#include <string.h>

#include "consensus/block.h"
#include "consensus/command.h"
#include "consensus/vote.h"

#define HOUR_MS 3600000u

/* What another block of the same height differs in. */
struct change {
    uint32_t left_out; /* bits of authors modulo MEMBERS_MAX */
    int64_t later_ms;
    bool other_state;
    bool other_version;
    bool other_parent;
    bool other_proposer;
    const uint8_t *extra; /* a command that does not belong */
    uint32_t extra_bytes;
    uint32_t extras;
};

static void change_header(struct block_header *h, const struct change *c)
{
    h->time_ms += (uint64_t)c->later_ms;
    h->version += c->other_version;
    h->proposer = c->other_proposer ? (h->proposer + 1) % liar.members : h->proposer;
    h->state.bytes[0] ^= c->other_state ? 0xff : 0;
    h->parent.bytes[0] ^= c->other_parent ? 0xff : 0;
}

/* Returns its size; 0: there is no such block. */
static size_t other_block(const struct block *b, const struct change *c,
                          uint8_t bytes[static BLOCK_BYTES_MAX], struct hash *hash)
{
    struct block_header header = b->header;
    struct block_maker maker = block_begin(bytes);
    static struct block made;
    for (uint32_t i = 0; i < b->command_count; i++) {
        const uint8_t *command = b->bytes + b->commands[i].offset;
        const bool left_out = (c->left_out >> command[0] % MEMBERS_MAX & 1) != 0;
        if (!left_out && !block_add(&maker, command, b->commands[i].size_bytes)) {
            break;
        }
    }
    for (uint32_t i = 0; i < c->extras; i++) {
        if (!block_add(&maker, c->extra, c->extra_bytes)) {
            break;
        }
    }
    change_header(&header, c);
    const size_t size_bytes = block_end(&maker, &header);
    if (!block_decode(&made, bytes, size_bytes)) {
        return 0;
    }
    *hash = made.hash;
    return size_bytes;
}

/* A command of somebody else's that was said before, or a byte of it turned, or no command. */
static void put_extra(struct change *c)
{
    static uint8_t bytes[COMMAND_BYTES_MAX];
    static struct message m;
    c->extra = bytes;
    c->extra_bytes = liar_between(1, 200);
    c->extras = liar_chance(20) ? BLOCK_COMMANDS_MAX : liar_between(1, 3);
    for (uint32_t i = 0; i < c->extra_bytes; i++) {
        bytes[i] = (uint8_t)liar_roll();
    }
    for (uint32_t i = 0; i < PAST_MESSAGES && liar_chance(95); i++) {
        const struct saying *saying = &liar.past[liar_between(0, PAST_MESSAGES - 1)];
        if (saying->size_bytes == 0 || !message_decode(&m, saying->bytes, saying->size_bytes) ||
            m.kind != MESSAGE_COMMAND || m.command.command.size_bytes > sizeof bytes) {
            continue;
        }
        c->extra_bytes = m.command.command.size_bytes;
        memcpy(bytes, m.command.command.bytes, c->extra_bytes);
        if (liar_chance(50)) {
            bytes[liar_between(0, c->extra_bytes - 1)] ^= 1;
        }
        return;
    }
}

static struct change bad_change(void)
{
    struct change c = {.later_ms = 1};
    switch (liar_between(0, 7)) {
    case 7:
        c.later_ms = 900; /* as early as others take it: a tick closes before its time */
        break;
    case 0:
        c.later_ms = HOUR_MS;
        break;
    case 1:
        c.later_ms = -(int64_t)HOUR_MS;
        break;
    case 2:
        c.other_state = true;
        break;
    case 3:
        c.other_version = true;
        break;
    case 4:
        c.other_parent = true;
        break;
    case 5:
        c.other_proposer = true;
        break;
    default:
        put_extra(&c);
        break;
    }
    return c;
}

static void say_vote(uint32_t to, struct message *m)
{
    struct vote *v = m->kind == MESSAGE_VOTE ? &m->vote.vote : &m->proposal.vote;
    vote_sign(v, &liar.id, &liar.pen);
    liar_say_message(to, m);
}

static bool propose(uint32_t to, struct message *m, const struct block *b,
                    const struct change *c, bool wrong_hash)
{
    static uint8_t bytes[BLOCK_BYTES_MAX];
    struct hash hash;
    const size_t size_bytes = other_block(b, c, bytes, &hash);
    if (size_bytes == 0) {
        return false;
    }
    m->proposal.vote.block = hash;
    m->proposal.vote.block.bytes[0] ^= wrong_hash ? 0xff : 0;
    m->proposal.block = (struct bytes_view){bytes, (uint32_t)size_bytes};
    say_vote(to, m);
    return true;
}

bool liar_lies_in_proposal(uint32_t to, struct message *m)
{
    static struct block b;
    if (m->proposal.vote.signer != liar.self ||
        !block_decode(&b, m->proposal.block.bytes, m->proposal.block.size_bytes)) {
        return false;
    }
    if (liar_does(HABIT_WITHHOLD)) {
        liar_told(HABIT_WITHHOLD);
        return true;
    }
    if (m->proposal.justification.kind != CERTIFICATE_NONE && !liar_chance(20)) {
        return false;
    }
    if (liar_does(HABIT_BAD_BLOCK)) {
        const struct change c = bad_change();
        liar_told(HABIT_BAD_BLOCK);
        return propose(to, m, &b, &c, liar_chance(10));
    }
    if (liar_does(HABIT_CENSOR)) {
        const struct change c = {.left_out = 1u << liar_turn(5), .later_ms = 0};
        liar_told(HABIT_CENSOR); /* to all the same block */
        return propose(to, m, &b, &c, false);
    }
    if (liar.has[HABIT_EQUIVOCATE] && (to & 1) == 0) {
        const struct change c = {.later_ms = 1};
        liar_told(HABIT_EQUIVOCATE); /* the one, or both, to the same member */
        return propose(to, m, &b, &c, false) && liar_chance(70);
    }
    return false;
}

/* Another thing in the same place; now and then in another history. */
static void vote_otherwise(struct vote *v)
{
    if (liar_chance(20)) {
        v->parent.bytes[0] ^= 0xff;
        return;
    }
    switch (v->kind) {
    case VOTE_PROPOSE:
    case VOTE_NOTARIZE:
        v->block.bytes[0] ^= 0xff;
        break;
    case VOTE_NULLIFY:
        v->claim = v->claim == VIEW_NONE ? v->view - 1 : VIEW_NONE;
        break;
    case VOTE_FINALIZE:
        v->kind = VOTE_NULLIFY;
        v->block = (struct hash){0};
        v->claim = VIEW_NONE;
        break;
    }
}

bool liar_lies_in_vote(uint32_t to, struct message *m)
{
    struct vote *v = &m->vote.vote;
    if (v->signer != liar.self) {
        return false;
    }
    if (liar_does(HABIT_WITHHOLD)) {
        liar_told(HABIT_WITHHOLD);
        return true;
    }
    if (liar_does(HABIT_EQUIVOCATE)) {
        liar_told(HABIT_EQUIVOCATE);
        liar_say_message(to, m);
        vote_otherwise(v);
        m->vote.support = (struct certificate){.kind = CERTIFICATE_NONE};
        say_vote(to, m);
        return true;
    }
    if (liar.has[HABIT_TWO_FACED] && (to & 1) != 0 && v->kind != VOTE_NULLIFY) {
        liar_told(HABIT_TWO_FACED);
        v->kind = VOTE_NULLIFY;
        v->block = (struct hash){0};
        v->claim = VIEW_NONE;
        m->vote.support = (struct certificate){.kind = CERTIFICATE_NONE};
        say_vote(to, m);
        return true;
    }
    return false;
}
