#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "tests/scripts/cluster/world.h"

/* What is said of a block before it is decided, and of a command before it is in one. */

static struct world world_of(uint32_t nodes, uint32_t witnesses)
{
    const struct world_options o = world_options(nodes, witnesses);
    struct world w;
    world_found(&w, &o);
    return w;
}

Test(cluster_check, finds_a_block_good_whose_commands_are_signed)
{
    struct world w = world_of(3, 2);
    for (uint32_t i = 0; i < 5; i++) {
        struct command attest = world_attest(&w, i);
        world_say(&w, &attest);
    }
    const struct block block = world_make_block(&w, 10);

    cr_assert(cluster_check(&w.cluster, &block) == BLOCK_GOOD);
}

Test(cluster_check, holds_the_header_against_the_state)
{
    struct world w = world_of(3, 2);
    world_tick(&w, 0);
    const struct block good = world_make_block(&w, 6000);
    struct block bad[5];
    for (uint32_t i = 0; i < 5; i++) {
        bad[i] = good;
    }
    bad[0].header.height++;
    bad[1].header.parent.bytes[0] ^= 1;
    bad[2].header.state.bytes[31] ^= 1;
    bad[3].header.version++;
    bad[4].header.height--;
    static const enum block_verdict expected[] = {BLOCK_WRONG_HEIGHT, BLOCK_WRONG_PARENT,
                                                  BLOCK_WRONG_STATE, BLOCK_WRONG_VERSION,
                                                  BLOCK_WRONG_HEIGHT};
    cr_assert(cluster_check(&w.cluster, &good) == BLOCK_GOOD);
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert(cluster_check(&w.cluster, &bad[i]) == expected[i], "header %u", i);
    }
}

static enum block_verdict verdict_on(struct world *w)
{
    const struct block block = world_make_block(w, 10);
    const enum block_verdict verdict = cluster_check(&w->cluster, &block);
    w->command_count = 0;
    w->size_bytes = 0;
    return verdict;
}

Test(cluster_check, refuses_what_is_no_command_or_nobodys)
{
    struct world w = world_of(3, 2);
    uint8_t bytes[COMMAND_BYTES_MAX];

    world_say_bytes(&w, (const uint8_t *)"rubbish", 7);
    cr_assert(verdict_on(&w) == BLOCK_BAD_COMMAND);
    world_say_bytes(&w, bytes, 0);
    cr_assert(verdict_on(&w) == BLOCK_BAD_COMMAND);

    struct command attest = world_attest(&w, 0);
    attest.author = 5;
    world_say_bytes(&w, bytes, command_encode(&attest, bytes));
    cr_assert(verdict_on(&w) == BLOCK_BAD_COMMAND, "a cluster of five has no sixth");
}

Test(cluster_check, refuses_a_command_signed_by_another)
{
    struct world w = world_of(3, 2);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct command attest = world_attest(&w, 0);
    command_sign(&attest, &w.cluster.id, &w.keys[1]);

    world_say_bytes(&w, bytes, command_encode(&attest, bytes));
    cr_assert(verdict_on(&w) == BLOCK_BAD_SIGNATURE);
}

Test(cluster_check, lets_no_author_fill_the_block)
{
    struct world w = world_of(3, 2);
    for (uint32_t i = 0; i < 9; i++) {
        struct command attest = world_attest(&w, 0);
        world_say(&w, &attest);
        const struct block block = world_make_block(&w, 10);
        cr_assert(cluster_check(&w.cluster, &block) == (i < 8 ? BLOCK_GOOD : BLOCK_TOO_MANY));
    }
}

Test(cluster_check, leaves_a_command_without_effect_in_the_block)
{
    struct world w = world_of(3, 2);
    struct command attest = world_attest(&w, 0);
    attest.term = 9;
    world_say(&w, &attest);

    cr_assert(cluster_would_skip(&w.cluster, &attest) == CAUSE_OLD_TERM);
    cr_assert(verdict_on(&w) == BLOCK_GOOD);
}

Test(cluster_check, is_text_for_every_verdict)
{
    cr_assert_str_eq(block_verdict_text(BLOCK_GOOD), "good");
    cr_assert_str_eq(block_verdict_text(BLOCK_TOO_MANY),
                     "more commands of one author than a block may hold");
}

static uint32_t count_notes(const struct world *w, enum note_kind kind, bool of_operators)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->notes.count; i++) {
        const struct note *note = &w->notes.list[i];
        count += note->kind == kind && (note->text[0] != '\0') == of_operators;
    }
    return count;
}

/* As a proposer may do by what was said before; each of them is skipped with a note. */
static void fill_with_old_words(struct world *w)
{
    struct command of_operator = {.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX};
    of_operator.by_operator = (struct operator_command){
        .operation = OPERATION_DRAIN, .seq = 7, .not_after_ms = UINT64_MAX / 2, .term = 1};
    for (uint32_t i = 0; i < BLOCK_COMMANDS_MAX - 1; i++) {
        struct command old = world_attest(w, i % 5);
        old.term = 9;
        world_say(w, i < 8 ? &of_operator : &old);
    }
}

