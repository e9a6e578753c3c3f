#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/node_parts.h"
#include "tests/unit/node_bench.h"

/* Member 0 of five is the node; member 4 signs what nobody sound signs. */

#define SUBJECT 4u

static struct bench bench_at_work(void)
{
    struct bench b = bench_of(5, true);
    for (uint32_t i = 1; i < 5; i++) {
        b.node->deciding.simplex.peers[i].answered = true;
    }
    node_seal_first(b.node);
    return b;
}

static struct vote vote_of(const struct bench *b, uint32_t signer, enum vote_kind kind,
                           uint8_t block)
{
    const struct cluster *c = &b->node->deciding.cluster;
    const struct key_pair key = bench_key(signer);
    struct vote v = {.kind = kind,
                     .signer = signer,
                     .height = c->height + 1,
                     .claim = VIEW_NONE,
                     .parent = c->block,
                     .block = {{block}}};
    vote_sign(&v, &c->id, &key);
    return v;
}

static void send(struct bench *b, uint32_t from, const struct vote *v)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_VOTE};
    m.vote.vote = *v;
    const size_t size_bytes = message_encode(&m, bytes);
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = from,
                                 .bytes = bytes,
                                 .size_bytes = size_bytes});
}

/* The proof that the last step asks to be signed. */
static bool find_proof(const struct bench *b, struct command *c)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        uint8_t bytes[COMMAND_BYTES_MAX] = {0};
        if (e->kind != EFFECT_SIGN || e->signing.kind != SIGNING_COMMAND) {
            continue;
        }
        memcpy(bytes, b->out->outbox + e->body.offset, e->body.size_bytes);
        if (command_decode(c, bytes, e->body.size_bytes + SIGNATURE_BYTES) &&
            c->kind == COMMAND_PROVE) {
            return true;
        }
    }
    return false;
}

Test(node_proofs, shows_two_votes_that_conflict_at_once)
{
    struct bench b = bench_at_work();
    const struct vote first = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 1);
    const struct vote second = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 2);
    struct command c;
    send(&b, SUBJECT, &first);
    send(&b, SUBJECT, &first);
    cr_assert_not(find_proof(&b, &c), "said twice is no offence");
    send(&b, SUBJECT, &second);
    cr_assert(find_proof(&b, &c));
    cr_assert(eq(u32, c.prove.subject, SUBJECT));
    cr_assert(evidence_holds(&b.node->deciding.cluster, &c.prove));

    bench_settle(&b);
    send(&b, SUBJECT, &second);
    cr_assert_not(find_proof(&b, &c), "it waits for a block");
    bench_finish(&b);
}

Test(node_proofs, needs_both_signatures)
{
    struct bench b = bench_at_work();
    const struct vote first = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 1);
    struct vote forged = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 2);
    struct command c;
    forged.signature[5] ^= 1;
    send(&b, SUBJECT, &first);
    send(&b, SUBJECT, &forged);
    cr_assert_not(find_proof(&b, &c));
    cr_assert(eq(u32, b.node->deciding.offences.of[SUBJECT].count, 0));
    bench_finish(&b);
}

/* What another one carries may have been made up by it. */
Test(node_proofs, takes_votes_from_their_signer_alone)
{
    struct bench b = bench_at_work();
    const struct vote first = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 1);
    const struct vote second = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 2);
    struct command c;
    send(&b, SUBJECT, &first);
    send(&b, 3, &second);
    cr_assert_not(find_proof(&b, &c));
    bench_finish(&b);
}

Test(node_proofs, says_nothing_while_another_ones_proof_waits)
{
    struct bench b = bench_at_work();
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    uint8_t command[COMMAND_BYTES_MAX];
    const struct key_pair key = bench_key(3);
    struct command shown = {.kind = COMMAND_PROVE, .author = 3, .term = 1};
    shown.prove = (struct prove){.subject = SUBJECT, .term = 1, .count = 2};
    shown.prove.votes[0] = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 1);
    shown.prove.votes[1] = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 2);
    command_sign(&shown, &b.node->deciding.cluster.id, &key);
    struct message m = {.kind = MESSAGE_COMMAND};
    m.command.command.bytes = command;
    m.command.command.size_bytes = (uint32_t)command_encode(&shown, command);
    bench_step(&b, (struct input){.kind = INPUT_MESSAGE,
                                  .member = 3,
                                  .bytes = bytes,
                                  .size_bytes = message_encode(&m, bytes)});
    struct command c;
    send(&b, SUBJECT, &shown.prove.votes[0]);
    send(&b, SUBJECT, &shown.prove.votes[1]);
    cr_assert_not(find_proof(&b, &c));
    cr_assert(eq(u32, b.node->deciding.offences.of[SUBJECT].count, 2));
    bench_finish(&b);
}
