/* What an operator signs, handed in at a member. */
#include "agent/node_parts.h"
#include "consensus/simplex_parts.h"
#include "node_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const struct operator_command drain_1 = {
    .seq = 1, .not_after_ms = UINT64_MAX, .operation = OPERATION_DRAIN, .member = 0, .term = 1};

static uint8_t bytes[COMMAND_BYTES_MAX];
static size_t size_bytes;

static void hand_in(struct bench *b, const struct operator_command *order)
{
    size_bytes = bench_order(b, order, bytes);
    bench_step(b,
               (struct input){.kind = INPUT_COMMAND, .bytes = bytes, .size_bytes = size_bytes});
}

/* How many of these very bytes the last step sends to all. */
static uint32_t sent(const struct bench *b)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        const uint8_t *body = b->out->outbox + e->body.offset;
        count += e->kind == EFFECT_BROADCAST && e->body.size_bytes > size_bytes &&
                         memcmp(body + e->body.size_bytes - size_bytes, bytes, size_bytes) == 0
                     ? 1
                     : 0;
    }
    return count;
}

Test(node_operator, is_decided_in_a_block_of_its_own_and_leaves_the_pool)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 100);
    hand_in(&b, &drain_1);
    bench_settle(&b);
    bench_run_alone(&b, b.now_ms + 500);
    const struct cluster *c = &b.node->deciding.cluster;
    cr_assert(c->member[0].drained);
    cr_assert(eq(u64, c->operator_seq[0], 1));
    cr_assert(eq(u32, b.node->deciding.own.handed_in, 0));
    bench_finish(&b);
}

Test(node_operator, is_sent_to_all_again_and_again_until_it_is_decided)
{
    struct bench b = bench_of(5, true); /* where nobody else is, nothing is decided */
    hand_in(&b, &drain_1);
    cr_assert(eq(u32, sent(&b), 1));
    for (uint32_t second = 0; second < 3; second++) {
        for (uint32_t i = 0; i < 9; i++) {
            b.now_ms += 100;
            bench_step(&b, (struct input){.kind = INPUT_TIMER});
            cr_assert(eq(u32, sent(&b), 0), "%u ms after", 100 * (i + 1));
        }
        b.now_ms += 100;
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        cr_assert(eq(u32, sent(&b), 1));
    }
    hand_in(&b, &drain_1); /* once more: it is there already */
    cr_assert(eq(u32, sent(&b), 0));
    bench_finish(&b);
}

Test(node_operator, is_handed_on_by_a_member_that_has_no_vote)
{
    struct bench b = bench_of(5, true);
    bench_step(&b, (struct input){.kind = INPUT_VOTES_DEAD});
    hand_in(&b, &drain_1);
    cr_assert(eq(u32, sent(&b), 1));
    b.now_ms += 1000;
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert(eq(u32, sent(&b), 1));
    bench_finish(&b);
}

Test(node_operator, of_a_turn_to_come_waits_for_the_one_before)
{
    struct bench b = bench_of(1, false);
    struct operator_command undrain_2 = drain_1;
    undrain_2.seq = 2;
    undrain_2.operation = OPERATION_UNDRAIN;
    bench_run_alone(&b, b.now_ms + 100);
    hand_in(&b, &undrain_2);
    bench_settle(&b);
    bench_run_alone(&b, b.now_ms + 500);
    const struct cluster *c = &b.node->deciding.cluster;
    cr_assert(eq(u64, c->operator_seq[0], 0));
    hand_in(&b, &drain_1); /* takes its place: the next one comes first */
    bench_settle(&b);
    bench_run_alone(&b, b.now_ms + 500);
    cr_assert(c->member[0].drained);
    bench_finish(&b);
}

Test(node_operator, forged_or_malformed_is_handed_to_nobody)
{
    struct bench b = bench_of(5, true);
    size_bytes = bench_order(&b, &drain_1, bytes);
    for (size_t i = 0; i <= size_bytes; i++) {
        struct input in = {.kind = INPUT_COMMAND, .bytes = bytes, .size_bytes = size_bytes};
        bytes[i % size_bytes] ^= 1;
        in.size_bytes -= i == size_bytes ? 1 : 0; /* and one that ends too soon */
        bench_step(&b, in);
        cr_assert(bench_find(&b, EFFECT_BROADCAST) == NULL, "byte %zu", i);
        cr_assert(eq(u32, b.node->deciding.own.handed_in, 0), "byte %zu", i);
        bytes[i % size_bytes] ^= 1;
    }
    bench_finish(&b);
}

/* What comes behind the word would be judged by rules that this release does not have. */
Test(node_operator, goes_over_to_a_version_it_does_not_know_and_stops_there)
{
    struct bench b = bench_of(1, false);
    const struct cluster *c = &b.node->deciding.cluster;
    const struct operator_command over = {.seq = 1,
                                          .not_after_ms = UINT64_MAX,
                                          .operation = OPERATION_SETTINGS,
                                          .setting = SETTING_PROTOCOL,
                                          .value = PROTOCOL_NEWEST + 1};
    bench_run_alone(&b, b.now_ms + 7000);
    b.node->deciding.cluster.latest[0].version_high = PROTOCOL_NEWEST + 1;
    b.node->deciding.cluster.digests[c->height % HEIGHTS_KEPT] = cluster_digest(c);
    node_seal_first(b.node);
    hand_in(&b, &over);
    bench_settle(&b);
    bench_run_alone(&b, b.now_ms + 500);
    cr_assert(eq(u32, c->version, PROTOCOL_NEWEST + 1));
    const uint64_t height = c->height;
    bench_run_alone(&b, b.now_ms + 12000);
    cr_assert(eq(u64, c->height, height));
    cr_assert(b.node->deciding.simplex.stopped);
    const struct simplex_world world = {.cluster = &b.node->deciding.cluster};
    const struct block_header next = {.height = height + 1,
                                      .parent = c->block,
                                      .state = cluster_state_hash(c),
                                      .version = c->version};
    cr_assert(eq(int, (int)decide_judge(&b.node->deciding.simplex, &world, &next),
                 (int)JUDGED_OTHER_VERSION),
              "nor does it apply what others decide");
    cr_assert(not(b.node->deciding.damaged));
    bench_finish(&b);
}
