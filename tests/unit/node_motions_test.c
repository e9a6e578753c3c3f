#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/node_parts.h"
#include "tests/unit/node_bench.h"

/* What one member says to motions, and when it appeals. Member 0 of five is the node; the
 * motions are put into its state by hand. */

#define SUBJECT 4u
#define MOTION_ID 5u

/* The others have told how far they are: it has caught up. */
static void catch_up(struct deciding *d)
{
    for (uint32_t i = 1; i < 5; i++) {
        d->simplex.peers[i].answered = true;
    }
}

static struct bench bench_with_motion(enum motion_kind kind)
{
    struct bench b = bench_of(5, true);
    struct deciding *d = &b.node->deciding;
    catch_up(d);
    d->cluster.height = MOTION_ID;
    d->simplex.height = MOTION_ID + 1;
    d->cluster.confidence[SUBJECT].motion =
        (struct motion){.id = MOTION_ID, .kind = kind, .electors = 0xf};
    if (kind == MOTION_REINSTATE) {
        d->cluster.member[SUBJECT].standing = STANDING_SUSPENDED;
    }
    node_seal_first(b.node);
    return b;
}

/* The statement of that kind that the last step asks to be signed. */
static bool find_said(const struct bench *b, enum command_kind kind, struct command *c)
{
    for (uint32_t i = 0; i < b->out->count; i++) {
        const struct effect *e = &b->out->list[i];
        uint8_t bytes[COMMAND_BYTES_MAX] = {0};
        if (e->kind != EFFECT_SIGN || e->signing.kind != SIGNING_COMMAND) {
            continue;
        }
        memcpy(bytes, b->out->outbox + e->body.offset, e->body.size_bytes);
        if (command_decode(c, bytes, e->body.size_bytes + SIGNATURE_BYTES) && c->kind == kind) {
            return true;
        }
    }
    return false;
}

/* Through whom the subject's answer comes when it is challenged: itself, a relay, nobody. */
static uint32_t answers_through = MEMBER_NONE;

static void answer(struct bench *b, const struct hash *asked)
{
    struct message m = {.kind = MESSAGE_ANSWER, .answer = {.author = SUBJECT, .nonce = *asked}};
    const struct key_pair key = bench_key(SUBJECT);
    uint8_t body[ANSWER_SIGNED_BYTES];
    uint8_t bytes[MESSAGE_BYTES_MAX];
    if (answers_through != SUBJECT) {
        m.answer.nonce = answer_relayed(asked, answers_through);
    }
    answer_signed_bytes(&m.answer, body);
    const struct statement statement = {.domain = ANSWER_DOMAIN,
                                        .cluster_id = b->node->deciding.cluster.id.bytes,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    signer_sign(&key, &statement, m.answer.signature);
    bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                 .member = answers_through,
                                 .bytes = bytes,
                                 .size_bytes = message_encode(&m, bytes)});
}

/* If the last step challenged it. */
static void answer_challenge(struct bench *b)
{
    for (uint32_t i = 0; i < b->out->count && answers_through != MEMBER_NONE; i++) {
        const struct effect *e = &b->out->list[i];
        struct message m;
        if (e->kind == EFFECT_SEND && e->member == answers_through &&
            message_decode(&m, b->out->outbox + e->body.offset, e->body.size_bytes) &&
            m.kind == MESSAGE_CHALLENGE && m.challenge.subject == SUBJECT) {
            answer(b, &m.challenge.nonce);
            return;
        }
    }
}

/* All others are heard every 100 ms, the subject only if `subject_too`; until something of the
 * kind is said. The time that took, or UINT64_MAX. */
static uint64_t run_until_said(struct bench *b, bool subject_too, uint64_t within_ms,
                               enum command_kind kind, struct command *c)
{
    const uint64_t from_ms = b->now_ms;
    for (; b->now_ms < from_ms + within_ms; b->now_ms += 20) {
        for (uint32_t i = 1; i < 5 && (b->now_ms - from_ms) % 100 == 0; i++) {
            if (i != SUBJECT || subject_too) {
                bench_hear(b, i);
                answer_challenge(b);
                if (find_said(b, kind, c)) {
                    return b->now_ms - from_ms;
                }
            }
        }
        bench_step(b, (struct input){.kind = INPUT_TIMER});
        answer_challenge(b);
        if (find_said(b, kind, c)) {
            return b->now_ms - from_ms;
        }
    }
    return UINT64_MAX;
}

Test(node_motions, finds_silent_whom_it_does_not_hear_itself)
{
    struct bench b = bench_with_motion(MOTION_SUSPEND);
    struct command c;
    const uint64_t took_ms = run_until_said(&b, false, 3000, COMMAND_BALLOT, &c);
    cr_assert(took_ms >= 1900 && took_ms <= 2400, "%lu ms", took_ms);
    cr_assert(eq(u32, c.ballot.subjects, 1u << SUBJECT));
    cr_assert(eq(u32, c.ballot.yes, 1u << SUBJECT));
    cr_assert(eq(u64, c.ballot.motion[SUBJECT], MOTION_ID));
    cr_assert(evidence_against(b.node, SUBJECT, MOTION_SUSPEND));
    bench_finish(&b);
}

