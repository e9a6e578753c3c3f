/* Co-signed tokens as one member of four makes them: what it signs, whose signatures it takes,
 * when it tells, what it asks for. The cluster as a whole is the simulator's. */
#include "node_tokens_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tokens/trust.h"

static uint32_t signers_of(enum jws_type part)
{
    return own()->token.part[part].signers;
}

TestSuite(node_tokens, .init = tokens_begin, .fini = tokens_end);

Test(node_tokens, signs_all_that_a_block_calls_for_once_and_sends_it_to_all)
{
    cr_assert(eq(u32, seen.signs, MEMBERS + 1));
    cr_assert(eq(u32, seen.broadcasts, 1));
    cr_assert(eq(u32, seen.cosigned, MEMBERS + 1));
    cr_assert(not(seen.wanted));
    cr_assert(eq(u32, seen.tokens + seen.bundles, 0));
    wait_ms(100);
    cr_assert(eq(u32, seen.signs + seen.broadcasts, 0));
}

Test(node_tokens, are_assembled_as_soon_as_a_quorum_has_signed)
{
    struct trust trust;
    struct trust_account account;
    struct token_claims claims;
    hear_from(1);
    cr_assert(eq(u32, seen.tokens + seen.bundles, 0), "two of three");
    hear_from(2);
    cr_assert(eq(u32, seen.tokens, 1));
    cr_assert(eq(u32, seen.bundles, 1));

    const struct trust_pin pin = {.held = NULL};
    cr_assert(eq(int, (int)trust_judge(&trust, &pin, seen.bundle, seen.bundle_bytes, &account),
                 (int)TRUST_IS_ACCEPTED));
    cr_assert(eq(u64, trust.height, HEIGHT));
    cr_assert(eq(u32, trust.need, 3));
    cr_assert(eq(u32, trust.count, MEMBERS));
    cr_assert(eq(u32, account.good, 3));
    cr_assert(eq(int,
                 (int)trust_judge_token(&trust, seen.token, seen.token_bytes,
                                        FOUNDED_MS + 60000, true, &claims, &account),
                 (int)TOKEN_IS_VALID));
    cr_assert(strcmp(claims.subject, "m0") == 0);
    cr_assert(eq(u64, claims.expires_s, FOUNDED_MS / 1000 + HEIGHT + TTL_S));
}

Test(node_tokens, take_up_what_comes_within_a_second_and_nothing_later)
{
    hear_from(1);
    hear_from(2);
    b.now_ms += 900;
    hear_from(3);
    cr_assert(eq(u32, seen.tokens, 1), "all have signed");
    cr_assert(eq(u32, seen.bundles, 1));

    call_for_tokens(HEIGHT + 1 + TTL_S / 3);
    move((struct input){.kind = INPUT_TIMER});
    hear_from(1);
    hear_from(2);
    wait_ms(1001);
    cr_assert(eq(u32, seen.tokens, 0), "nothing new");
    hear_from(3);
    cr_assert(eq(u32, seen.tokens + seen.bundles, 0));
    cr_assert(eq(u32, signers_of(JWS_TOKEN), 0x7));
}

Test(node_tokens, count_nobody_twice)
{
    hear_from(1);
    hear_from(1);
    hear_from(1);
    cr_assert(eq(u32, seen.tokens + seen.bundles, 0));
    cr_assert(eq(u32, signers_of(JWS_TOKEN), 0x3));
    cr_assert(eq(u32, seen.nonsense, 0));
}

Test(node_tokens, count_no_signature_that_is_not_the_senders_over_this_payload)
{
    struct said s = words_of(1, 2); /* another's key */
    hear(1, &s);
    cr_assert(eq(u32, seen.nonsense, 1));
    hear(1, &s);
    cr_assert(eq(u32, seen.nonsense, 0), "it is not looked at again");

    s = words_of(2, 2);
    hear(3, &s); /* another's words */
    cr_assert(eq(u32, seen.nonsense, 1));

    memcpy(s.signatures[0], s.signatures[1], SIGNATURE_BYTES); /* over another's token */
    hear(2, &s);
    cr_assert(eq(u32, seen.nonsense, 1));
    cr_assert(eq(u32, signers_of(JWS_TOKEN), 0x1));
}

