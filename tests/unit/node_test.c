/* The node as the shell sees it: inputs in, effects out. What several nodes do together is the
 * simulator's. */
#include "agent/node_parts.h"
#include "node_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "health/shadow.h"

Test(node, ends_for_good_when_a_bit_of_its_deciding_state_has_flipped)
{
    struct bench b = bench_of(5, true);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    struct node *sound = malloc(sizeof *sound);
    memcpy(sound, b.node, sizeof *sound);
    for (size_t at = 0; at < sizeof b.node->deciding; at += 97) {
        uint8_t *byte = (uint8_t *)&b.node->deciding + at;
        if (byte == (uint8_t *)&b.node->deciding.damaged) {
            continue; /* that one says so itself */
        }
        *byte ^= (uint8_t)(1u << at % 8);
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        cr_assert(eq(u32, b.out->count, 1), "byte %zu", at);
        cr_assert(eq(int, (int)b.out->list[0].kind, EFFECT_NEUTER), "byte %zu", at);
        cr_assert(eq(int, (int)b.out->list[0].finding.id, 2), "byte %zu", at);
        *byte ^= (uint8_t)(1u << at % 8); /* a repair comes too late */
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        cr_assert(eq(u32, b.out->count, 0), "byte %zu", at);
        memcpy(b.node, sound, sizeof *sound);
    }
    free(sound);
    bench_finish(&b);
}

Test(node, ends_when_a_bit_of_the_shadow_has_flipped)
{
    struct bench b = bench_of(5, true);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    b.node->shadow[100] ^= 1u << 20;
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert(bench_find(&b, EFFECT_NEUTER) != NULL);
    bench_finish(&b);
}

Test(node, sends_a_heartbeat_each_interval_and_no_volley_after_a_sleep)
{
    struct bench b = bench_of(5, true);
    uint32_t beats = 1; /* the first has gone out as it was examined */
    for (uint32_t i = 0; i < 1000; i++, b.now_ms++) {
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        beats += bench_find(&b, EFFECT_HEARTBEAT) != NULL ? 1 : 0;
    }
    cr_assert(eq(u32, beats, 10));
    b.now_ms += 5000;
    for (beats = 0; beats < 1; b.now_ms++) {
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        beats += bench_find(&b, EFFECT_HEARTBEAT) != NULL ? 1 : 0;
    }
    for (uint32_t i = 0; i < 99; i++, b.now_ms++) {
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        cr_assert(bench_find(&b, EFFECT_HEARTBEAT) == NULL, "%u ms after the first", i);
    }
    bench_finish(&b);
}

Test(node, probes_who_has_closed_its_connection)
{
    struct bench b = bench_of(5, true);
    bench_step(&b, (struct input){.kind = INPUT_CLOSED, .member = 3});
    const struct effect *probe = bench_find(&b, EFFECT_PROBE);
    cr_assert(probe != NULL);
    cr_assert(eq(u32, probe->member, 3));
    bench_finish(&b);
}

Test(node, suspects_at_once_whose_machine_refuses_and_no_longer_when_heard)
{
    struct bench b = bench_of(5, true);
    bench_hear(&b, 3);
    b.now_ms += 5;
    bench_step(&b, (struct input){.kind = INPUT_REFUSED, .member = 3});
    const struct note *note = bench_find_note(&b, NOTE_PEER_SUSPECTED);
    cr_assert(note != NULL);
    cr_assert(eq(u32, note->member, 3));
    b.now_ms += 5;
    bench_hear(&b, 3);
    cr_assert(bench_find_note(&b, NOTE_PEER_HEARD) != NULL);
    bench_finish(&b);
}

Test(node, says_when_it_hears_a_quorum_and_when_no_longer)
{
    struct bench b = bench_of(5, true);
    bench_hear(&b, 1);
    bench_hear(&b, 2);
    cr_assert(bench_find_note(&b, NOTE_QUORUM_FOUND) == NULL);
    bench_hear(&b, 3);
    cr_assert(bench_find_note(&b, NOTE_QUORUM_FOUND) != NULL);
    bool lost = false;
    for (uint32_t i = 0; i < 600 && !lost; i++) {
        b.now_ms++;
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        lost = bench_find_note(&b, NOTE_QUORUM_LOST) != NULL;
        cr_assert(not(lost && i < 350), "after %u ms", i);
    }
    cr_assert(lost);
    bench_finish(&b);
}

Test(node, takes_rubbish_for_another_input)
{
    struct bench b = bench_of(5, true);
    uint64_t random = SEED;
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t bytes[300];
        for (uint32_t k = 0; k < sizeof bytes; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[k] = (uint8_t)(random >> 56);
        }
        bytes[0] = (uint8_t)(i % 12); /* a kind, mostly */
        b.now_ms += i % 3;
        bench_step(&b, (struct input){.kind = INPUT_MESSAGE,
                                      .member = (uint32_t)(random >> 60),
                                      .bytes = bytes,
                                      .size_bytes = random >> 32 & 255});
        cr_assert(bench_find(&b, EFFECT_NEUTER) == NULL, "message %u, seed %llx", i,
                  (unsigned long long)SEED);
        cr_assert(bench_find(&b, EFFECT_PERSIST) == NULL, "message %u, seed %llx", i,
                  (unsigned long long)SEED);
    }
    bench_finish(&b);
}

