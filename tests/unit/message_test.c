#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "consensus/message.h"
#include "consensus/vote.h"
#include "votes_fixture.h"

static struct voters three;
static struct certificate_context context;
static uint8_t block_bytes[BLOCK_BYTES_MAX];
static uint32_t block_size_bytes;
static struct hash block;
#define MESSAGES 14u
static struct message messages[MESSAGES];
static uint8_t cosigned[3 * SIGNATURE_BYTES];

static struct answer answer_of(uint32_t author)
{
    uint8_t bytes[ANSWER_SIGNED_BYTES];
    struct answer a = {.author = author, .nonce = answer_relayed(&block, 2)};
    answer_signed_bytes(&a, bytes);
    const struct statement statement = {.domain = ANSWER_DOMAIN,
                                        .cluster_id = three.cluster.id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&three.keys[author], &statement, a.signature);
    return a;
}

static struct solution solution_of(uint32_t author)
{
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    struct solution s = {
        .author = author, .term = 1, .version = 1, .nonce = block, .result = block};
    solution_signed_bytes(&s, bytes);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = three.cluster.id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&three.keys[author], &statement, s.signature);
    return s;
}

static struct message heartbeat_of_three(void)
{
    struct message m = {.kind = MESSAGE_HEARTBEAT,
                        .heartbeat = {.height = 9,
                                      .view = 3,
                                      .starting = true,
                                      .incarnation = 5,
                                      .unix_ms = UINT64_MAX,
                                      .sequence = 7,
                                      .blames = 4,
                                      .cloned = 1,
                                      .own = UINT64_MAX - 1,
                                      .serve = 6,
                                      .count = 3}};
    m.heartbeat.echo[2] = (struct heartbeat_echo){.run = 1,
                                                  .sequence = 2,
                                                  .held_ms = HEARTBEAT_HELD_MAX,
                                                  .heard = HEARTBEAT_HEARD_MAX,
                                                  .elsewhere = UINT32_MAX};
    return m;
}

static void make_messages(void)
{
    const uint32_t claims[] = {0, VIEW_NONE};
    const struct certificate n0 =
        voters_certificate(&three, VOTE_NOTARIZE, 0, &block, 0x3, NULL);
    const struct entry entry = {
        .certificate = voters_certificate(&three, VOTE_NULLIFY, 1, NULL, 0x6, claims),
        .support = n0,
    };
    const struct bytes_view bytes = {block_bytes, block_size_bytes};
    struct message *m = messages;
    m[0] = (struct message){.kind = MESSAGE_VOTE};
    m[0].vote.vote = voters_vote(&three, VOTE_NULLIFY, 2, 1, NULL);
    m[0].vote.vote.claim = 0;
    voters_sign(&three, &m[0].vote.vote);
    m[0].vote.support = n0;
    m[1] = (struct message){.kind = MESSAGE_PROPOSAL};
    m[1].proposal.vote = voters_vote(&three, VOTE_PROPOSE, 0, 2, &block);
    m[1].proposal.entry = entry;
    m[1].proposal.justification = n0;
    m[1].proposal.block = bytes;
    m[2] = (struct message){.kind = MESSAGE_STATUS,
                            .status = {.height = 1, .view = 2, .entry = entry, .best = n0}};
    m[3] = (struct message){.kind = MESSAGE_DECIDED};
    m[3].decided.finalization = voters_certificate(&three, VOTE_FINALIZE, 2, &block, 0x7, NULL);
    m[3].decided.block = bytes;
    m[4] = (struct message){.kind = MESSAGE_WANT, .want = {.height = 1, .block = block}};
    m[5] = (struct message){.kind = MESSAGE_BLOCK, .block = {.block = bytes}};
    m[6] = (struct message){
        .kind = MESSAGE_HELLO,
        .hello = {.nonce = 1, .answer = 2, .height = 1, .reached = 3, .count = 2}};
    m[6].hello.votes[0] = voters_vote(&three, VOTE_NOTARIZE, 1, 4, &block);
    m[6].hello.votes[1] = voters_vote(&three, VOTE_NULLIFY, 1, 4, NULL);
    m[7] = heartbeat_of_three();
    m[8] = (struct message){.kind = MESSAGE_COMMAND, .command = {.command = bytes}};
    m[9] = (struct message){.kind = MESSAGE_CHALLENGE,
                            .challenge = {.subject = 2, .nonce = block}};
    m[10] = (struct message){.kind = MESSAGE_ANSWER, .answer = answer_of(1)};
    memset(cosigned, 7, sizeof cosigned);
    m[11] = (struct message){.kind = MESSAGE_COSIGN,
                             .cosign = {.height = 1,
                                        .wanted = true,
                                        .count = 3,
                                        .signatures = {cosigned, sizeof cosigned}}};
    m[12] = (struct message){.kind = MESSAGE_TASK, .task = {.subject = 2, .nonce = block}};
    m[13] = (struct message){.kind = MESSAGE_SOLUTION, .solution = solution_of(1)};
}

