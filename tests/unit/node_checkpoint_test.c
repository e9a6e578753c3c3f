/* What a node is told at its start about checkpoints, and by whose clock it goes. The verdicts
 * are in checkpoint_test.c, the stories in tests/scripts/simplex/31_*.txt. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "agent/node_parts.h"
#include "node_bench.h"

#define DAY_MS (24ull * 3600 * 1000)
#define STARTED_MS 1000000u
#define LATE_MS (FOUNDED_MS + 31 * DAY_MS)

static struct node *node;
static struct effects *out;

static void step(uint64_t after_ms, uint64_t unix_ms)
{
    const struct input in = {
        .kind = INPUT_TIMER, .now_ms = STARTED_MS + after_ms, .unix_ms = unix_ms};
    node_step(node, &in, out);
}

/* Member 4 of five, at a time 31 days after the founding, which is all it knows. */
static void start(bool joins, uint64_t checkpoint_height, const struct outset *kept)
{
    struct bench b = bench_of(5, false);
    const struct node_options options = {.founding = b.node->deciding.options.founding,
                                         .self = 4,
                                         .incarnation = 7,
                                         .nonce = 9,
                                         .joins = joins,
                                         .checkpoint = {.height = checkpoint_height}};
    const struct input now = {.now_ms = STARTED_MS, .unix_ms = LATE_MS};
    bench_finish(&b);
    node = calloc(1, sizeof *node);
    out = calloc(1, sizeof *out);
    node_init(node, &options);
    if (kept != NULL) {
        node_set_out(node, kept);
    }
    node_resume(node, &now, NULL, 0, CAUSE_NONE, out);
    step(0, LATE_MS);
}

static void finish(void)
{
    free(node);
    free(out);
}

TestSuite(node_checkpoint, .fini = finish);

static enum checkpoint_need needs(void)
{
    return node->deciding.simplex.needs;
}

Test(node_checkpoint, is_wanted_of_a_machine_that_joins_and_of_no_founder)
{
    start(true, 0, NULL);
    cr_expect(needs() == CHECKPOINT_NEED_AWAY);
    finish();
    start(false, 0, NULL);
    cr_expect(needs() == CHECKPOINT_NEED_NONE);
    finish();
    start(true, 7, NULL);
    cr_expect(needs() == CHECKPOINT_NEED_NONE);
}

/* Whoever can sign another history sends heartbeats, too. */
Test(node_checkpoint, is_a_matter_of_its_own_clock_and_not_of_its_peers)
{
    start(true, 0, NULL);
    struct deciding *d = &node->deciding;
    for (uint32_t i = 0; i < 4; i++) {
        d->peer[i].has_offset = true;
        d->peer[i].offset_ms = -31 * (int64_t)DAY_MS;
    }
    d->heard |= 0xf;
    cr_assert(lt(i64, node_peers_median_offset_ms(d), -30 * (int64_t)DAY_MS));
    node_seal_first(node);
    step(10, LATE_MS + 10);
    cr_expect(needs() == CHECKPOINT_NEED_AWAY);
    step(20, FOUNDED_MS + 20);
    cr_expect(needs() == CHECKPOINT_NEED_NONE);
}

Test(node_checkpoint, is_wanted_by_what_an_earlier_run_set_out_from)
{
    struct outset kept = {.height = 3, .time_ms = FOUNDED_MS, .may_be_away = true};
    kept.voter_count = 5;
    start(false, 0, &kept);
    cr_expect(needs() == CHECKPOINT_NEED_AWAY);
    finish();
    kept.time_ms = LATE_MS;
    start(false, 0, &kept);
    cr_expect(needs() == CHECKPOINT_NEED_STRANGERS);
}