Test(node_tokens, leave_a_part_alone_that_a_liar_signed_well)
{
    struct said s = words_of(1, 1);
    s.signatures[MEMBERS][5] ^= 1; /* of the bundle */
    hear(1, &s);
    cr_assert(eq(u32, signers_of(JWS_TOKEN), 0x3));
    cr_assert(eq(u32, signers_of(JWS_TRUST), 0x1));
}

Test(node_tokens, take_no_list_of_another_length_nor_of_another_height)
{
    struct said s = words_of(1, 1);
    s.count--;
    hear(1, &s);
    s.count++;
    s.height--;
    hear(1, &s);
    cr_assert(eq(u32, signers_of(JWS_TOKEN), 0x1));
    cr_assert(eq(u32, signers_of(JWS_TRUST), 0x1));
    cr_assert(eq(u32, seen.nonsense, 0), "who lags does not lie");
}

Test(node_tokens, keep_what_comes_before_the_block)
{
    struct deciding *before = malloc(sizeof *before);
    const uint64_t height = HEIGHT + TTL_S / 3;
    memcpy(before, own(), sizeof *before);
    call_for_tokens(height);
    const struct said one = words_of(1, 1);
    const struct said two = words_of(2, 2);
    memcpy(own(), before, sizeof *before);
    free(before);
    node_seal_first(b.node);
    const struct said far = {.height = UINT64_MAX, .count = 1};
    hear(3, &far);
    hear(1, &one);
    hear(2, &two);
    cr_assert(eq(u32, seen.tokens + seen.bundles, 0));

    call_for_tokens(height);
    move((struct input){.kind = INPUT_TIMER});
    cr_assert(eq(u32, seen.tokens, 1));
    cr_assert(eq(u32, seen.bundles, 1));
    cr_assert(eq(u32, signers_of(JWS_TOKEN), 0x7));
}

/* The time passes with everybody there; how often this one asks in it. */
static uint32_t questions_in(uint32_t heartbeats)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < heartbeats; i++) {
        for (uint32_t member = 1; member < MEMBERS; member++) {
            bench_hear(&b, member);
            bench_perform(&b);
        }
        wait_ms(100);
        cr_assert(eq(u32, seen.wanted, seen.broadcasts));
        count += seen.broadcasts;
    }
    return count;
}

Test(node_tokens, are_asked_for_once_a_second_while_they_are_missing)
{
    cr_assert(eq(u32, questions_in(9), 0));
    cr_assert(eq(u32, questions_in(1), 1));
    cr_assert(eq(u32, questions_in(30), 3));
    hear_from(1);
    hear_from(2);
    cr_assert(eq(u32, questions_in(30), 0), "nothing is missing");
}

Test(node_tokens, are_not_asked_for_without_a_quorum_to_have_them_from)
{
    for (uint32_t i = 0; i < 5; i++) {
        wait_ms(1000);
        cr_assert(eq(u32, seen.broadcasts, 0));
    }
}

Test(node_tokens, are_sent_again_to_who_asks_but_not_at_every_question)
{
    struct said question = {.height = HEIGHT, .wanted = true};
    hear(2, &question);
    cr_assert(eq(u32, seen.answers, 1));
    cr_assert(eq(u32, seen.answered, 2));
    cr_assert(eq(u32, seen.cosigned, MEMBERS + 1));
    hear(2, &question);
    cr_assert(eq(u32, seen.answers, 0));
    hear(3, &question);
    cr_assert(eq(u32, seen.answers, 1), "another");
    b.now_ms += 500;
    hear(2, &question);
    cr_assert(eq(u32, seen.answers, 1), "half a second later");
}

/* Time passes with everybody there. */
static void wait_among_others(uint32_t heartbeats)
{
    for (uint32_t i = 0; i < heartbeats; i++) {
        for (uint32_t member = 1; member < MEMBERS; member++) {
            bench_hear(&b, member);
            bench_perform(&b);
        }
        wait_ms(100);
    }
}