static void found(void)
{
    voters_found(&three, 3);
    context = certificate_context_of(&three.cluster);
    block_size_bytes = voters_block(&three, 1, block_bytes, &block);
    make_messages();
}

TestSuite(message, .init = found);

static bool vote_holds(const struct vote *v)
{
    return v->signer < 3 &&
           vote_verify(v, &three.cluster.id, three.cluster.member[v->signer].vote_key);
}

static bool block_holds(const struct bytes_view *bytes, const struct hash *hash)
{
    struct block b;
    return block_decode(&b, bytes->bytes, bytes->size_bytes) && hash_equal(&b.hash, hash);
}

/* Whether all that was signed in the message is still what was signed. */
static bool holds(const struct message *m)
{
    switch (m->kind) {
    case MESSAGE_VOTE:
        return vote_holds(&m->vote.vote) && certificate_verify(&m->vote.support, &context);
    case MESSAGE_PROPOSAL:
        return vote_holds(&m->proposal.vote) &&
               entry_verify(&m->proposal.entry, m->proposal.vote.view, &context) &&
               certificate_verify(&m->proposal.justification, &context) &&
               block_holds(&m->proposal.block, &m->proposal.vote.block);
    case MESSAGE_STATUS:
        return entry_verify(&m->status.entry, m->status.view, &context) &&
               certificate_verify(&m->status.best, &context);
    case MESSAGE_DECIDED:
        return certificate_verify(&m->decided.finalization, &context) &&
               block_holds(&m->decided.block, &m->decided.finalization.block);
    case MESSAGE_BLOCK:
        return block_holds(&m->block.block, &block);
    case MESSAGE_HELLO:
        return m->hello.count == 2 && vote_holds(&m->hello.votes[0]) &&
               vote_holds(&m->hello.votes[1]);
    case MESSAGE_ANSWER:
        return m->answer.author < 3 &&
               answer_verify(&m->answer, &three.cluster.id,
                             three.cluster.member[m->answer.author].vote_key);
    case MESSAGE_SOLUTION:
        return m->solution.author < 3 &&
               solution_verify(&m->solution, &three.cluster.id,
                               three.cluster.member[m->solution.author].vote_key);
    case MESSAGE_TASK:
    case MESSAGE_WANT:
    case MESSAGE_HEARTBEAT:
    case MESSAGE_COMMAND:
    case MESSAGE_CHALLENGE:
    case MESSAGE_COSIGN:
        break;
    }
    return false;
}

/* Bytes at the front of a message that nobody signs: its kind, a height, nonces. */
static uint32_t unsigned_bytes(enum message_kind kind)
{
    return kind == MESSAGE_STATUS ? 1 + 8 : kind == MESSAGE_HELLO ? 1 + 4 * 8 + 32 : 1;
}

Test(message, of_each_kind_comes_back_as_it_was_sent)
{
    for (uint32_t i = 0; i < MESSAGES; i++) {
        uint8_t bytes[MESSAGE_BYTES_MAX];
        uint8_t again[MESSAGE_BYTES_MAX];
        struct message m;
        const size_t size_bytes = message_encode(&messages[i], bytes);
        cr_assert(message_decode(&m, bytes, size_bytes), "message %u", i);
        cr_assert(eq(int, m.kind, messages[i].kind));
        cr_assert(eq(sz, message_encode(&m, again), size_bytes));
        cr_assert(memcmp(bytes, again, size_bytes) == 0, "message %u", i);
    }
}

