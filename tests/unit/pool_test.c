#include <criterion/criterion.h>
#include <string.h>

#include "consensus/effects.h"
#include "consensus/pool.h"
#include "tests/scripts/cluster/world.h"

static struct world w;
static struct pool pool;

static void found(void)
{
    const struct world_options o = world_options(3, 2);
    world_found(&w, &o);
    memset(&pool, 0, sizeof pool);
}

TestSuite(pool, .init = found);

static enum pool_verdict add_by(struct command *command, const struct key_pair *key,
                                uint64_t now_ms)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(command, &w.cluster.id, key);
    const size_t size_bytes = command_encode(command, bytes);
    return pool_add(&pool, &w.cluster, bytes, size_bytes, now_ms);
}

static enum pool_verdict add(struct command *command, uint64_t now_ms)
{
    return add_by(command, &w.keys[command->author], now_ms);
}

/* The commands that a proposer would put into a block now. */
static uint32_t fill(struct command commands[static BLOCK_COMMANDS_MAX])
{
    static uint8_t bytes[BLOCK_BYTES_MAX];
    struct block_maker m = block_begin(bytes);
    struct block_header header = {.height = 1};
    struct block block;
    pool_fill(&pool, &m);
    cr_assert(block_decode(&block, bytes, block_end(&m, &header)));
    for (uint32_t i = 0; i < block.command_count; i++) {
        const struct block_span span = block.commands[i];
        cr_assert(command_decode(&commands[i], bytes + span.offset, span.size_bytes));
    }
    return block.command_count;
}

static struct command result_of(uint32_t member, uint64_t ahead, uint32_t count)
{
    struct command command = world_command(&w, member, COMMAND_RESULT);
    command.result.first_window = w.cluster.windows.next + ahead;
    command.result.count = count;
    for (uint32_t i = 0; i < count; i++) {
        command.result.digests[i] = world_digest(1);
    }
    return command;
}

Test(pool, takes_a_command_once)
{
    struct command attest = world_attest(&w, 0);
    cr_assert(add(&attest, 5) == POOL_NEW);
    cr_assert(add(&attest, 6) == POOL_KNOWN, "Ed25519 is deterministic: the same bytes");
    cr_assert(pool_urgent_authors(&pool) == 1);
    cr_assert(pool_urgent_since_ms(&pool) == 5);
}

Test(pool, refuses_what_is_malformed_or_badly_signed)
{
    static const uint8_t rubbish[3] = {1, 2, 3};
    static const uint8_t large[COMMAND_BYTES_MAX + 1];
    struct command attest = world_attest(&w, 0);
    struct command stranger = world_attest(&w, 0);
    stranger.author = 5;

    cr_assert(pool_add(&pool, &w.cluster, rubbish, sizeof rubbish, 1) == POOL_MALFORMED);
    cr_assert(pool_add(&pool, &w.cluster, rubbish, 0, 1) == POOL_MALFORMED);
    cr_assert(pool_add(&pool, &w.cluster, large, sizeof large, 1) == POOL_MALFORMED);
    cr_assert(add_by(&stranger, &w.keys[0], 1) == POOL_MALFORMED);
    cr_assert(add_by(&attest, &w.keys[1], 1) == POOL_BAD_SIGNATURE);
    struct command commands[BLOCK_COMMANDS_MAX];
    cr_assert(fill(commands) == 0);
    cr_assert(pool_urgent_since_ms(&pool) == TIME_NEVER);
}

Test(pool, keeps_the_newest_of_a_kind_and_the_place_of_the_first)
{
    struct command first = world_attest(&w, 0);
    struct command second = world_attest(&w, 0);
    struct command commands[BLOCK_COMMANDS_MAX];

    cr_assert(add(&first, 5) == POOL_NEW);
    cr_assert(add(&second, 9) == POOL_NEW);
    cr_assert(add(&first, 10) == POOL_USELESS, "nobody takes the newer one's place with it");
    cr_assert(fill(commands) == 1);
    cr_assert(commands[0].attest.seq == second.attest.seq);
    cr_assert(pool_urgent_since_ms(&pool) == 5, "else an author could put his block off");
}