/* What the block decides is said all the same, and to an operator why its word was skipped. */
Test(cluster_check, tells_all_that_a_block_full_of_skipped_commands_decides)
{
    struct world w = world_of(3, 2);
    world_tick(&w, 0);
    cr_assert(w.cluster.grant.leader == 0);
    fill_with_old_words(&w);
    struct command resign = world_command(&w, 0, COMMAND_RESIGN);
    world_say(&w, &resign);
    world_block(&w, world_now_ms(&w) + 10);
    cr_assert(count_notes(&w, NOTE_STANDING_CHANGED, false) == 1);
    cr_assert(count_notes(&w, NOTE_GRANT_ENDED, false) == 1);
    cr_assert(count_notes(&w, NOTE_GRANTED, false) == 1);
    cr_assert(count_notes(&w, NOTE_COMMAND_SKIPPED, true) == 8);
    cr_assert(w.notes.count == NOTES_MAX);
    cr_assert(w.notes.count + w.notes.dropped == 3 + BLOCK_COMMANDS_MAX - 1);
    cr_assert(w.notes.list[NOTES_MAX - 1].kind == NOTE_GRANTED, "in their order");
}

Test(cluster_check, asserts_that_only_the_next_block_is_applied, .signal = SIGABRT)
{
    struct world w = world_of(3, 2);
    struct notes notes = {0};
    struct block block = world_make_block(&w, 10);
    block.header.height = 2;
    cluster_apply(&w.cluster, &block, &notes);
}

static bool is_urgent(const struct world *w, const struct command *command)
{
    return cluster_is_urgent(&w->cluster, command);
}

Test(cluster_urgent, is_an_attestation_with_news)
{
    struct world w = world_of(3, 2);
    struct command attest = world_attest(&w, 0);
    cr_assert(is_urgent(&w, &attest), "the first of this incarnation");
    world_tick(&w, 0);

    attest = world_attest(&w, 0);
    cr_assert_not(is_urgent(&w, &attest), "the same again, only later");
    attest.attest.ranking[0] = 1;
    attest.attest.ranking[1] = 0;
    attest.attest.score = 50;
    cr_assert_not(is_urgent(&w, &attest), "a ranking has time");

    struct command news[5];
    for (uint32_t i = 0; i < 5; i++) {
        news[i] = world_attest(&w, 0);
    }
    news[0].attest.own = 1;
    news[1].attest.serve = 1;
    news[2].attest.silent = 2;
    news[3].attest.wrong = 2;
    news[4].attest.incarnation = 2;
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert(is_urgent(&w, &news[i]), "news %u", i);
    }
    w.cluster.member[0].standing = STANDING_SUSPENDED;
    cr_assert_not(is_urgent(&w, &news[0]), "nobody waits for who is suspended");
}

Test(cluster_urgent, is_an_attestation_that_a_proposer_left_out_until_its_tick_is_judged)
{
    struct world w = world_of(3, 2);
    world_tick(&w, 0);
    struct command left_out = world_attest(&w, 0);
    cr_assert_not(is_urgent(&w, &left_out), "its tick is open");
    world_tick(&w, 1u << 0);
    cr_assert(is_urgent(&w, &left_out), "the next would take its place");
    w.cluster.urgent_used[0] = 4;
    cr_assert_not(is_urgent(&w, &left_out), "nobody has more than four");
    w.cluster.urgent_used[0] = 0;

    world_say(&w, &left_out);
    world_block(&w, world_now_ms(&w) + 100);
    struct command again = world_attest(&w, 0);
    again.attest.tick = left_out.attest.tick;
    cr_assert_not(is_urgent(&w, &again), "that tick is attested");
    again.attest.tick = w.cluster.record[0].next - 1;
    cr_assert_not(is_urgent(&w, &again), "that one is judged");
}

Test(cluster_urgent, are_result_dispute_and_fail_where_they_have_an_effect)
{
    struct world w = world_of(3, 2);
    for (uint32_t i = 0; i < 13; i++) {
        world_tick(&w, 0);
    }
    const struct grant g = w.cluster.grant;
    struct command result = world_command(&w, g.leader, COMMAND_RESULT);
    result.result = (struct result){.first_window = w.cluster.windows.next, .count = 1};
    result.result.digests[0] = world_digest(1);
    struct command dispute = world_command(&w, g.auditor, COMMAND_DISPUTE);
    dispute.dispute = (struct dispute){
        .fence = g.fence, .window = w.cluster.windows.next, .own = world_digest(2)};
    struct command fail = world_command(&w, g.auditor, COMMAND_FAIL);
    fail.fail.fence = g.fence;

    cr_assert(is_urgent(&w, &result) && is_urgent(&w, &dispute) && is_urgent(&w, &fail));
    world_say(&w, &result);
    world_say(&w, &fail);
    world_block(&w, world_now_ms(&w) + 10);
    cr_assert_not(is_urgent(&w, &result), "it has been said");
    cr_assert_not(is_urgent(&w, &fail));
    cr_assert_not(is_urgent(&w, &dispute), "its author audits no more");
}

Test(cluster_urgent, are_four_commands_of_an_author_a_tick)
{
    struct world w = world_of(3, 2);
    world_tick(&w, 0);
    for (uint32_t i = 0; i < 9; i++) {
        struct command attest = world_attest(&w, 0);
        attest.attest.own = i + 1;
        cr_assert(is_urgent(&w, &attest) == (i < 4), "command %u", i);
        world_say(&w, &attest);
        world_block(&w, world_now_ms(&w) + 10);
        cr_assert(w.cluster.latest[0].own == i + 1, "it counts all the same");
    }
    struct command other = world_attest(&w, 1);
    other.attest.own = 1;
    cr_assert(is_urgent(&w, &other), "everybody has his own four");
    world_tick(&w, 0);
    struct command attest = world_attest(&w, 0);
    attest.attest.own = 1;
    cr_assert(is_urgent(&w, &attest), "and four again in the next tick");
}
