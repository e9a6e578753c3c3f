/* When a member attests. Member 0 of five is the node; what blocks did is put into its state by
 * hand. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/node_parts.h"
#include "tests/unit/node_bench.h"

static struct bench b;
static struct command said;

/* The attestation that the last step asks to be signed. */
static bool attests(void)
{
    for (uint32_t i = 0; i < b.out->count; i++) {
        const struct effect *e = &b.out->list[i];
        uint8_t bytes[COMMAND_BYTES_MAX] = {0};
        if (e->kind != EFFECT_SIGN || e->signing.kind != SIGNING_COMMAND) {
            continue;
        }
        memcpy(bytes, b.out->outbox + e->body.offset, e->body.size_bytes);
        if (command_decode(&said, bytes, e->body.size_bytes + SIGNATURE_BYTES) &&
            said.kind == COMMAND_ATTEST) {
            return true;
        }
    }
    return false;
}

/* The same; what it asks for is signed. */
static bool attested(void)
{
    const bool so = attests();
    const struct command c = said;
    bench_settle(&b);
    said = c;
    return so;
}

/* The others are heard; until it attests. The time that took, or UINT64_MAX. */
static uint64_t run_until_attested(uint64_t within_ms)
{
    const uint64_t from_ms = b.now_ms;
    for (b.now_ms++; b.now_ms < from_ms + within_ms; b.now_ms += 20) {
        for (uint32_t i = 1; i < 5; i++) {
            bench_hear(&b, i);
            if (attested()) {
                return b.now_ms - from_ms;
            }
        }
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        if (attested()) {
            return b.now_ms - from_ms;
        }
    }
    return UINT64_MAX;
}

static void start(void)
{
    b = bench_of(5, true);
    for (uint32_t i = 1; i < 5; i++) {
        b.node->deciding.simplex.peers[i].answered = true;
    }
    node_seal_first(b.node);
    cr_assert(le(u64, run_until_attested(3000), 3000));
    cr_assert(eq(u64, said.attest.tick, b.node->deciding.cluster.tick));
}

static void finish(void)
{
    bench_finish(&b);
}

TestSuite(node_words, .init = start, .fini = finish);

static void close_ticks(uint64_t count)
{
    struct cluster *c = &b.node->deciding.cluster;
    c->tick += count;
    c->record[0].next += count - 1; /* the one before the open one is not judged yet */
    b.node->deciding.decided_ms = b.now_ms;
    node_seal_first(b.node);
}

/* A block holds what was attested for that tick. */
static void decide(uint64_t tick)
{
    struct record *r = &b.node->deciding.cluster.record[0];
    r->attested |= (uint16_t)(1u << (tick - r->next));
    node_seal_first(b.node);
}

/* Something to say that cannot wait. */
static void have_news(void)
{
    b.node->deciding.fleet.news = true;
    node_seal_first(b.node);
    cr_assert(le(u64, run_until_attested(1000), 100), "news is said at once");
    b.node->deciding.fleet.news = false;
    node_seal_first(b.node);
}

Test(node_words, attest_a_tick_that_was_closed_before_its_time_and_then_the_open_one)
{
    const uint64_t first = said.attest.tick;
    close_ticks(2);
    cr_assert(le(u64, run_until_attested(1000), 100), "at once");
    cr_assert(eq(u64, said.attest.tick, first + 1));
    decide(first + 1);
    const uint64_t took_ms = run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first + 2));
    cr_assert(took_ms >= 3000 && took_ms <= 5000, "in its time: %lu ms", took_ms);
}

Test(node_words, attest_no_tick_twice_and_none_that_is_judged)
{
    const uint64_t first = said.attest.tick;
    decide(first);
    close_ticks(1);
    const uint64_t took_ms = run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first + 1), "the one before it has attested");
    cr_assert(took_ms >= 3000, "%lu ms", took_ms);
    close_ticks(2);
    b.node->deciding.cluster.record[0].next = b.node->deciding.cluster.tick;
    node_seal_first(b.node);
    (void)run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first + 3), "the one before is judged");
}

/* A pool keeps one attestation of each member, the newest. If the news were said for the open
 * tick, all who have news at once would lose the tick before, and with it their ballots. */
Test(node_words, say_news_with_the_closed_tick_that_no_block_holds_yet)
{
    const uint64_t first = said.attest.tick;
    close_ticks(2);
    cr_assert(le(u64, run_until_attested(1000), 100));
    cr_assert(eq(u64, said.attest.tick, first + 1));
    have_news();
    cr_assert(eq(u64, said.attest.tick, first + 1));
    decide(first + 1);
    have_news();
    cr_assert(eq(u64, said.attest.tick, first + 2), "nothing is owed any more");
}

/* It comes half a second late, and its peers tell it where they are. */
static void oversleep(void)
{
    node_links_wake(&b.node->deciding, 500, 1);
    for (uint32_t i = 1; i < 5; i++) {
        b.node->deciding.simplex.peers[i].answered = true;
    }
    node_seal_first(b.node);
}

