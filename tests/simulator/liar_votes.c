/* Lies in what is signed: two proposals, two votes, other things to other members, commands
 * left out, accusations. */
#include <string.h>

#include "../../consensus/command.h"
#include "../../consensus/vote.h"
#include "liar.h"

void liar_remember(struct world *w, const uint8_t *decided, size_t size_bytes)
{
    struct message *m = &w->scratch;
    struct block b;
    if (w->plan.liars == 0 || !message_decode(m, decided, size_bytes) ||
        !block_decode(&b, m->decided.block.bytes, m->decided.block.size_bytes)) {
        return;
    }
    for (uint32_t i = 0; i < b.command_count; i++) {
        struct blob **place = &w->past_command[w->past_commands++ % PAST_COMMANDS];
        blob_drop(*place);
        *place = blob_of(b.bytes + b.commands[i].offset, b.commands[i].size_bytes);
    }
}

/* A block of the same height, parent and state that is another one: a moment later, without
 * some of the commands, with some that were decided before, or with a false proof. Returns its
 * size. */
static size_t other_block(const struct world *w, const struct block *b, uint32_t left_out,
                          bool stale, const struct command *proof,
                          uint8_t bytes[static BLOCK_BYTES_MAX], struct hash *hash)
{
    struct block_header header = b->header;
    struct block_maker maker = block_begin(bytes);
    for (uint32_t i = 0; i < b->command_count; i++) {
        const uint8_t *command = b->bytes + b->commands[i].offset;
        if ((left_out >> command[0] % MEMBERS_MAX & 1) == 0 &&
            !block_add(&maker, command, b->commands[i].size_bytes)) {
            break;
        }
    }
    for (uint32_t i = 0; stale && i < 3 && i < w->past_commands; i++) {
        const uint64_t place =
            b->header.height * 7 + i * 11; /* the same for all who are told */
        const struct blob *old = w->past_command[place % PAST_COMMANDS];
        if (old == NULL || !block_add(&maker, old->bytes, old->size_bytes)) {
            break;
        }
    }
    uint8_t shown[COMMAND_BYTES_MAX];
    if (proof != NULL && !block_add(&maker, shown, command_encode(proof, shown))) {
        return 0;
    }
    header.time_ms++;
    const size_t size_bytes = block_end(&maker, &header);
    struct block made;
    if (!block_decode(&made, bytes, size_bytes)) {
        return 0;
    }
    *hash = made.hash;
    return size_bytes;
}

/* As other_block, of another parent or another state; which of them follows from the height, so
 * that it is one block for all. */
static size_t wrong_block(const struct block *b, uint8_t bytes[static BLOCK_BYTES_MAX],
                          struct hash *hash)
{
    struct block_header header = b->header;
    struct block_maker maker = block_begin(bytes);
    struct hash *what = header.height % 2 == 0 ? &header.parent : &header.state;
    what->bytes[0] ^= 0xff;
    const size_t size_bytes = block_end(&maker, &header);
    *hash = block_header_hash(&header);
    return size_bytes;
}

static bool knows_plot(const struct world *w, const struct vote *v)
{
    return w->plot.height == v->height && w->plot.view == v->view;
}

static void make_plot(struct world *w, const struct vote *v, const struct hash *other)
{
    if (knows_plot(w, v)) {
        return;
    }
    w->plot = (struct plot){
        .height = v->height,
        .view = v->view,
        .block = {v->block, *other},
        .told_other = (uint32_t)dice_roll(&w->dice),
    };
}

static void say_vote(struct world *w, const struct outgoing *o, struct message *m)
{
    struct vote *v = m->kind == MESSAGE_VOTE ? &m->vote.vote : &m->proposal.vote;
    vote_sign(v, &w->id, &w->key[o->liar->member]);
    liar_say_message(w, o, m);
}