Test(node, alone_decides_is_granted_and_works_through_the_backlog)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 7000);
    const struct cluster *c = &b.node->deciding.cluster;
    cr_assert(gt(u64, c->height, 0));
    cr_assert(eq(u32, c->grant.leader, 0));
    cr_assert(eq(u32, b.works, 1));
    cr_assert(eq(int, (int)b.work.role, WORK_LEADER));
    cr_assert(eq(u64, b.work.first_window, c->windows.next));
    const uint64_t first = b.work.first_window;
    for (uint64_t k = first; k <= b.work.last_window; k++) {
        struct input in = {.kind = INPUT_REPORT};
        in.report = (struct report){.kind = REPORT_RESULT, .fence = b.work.fence, .window = k};
        memset(in.report.digest.bytes, (int)k | 1, DIGEST_BYTES);
        bench_step(&b, in);
    }
    bench_step(&b, (struct input){.kind = INPUT_WORK_ENDED, .clean = true});
    bench_run_alone(&b, b.now_ms + 200);
    cr_assert(eq(u64, c->windows.next, b.work.last_window + 1));
    bench_finish(&b);
}

Test(node, looks_again_at_a_window_that_rests_on_nobodys_word_and_says_what_it_found)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 7000);
    struct cluster *c = &b.node->deciding.cluster;
    for (uint64_t k = b.work.first_window; k <= b.work.last_window; k++) {
        struct input in = {.kind = INPUT_REPORT};
        in.report = (struct report){.kind = REPORT_RESULT, .fence = b.work.fence, .window = k};
        memset(in.report.digest.bytes, 1, DIGEST_BYTES);
        bench_step(&b, in);
    }
    bench_step(&b, (struct input){.kind = INPUT_WORK_ENDED, .clean = true});
    bench_run_alone(&b, b.now_ms + 200);
    const uint64_t doubtful = c->windows.next - 20;
    struct doubtful_window *listed = &c->windows.doubtful[doubtful % DOUBTFUL_KEPT];
    *listed = (struct doubtful_window){
        .window = doubtful,
        .members = {1, 2},
        .claims = {{.member = MEMBER_NONE}, {.member = MEMBER_NONE}},
    };
    c->digests[c->height % HEIGHTS_KEPT] = cluster_digest(c);
    node_seal_first(b.node);
    bench_run_alone(&b, b.now_ms + 2000);
    cr_assert(eq(u32, b.works, 2));
    cr_assert(eq(u64, b.work.first_window, doubtful));
    cr_assert(eq(u64, b.work.last_window, doubtful));
    struct input in = {.kind = INPUT_REPORT};
    in.report =
        (struct report){.kind = REPORT_RESULT, .fence = b.work.fence, .window = doubtful};
    memset(in.report.digest.bytes, 7, DIGEST_BYTES);
    bench_step(&b, in);
    bench_step(&b, (struct input){.kind = INPUT_WORK_ENDED, .clean = true});
    bench_run_alone(&b, b.now_ms + 3000);
    cr_assert(eq(u32, listed->claims[1].member, 0));
    cr_assert(eq(u8, listed->claims[1].digest.bytes[0], 7));
    cr_assert(eq(u32, b.works, 2)); /* once */
    bench_finish(&b);
}

/* Which of the two is wrong a task tells (tests/unit/node_tasks_test.c); here it is both. */
Test(node, has_a_task_due_for_the_two_of_a_grant_once_a_dispute_is_decided)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 7000);
    uint64_t *due_ms = &b.node->deciding.trials.book.member[0].work_due_ms;
    *due_ms = TIME_NEVER;
    node_seal_first(b.node);
    struct input in = {.kind = INPUT_REPORT};
    in.report = (struct report){
        .kind = REPORT_DISPUTE, .fence = b.work.fence, .window = b.work.first_window};
    memset(in.report.digest.bytes, 1, DIGEST_BYTES);
    bench_step(&b, in);
    bench_settle(&b);
    bench_run_alone(&b, b.now_ms + 2000);
    cr_assert(gt(u64, b.node->deciding.cluster.grant.fence, in.report.fence), "disputed");
    cr_assert(le(u64, *due_ms, b.now_ms));
    bench_finish(&b);
}

Test(node, hands_in_a_failure_when_its_worker_dies_and_tries_again_as_the_only_one)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 7000);
    const uint64_t fence = b.work.fence;
    bench_step(&b, (struct input){.kind = INPUT_WORK_ENDED, .clean = false});
    bench_run_alone(&b, b.now_ms + 3000);
    cr_assert(gt(u64, b.node->deciding.cluster.grant.fence, fence));
    cr_assert(eq(u32, b.works, 2));
    bench_finish(&b);
}