Test(message, heartbeat_names_only_members_and_possible_counts)
{
    static const struct {
        uint32_t at;
        uint8_t value;
    } bent[] = {
        {9, 0xff},  /* the view */
        {13, 2},    /* whether it has finalized */
        {14, 2},    /* whether it is starting */
        {35, 0x80}, /* a member blamed that there is not */
        {37, 0x80}, /* a member cloned that there is not */
        {55, 2},    /* fewer echoes than there are */
        {55, 255},  {66, HEARTBEAT_HEARD_MAX + 1},
    };
    uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m;
    const size_t size_bytes = message_encode(&messages[7], bytes);
    cr_assert(eq(sz, size_bytes, 1 + 55 + 3 * 15));
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        uint8_t copy[MESSAGE_BYTES_MAX];
        memcpy(copy, bytes, size_bytes);
        copy[bent[i].at] = bent[i].value;
        if (bent[i].at == 9) {
            memset(copy + 9, 0xff, 4);
        }
        cr_assert(not(message_decode(&m, copy, size_bytes)), "byte %u", bent[i].at);
    }
}

Test(message, answer_is_of_one_number_and_one_way)
{
    struct answer a = answer_of(1);
    const uint8_t *key = three.cluster.member[1].vote_key;
    cr_assert(answer_verify(&a, &three.cluster.id, key));
    a.nonce = block;
    cr_assert(not(answer_verify(&a, &three.cluster.id, key)), "the asker's own number");
    a.nonce = answer_relayed(&block, 1);
    cr_assert(not(answer_verify(&a, &three.cluster.id, key)), "another relay's");
}

Test(message, cut_anywhere_is_none)
{
    for (uint32_t i = 0; i < MESSAGES; i++) {
        uint8_t bytes[MESSAGE_BYTES_MAX];
        struct message m;
        const size_t size_bytes = message_encode(&messages[i], bytes);
        for (size_t cut = 0; cut < size_bytes; cut++) {
            cr_assert(not(message_decode(&m, bytes, cut)), "message %u, %zu bytes", i, cut);
        }
        cr_assert(not(message_decode(&m, bytes, size_bytes + 1)), "message %u", i);
    }
}

Test(message, with_a_flipped_bit_does_not_verify, .timeout = 60)
{
    for (uint32_t i = 0; i < MESSAGES; i++) {
        uint8_t bytes[MESSAGE_BYTES_MAX];
        struct message m;
        const size_t size_bytes = message_encode(&messages[i], bytes);
        cr_assert(message_decode(&m, bytes, size_bytes));
        const bool is_signed = holds(&m);
        for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (message_decode(&m, bytes, size_bytes)) {
                uint8_t again[MESSAGE_BYTES_MAX];
                cr_assert(eq(sz, message_encode(&m, again), size_bytes));
                cr_assert(memcmp(bytes, again, size_bytes) == 0, "two forms of one value");
                cr_assert(
                    not(is_signed && bit / 8 >= unsigned_bytes(messages[i].kind) && holds(&m)),
                    "message %u, bit %zu", i, bit);
            }
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

Test(message, signs_exactly_the_bytes_of_the_contract)
{
    /* protocol.md, section 2: domain 16, cluster 32, kind 1, height 8, view 4, parent 32,
     * block 32, claim 4, all of it written down here by hand. */
    const struct vote v = voters_vote(&three, VOTE_FINALIZE, 1, 0x01020304, &block);
    uint8_t body[81] = {4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4};
    memcpy(body + 13, three.cluster.block.bytes, 32);
    memcpy(body + 45, block.bytes, 32);
    memset(body + 77, 0xff, 4);
    const struct statement statement = {"ostrakon/vote/1", three.cluster.id.bytes, body, 81};

    cr_assert(signature_verify(three.keys[1].public_key, &statement, v.signature));
}

Test(message, view_none_lies_below_all_views)
{
    const uint32_t views[] = {VIEW_NONE, 0, 1, 2, VIEW_END - 1};
    for (uint32_t a = 0; a < 5; a++) {
        for (uint32_t b = 0; b < 5; b++) {
            cr_assert(eq(int, view_above(views[a], views[b]), a > b));
        }
    }
}