/* R22 spoils no tick. */
Test(node_words, attest_a_tick_that_was_closed_while_its_author_overslept)
{
    const uint64_t first = said.attest.tick;
    close_ticks(2);
    oversleep();
    cr_assert(le(u64, run_until_attested(1000), 100));
    cr_assert(eq(u64, said.attest.tick, first + 1));
    decide(first + 1);
    (void)run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first + 2));
}

Test(node_words, attest_anew_what_was_said_before_its_author_overslept)
{
    const uint64_t first = said.attest.tick;
    const uint64_t seq = said.attest.seq;
    b.node->deciding.cluster.tick++;
    b.node->deciding.decided_ms = b.now_ms;
    oversleep();
    cr_assert(le(u64, run_until_attested(1000), 100), "no block has held it yet");
    cr_assert(eq(u64, said.attest.tick, first));
    cr_assert(eq(u64, said.attest.seq, seq + 1));
    cr_assert(eq(u64, run_until_attested(1000), UINT64_MAX), "once");
}

/* By a proposer that lies, say, and by the next one too. */
Test(node_words, attest_in_their_order_the_ticks_that_blocks_have_left_out)
{
    const uint64_t first = said.attest.tick;
    close_ticks(1);
    have_news();
    cr_assert(eq(u64, said.attest.tick, first), "left out by the block that closed it");
    b.node->deciding.cluster.tick++;
    node_seal_first(b.node);
    have_news();
    cr_assert(eq(u64, said.attest.tick, first), "and by the next");
    decide(first);
    cr_assert(le(u64, run_until_attested(1000), 100));
    cr_assert(eq(u64, said.attest.tick, first + 1));
    decide(first + 1);
    (void)run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first + 2));
}

/* Whoever was silent for some ticks cannot tell any more in which of them it noticed what. */
Test(node_words, say_what_was_noticed_with_every_tick_that_is_still_to_be_attested)
{
    struct tick *t = &b.node->deciding.tick;
    const uint64_t first = said.attest.tick;
    close_ticks(2);
    tick_notice(t, REFERENCE_BIT(7), 0);
    node_seal_first(b.node);
    cr_assert(le(u64, run_until_attested(1000), 100));
    cr_assert(eq(u64, said.attest.tick, first + 1));
    cr_assert(eq(u64, said.attest.own, REFERENCE_BIT(7)));
    decide(first + 1);
    tick_decided(t, said.attest.seq);
    node_seal_first(b.node);
    (void)run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first + 2));
    cr_assert(eq(u64, said.attest.own, REFERENCE_BIT(7)), "noticed after the first was over");
    tick_decided(t, said.attest.seq);
    cr_assert(eq(u64, tick_own(t), 0));
}

/* Who has just come back attested the tick before it was a voter, and a block holds that. */
Test(node_words, attest_again_what_was_decided_and_did_not_count)
{
    const uint64_t first = said.attest.tick;
    b.node->pool.slot[0][COMMAND_ATTEST - 1].size_bytes = 0;
    b.node->deciding.own.attested_height--;
    b.node->deciding.decided_ms = b.now_ms;
    node_seal_first(b.node);
    const uint64_t took_ms = run_until_attested(6000);
    cr_assert(eq(u64, said.attest.tick, first));
    cr_assert(took_ms >= 1000 && took_ms <= 5000, "in its time: %lu ms", took_ms);
    cr_assert(eq(u64, run_until_attested(6000), UINT64_MAX), "once a block");
}

static void expect_ranking(uint8_t first, uint8_t second, uint8_t third)
{
    cr_assert(le(u64, run_until_attested(12000), 12000));
    cr_assert(eq(u32, said.attest.ranked, 3));
    cr_expect(said.attest.ranking[0] == first && said.attest.ranking[1] == second &&
                  said.attest.ranking[2] == third,
              "%u %u %u", said.attest.ranking[0], said.attest.ranking[1],
              said.attest.ranking[2]);
}

static void next_tick(void)
{
    struct cluster *c = &b.node->deciding.cluster;
    close_ticks(1);
    c->record[0].next = c->tick;
    node_seal_first(b.node);
}

/* Members 0, 1 and 2 are front nodes. What 1 says of itself comes with its heartbeats. */
Test(node_words, rank_whom_something_is_wrong_with_behind_the_others)
{
    struct cluster *c = &b.node->deciding.cluster;
    c->grant.fence = 1;
    c->grant.leader = 1;
    next_tick();
    expect_ranking(1, 0, 2);
    b.own[1] = REFERENCE_BIT(24);
    next_tick();
    expect_ranking(0, 2, 1);
    b.own[1] = 0;
    b.serve[1] = REFERENCE_BIT(31);
    next_tick();
    expect_ranking(0, 2, 1);
    b.serve[1] = 0;
    next_tick();
    expect_ranking(1, 0, 2);
}
