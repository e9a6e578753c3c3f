#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/node_parts.h"
#include "tests/unit/node_bench.h"

/* Member 0 of three is the node; it sets member 2 a task. Work is replaced by a hash. */

#define SUBJECT 2u

static struct bench bench_at_work(void)
{
    struct bench b = bench_of(3, true);
    struct deciding *d = &b.node->deciding;
    for (uint32_t i = 1; i < 3; i++) {
        d->simplex.peers[i].answered = true;
    }
    d->cluster.latest[SUBJECT] =
        (struct attested){.seq = 1, .incarnation = 9, .decided_ms = d->cluster.time_ms};
    node_seal_first(b.node);
    return b;
}

static struct hash work_over(const uint8_t *nonce)
{
    return hash_of("test/task", nonce, HASH_BYTES);
}

/* What the last step asks to be solved; serial 0: nothing. */
struct asked_work {
    uint64_t serial;
    struct hash nonce;
};

static struct asked_work asked_of(const struct bench *b)
{
    struct asked_work asked = {0};
    const struct effect *e = bench_find(b, EFFECT_SOLVE);
    if (e != NULL) {
        asked.serial = e->serial;
        memcpy(asked.nonce.bytes, b->out->outbox + e->body.offset, HASH_BYTES);
    }
    return asked;
}

static bool sends(const struct bench *b, enum message_kind kind, uint32_t to, struct message *m)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        if (e->kind == EFFECT_SEND && e->member == to &&
            message_decode(m, b->out->outbox + e->body.offset, e->body.size_bytes) &&
            m->kind == kind) {
            return true;
        }
    }
    return false;
}

static void hear_all(struct bench *b, uint32_t for_ms)
{
    for (uint32_t i = 0; i < for_ms; i += 100) {
        b->now_ms += 100;
        for (uint32_t k = 1; k < 3; k++) {
            bench_hear(b, k);
            bench_settle(b);
        }
    }
}

/* It is time for a task of the subject's. What this machine is to solve then. */
static struct asked_work until_set(struct bench *b)
{
    struct message m;
    hear_all(b, 300);
    b->node->deciding.trials.book.member[SUBJECT].work_due_ms = b->now_ms;
    node_seal_first(b->node);
    bench_step(b, (struct input){.kind = INPUT_TIMER});
    const struct asked_work asked = asked_of(b);
    cr_assert(sends(b, MESSAGE_TASK, SUBJECT, &m));
    cr_assert(hash_equal(&m.task.nonce, &asked.nonce));
    return asked;
}

static void solve(struct bench *b, const struct asked_work *asked, uint8_t bend)
{
    struct hash result = work_over(asked->nonce.bytes);
    result.bytes[3] ^= bend;
    bench_step(b, (struct input){.kind = INPUT_SOLVED,
                                 .serial = asked->serial,
                                 .bytes = result.bytes,
                                 .size_bytes = sizeof result.bytes});
}

/* What the subject signs of that number; `bend`: wrongly. */
static struct solution solution_of(const struct bench *b, const struct hash *nonce,
                                   uint8_t bend)
{
    uint8_t body[SOLUTION_SIGNED_BYTES];
    const struct cluster *c = &b->node->deciding.cluster;
    const struct key_pair key = bench_key(SUBJECT);
    struct solution s = {.author = SUBJECT,
                         .term = c->member[SUBJECT].term,
                         .version = c->version,
                         .nonce = *nonce,
                         .result = work_over(nonce->bytes)};
    s.result.bytes[3] ^= bend;
    solution_signed_bytes(&s, body);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = c->id.bytes,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    signer_sign(&key, &statement, s.signature);
    return s;
}

static void tell(struct bench *b, uint32_t from, const struct message *m)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = from,
                                 .bytes = bytes,
                                 .size_bytes = message_encode(m, bytes)});
}

static void answer_through(struct bench *b, uint32_t from, const struct hash *nonce,
                           uint8_t bend)
{
    struct message m = {.kind = MESSAGE_SOLUTION};
    m.solution = solution_of(b, nonce, bend);
    tell(b, from, &m);
}

static void answer(struct bench *b, const struct asked_work *asked, uint8_t bend)
{
    answer_through(b, SUBJECT, &asked->nonce, bend);
}

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
Test(node_tasks, signs_nothing_that_was_asked_under_another_term_or_version)
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

Test(node_tasks, answers_with_what_its_own_machine_made_of_it)
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

/* ---- through others */

#define RELAY 1u

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

Test(node_tasks, puts_a_task_of_others_through_and_its_answer_back)
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
