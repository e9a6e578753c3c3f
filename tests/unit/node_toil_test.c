/* What a member does of what others set to it, or have put through it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/unit/node_tasks_bench.h"

static void set_by(struct bench *b, uint32_t member, uint8_t byte)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_TASK};
    memset(&m.task.nonce, byte, sizeof m.task.nonce);
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = member,
                                 .bytes = bytes,
                                 .size_bytes = message_encode(&m, bytes)});
}

/* The same task may be other work under another version. */
Test(node_toil, signs_nothing_that_was_asked_under_another_term_or_version)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct bench b = bench_at_work();
        struct cluster *c = &b.node->deciding.cluster;
        set_by(&b, 1, 5);
        const struct asked_work asked = asked_of(&b);
        b.node->deciding.trials.toil[1].mine.term -= i;
        b.node->deciding.trials.toil[1].mine.version += 1 - i;
        node_seal_first(b.node);
        solve(&b, &asked, 0);
        cr_assert(eq(u32, c->version, PROTOCOL_FOUNDED));
        b.asked_count = 0;
        bench_perform(&b);
        cr_assert(eq(u32, b.asked_count, 0));
        bench_finish(&b);
    }
}

Test(node_toil, answers_with_what_its_own_machine_made_of_it)
{
    struct bench b = bench_at_work();
    struct message m;
    set_by(&b, 1, 5);
    const struct asked_work asked = asked_of(&b);
    set_by(&b, 1, 6);
    cr_assert(eq(u64, asked_of(&b).serial, 0), "one at a time");
    solve(&b, &asked, 0);
    b.asked_count = 0;
    bench_perform(&b);
    cr_assert(eq(u32, b.asked_count, 1));
    bench_step(&b, (struct input){.kind = INPUT_SIGNED,
                                  .signing = SIGNING_ANSWER,
                                  .serial = b.asked[0].serial,
                                  .signature = b.asked[0].signature});
    cr_assert(sends(&b, MESSAGE_SOLUTION, 1, &m));
    const struct hash right = work_over(asked.nonce.bytes);
    cr_assert(hash_equal(&m.solution.result, &right));
    cr_assert(solution_verify(&m.solution, &b.node->deciding.cluster.id,
                              b.node->deciding.cluster.member[0].vote_key));
    bench_finish(&b);
}

/* Whoever set it sends it again and again until it has an answer. */
Test(node_toil, goes_on_with_a_task_that_is_sent_again_meanwhile)
{
    struct bench b = bench_at_work();
    set_by(&b, 1, 5);
    const struct asked_work asked = asked_of(&b);
    b.now_ms += 3000;
    set_by(&b, 1, 5);
    cr_assert(eq(u64, asked_of(&b).serial, 0));
    bench_step(&b, (struct input){.kind = INPUT_SOLVED, .serial = asked.serial});
    set_by(&b, 1, 5);
    cr_assert(not(eq(u64, asked_of(&b).serial, 0)), "the solver could not do it");
    bench_finish(&b);
}

Test(node_toil, puts_a_task_of_others_through_and_its_answer_back)
{
    struct bench b = bench_at_work();
    struct message task = {.kind = MESSAGE_TASK};
    struct message m;
    task.task.subject = SUBJECT;
    memset(&task.task.nonce, 5, sizeof task.task.nonce);
    const struct hash own = answer_relayed(&task.task.nonce, 0);
    tell(&b, RELAY, &task);
    cr_assert(eq(u64, asked_of(&b).serial, 0), "no work of its own");
    cr_assert(sends(&b, MESSAGE_TASK, SUBJECT, &m));
    cr_assert(eq(u32, m.task.subject, SUBJECT));
    cr_assert(hash_equal(&m.task.nonce, &own));

    answer_through(&b, RELAY, &own, 0);
    cr_assert_not(sends(&b, MESSAGE_SOLUTION, RELAY, &m), "it is not from its author");
    answer_through(&b, SUBJECT, &own, 1);
    cr_assert(sends(&b, MESSAGE_SOLUTION, RELAY, &m), "right or wrong, that is for who asked");
    cr_assert(eq(u32, m.solution.author, SUBJECT));
    cr_assert(hash_equal(&m.solution.nonce, &own));
    bench_finish(&b);
}