Test(node_motions, says_no_at_once_to_the_suspension_of_one_that_it_hears)
{
    struct bench b = bench_with_motion(MOTION_SUSPEND);
    struct command c;
    cr_assert(le(u64, run_until_said(&b, true, 1500, COMMAND_BALLOT, &c), 200));
    cr_assert(eq(u32, c.ballot.yes, 0));
    bench_finish(&b);
}

Test(node_motions, takes_nothing_back)
{
    struct bench b = bench_with_motion(MOTION_SUSPEND);
    struct command c;
    cr_assert(le(u64, run_until_said(&b, true, 1500, COMMAND_BALLOT, &c), 200));
    b.now_ms += 20;
    for (uint32_t i = 0; i < 3; i++) { /* it is silent by now, and that was the answer */
        cr_assert(le(u64, run_until_said(&b, false, 1500, COMMAND_BALLOT, &c), 1200));
        cr_assert(eq(u32, c.ballot.yes, 0));
        b.now_ms += 20;
    }
    bench_finish(&b);
}

Test(node_motions, finds_nobody_wrong_without_evidence_and_says_so_after_two_seconds)
{
    struct bench b = bench_with_motion(MOTION_LOCK_OUT);
    struct command c;
    const uint64_t took_ms = run_until_said(&b, true, 3000, COMMAND_BALLOT, &c);
    cr_assert(took_ms >= 1900 && took_ms <= 2200, "%lu ms", took_ms);
    cr_assert(eq(u32, c.ballot.yes, 0));
    bench_finish(&b);
}

/* Two have found so three times each, or there were no motion: it asks once itself. */
Test(node_motions, finds_wrong_who_attests_and_leaves_the_task_for_this_ballot_unanswered)
{
    struct bench b = bench_with_motion(MOTION_LOCK_OUT);
    struct command c;
    b.node->deciding.cluster.latest[SUBJECT] =
        (struct attested){.seq = 3, .decided_ms = b.node->deciding.cluster.time_ms};
    node_seal_first(b.node);
    const uint64_t took_ms = run_until_said(&b, true, 3000, COMMAND_BALLOT, &c);
    cr_assert(took_ms >= 1900 && took_ms <= 2200, "%lu ms", took_ms);
    cr_assert(eq(u32, c.ballot.yes, 1u << SUBJECT));
    bench_finish(&b);
}

Test(node_motions, finds_wrong_whose_statistics_have_dissented_twice)
{
    struct bench b = bench_with_motion(MOTION_LOCK_OUT);
    struct command c;
    b.node->deciding.cluster.condemned_until_ms[SUBJECT] = UINT64_MAX;
    node_seal_first(b.node);
    cr_assert(le(u64, run_until_said(&b, true, 1500, COMMAND_BALLOT, &c), 200));
    cr_assert(eq(u32, c.ballot.yes, 1u << SUBJECT));
    bench_finish(&b);
}

static struct bench bench_with_appeal(uint64_t attested_ago_ms)
{
    struct bench b = bench_with_motion(MOTION_REINSTATE);
    struct cluster *state = &b.node->deciding.cluster;
    state->member[SUBJECT].since_ms = state->time_ms - 100;
    state->latest[SUBJECT].seq = 3;
    state->latest[SUBJECT].decided_ms = state->time_ms - attested_ago_ms;
    node_seal_first(b.node);
    return b;
}

Test(node_motions, lets_back_who_answers_by_whatever_way_and_whose_word_the_chain_has)
{
    static const uint32_t ways[] = {SUBJECT, 1, 3};
    for (uint32_t i = 0; i < 3; i++) {
        struct bench b = bench_with_appeal(50);
        struct command c;
        answers_through = ways[i];
        cr_assert(le(u64, run_until_said(&b, i == 0, 3000, COMMAND_BALLOT, &c), 200));
        cr_assert(eq(u32, c.ballot.yes, 1u << SUBJECT), "through %u", ways[i]);
        bench_finish(&b);
    }
}

Test(node_motions, lets_nobody_back_who_does_not_answer_or_was_not_decided_to_attest_since)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct bench b = bench_with_appeal(i == 0 ? 50 : 150);
        struct command c;
        answers_through = i == 0 ? MEMBER_NONE : SUBJECT;
        cr_assert(ge(u64, run_until_said(&b, true, 3000, COMMAND_BALLOT, &c), 1900));
        cr_assert(eq(u32, c.ballot.yes, 0));
        bench_finish(&b);
    }
}

Test(node_motions, has_no_ballot_where_it_is_no_elector_nor_a_second_one)
{
    struct bench b = bench_with_motion(MOTION_SUSPEND);
    struct motion *m = &b.node->deciding.cluster.confidence[SUBJECT].motion;
    struct command c;
    m->electors = 0xe;
    node_seal_first(b.node);
    cr_assert(eq(u64, run_until_said(&b, false, 1500, COMMAND_BALLOT, &c), UINT64_MAX));
    m->electors = 0xf;
    m->no = 1;
    node_seal_first(b.node);
    cr_assert(eq(u64, run_until_said(&b, false, 1500, COMMAND_BALLOT, &c), UINT64_MAX));
    bench_finish(&b);
}

