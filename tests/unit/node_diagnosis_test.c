/* What findings do to a node: whether it signs, whether it is heard, and what it says of
 * itself.
 */
#include "node_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/node.h"

static bool asks_to_sign(struct bench *b)
{
    return bench_find(b, EFFECT_SIGN) != NULL;
}

/* Steps on for so long; whether there was such an effect. */
static bool sees(struct bench *b, enum effect_kind kind, uint64_t for_ms)
{
    bool seen = false;
    for (uint64_t i = 0; i < for_ms; i += 10) {
        b->now_ms += 10;
        bench_step(b, (struct input){.kind = INPUT_TIMER});
        seen = seen || bench_find(b, kind) != NULL;
    }
    return seen;
}

Test(node_diagnosis, signs_nothing_before_the_minimum_set_was_examined)
{
    static const uint32_t ids[] = {6, 10, 15, 16, 19, 23};
    struct bench b = bench_unexamined(1, false);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        bench_step(&b, (struct input){.kind = INPUT_TIMER});
        cr_assert(not(asks_to_sign(&b)), "before R%02u", ids[i]);
        bench_find_out(&b, ids[i], RESULT_OK);
    }
    cr_assert(asks_to_sign(&b));
    cr_assert(bench_find_note(&b, NOTE_EXAMINED) != NULL);
    bench_finish(&b);
}

Test(node_diagnosis, is_heard_while_it_is_examined_but_not_for_ever)
{
    struct bench b = bench_unexamined(5, true);
    cr_assert(sees(&b, EFFECT_HEARTBEAT, 9000));
    b.now_ms += 1500;
    cr_assert(not(sees(&b, EFFECT_HEARTBEAT, 1000)));
    bench_examine(&b, RESULT_OK);
    cr_assert(sees(&b, EFFECT_HEARTBEAT, 200));
    bench_finish(&b);
}

Test(node_diagnosis, signs_nothing_while_it_is_silent_and_then_again)
{
    struct bench b = bench_of(1, false);
    bench_settle(&b); /* a write that does not end would silence it, too */
    bench_find_out(&b, 23, RESULT_SILENT);
    cr_assert(bench_find_note(&b, NOTE_FELL_SILENT) != NULL);
    cr_assert(not(sees(&b, EFFECT_SIGN, 8000)));
    bench_find_out(&b, 23, RESULT_OK);
    cr_assert(bench_find_note(&b, NOTE_SPEAKS_AGAIN) != NULL);
    cr_assert(asks_to_sign(&b) || sees(&b, EFFECT_SIGN, 1000));
    bench_finish(&b);
}

Test(node_diagnosis, is_not_heard_any_more_after_two_seconds_of_silence)
{
    struct bench b = bench_of(5, true);
    bench_find_out(&b, 23, RESULT_SILENT);
    cr_assert(sees(&b, EFFECT_HEARTBEAT, 1900));
    b.now_ms += 100;
    cr_assert(not(sees(&b, EFFECT_HEARTBEAT, 5000)));
    bench_step(&b, (struct input){.kind = INPUT_CLOSED, .member = 3});
    cr_assert(bench_find(&b, EFFECT_PROBE) == NULL);
    bench_find_out(&b, 23, RESULT_OK);
    cr_assert(sees(&b, EFFECT_HEARTBEAT, 200));
    bench_finish(&b);
}

Test(node_diagnosis, is_silent_while_a_write_does_not_end)
{
    struct bench b = bench_of(1, false); /* what it wrote at its start is not durable */
    cr_assert(gt(u64, b.serial, 0));
    b.now_ms += 2001;
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert(not(sees(&b, EFFECT_SIGN, 3000)));
    cr_assert(not(sees(&b, EFFECT_HEARTBEAT, 3000)));
    bench_settle(&b);
    cr_assert(sees(&b, EFFECT_HEARTBEAT, 200));
    bench_finish(&b);
}

Test(node_diagnosis, is_not_heard_at_once_when_its_disk_has_stalled)
{
    struct bench b = bench_of(5, true);
    bench_find_out(&b, 24, RESULT_SILENT); /* two seconds are over already */
    cr_assert(not(sees(&b, EFFECT_HEARTBEAT, 3000)));
    bench_finish(&b);
}

Test(node_diagnosis, attests_what_is_not_well_until_a_block_has_told_it)
{
    struct bench b = bench_of(1, false);
    bench_run_alone(&b, b.now_ms + 2000);
    bench_find_out(&b, 34, RESULT_DEGRADED);
    bench_find_out(&b, 34, RESULT_OK);
    bench_settle(&b);
    bench_run_alone(&b, b.now_ms + 3000);
    cr_assert(eq(u64, b.node->deciding.cluster.latest[0].own, REFERENCE_BIT(34)));
    bench_run_alone(&b, b.now_ms + 12000);
    cr_assert(zero(u64, b.node->deciding.cluster.latest[0].own));
    bench_finish(&b);
}