Test(node_tokens, are_signed_a_second_after_the_gate_refused)
{
    b.refuses = true;
    call_for_tokens(HEIGHT + TTL_S / 3);
    move((struct input){.kind = INPUT_TIMER});
    cr_assert(eq(u32, seen.signs, MEMBERS + 1));
    cr_assert(eq(u32, seen.broadcasts, 0));
    b.refuses = false;
    wait_among_others(9);
    cr_assert(eq(u32, own()->token.mine, 0));
    wait_among_others(1);
    cr_assert(eq(u32, seen.signs, MEMBERS + 1));
    cr_assert(eq(u32, own()->token.mine, (1u << (MEMBERS + 1)) - 1));
}

Test(node_tokens, are_not_signed_by_who_is_muted)
{
    move((struct input){.kind = INPUT_VOTES_DEAD});
    call_for_tokens(HEIGHT + TTL_S / 3);
    move((struct input){.kind = INPUT_TIMER});
    cr_assert(eq(u32, seen.signs + seen.broadcasts, 0));
}

static void remove_member(uint32_t member)
{
    struct member *m = &own()->cluster.member[member];
    m->standing = STANDING_SUSPENDED;
    m->term++;
    call_for_tokens(HEIGHT + 1);
    move((struct input){.kind = INPUT_TIMER});
}

Test(node_tokens, of_a_removed_member_are_signed_by_nobody_and_its_signature_counts_no_more)
{
    remove_member(3);
    cr_assert(eq(u32, seen.signs, MEMBERS));
    hear_from(3);
    cr_assert(eq(u32, seen.tokens, 0), "it would have been the second of two");
    cr_assert(eq(u32, signers_of(JWS_TRUST), 0x1));
    hear_from(1);
    cr_assert(eq(u32, seen.tokens, 1));
    cr_assert(eq(u32, seen.bundles, 1));
    cr_assert(eq(u32, node_tokens_of(&own()->cluster, 3), node_tokens_count(&own()->cluster)));
}

Test(node_tokens, of_before_a_removal_are_refused_by_the_bundle_after_it)
{
    struct trust trust;
    struct trust_account account;
    struct token_claims claims;
    hear_from(1);
    hear_from(2);
    static char token[JWS_TEXT_MAX];
    const size_t token_bytes = seen.token_bytes;
    memcpy(token, seen.token, token_bytes);

    remove_member(0); /* this one: it only gets the bundle */
    cr_assert(eq(u32, seen.signs, 0));
    hear_from(1);
    hear_from(2);
    cr_assert(eq(u32, seen.tokens, 0));
    cr_assert(eq(u32, seen.bundles, 1));
    const struct trust_pin pin = {.held = NULL};
    cr_assert(eq(int, (int)trust_judge(&trust, &pin, seen.bundle, seen.bundle_bytes, &account),
                 (int)TRUST_IS_ACCEPTED));
    cr_assert(eq(int,
                 (int)trust_judge_token(&trust, token, token_bytes, FOUNDED_MS + 60000, true,
                                        &claims, &account),
                 (int)TOKEN_IS_REMOVED));
}

Test(node_tokens, differ_from_the_twins_in_nothing)
{
    struct bench twin = bench_of(MEMBERS, true);
    hear_from(1);
    cr_assert(node_copy(twin.node, b.node));
    const struct said s = words_of(2, 2);
    hear(2, &s);
    cr_assert(eq(u32, seen.tokens, 1));
    struct bench original = b;
    b = twin;
    const uint64_t now_ms = original.now_ms;
    b.now_ms = now_ms;
    const uint32_t tokens = seen.tokens;
    static char token[JWS_TEXT_MAX];
    memcpy(token, seen.token, sizeof token);
    hear(2, &s);
    cr_assert(eq(u32, seen.tokens, tokens));
    cr_assert(memcmp(seen.token, token, sizeof token) == 0);
    bench_finish(&b);
    b = original;
}
