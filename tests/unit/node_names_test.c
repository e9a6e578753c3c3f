/* When a member begins to serve under a name, and when it lets go of it. Member 0 of one, which
 * decides alone, or of five, of which it hears nobody. */
#include "node_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/node_parts.h"

#define LEASE_MS 20000u

static void done(struct bench *b, bool clean)
{
    bench_step(b,
               (struct input){.kind = INPUT_NAMED, .serial = b->naming_serial, .clean = clean});
    bench_settle(b);
}

/* Alone and examined; whatever a run before has left is let go of first, as the founding is
 * longer ago than a lease. */
static struct bench alone(void)
{
    struct bench b = bench_named(1, true);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    bench_settle(&b);
    cr_assert(eq(u32, b.namings, 1));
    cr_assert(not(b.naming.takes));
    b.namings = 0;
    done(&b, true);
    return b;
}

/* It holds its name from its first decided attestation on. */
static struct bench holding(void)
{
    struct bench b = alone();
    bench_run_alone(&b, b.now_ms + 8000);
    cr_assert(eq(u32, b.namings, 1));
    cr_assert(b.naming.takes && b.naming.fence == 1);
    done(&b, true);
    return b;
}

static bool serves(const struct bench *b)
{
    return node_names_serves(&b->node->deciding, 0);
}

static const struct service_name *name_of(const struct bench *b)
{
    return &b->node->deciding.cluster.names[0];
}

Test(node_names, are_taken_once_the_chain_has_heard_of_their_holder)
{
    struct bench b = alone();
    cr_assert_not(serves(&b));
    bench_finish(&b);
    b = holding();
    cr_assert(serves(&b));
    bench_run_alone(&b, b.now_ms + 30000);
    cr_assert(eq(u32, b.namings, 1), "its attestations renew the lease");
    bench_finish(&b);
}

Test(node_names, whose_takeover_fails_are_let_go_of_and_released)
{
    struct bench b = alone();
    bench_run_alone(&b, b.now_ms + 8000);
    done(&b, false);
    bench_run_alone(&b, b.now_ms + 100);
    cr_assert(eq(u32, b.namings, 2));
    cr_assert(not(b.naming.takes), "whatever the hook left is taken back");
    done(&b, true);
    cr_assert_not(serves(&b));
    bench_run_alone(&b, b.now_ms + 3000);
    cr_assert(name_of(&b)->phase == NAME_VACANT);
    cr_assert(eq(u32, name_of(&b)->holder, MEMBER_NONE), "the chain knows");
    bench_finish(&b);
}

Test(node_names, whose_release_fails_are_released_again)
{
    struct bench b = alone();
    bench_run_alone(&b, b.now_ms + 8000);
    done(&b, false);
    bench_run_alone(&b, b.now_ms + 100);
    done(&b, false);
    bench_run_alone(&b, b.now_ms + 900);
    cr_assert(eq(u32, b.namings, 2));
    bench_run_alone(&b, b.now_ms + 200);
    cr_assert(eq(u32, b.namings, 3));
    cr_assert(not(b.naming.takes));
    bench_finish(&b);
}

/* The chain goes on without it, or might: its word arrives nowhere. */
Test(node_names, are_let_go_of_when_the_lease_is_over)
{
    struct bench b = holding();
    struct deciding *d = &b.node->deciding;
    const uint64_t end_ms = d->names.lease_end_ms;
    cr_assert(end_ms > b.now_ms && end_ms <= b.now_ms + LEASE_MS);
    d->simplex.record.finalized = 0; /* it has helped to decide something above */
    d->now_ms = end_ms - 1;
    cr_assert(serves(&b));
    d->now_ms = end_ms;
    cr_assert_not(serves(&b));
    bench_finish(&b);
}

Test(node_names, are_kept_in_a_standstill_of_all)
{
    struct bench b = holding();
    struct deciding *d = &b.node->deciding;
    d->now_ms = d->names.lease_end_ms + 3600000;
    cr_assert(serves(&b), "no quorum stands elsewhere, so nobody else holds it");
    bench_finish(&b);
}

/* It was told to let go of it, for somebody who will not begin while the cluster observes. What
 * it said of that would be skipped, and said again for ever. */
Test(node_names, are_not_released_but_taken_again_where_the_cluster_only_observes)
{
    struct bench b = holding();
    struct service_name *name = &b.node->deciding.cluster.names[0];
    const struct own_words *own = &b.node->deciding.own;
    name->phase = NAME_RETURNING;
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    bench_settle(&b);
    cr_assert(eq(u32, b.namings, 2));
    cr_assert(not(b.naming.takes));
    b.node->deciding.cluster.observes = true;
    node_seal_first(b.node);
    b.refuses = true; /* what is said stays unsigned, to be seen */
    done(&b, true);
    cr_assert(not(own->unsigned_command[COMMAND_RELEASE - 1].has));
    name->phase = NAME_HELD; /* the next block has it so */
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    bench_settle(&b);
    cr_assert(eq(u32, b.namings, 3));
    cr_assert(b.naming.takes && b.naming.fence == 1);
    bench_finish(&b);
}

/* What it has said may be heard only after the chain has left the name to it: so it says at
 * which height, and serves again (tests/scripts/cluster/names.txt). */
Test(node_names, are_taken_again_by_who_let_go_of_them_in_vain)
{
    struct bench b = holding();
    struct cluster *c = &b.node->deciding.cluster;
    const struct unsigned_command *said =
        &b.node->deciding.own.unsigned_command[COMMAND_RELEASE - 1];
    c->names[0].phase = NAME_RETURNING;
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    bench_settle(&b);
    b.refuses = true; /* what is said stays unsigned, to be seen */
    done(&b, true);
    cr_assert(said->has);
    cr_assert(eq(u64, said->command.release.height, c->height));
    c->names[0].phase = NAME_HELD;
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    bench_settle(&b);
    cr_assert(eq(u32, b.namings, 3));
    cr_assert(b.naming.takes && b.naming.fence == 1);
    bench_finish(&b);
}

Test(node_names, end_at_once_with_the_standing_of_their_holder)
{
    static const enum standing lost[] = {STANDING_LOCKED_OUT, STANDING_NEUTERED, STANDING_LEFT};
    struct bench b = holding();
    struct deciding *d = &b.node->deciding;
    for (uint32_t i = 0; i < 3; i++) {
        d->cluster.member[0].standing = lost[i];
        cr_assert_not(serves(&b), "%s", standing_text(lost[i]));
    }
    d->cluster.member[0].standing = STANDING_SUSPENDED;
    cr_assert(serves(&b), "a suspended one waits for its appeal");
    d->cluster.names[0].exclusive = false;
    cr_assert_not(serves(&b), "but not where somebody has it already");
    bench_finish(&b);
}