Test(node, starts_from_a_snapshot_and_the_blocks_after_it)
{
    struct bench b = bench_of(1, false);
    static uint8_t state[CLUSTER_BYTES_MAX];
    size_t state_bytes = 0;
    while (b.block_count < BLOCKS_KEPT) {
        bench_run_alone(&b, b.now_ms + 10);
        if (b.node->deciding.cluster.height == 3) {
            state_bytes = cluster_encode(&b.node->deciding.cluster, state);
        }
    }
    struct bench again = bench_of(1, false);
    struct notes *notes = calloc(1, sizeof *notes);
    cr_assert(node_restore(again.node, state, state_bytes));
    cr_assert(not(node_replay(again.node, b.blocks[4], b.block_bytes[4], notes)));
    for (uint32_t i = 3; i < BLOCKS_KEPT; i++) {
        cr_assert(node_replay(again.node, b.blocks[i], b.block_bytes[i], notes), "block %u", i);
    }
    cr_assert(hash_equal(&again.node->deciding.cluster.block, &b.node->deciding.cluster.block));
    free(notes);
    bench_finish(&again);
    bench_finish(&b);
}

Test(node, says_nothing_that_needs_a_signature_while_it_gets_none_and_all_of_it_later)
{
    struct bench b = bench_of(1, false);
    b.refuses = true;
    bench_run_alone(&b, b.now_ms + 7000);
    cr_assert(zero(u64, b.node->deciding.cluster.height));
    b.refuses = false;
    bench_run_alone(&b, b.now_ms + 2000);
    cr_assert(gt(u64, b.node->deciding.cluster.height, 0));
    bench_finish(&b);
}

Test(node, is_unfit_when_its_own_signature_does_not_verify)
{
    static const uint8_t wrong[SIGNATURE_BYTES] = {1};
    struct bench b = bench_of(1, false);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    bench_perform(&b);
    cr_assert(gt(u32, b.asked_count, 0));
    bench_step(&b, (struct input){.kind = INPUT_SIGNED,
                                  .signing = b.asked[0].kind,
                                  .serial = b.asked[0].serial,
                                  .signature = wrong});
    cr_assert(eq(u32, b.out->count, 1));
    cr_assert(eq(int, (int)b.out->list[0].kind, EFFECT_NEUTER));
    cr_assert(eq(u32, b.out->list[0].finding.id, 5));
    bench_finish(&b);
}

Test(node, is_unfit_when_a_reference_says_so_or_says_what_no_reference_says)
{
    static const struct {
        enum reference_result result;
        bool unfit;
    } cases[] = {{RESULT_OK, false},
                 {RESULT_DEGRADED, false},
                 {RESULT_UNKNOWN, false},
                 {RESULT_FATAL, true},
                 {(enum reference_result)0, true},
                 {(enum reference_result)(RESULT_OK ^ 1), true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b = bench_of(5, true);
        struct finding f;
        finding_begin(&f, 15);
        f.result = cases[i].result;
        bench_step(&b, (struct input){.kind = INPUT_FINDING, .finding = &f});
        cr_assert(eq(int, bench_find(&b, EFFECT_NEUTER) != NULL, cases[i].unfit), "case %zu",
                  i);
        bench_finish(&b);
    }
}

Test(node, signs_its_resignations_in_advance_and_hands_one_in_once_it_is_neutered)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 100);
    for (uint32_t i = 0; i < RESIGN_CLASS_COUNT; i++) {
        struct command c;
        cr_assert(gt(u32, b.resignation_bytes[i], 0), "class %u", i);
        cr_assert(command_decode(&c, b.resignation[i], b.resignation_bytes[i]));
        cr_assert(eq(int, (int)c.kind, COMMAND_RESIGN));
        cr_assert(eq(u32, c.resign.class, i));
        cr_assert(eq(u32, c.term, 1));
    }
    struct bench neutered = bench_of(5, false);
    struct node_options *o = &neutered.node->deciding.options;
    o->resignation_bytes = b.resignation_bytes[0];
    memcpy(o->resignation, b.resignation[0], b.resignation_bytes[0]);
    node_seal_first(neutered.node);
    uint32_t said = 0;
    for (uint32_t i = 0; i < 100; i++, neutered.now_ms += 10) {
        bench_step(&neutered, (struct input){.kind = INPUT_TIMER});
        for (uint32_t k = 0; k < neutered.out->count; k++) {
            const struct effect *e = &neutered.out->list[k];
            cr_assert(not(e->kind == EFFECT_SIGN));
            said += e->kind == EFFECT_BROADCAST ? 1 : 0;
        }
    }
    cr_assert(ge(u32, said, 3));
    bench_finish(&neutered);
    bench_finish(&b);
}