/* Suspended, known to the chain in this incarnation, with electors to hear it. */
static struct bench suspended(void)
{
    struct bench b = bench_of(5, true);
    struct cluster *c = &b.node->deciding.cluster;
    catch_up(&b.node->deciding);
    c->member[0].standing = STANDING_SUSPENDED;
    c->member[0].cause = STANDING_CAUSE_UNREACHABLE;
    c->member[0].term = 2;
    c->member[0].since_ms = c->time_ms;
    c->latest[0] = (struct attested){.incarnation = 7,
                                     .seq = 1,
                                     .decided_ms = c->time_ms,
                                     .version_low = PROTOCOL_OLDEST,
                                     .version_high = PROTOCOL_NEWEST};
    for (uint32_t i = 1; i < 5; i++) {
        c->record[i].run = c->timing.record_ticks;
    }
    node_seal_first(b.node);
    return b;
}

Test(node_motions, appeals_by_itself_after_ten_clean_seconds_and_attests_meanwhile)
{
    struct bench b = suspended();
    struct command c;
    cr_assert(le(u64, run_until_said(&b, true, 1000, COMMAND_ATTEST, &c), 200));
    cr_assert(eq(u32, c.term, 2));
    const uint64_t took_ms = run_until_said(&b, true, 12000, COMMAND_APPEAL, &c);
    cr_assert(took_ms >= 9500 && took_ms <= 10500, "%lu ms", took_ms);
    cr_assert(eq(u32, c.term, 2));
    bench_finish(&b);
}

Test(node_motions, does_not_appeal_while_a_reference_stands_against_it)
{
    struct bench b = suspended();
    struct command c;
    bench_find_out(&b, 23, RESULT_DEGRADED);
    cr_assert(eq(u64, run_until_said(&b, true, 12000, COMMAND_APPEAL, &c), UINT64_MAX));
    bench_finish(&b);
}

/* Until it asks for its whole diagnosis and for a burst test. */
static bool asks_for_all(struct bench *b)
{
    bool all = false;
    bool burst = false;
    for (uint32_t i = 0; i < 10; i++, b->now_ms += 10) {
        bench_step(b, (struct input){.kind = INPUT_TIMER});
        all |= bench_find(b, EFFECT_EXAMINE) != NULL;
        burst |= bench_find(b, EFFECT_BURST) != NULL;
    }
    return all && burst;
}

static void pass_burst(struct bench *b)
{
    struct finding f;
    finding_begin(&f, 10);
    f.result = RESULT_OK;
    f.flags = FINDING_OF_BURST;
    bench_step(b, (struct input){.kind = INPUT_FINDING, .finding = &f});
}

Test(node_motions,
     removed_again_within_the_hour_does_not_appeal_before_all_has_been_examined_anew)
{
    struct bench b = suspended();
    struct cluster *state = &b.node->deciding.cluster;
    struct command c;
    state->confidence[0].removed_ms[0] = state->time_ms;
    state->confidence[0].removed_ms[1] = state->time_ms - 60000;
    node_seal_first(b.node);
    cr_assert(asks_for_all(&b));
    cr_assert(eq(u64, run_until_said(&b, true, 15000, COMMAND_APPEAL, &c), UINT64_MAX));
    bench_examine(&b, RESULT_OK);
    cr_assert(b.node->deciding.examined);
    cr_assert(eq(u64, run_until_said(&b, true, 15000, COMMAND_APPEAL, &c), UINT64_MAX),
              "burst");
    pass_burst(&b);
    cr_assert(le(u64, run_until_said(&b, true, 12000, COMMAND_APPEAL, &c), 10500));
    cr_assert_not(asks_for_all(&b), "once a removal");
    bench_finish(&b);
}

Test(node_motions, removed_for_the_first_time_within_the_hour_is_not_examined_anew)
{
    struct bench b = suspended();
    struct cluster *state = &b.node->deciding.cluster;
    state->confidence[0].removed_ms[0] = state->time_ms;
    state->confidence[0].removed_ms[1] = state->time_ms - 3600001;
    node_seal_first(b.node);
    cr_assert_not(asks_for_all(&b));
    bench_finish(&b);
}

Test(node_motions, does_not_appeal_while_there_is_nobody_to_hear_it_or_after_a_proof)
{
    struct bench b = suspended();
    struct cluster *state = &b.node->deciding.cluster;
    struct command c;
    state->record[1].run = state->record[2].run = state->record[3].run = 0;
    node_seal_first(b.node);
    cr_assert(eq(u64, run_until_said(&b, true, 12000, COMMAND_APPEAL, &c), UINT64_MAX));
    state->record[1].run = state->timing.record_ticks;
    state->member[0].standing = STANDING_LOCKED_OUT;
    state->member[0].cause = STANDING_CAUSE_PROOF;
    node_seal_first(b.node);
    cr_assert(eq(u64, run_until_said(&b, true, 3000, COMMAND_APPEAL, &c), UINT64_MAX));
    bench_finish(&b);
}