Test(pool, keeps_of_two_incarnations_the_one_that_has_seen_more)
{
    world_tick(&w, 0);
    world_tick(&w, 0);
    struct command now = world_attest(&w, 0);
    struct command before = world_attest(&w, 0);
    now.attest.incarnation = 2;
    before.attest.height--;
    before.attest.digest = w.cluster.digests[before.attest.height];

    cr_assert(add(&now, 1) == POOL_NEW);
    cr_assert(add(&before, 2) == POOL_USELESS);
}

static struct command release_of(uint64_t height, uint32_t name)
{
    struct command command = world_command(&w, 0, COMMAND_RELEASE);
    command.release.incarnation = w.cluster.latest[0].incarnation;
    command.release.height = height;
    command.release.names = 1u << name;
    command.release.fence[name] = w.cluster.names[name].fence;
    return command;
}

/* The second name came to it later, and the first is not let go of any more. */
Test(pool, keeps_the_release_that_was_said_later_whatever_it_names)
{
    struct world_options o = world_options(3, 2);
    o.names = 2;
    world_found(&w, &o);
    w.cluster.names[1].holder = 0;
    struct command before = release_of(1, 0);
    struct command now = release_of(2, 1);
    cr_assert(add(&before, 1) == POOL_NEW);
    cr_assert(add(&now, 2) == POOL_NEW);
    cr_assert(add(&before, 3) == POOL_USELESS, "else the two would go round for ever");
}

/* Else members would pass the two on to one another for ever (simulator, seed 0xb). */
Test(pool, keeps_the_same_of_two_incarnations_whichever_comes_first)
{
    for (uint64_t other = 2; other <= 4; other += 2) {
        found();
        struct command one = world_attest(&w, 0);
        struct command two = world_attest(&w, 0);
        one.attest.incarnation = 3;
        two.attest.incarnation = other;

        const bool first = add(&one, 1) == POOL_NEW;
        const bool second = add(&two, 2) == POOL_NEW;
        cr_assert(first && second == (other > 3));
        cr_assert(add(&one, 3) == (second ? POOL_USELESS : POOL_KNOWN));
    }
}

Test(pool, puts_urgent_commands_first)
{
    for (uint32_t i = 0; i < 13; i++) {
        world_tick(&w, 0);
    }
    struct command commands[BLOCK_COMMANDS_MAX];
    struct command attest = world_attest(&w, 0);
    struct command result = result_of(4, 0, 1);
    struct command news = world_attest(&w, 3);
    news.attest.own = 1;

    cr_assert(add(&attest, 1) == POOL_NEW);
    cr_assert(pool_urgent_since_ms(&pool) == TIME_NEVER);
    cr_assert(add(&result, 2) == POOL_NEW);
    cr_assert(add(&news, 3) == POOL_NEW);
    cr_assert(fill(commands) == 3);
    cr_assert(commands[0].author == 3 && commands[0].kind == COMMAND_ATTEST);
    cr_assert(commands[1].author == 4 && commands[1].kind == COMMAND_RESULT);
    cr_assert(commands[2].author == 0);
    cr_assert(pool_urgent_authors(&pool) == (1u << 3 | 1u << 4));
    cr_assert(pool_urgent_since_ms(&pool) == 2);
}

Test(pool, drops_what_was_decided)
{
    struct command attest = world_attest(&w, 0);
    struct command commands[BLOCK_COMMANDS_MAX];
    cr_assert(add(&attest, 1) == POOL_NEW);
    world_say(&w, &attest);
    world_block(&w, 10);

    pool_prune(&pool, &w.cluster);
    cr_assert(fill(commands) == 0);
    cr_assert(add(&attest, 2) == POOL_USELESS);
}

