/* Whether a member that is missed is there after all. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "node_scene.h"

#define MISSED 4u
#define MISSED_BIT (1u << MISSED)

/* The node has been told where the others are, so it attests, and knows them all. */
static struct scene settled(void)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    scene_answer(&s, 3);
    scene_pass(&s, 2);
    s.b.sent_count = 0;
    return s;
}

static const struct sent *sent_to(const struct scene *s, enum message_kind kind, uint32_t to)
{
    const uint32_t count = s->b.sent_count;
    for (uint32_t i = count; i > 0 && i + SENT_MAX > count; i--) {
        const struct sent *sent = &s->b.sent[(i - 1) % SENT_MAX];
        if (sent->kind == kind && sent->to == to) {
            return sent;
        }
    }
    return NULL;
}

static struct message answer_by(struct scene *s, uint32_t author, const struct hash *nonce)
{
    struct message m = {.kind = MESSAGE_ANSWER, .answer = {.author = author, .nonce = *nonce}};
    const struct key_pair key = bench_key(author);
    uint8_t bytes[ANSWER_SIGNED_BYTES];
    answer_signed_bytes(&m.answer, bytes);
    const struct statement statement = {.domain = ANSWER_DOMAIN,
                                        .cluster_id = scene_deciding(s)->cluster.id.bytes,
                                        .body = bytes,
                                        .body_size_bytes = sizeof bytes};
    signer_sign(&key, &statement, m.answer.signature);
    return m;
}

static struct message challenge_of(uint32_t subject, uint8_t first_byte)
{
    struct message m = {.kind = MESSAGE_CHALLENGE, .challenge = {.subject = subject}};
    m.challenge.nonce.bytes[0] = first_byte;
    return m;
}

/* Through the relay, what was asked last. */
static void answer_through(struct scene *s, uint32_t relay)
{
    const struct sent *asked = sent_to(s, MESSAGE_CHALLENGE, relay);
    cr_assert(asked != NULL);
    const struct hash nonce = answer_relayed(&asked->nonce, relay);
    const struct message m = answer_by(s, MISSED, &nonce);
    scene_give(s, relay, &m);
}

static bool accuses(struct scene *s, uint32_t member)
{
    return (scene_deciding(s)->own.silent >> member & 1) != 0;
}

Test(node_challenges, asks_directly_and_through_all_others_before_it_suspects)
{
    struct scene s = settled();
    s.cut[MISSED] = true;
    scene_pass(&s, 3);
    cr_assert(zero(u32, scene_deciding(&s)->suspected));
    const struct sent *direct = sent_to(&s, MESSAGE_CHALLENGE, MISSED);
    cr_assert(direct != NULL);
    for (uint32_t i = 1; i < MEMBERS; i++) {
        const struct sent *asked = sent_to(&s, MESSAGE_CHALLENGE, i);
        cr_assert(asked != NULL, "through %u", i);
        cr_assert(eq(u32, asked->subject, MISSED));
        cr_assert(hash_equal(&asked->nonce, &direct->nonce));
    }
    cr_assert(not(hash_is_none(&direct->nonce)));
    bench_finish(&s.b);
}

Test(node_challenges, accuses_whoever_answers_by_no_way)
{
    struct scene s = settled();
    s.cut[MISSED] = true;
    scene_pass(&s, 6);
    cr_assert(eq(u32, scene_deciding(&s)->suspected, MISSED_BIT));
    cr_assert(accuses(&s, MISSED));
    s.cut[MISSED] = false;
    scene_pass(&s, 2);
    cr_assert(not(accuses(&s, MISSED)));
    bench_finish(&s.b);
}

Test(node_challenges, leaves_an_accusation_standing_while_it_asks_once_more)
{
    struct scene s = settled();
    s.cut[MISSED] = true;
    scene_pass(&s, 6);
    for (uint32_t i = 0; i < 22; i++) {
        if (i == 1) {
            node_challenges_ask(scene_deciding(&s), MISSED);
            node_seal_first(s.b.node);
        }
        cr_assert(accuses(&s, MISSED), "after %u ms", i * PERIOD_MS);
        scene_pass(&s, 1);
    }
    node_challenges_ask(scene_deciding(&s), MISSED);
    node_seal_first(s.b.node);
    scene_pass(&s, 2);
    answer_through(&s, 1); /* and now it answers */
    scene_pass(&s, 2);
    cr_assert(not(accuses(&s, MISSED)));
    bench_finish(&s.b);
}

Test(node_challenges, accuses_nobody_for_a_broken_link)
{
    struct scene s = settled();
    s.cut[MISSED] = true;
    scene_pass(&s, 3);
    for (uint32_t i = 0; i < 40; i++) {
        answer_through(&s, 2);
        scene_pass(&s, 3);
        cr_assert(not(accuses(&s, MISSED)), "after %u ms", i * 3 * PERIOD_MS);
    }
    cr_assert(eq(u32, scene_deciding(&s)->suspected, MISSED_BIT));
    cr_assert(challenge_is_link_trouble(&scene_deciding(&s)->trials.book, MISSED));
    s.b.sent_count = 0; /* it falls silent behind the broken link */
    scene_pass(&s, 12);
    cr_assert(accuses(&s, MISSED));
    bench_finish(&s.b);
}

