/* What a member makes of the answers to the tasks that it sets. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/unit/node_tasks_bench.h"

Test(node_tasks, finds_a_right_answer_right_whichever_comes_first)
{
    for (uint32_t order = 0; order < 2; order++) {
        struct bench b = bench_at_work();
        const struct asked_work asked = until_set(&b);
        cr_assert(ne(u64, asked.serial, 0));
        if (order == 0) {
            solve(&b, &asked, 0);
            answer(&b, &asked, 0);
        } else {
            answer(&b, &asked, 0);
            solve(&b, &asked, 0);
        }
        cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 0));
        cr_assert(eq(u64, b.node->deciding.trials.book.member[SUBJECT].work.asked_ms, 0));
        bench_finish(&b);
    }
}

Test(node_tasks, finds_a_wrong_answer_wrong_once_it_has_solved_it_twice)
{
    struct bench b = bench_at_work();
    const struct asked_work asked = until_set(&b);
    answer(&b, &asked, 1);
    solve(&b, &asked, 0);
    cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 0), "not yet");
    const struct asked_work again = asked_of(&b);
    cr_assert(ne(u64, again.serial, 0));
    cr_assert(hash_equal(&again.nonce, &asked.nonce));
    solve(&b, &again, 0);
    cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 1u << SUBJECT));
    cr_assert(bench_find_note(&b, NOTE_SOLUTION_WRONG) != NULL);
    cr_assert(evidence_against(b.node, SUBJECT, MOTION_LOCK_OUT));
    const struct solution *kept = &b.node->deciding.trials.wrong[SUBJECT];
    cr_assert(solution_verify(kept, &b.node->deciding.cluster.id,
                              b.node->deciding.cluster.member[SUBJECT].vote_key));
    bench_finish(&b);
}

Test(node_tasks, doubts_itself_if_it_solves_one_task_in_two_ways)
{
    struct bench b = bench_at_work();
    const struct asked_work asked = until_set(&b);
    answer(&b, &asked, 0);
    solve(&b, &asked, 2);
    const struct asked_work again = asked_of(&b);
    solve(&b, &again, 0);
    cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 0));
    cr_assert(bench_find(&b, EFFECT_BURST) != NULL);
    bench_finish(&b);
}

Test(node_tasks, finds_wrong_who_leaves_three_in_a_row_unanswered_while_it_attests)
{
    struct bench b = bench_at_work();
    for (uint32_t i = 0; i < 3; i++) {
        const struct asked_work asked = until_set(&b);
        cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 0), "%u", i);
        solve(&b, &asked, 0);
        hear_all(&b, CHALLENGE_PATIENCE_MS + 100);
    }
    cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 1u << SUBJECT));
    bench_finish(&b);
}

static void lock_out(struct bench *b)
{
    struct member *m = &b->node->deciding.cluster.member[SUBJECT];
    m->standing = STANDING_LOCKED_OUT;
    m->cause = STANDING_CAUSE_WRONG;
    node_seal_first(b->node);
    hear_all(b, 300);
}

/* It could show nothing better: no task reaches it. Or no elector would ever let it back. */
Test(node_tasks, holds_nothing_unanswered_against_whoever_was_locked_out_for_that)
{
    struct bench b = bench_at_work();
    for (uint32_t i = 0; i < 3; i++) {
        const struct asked_work asked = until_set(&b);
        solve(&b, &asked, 0);
        hear_all(&b, CHALLENGE_PATIENCE_MS + 100);
    }
    cr_assert(evidence_against(b.node, SUBJECT, MOTION_LOCK_OUT), "for the motion on it");
    lock_out(&b);
    cr_assert(not(evidence_against(b.node, SUBJECT, MOTION_LOCK_OUT)));
    bench_finish(&b);
}