/* A member that is a block ahead attests a height that we have yet to see. */
Test(pool, keeps_what_speaks_of_a_height_to_come_until_then)
{
    struct command commands[BLOCK_COMMANDS_MAX];
    static struct cluster before;
    before = w.cluster;
    world_tick(&w, 0);
    struct command ahead = world_attest(&w, 0);
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(&ahead, &w.cluster.id, &w.keys[0]);
    const size_t size_bytes = command_encode(&ahead, bytes);

    cr_assert(pool_add(&pool, &before, bytes, size_bytes, 1) == POOL_NEW);
    cr_assert(fill(commands) == 0, "not now");
    cr_assert(pool_urgent_since_ms(&pool) == TIME_NEVER);
    pool_prune(&pool, &w.cluster);
    cr_assert(fill(commands) == 1, "but now");
    cr_assert(pool_holds(&pool, 0, bytes, size_bytes));
    cr_assert_not(pool_holds(&pool, 1, bytes, size_bytes));
    cr_assert_not(pool_holds(&pool, MEMBER_NONE, bytes, size_bytes));
    bytes[size_bytes - 1] ^= 1;
    cr_assert_not(pool_holds(&pool, 0, bytes, size_bytes));
}

Test(pool, prefers_the_result_that_tells_more)
{
    for (uint32_t i = 0; i < 40; i++) {
        world_tick(&w, 0);
    }
    struct command one = result_of(0, 1, 1);
    struct command longer = result_of(0, 1, 2);
    struct command earlier = result_of(0, 0, 3);

    cr_assert(add(&one, 1) == POOL_NEW);
    cr_assert(add(&longer, 2) == POOL_NEW);
    cr_assert(add(&earlier, 3) == POOL_NEW);
    cr_assert(add(&longer, 4) == POOL_USELESS);
    cr_assert(add(&one, 5) == POOL_USELESS);
}

Test(pool, judges_urgency_anew_after_each_block)
{
    world_tick(&w, 0);
    for (uint32_t i = 0; i < 4; i++) {
        struct command attest = world_attest(&w, 0);
        attest.attest.own = i + 1;
        world_say(&w, &attest);
        world_block(&w, world_now_ms(&w) + 10);
    }
    struct command fifth = world_attest(&w, 0);
    fifth.attest.own = 9;
    cr_assert(add(&fifth, 7) == POOL_NEW);
    cr_assert(pool_urgent_authors(&pool) == 0, "four a tick are all");
    world_tick(&w, 1);
    pool_prune(&pool, &w.cluster);
    cr_assert(pool_urgent_authors(&pool) == 1);
}

Test(pool, has_room_for_everybody_at_once)
{
    const struct world_options o = world_options(10, 6);
    world_found(&w, &o);
    struct command commands[BLOCK_COMMANDS_MAX];
    world_tick(&w, 0);
    w.cluster.time_ms += 64 * 60000 + 5000;
    for (uint32_t i = 0; i < 16; i++) {
        struct command attest = world_attest(&w, i);
        struct command result = result_of(i, 0, 64);
        cr_assert(add(&attest, i) == POOL_NEW);
        cr_assert(add(&result, i) == POOL_NEW);
    }
    cr_assert(fill(commands) == 32);
}

/* While nothing could be decided an operator said one thing, and when its time was over
 * another, under the same number: the chain's time has stood still, and still takes both for
 * good. */