Test(node_challenges, believes_no_answer_to_another_question)
{
    struct scene s = settled();
    s.cut[MISSED] = true;
    scene_pass(&s, 3);
    const struct sent *asked = sent_to(&s, MESSAGE_CHALLENGE, 2);
    cr_assert(asked != NULL);
    const struct hash other = answer_relayed(&asked->nonce, 3);
    const struct message of_other_relay = answer_by(&s, MISSED, &other);
    scene_give(&s, 2, &of_other_relay);
    const struct message direct = answer_by(&s, MISSED, &asked->nonce);
    scene_give(&s, 2, &direct); /* the relay might have seen it on its way */
    const struct hash own = answer_relayed(&asked->nonce, 2);
    struct message forged = answer_by(&s, 3, &own);
    forged.answer.author = MISSED;
    scene_give(&s, 2, &forged);
    scene_pass(&s, 3);
    cr_assert(accuses(&s, MISSED));
    cr_assert(
        eq(u32, self_doubt_blamed(&scene_deciding(&s)->links.doubt, s.b.now_ms), 1u << 2));
    bench_finish(&s.b);
}

Test(node_challenges, refusal_of_its_machine_is_answer_enough)
{
    struct scene s = settled();
    s.cut[MISSED] = true;
    bench_step(&s.b, (struct input){.kind = INPUT_REFUSED, .member = MISSED});
    bench_settle(&s.b);
    cr_assert(accuses(&s, MISSED)); /* within the very millisecond */
    bench_finish(&s.b);
}

Test(node_challenges, answers_for_itself_whoever_asks)
{
    struct scene s = settled();
    const struct message m = challenge_of(0, 0x77);
    scene_give(&s, 3, &m);
    const struct sent *answer = sent_to(&s, MESSAGE_ANSWER, 3);
    cr_assert(answer != NULL);
    cr_assert(hash_equal(&answer->nonce, &m.challenge.nonce));
    cr_assert(answer_verify(&answer->answer, &scene_deciding(&s)->cluster.id,
                            scene_deciding(&s)->cluster.member[0].vote_key));
    bench_finish(&s.b);
}

Test(node_challenges, does_not_answer_while_it_signs_nothing)
{
    struct scene s = settled();
    bench_find_out(&s.b, 23, RESULT_SILENT);
    const struct message m = challenge_of(0, 0x77);
    scene_give(&s, 3, &m);
    cr_assert(sent_to(&s, MESSAGE_ANSWER, 3) == NULL);
    bench_finish(&s.b);
}

Test(node_challenges, signs_only_so_many_answers_for_one_that_floods_it)
{
    struct scene s = settled();
    for (uint32_t i = 0; i < 40; i++) {
        const struct message m = challenge_of(0, (uint8_t)(i + 1));
        scene_give(&s, 3, &m);
    }
    cr_assert(eq(u32, s.b.sent_count, 16));
    const struct message m = challenge_of(0, 0x77);
    scene_give(&s, 2, &m);
    cr_assert(sent_to(&s, MESSAGE_ANSWER, 2) != NULL, "another one's share is its own");
    s.b.now_ms += 1000;
    scene_give(&s, 3, &m);
    cr_assert(eq(u32, s.b.sent_count, 18));
    bench_finish(&s.b);
}

Test(node_challenges, asks_for_others_under_a_number_of_its_own)
{
    struct scene s = settled();
    const struct message m = challenge_of(2, 0x55);
    scene_give(&s, 1, &m);
    const struct sent *passed = sent_to(&s, MESSAGE_CHALLENGE, 2);
    cr_assert(passed != NULL);
    cr_assert(eq(u32, passed->subject, 2));
    const struct hash own = answer_relayed(&m.challenge.nonce, 0);
    cr_assert(hash_equal(&passed->nonce, &own));
    const struct message answer = answer_by(&s, 2, &own);
    scene_give(&s, 2, &answer);
    scene_give(&s, 2, &answer);
    const struct sent *back = sent_to(&s, MESSAGE_ANSWER, 1);
    cr_assert(back != NULL);
    cr_assert(hash_equal(&back->nonce, &own));
    cr_assert(eq(u32, s.b.sent_count, 2), "the challenge, and the answer once");
    bench_finish(&s.b);
}

Test(node_challenges, passes_on_no_answer_that_is_badly_signed)
{
    struct scene s = settled();
    const struct message m = challenge_of(2, 0x55);
    scene_give(&s, 1, &m);
    const struct hash own = answer_relayed(&m.challenge.nonce, 0);
    struct message answer = answer_by(&s, 2, &own);
    answer.answer.signature[9] ^= 1;
    scene_give(&s, 2, &answer);
    cr_assert(sent_to(&s, MESSAGE_ANSWER, 1) == NULL);
    bench_finish(&s.b);
}

Test(node_challenges, tells_a_ballot_whether_a_fresh_answer_came)
{
    struct scene s = settled();
    cr_assert(node_challenges_trial(scene_deciding(&s), MISSED) == TRIAL_UNANSWERED);
    node_challenges_ask(scene_deciding(&s), MISSED); /* which is heard all the time */
    node_seal_first(s.b.node);
    scene_pass(&s, 1);
    cr_assert(node_challenges_trial(scene_deciding(&s), MISSED) == TRIAL_PENDING);
    answer_through(&s, 1);
    cr_assert(node_challenges_trial(scene_deciding(&s), MISSED) == TRIAL_ANSWERED);
    node_challenges_ask(scene_deciding(&s), MISSED);
    node_seal_first(s.b.node);
    scene_pass(&s, 19);
    cr_assert(node_challenges_trial(scene_deciding(&s), MISSED) == TRIAL_PENDING);
    scene_pass(&s, 2);
    cr_assert(node_challenges_trial(scene_deciding(&s), MISSED) == TRIAL_UNANSWERED);
    bench_finish(&s.b);
}