static bool proposes_wrongly(struct world *w, const struct outgoing *o, struct message *m)
{
    static uint8_t bytes[BLOCK_BYTES_MAX];
    struct block b;
    struct hash hash;
    if (!liar_does(w, o->liar, HABIT_WRONG_BLOCK) ||
        m->proposal.vote.signer != o->liar->member ||
        !block_decode(&b, m->proposal.block.bytes, m->proposal.block.size_bytes)) {
        return false;
    }
    const size_t size_bytes = wrong_block(&b, bytes, &hash);
    world_strike(w, FAULT_WRONG_BLOCK);
    make_plot(w, &m->proposal.vote, &hash);
    m->proposal.vote.block = hash;
    m->proposal.block = (struct bytes_view){bytes, (uint32_t)size_bytes};
    m->proposal.justification = (struct certificate){.kind = CERTIFICATE_NONE};
    say_vote(w, o, m);
    return true;
}

bool liar_lies_in_proposal(struct world *w, const struct outgoing *o, struct message *m)
{
    const bool fresh = m->proposal.justification.kind == CERTIFICATE_NONE;
    const bool censors = liar_does(w, o->liar, HABIT_CENSOR);
    const bool doubles = liar_does(w, o->liar, HABIT_EQUIVOCATE);
    const bool stale = liar_does(w, o->liar, HABIT_STALE);
    const uint32_t subject = (uint32_t)(m->proposal.vote.height % w->plan.members);
    struct command proof;
    const bool frames = fresh && (w->plan.habits[o->liar->member] & HABIT_FRAME) != 0 &&
                        m->proposal.vote.height % 2 == 0 && /* the same to all */
                        liar_false_proof(w, o->liar, subject, true, &proof);
    struct block b;
    if (proposes_wrongly(w, o, m)) {
        return true;
    }
    if (!(censors || doubles || stale || frames) ||
        m->proposal.vote.signer != o->liar->member ||
        !block_decode(&b, m->proposal.block.bytes, m->proposal.block.size_bytes)) {
        return false;
    }
    if (!fresh && !dice_chance(&w->dice, 1000)) {
        return false;
    }
    if (frames) {
        command_sign(&proof, &w->id, &w->key[o->liar->member]);
    }
    static uint8_t bytes[BLOCK_BYTES_MAX];
    struct hash hash;
    const uint32_t victims = censors ? 3u << o->to % 3 : doubles ? 1u : 0;
    const size_t size_bytes =
        other_block(w, &b, victims, stale, frames ? &proof : NULL, bytes, &hash);
    if (size_bytes == 0) {
        return false;
    }
    if (doubles) {
        make_plot(w, &m->proposal.vote, &hash);
        if ((w->plot.told_other >> o->to & 1) == 0) {
            return false;
        }
    }
    world_strike(w, doubles   ? FAULT_EQUIVOCATE
                    : censors ? FAULT_CENSOR
                    : stale   ? FAULT_STALE
                              : FAULT_PROPOSE_FALSE);
    m->proposal.vote.block = hash;
    m->proposal.block = (struct bytes_view){bytes, (uint32_t)size_bytes};
    m->proposal.justification = (struct certificate){.kind = CERTIFICATE_NONE};
    say_vote(w, o, m);
    return !(doubles && dice_chance(&w->dice, 3000)); /* or both, to the same member */
}

/* The vote for the other block of the plot, or for one that does not exist. */
static bool votes_twice(struct world *w, const struct outgoing *o, struct message *m)
{
    struct vote *v = &m->vote.vote;
    if (v->kind != VOTE_NOTARIZE && v->kind != VOTE_FINALIZE) {
        return false;
    }
    if (knows_plot(w, v)) { /* both, so that each side may have its quorum */
        v->block = w->plot.block[w->plot.told_other >> o->to & 1];
    } else if (dice_chance(&w->dice, 2000)) {
        v->block.bytes[0] ^= 0xff;
    } else {
        return false;
    }
    world_strike(w, FAULT_EQUIVOCATE);
    say_vote(w, o, m);
    return true;
}