Test(node_tasks, holds_a_wrong_answer_against_whoever_was_locked_out_for_it)
{
    struct bench b = bench_at_work();
    const struct asked_work asked = until_set(&b);
    solve(&b, &asked, 0);
    answer(&b, &asked, 1);
    const struct asked_work again = asked_of(&b);
    lock_out(&b);
    solve(&b, &again, 0);
    hear_all(&b, 300);
    cr_assert(evidence_against(b.node, SUBJECT, MOTION_LOCK_OUT), "judged even after that");
    bench_finish(&b);
}

Test(node_tasks, sets_the_two_of_a_disputed_grant_a_task_at_once)
{
    struct bench b = bench_at_work();
    struct deciding *d = &b.node->deciding;
    struct message m;
    hear_all(&b, 300);
    for (uint32_t i = 1; i < 3; i++) {
        d->trials.book.member[i].work.asked_ms = 0;
        d->trials.book.member[i].work_due_ms = b.now_ms + 60000;
    }
    const struct grant grant = {.leader = SUBJECT, .auditor = 1};
    node_tasks_on_dispute(d, &grant);
    node_seal_first(b.node);
    bench_step(&b, (struct input){.kind = INPUT_TIMER});
    cr_assert(sends(&b, MESSAGE_TASK, SUBJECT, &m));
    cr_assert(sends(&b, MESSAGE_TASK, 1, &m));
    bench_finish(&b);
}

/* ---- through others */

/* The subject has not answered when it is time to set the task again. */
static struct asked_work until_put_through_others(struct bench *b)
{
    struct message m;
    const struct asked_work asked = until_set(b);
    solve(b, &asked, 0);
    cr_assert_not(sends(b, MESSAGE_TASK, RELAY, &m), "not at first");
    b->node->deciding.trials.task[SUBJECT].again_ms = b->now_ms;
    node_seal_first(b->node);
    bench_step(b, (struct input){.kind = INPUT_TIMER});
    cr_assert(sends(b, MESSAGE_TASK, SUBJECT, &m));
    cr_assert(sends(b, MESSAGE_TASK, RELAY, &m));
    cr_assert(eq(u32, m.task.subject, SUBJECT));
    cr_assert(hash_equal(&m.task.nonce, &asked.nonce));
    return asked;
}

Test(node_tasks, takes_an_answer_that_comes_through_another_member)
{
    struct bench b = bench_at_work();
    const struct asked_work asked = until_put_through_others(&b);
    const struct hash relayed = answer_relayed(&asked.nonce, RELAY);
    answer_through(&b, RELAY, &asked.nonce, 0);
    cr_assert(bench_find(&b, EFFECT_SOLVE) == NULL, "not the number that it was to set");
    answer_through(&b, RELAY, &relayed, 0);
    const struct asked_work own = asked_of(&b);
    cr_assert(hash_equal(&own.nonce, &relayed));
    solve(&b, &own, 0);
    cr_assert(eq(u64, b.node->deciding.trials.book.member[SUBJECT].work.asked_ms, 0));
    cr_assert(eq(u32, b.node->deciding.trials.book.member[SUBJECT].unanswered, 0));
    cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 0));
    bench_finish(&b);
}

Test(node_tasks, finds_a_wrong_answer_wrong_that_comes_through_another_member)
{
    struct bench b = bench_at_work();
    const struct asked_work asked = until_put_through_others(&b);
    const struct hash relayed = answer_relayed(&asked.nonce, RELAY);
    answer_through(&b, RELAY, &relayed, 1);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 0), "%u", i);
        const struct asked_work own = asked_of(&b);
        solve(&b, &own, 0);
    }
    cr_assert(eq(u32, node_tasks_wrong(&b.node->deciding), 1u << SUBJECT));
    const struct solution *wrong = &b.node->deciding.trials.wrong[SUBJECT];
    cr_assert(hash_equal(&wrong->nonce, &relayed));
    cr_assert(eq(int, retrial_of(&b.node->deciding.retrials, wrong), RETRIAL_WRONG));
    bench_finish(&b);
}