Test(pool, keeps_of_an_operators_number_what_is_good_for_longer)
{
    struct command commands[BLOCK_COMMANDS_MAX];
    struct command first = {.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX};
    first.by_operator.seq = 1;
    first.by_operator.operation = OPERATION_PAUSE;
    first.by_operator.duration_s = 60;
    first.by_operator.not_after_ms = w.cluster.time_ms + 3000;
    struct command second = first;
    second.by_operator.not_after_ms += 30000;
    struct command next = second;
    next.by_operator.seq = 2;
    next.by_operator.not_after_ms += 30000;
    cr_assert(add(&first, 1) == POOL_NEW);
    cr_assert(add(&second, 2) == POOL_NEW);
    cr_assert(add(&first, 3) != POOL_NEW);
    cr_assert(add(&next, 4) != POOL_NEW, "its turn has not come");
    cr_assert(fill(commands) == 1);
    cr_assert(commands[0].by_operator.not_after_ms == second.by_operator.not_after_ms);
}

/* ---- proofs by an answer */

static struct command proof_by(uint32_t author, uint32_t subject, uint8_t nonce)
{
    struct command c = world_command(&w, author, COMMAND_PROVE);
    struct solution *s = &c.prove.answer;
    *s = (struct solution){.author = subject,
                           .term = w.cluster.member[subject].term,
                           .version = w.cluster.version,
                           .nonce = {{nonce}}};
    uint8_t bytes[SOLUTION_SIGNED_BYTES];
    solution_signed_bytes(s, bytes);
    const struct statement statement = {.domain = SOLUTION_DOMAIN,
                                        .cluster_id = w.cluster.id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&w.keys[subject], &statement, s->signature);
    c.prove.subject = subject;
    c.prove.term = s->term;
    return c;
}

Test(pool, holds_an_answer_back_until_it_is_tried)
{
    struct command proof = proof_by(4, 1, 1);
    struct command commands[BLOCK_COMMANDS_MAX];
    struct command untried;
    cr_assert(add(&proof, 5) == POOL_HELD);
    cr_assert(pool_urgent_since_ms(&pool) == TIME_NEVER);
    cr_assert(fill(commands) == 0);
    pool_prune(&pool, &w.cluster);
    cr_assert(fill(commands) == 0);
    cr_assert(pool_untried(&pool, 4, &untried) != NULL && untried.prove.subject == 1);
    cr_assert(pool_untried(&pool, 3, &untried) == NULL);

    pool_tried(&pool, &w.cluster, 4, true, 9);
    cr_assert(pool_untried(&pool, 4, &untried) == NULL);
    cr_assert(pool_urgent_since_ms(&pool) == 9);
    cr_assert(fill(commands) == 1 && commands[0].kind == COMMAND_PROVE);
    cr_assert(add(&proof, 10) == POOL_KNOWN);
    pool_prune(&pool, &w.cluster);
    cr_assert(fill(commands) == 1);
}

Test(pool, drops_an_answer_that_is_right)
{
    struct command proof = proof_by(4, 1, 1);
    struct command untried;
    cr_assert(add(&proof, 5) == POOL_HELD);
    pool_tried(&pool, &w.cluster, 4, false, 9);
    cr_assert(pool_untried(&pool, 4, &untried) == NULL);
    cr_assert(pool_urgent_since_ms(&pool) == TIME_NEVER);
}

Test(pool, takes_one_untried_answer_of_an_author)
{
    struct command later = proof_by(4, 2, 1);
    struct command sooner = proof_by(4, 1, 2);
    cr_assert(add(&later, 5) == POOL_HELD);
    cr_assert(add(&sooner, 6) == POOL_USELESS, "it would be work for two");
    pool_tried(&pool, &w.cluster, 4, true, 7);
    cr_assert(add(&sooner, 8) == POOL_HELD, "once that is done");
}

Test(pool, fills_a_block_with_one_answer)
{
    struct command commands[BLOCK_COMMANDS_MAX];
    struct command proofs[2] = {proof_by(4, 1, 1), proof_by(3, 2, 1)};
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(add(&proofs[i], 5) == POOL_HELD);
        pool_tried(&pool, &w.cluster, proofs[i].author, true, 6);
    }
    cr_assert(fill(commands) == 1);
    cr_assert(commands[0].author == 3);
}
