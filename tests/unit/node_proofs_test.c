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
    cr_assert(eq(int, b.node->deciding.offences.of[SUBJECT].kind, PROOF_ANSWER));
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
    shown.prove = (struct prove){.subject = SUBJECT, .term = 1, .kind = PROOF_PAIR};
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
    cr_assert(eq(int, b.node->deciding.offences.of[SUBJECT].kind, PROOF_PAIR));
    bench_finish(&b);
}

/* ---- against the chain */

static void propose(struct bench *b, uint32_t from, const struct vote *v,
                    const struct block_maker *block)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_PROPOSAL};
    m.proposal.vote = *v;
    m.proposal.block = (struct bytes_view){block->bytes, block->size_bytes};
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = from,
                                 .bytes = bytes,
                                 .size_bytes = message_encode(&m, bytes)});
}

Test(node_proofs, shows_a_vote_in_another_history_at_once)
{
    struct bench b = bench_at_work();
    const struct key_pair key = bench_key(SUBJECT);
    struct vote v = vote_of(&b, SUBJECT, VOTE_NOTARIZE, 1);
    struct command c;
    v.parent.bytes[0] ^= 1;
    send(&b, SUBJECT, &v);
    cr_assert_not(find_proof(&b, &c), "its signature is of another vote");
    vote_sign(&v, &b.node->deciding.cluster.id, &key);
    send(&b, 3, &v);
    cr_assert_not(find_proof(&b, &c), "another one carries it");
    send(&b, SUBJECT, &v);
    cr_assert(find_proof(&b, &c));
    cr_assert(eq(int, c.prove.kind, PROOF_HISTORY));
    cr_assert(eq(u32, c.prove.subject, SUBJECT));
    cr_assert(evidence_holds(&b.node->deciding.cluster, &c.prove));
    cr_assert(eq(int, cluster_would_skip(&b.node->deciding.cluster, &c), CAUSE_NONE));
    bench_finish(&b);
}

/* Its header is all that convicts it, and is shown with it. */
Test(node_proofs, shows_the_header_of_a_proposal_that_does_not_follow_the_chain)
{
    for (uint32_t wrong = 0; wrong < 3; wrong++) {
        struct bench b = bench_at_work();
        const struct cluster *cluster = &b.node->deciding.cluster;
        const struct key_pair key = bench_key(SUBJECT);
        static uint8_t bytes[BLOCK_BYTES_MAX];
        struct block_maker maker = block_begin(bytes);
        struct block_header h = {.height = cluster->height + 1,
                                 .parent = cluster->block,
                                 .time_ms = cluster->time_ms + 1,
                                 .proposer = SUBJECT,
                                 .state = cluster_state_hash(cluster),
                                 .version = cluster->version};
        h.parent.bytes[0] ^= wrong == 1 ? 1 : 0;
        h.state.bytes[0] ^= wrong == 2 ? 1 : 0;
        (void)block_end(&maker, &h);
        struct vote v = vote_of(&b, SUBJECT, VOTE_PROPOSE, 0);
        v.block = block_header_hash(&h);
        vote_sign(&v, &cluster->id, &key);
        struct command c;
        propose(&b, SUBJECT, &v, &maker);
        cr_assert(eq(int, find_proof(&b, &c), wrong != 0), "%u", wrong);
        if (wrong != 0) {
            cr_assert(eq(int, c.prove.kind, PROOF_BLOCK));
            cr_assert(evidence_holds(cluster, &c.prove));
        }
        bench_finish(&b);
    }
}

/* ---- by an answer; work is replaced by a hash */

#define SHOWS 3u

static struct hash work_over(const struct hash *nonce)
{
    return hash_of("test/task", nonce->bytes, sizeof nonce->bytes);
}

static struct solution answer_of(const struct bench *b, uint8_t nonce, bool right)
{
    const struct cluster *c = &b->node->deciding.cluster;
    const struct key_pair key = bench_key(SUBJECT);
    struct solution s = {.author = SUBJECT,
                         .term = c->member[SUBJECT].term,
                         .version = c->version,
                         .nonce = {{nonce}}};
    s.result = work_over(&s.nonce);
    s.result.bytes[3] ^= right ? 0 : 1;
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    solution_signed_bytes(&s, bytes);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = c->id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&key, &statement, s.signature);
    return s;
}

static void show(struct bench *b, const struct solution *answer)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    uint8_t command[COMMAND_BYTES_MAX];
    const struct key_pair key = bench_key(SHOWS);
    struct command c = {.kind = COMMAND_PROVE, .author = SHOWS, .term = 1};
    c.prove = (struct prove){.subject = SUBJECT, .term = answer->term, .answer = *answer};
    command_sign(&c, &b->node->deciding.cluster.id, &key);
    struct message m = {.kind = MESSAGE_COMMAND};
    m.command.command.bytes = command;
    m.command.command.size_bytes = (uint32_t)command_encode(&c, command);
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = SHOWS,
                                 .bytes = bytes,
                                 .size_bytes = message_encode(&m, bytes)});
}