/* To some members it gives views up that it votes in before others. */
static bool has_two_faces(struct world *w, const struct outgoing *o, struct message *m)
{
    struct vote *v = &m->vote.vote;
    if (((w->plan.seed >> o->to) & 1) == 0) {
        return false;
    }
    world_strike(w, FAULT_TWO_FACED);
    if (v->kind == VOTE_NULLIFY) {
        if (!knows_plot(w, v)) {
            v->claim = VIEW_NONE;
        } else {
            v->kind = VOTE_NOTARIZE;
            v->claim = VIEW_NONE;
            v->block = w->plot.block[1];
        }
    } else {
        v->kind = VOTE_NULLIFY;
        v->claim = VIEW_NONE;
        v->block = (struct hash){0};
    }
    m->vote.support = (struct certificate){.kind = CERTIFICATE_NONE};
    say_vote(w, o, m);
    return true;
}

/* For the wrong block that one of them has proposed. */
static bool votes_wrongly(struct world *w, const struct outgoing *o, struct message *m)
{
    struct vote *v = &m->vote.vote;
    if ((v->kind != VOTE_NOTARIZE && v->kind != VOTE_FINALIZE) || !knows_plot(w, v)) {
        return false;
    }
    world_strike(w, FAULT_WRONG_BLOCK);
    v->block = w->plot.block[1];
    say_vote(w, o, m);
    return true;
}

static bool votes_astray(struct world *w, const struct outgoing *o, struct message *m)
{
    world_strike(w, FAULT_OTHER_HISTORY);
    m->vote.vote.parent.bytes[0] ^= 0xff;
    say_vote(w, o, m);
    return true;
}

bool liar_lies_in_vote(struct world *w, const struct outgoing *o, struct message *m)
{
    if (m->vote.vote.signer != o->liar->member) {
        return false;
    }
    if (liar_does(w, o->liar, HABIT_OTHER_HISTORY)) {
        return votes_astray(w, o, m);
    }
    if (liar_does(w, o->liar, HABIT_WRONG_BLOCK) && votes_wrongly(w, o, m)) {
        return true;
    }
    if (liar_does(w, o->liar, HABIT_EQUIVOCATE) && votes_twice(w, o, m)) {
        return true;
    }
    return liar_does(w, o->liar, HABIT_TWO_FACED) && has_two_faces(w, o, m);
}

static bool say_command_again(struct world *w, const struct outgoing *o, struct message *m,
                              struct command *c)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(c, &w->id, &w->key[o->liar->member]);
    m->command.command = (struct bytes_view){bytes, (uint32_t)command_encode(c, bytes)};
    liar_say_message(w, o, m);
    return true;
}

bool liar_lies_in_command(struct world *w, const struct outgoing *o, struct message *m)
{
    const struct station *s = o->liar;
    const bool accuses = liar_does(w, s, HABIT_ACCUSE);
    const bool ranks = liar_does(w, s, HABIT_RANK_SELF);
    const bool bent = liar_does(w, s, HABIT_BALLOT);
    const bool differs = liar_does(w, s, HABIT_OTHER_STATE);
    struct command c;
    if (!(accuses || ranks || bent || differs) ||
        !command_decode(&c, m->command.command.bytes, m->command.command.size_bytes) ||
        c.author != s->member || (c.kind != COMMAND_ATTEST && c.kind != COMMAND_BALLOT)) {
        return false;
    }
    if (c.kind == COMMAND_BALLOT) {
        if (bent) {
            world_strike(w, FAULT_BALLOT);
            c.ballot.yes ^= c.ballot.subjects;
        }
        return bent && say_command_again(w, o, m, &c);
    }
    if (!(accuses || ranks || differs)) {
        return false;
    }
    if (differs) {
        world_strike(w, FAULT_OTHER_STATE);
        c.attest.digest.bytes[0] ^= 1;
    }
    const uint32_t others = ((1u << w->plan.members) - 1) & ~(1u << s->member);
    if (accuses) {
        world_strike(w, FAULT_ACCUSE);
        c.attest.silent = others;
        c.attest.wrong = dice_chance(&w->dice, 5000) ? others : 0;
    }
    if (ranks) {
        world_strike(w, FAULT_RANK_SELF);
        c.attest.ranked = 1;
        c.attest.ranking[0] = (uint8_t)s->member;
    }
    return say_command_again(w, o, m, &c);
}