Test(node_diagnosis, asks_for_a_burst_test_and_again_if_nobody_tells_of_it)
{
    struct bench b = bench_of(1, false);
    struct finding f;
    bench_settle(&b);
    finding_begin(&f, 13);
    f.result = RESULT_DEGRADED;
    f.flags = FINDING_BURST;
    bench_step(&b, (struct input){.kind = INPUT_FINDING, .finding = &f});
    cr_assert(bench_find(&b, EFFECT_BURST) != NULL);
    cr_assert(not(sees(&b, EFFECT_BURST, 9900)));
    cr_assert(sees(&b, EFFECT_BURST, 200));
    cr_assert(not(sees(&b, EFFECT_SIGN, 1000)));
    finding_begin(&f, 10);
    f.result = RESULT_OK;
    f.flags = FINDING_OF_BURST;
    bench_step(&b, (struct input){.kind = INPUT_FINDING, .finding = &f});
    cr_assert(asks_to_sign(&b) || sees(&b, EFFECT_SIGN, 6000));
    cr_assert(not(sees(&b, EFFECT_BURST, 20000)));
    bench_finish(&b);
}

static enum reference_result stands(const struct bench *b, uint32_t id)
{
    return diagnosis_result(&b->node->deciding.diagnosis, id);
}

static bool is_to_be_told(const struct bench *b, uint32_t id)
{
    return (tick_own(&b->node->deciding.tick) & REFERENCE_BIT(id)) != 0;
}

Test(node_diagnosis, has_come_to_a_result_by_each_reference_of_its_own)
{
    static const uint32_t ids[] = {1, 2, 3, 4, 5, 8, 9, 17, 18, 22, 27, 29, 30};
    struct bench b = bench_of(1, false);
    (void)sees(&b, EFFECT_SIGN, 100);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        cr_assert(stands(&b, ids[i]) == RESULT_OK, "R%02u", ids[i]);
    }
    bench_finish(&b);
}

Test(node_diagnosis, tells_that_it_stood_still_and_waits_longer_for_others)
{
    struct bench b = bench_of(5, false);
    const struct diagnosed *lateness = &b.node->deciding.diagnosis.reference[30 - 1];
    (void)sees(&b, EFFECT_SIGN, 100);
    cr_assert(eq(u64, lateness->last.evidence.count, 1));
    b.now_ms += 1500;
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert(stands(&b, 22) == RESULT_DEGRADED);
    cr_assert(is_to_be_told(&b, 22));
    (void)sees(&b, EFFECT_SIGN, 100);
    cr_assert(stands(&b, 22) == RESULT_OK); /* now; its tick is spoilt all the same */
    cr_assert(is_to_be_told(&b, 22));
    cr_assert(stands(&b, 30) == RESULT_OK); /* no finding against it */
    cr_assert(gt(u64, lateness->last.evidence.count, 1));
    (void)sees(&b, EFFECT_SIGN, 12000);
    cr_assert(eq(u64, lateness->last.evidence.count, 1));
    bench_finish(&b);
}

/* A resignation of that member is heard; no block has it. */
static void hear_resign(struct bench *b, uint32_t member, enum resign_class class)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    uint8_t wire[MESSAGE_BYTES_MAX];
    const struct key_pair key = bench_key(member);
    struct command c = {
        .kind = COMMAND_RESIGN, .author = member, .term = 1, .resign = {.class = class}};
    command_sign(&c, &b->node->deciding.cluster.id, &key);
    struct message m = {.kind = MESSAGE_COMMAND};
    m.command.command = (struct bytes_view){bytes, (uint32_t)command_encode(&c, bytes)};
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = member,
                                 .bytes = wire,
                                 .size_bytes = message_encode(&m, wire)});
    bench_perform(b);
}

/* Of five one can be spared: a second one that goes for the same leaves nobody to decide it. */
Test(node_diagnosis, is_silent_for_an_outside_source_for_which_another_just_resigns)
{
    struct bench b = bench_of(5, false);
    bench_settle(&b);
    hear_resign(&b, 1, RESIGN_KERNEL_LOG);
    bench_find_out(&b, 14, RESULT_FATAL);
    cr_assert(stands(&b, 14) == RESULT_SILENT);
    cr_assert(not(sees(&b, EFFECT_SIGN, 1000)));
    cr_assert(diagnosis_fatal(&b.node->deciding.diagnosis) == NULL);
    bench_find_out(&b, 12, RESULT_FATAL);
    cr_assert(diagnosis_fatal(&b.node->deciding.diagnosis) != NULL,
              "of another source it dies");
    bench_finish(&b);
}

Test(node_diagnosis, dies_of_an_outside_source_for_which_nobody_else_resigns)
{
    struct bench b = bench_of(5, false);
    bench_settle(&b);
    hear_resign(&b, 1, RESIGN_OWN);
    bench_find_out(&b, 14, RESULT_FATAL);
    cr_assert(diagnosis_fatal(&b.node->deciding.diagnosis) != NULL);
    bench_finish(&b);
}