/* Does what the last step asks to be solved, `bend` wrongly. False: nothing is asked. */
static bool solve(struct bench *b, uint8_t bend)
{
    const struct effect *e = bench_find(b, EFFECT_SOLVE);
    struct hash nonce;
    if (e == NULL) {
        return false;
    }
    memcpy(nonce.bytes, b->out->outbox + e->body.offset, sizeof nonce.bytes);
    struct hash result = work_over(&nonce);
    result.bytes[5] ^= bend;
    bench_step(b, (struct input){.kind = INPUT_SOLVED,
                                 .serial = e->serial,
                                 .bytes = result.bytes,
                                 .size_bytes = sizeof result.bytes});
    return true;
}

/* Whether the last step passes a proof on to all. */
static bool passes_on(const struct bench *b)
{
    struct message m;
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        struct command c;
        if (e->kind == EFFECT_BROADCAST &&
            message_decode(&m, b->out->outbox + e->body.offset, e->body.size_bytes) &&
            m.kind == MESSAGE_COMMAND &&
            command_decode(&c, m.command.command.bytes, m.command.command.size_bytes) &&
            c.kind == COMMAND_PROVE) {
            return true;
        }
    }
    return false;
}

static bool waits_for_a_block(const struct bench *b)
{
    return b->node->pool.slot[SHOWS][COMMAND_PROVE - 1].ready;
}

Test(node_proofs, passes_an_answer_on_once_its_work_came_out_otherwise_twice)
{
    struct bench b = bench_at_work();
    const struct solution answer = answer_of(&b, 1, false);
    show(&b, &answer);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_not(passes_on(&b));
        cr_assert_not(waits_for_a_block(&b));
        cr_assert(solve(&b, 0), "%u", i);
    }
    cr_assert(passes_on(&b));
    cr_assert(waits_for_a_block(&b));
    cr_assert_not(solve(&b, 0));
    show(&b, &answer);
    cr_assert_not(passes_on(&b), "once");
    bench_finish(&b);
}

Test(node_proofs, drops_a_proof_by_a_right_answer_and_rests_from_its_author_for_a_minute)
{
    struct bench b = bench_at_work();
    const struct solution answer = answer_of(&b, 1, true);
    const struct solution wrong = answer_of(&b, 2, false);
    show(&b, &answer);
    cr_assert(solve(&b, 0));
    const struct note *note = bench_find_note(&b, NOTE_PEER_NONSENSE);
    cr_assert(note != NULL && note->cause == CAUSE_FALSE_PROOF && note->member == SHOWS);
    cr_assert_not(passes_on(&b) || waits_for_a_block(&b));
    show(&b, &answer);
    cr_assert_not(solve(&b, 0));
    show(&b, &wrong);
    cr_assert_not(solve(&b, 0), "whatever it shows");
    b.now_ms += 12 * (uint64_t)b.node->deciding.cluster.timing.tick_ms;
    show(&b, &wrong);
    cr_assert(solve(&b, 0));
    bench_finish(&b);
}

Test(node_proofs, doubts_its_own_machine_before_anybody_elses)
{
    struct bench b = bench_at_work();
    const struct solution answer = answer_of(&b, 1, true);
    show(&b, &answer);
    cr_assert(solve(&b, 1), "its own memory is bad");
    cr_assert(solve(&b, 0));
    cr_assert(bench_find(&b, EFFECT_BURST) != NULL);
    cr_assert_not(passes_on(&b) || waits_for_a_block(&b));
    bench_finish(&b);
}

Test(node_proofs, shows_a_wrong_answer_of_its_own_task)
{
    struct bench b = bench_at_work();
    struct deciding *d = &b.node->deciding;
    struct command c;
    d->trials.wrong[SUBJECT] = answer_of(&b, 1, false);
    const struct hash right = work_over(&d->trials.wrong[SUBJECT].nonce);
    retrial_know(&d->retrials, &d->trials.wrong[SUBJECT].nonce, &right);
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert(find_proof(&b, &c));
    cr_assert(evidence_is_answer(&c) && c.prove.subject == SUBJECT);
    cr_assert(evidence_holds(&d->cluster, &c.prove));
    bench_settle(&b);
    cr_assert(b.node->pool.slot[0][COMMAND_PROVE - 1].ready);
    bench_finish(&b);
}

Test(node_proofs, shows_no_answer_of_a_term_that_has_passed)
{
    struct bench b = bench_at_work();
    struct deciding *d = &b.node->deciding;
    struct command c;
    d->trials.wrong[SUBJECT] = answer_of(&b, 1, false);
    d->trials.wrong[SUBJECT].term++;
    const struct hash right = work_over(&d->trials.wrong[SUBJECT].nonce);
    retrial_know(&d->retrials, &d->trials.wrong[SUBJECT].nonce, &right);
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert_not(find_proof(&b, &c));
    bench_finish(&b);
}
