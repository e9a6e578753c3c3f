/* What the exchange with its peers tells a node of itself. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "node_scene.h"

static enum reference_result result_of(struct scene *s, uint32_t id)
{
    return diagnosis_result(&scene_deciding(s)->diagnosis, id);
}

static uint32_t note_of(struct scene *s, uint32_t id)
{
    return scene_deciding(s)->diagnosis.reference[id - 1].bad.evidence.note - SELF_NOTE_FIRST;
}

/* A vote of the member's that it did not sign, or not so. */
static void give_forged(struct scene *s, uint32_t member)
{
    struct message m = {.kind = MESSAGE_VOTE};
    m.vote.vote = (struct vote){.kind = VOTE_NOTARIZE,
                                .signer = member,
                                .height = scene_deciding(s)->simplex.height,
                                .claim = VIEW_NONE,
                                .parent = scene_deciding(s)->simplex.parent};
    memset(m.vote.vote.block.bytes, 7, sizeof m.vote.vote.block.bytes);
    memset(m.vote.vote.signature, 0x11, sizeof m.vote.vote.signature);
    scene_give(s, member, &m);
}

Test(node_peers, finds_nothing_wrong_with_itself_among_sound_peers)
{
    static const uint32_t ids[] = {18, 21, 27, 29};
    struct scene s = scene_of();
    scene_pass(&s, 150);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        cr_assert(result_of(&s, ids[i]) == RESULT_OK, "R%u", ids[i]);
    }
    cr_assert(zero(u64, scene_deciding(&s)->silent_bits));
    bench_finish(&s.b);
}

Test(node_peers, tells_each_what_it_has_of_it)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    s.cut[2] = true;
    scene_pass(&s, 10);
    s.b.now_ms += PERIOD_MS;
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    const struct effect *e = bench_find(&s.b, EFFECT_HEARTBEAT);
    struct message m;
    cr_assert(e != NULL);
    cr_assert(message_decode(&m, s.b.out->outbox + e->body.offset, e->body.size_bytes));
    cr_assert(eq(u32, m.heartbeat.count, MEMBERS));
    cr_assert(eq(u32, m.heartbeat.echo[1].run, 101));
    cr_assert(eq(u32, m.heartbeat.echo[1].sequence, 40));
    cr_assert(eq(u32, m.heartbeat.echo[1].held_ms, PERIOD_MS));
    cr_assert(ge(u32, m.heartbeat.echo[1].heard, 19));
    cr_assert(eq(u32, m.heartbeat.echo[2].sequence, 30));
    cr_assert(eq(u32, m.heartbeat.echo[2].held_ms, 11 * PERIOD_MS));
    cr_assert(le(u32, m.heartbeat.echo[2].heard, 10));
    bench_finish(&s.b);
}

/* At once, and though nothing is signed meanwhile. */
Test(node_peers, tell_what_they_find_wrong_with_themselves_with_each_heartbeat)
{
    struct scene s = scene_of();
    struct finding f;
    struct message m;
    scene_pass(&s, 30);
    s.own[3] = REFERENCE_BIT(19);
    s.serve[4] = REFERENCE_BIT(31);
    scene_pass(&s, 1);
    cr_assert(eq(u64, scene_deciding(&s)->peer[3].own, REFERENCE_BIT(19)));
    cr_assert(eq(u64, scene_deciding(&s)->peer[4].serve, REFERENCE_BIT(31)));
    s.own[3] = 0;
    scene_pass(&s, 1);
    cr_assert(zero(u64, scene_deciding(&s)->peer[3].own));
    finding_begin(&f, 13);
    f.result = RESULT_SILENT;
    bench_step(&s.b, (struct input){.kind = INPUT_FINDING, .finding = &f});
    s.b.now_ms += PERIOD_MS;
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    const struct effect *e = bench_find(&s.b, EFFECT_HEARTBEAT);
    cr_assert(e != NULL);
    cr_assert(message_decode(&m, s.b.out->outbox + e->body.offset, e->body.size_bytes));
    cr_assert(eq(u64, m.heartbeat.own & REFERENCE_BIT(13), REFERENCE_BIT(13)));
    bench_finish(&s.b);
}

Test(node_peers, that_hears_nobody_is_silent_but_calls_on)
{
    struct scene s = scene_of();
    scene_pass(&s, 40);
    memset(s.cut, true, sizeof s.cut);
    scene_pass(&s, 25);
    cr_assert(result_of(&s, 27) == RESULT_SILENT);
    cr_assert(scene_deciding(&s)->silent);
    scene_pass(&s, 50);
    cr_assert(
        not(scene_deciding(&s)->quiet)); /* or after a black-out nobody would hear anybody */
    memset(s.cut, false, sizeof s.cut);
    scene_pass(&s, 30);
    cr_assert(result_of(&s, 27) == RESULT_OK);
    cr_assert(not(scene_deciding(&s)->silent));
    bench_finish(&s.b);
}

Test(node_peers, that_most_do_not_hear_knows_that_it_is_its_own_fault)
{
    struct scene s = scene_of();
    scene_pass(&s, 40);
    memset(s.hears_me, 12, sizeof s.hears_me);
    scene_pass(&s, 18);
    cr_assert(result_of(&s, 27) == RESULT_DEGRADED);
    cr_assert(eq(u32, note_of(&s, 27), SELF_LINKS_OUT));
    memset(s.hears_me, 5, sizeof s.hears_me);
    scene_pass(&s, 55);
    cr_assert(result_of(&s, 27) == RESULT_SILENT);
    bench_finish(&s.b);
}

Test(node_peers, one_link_lost_is_nobodys_fault)
{
    struct scene s = scene_of();
    scene_pass(&s, 40);
    s.cut[3] = true;
    s.hears_me[3] = 0;
    scene_pass(&s, 100);
    cr_assert(result_of(&s, 27) == RESULT_OK);
    bench_finish(&s.b);
}

Test(node_peers, two_clocks_far_off_cost_no_voice)
{
    struct scene s = scene_of();
    for (uint32_t i = 1; i < 4; i++) {
        s.off_ms[i] = 45000; /* I am, and one of the others */
    }
    scene_pass(&s, 40);
    cr_assert(result_of(&s, 21) == RESULT_DEGRADED);
    cr_assert(eq(u32, note_of(&s, 21), SELF_CLOCK_BEHIND));
    cr_assert(ge(u64, diagnosis_person(&scene_deciding(&s)->diagnosis), REFERENCE_BIT(21)));
    cr_assert(not(scene_deciding(&s)->silent));
    memset(s.off_ms, 0, sizeof s.off_ms);
    scene_pass(&s, 40);
    cr_assert(result_of(&s, 21) == RESULT_OK);
    bench_finish(&s.b);
}

Test(node_peers, doubts_itself_when_what_sound_peers_sign_looks_wrong)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    give_forged(&s, 1);
    scene_pass(&s, 3);
    cr_assert(result_of(&s, 29) == RESULT_OK); /* one may send forgeries */
    give_forged(&s, 2);
    scene_pass(&s, 3);
    cr_assert(result_of(&s, 29) == RESULT_DEGRADED);
    cr_assert(diagnosis_burst_wanted(&scene_deciding(&s)->diagnosis));
    cr_assert(scene_deciding(&s)->silent);
    bench_finish(&s.b);
}

Test(node_peers, accuses_nobody_while_it_doubts_itself)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    scene_answer(&s, 3);
    s.blames[1] = s.blames[2] = 1; /* mine looks wrong to them */
    scene_pass(&s, 3);
    struct finding burst;
    finding_begin(&burst, 10);
    finding_set(&burst, RESULT_OK, 0);
    burst.flags = FINDING_OF_BURST;
    bench_step(&s.b, (struct input){.kind = INPUT_FINDING, .finding = &burst});
    s.cut[4] = true;
    scene_pass(&s, 20);
    cr_assert(ne(u32, scene_deciding(&s)->suspected & 1u << 4, 0));
    cr_assert(gt(u64, scene_deciding(&s)->own.seq, 0));
    cr_assert(zero(u32, scene_deciding(&s)->own.silent));
    cr_assert(not(scene_deciding(&s)->silent)); /* its votes count on */
    cr_assert(result_of(&s, 29) == RESULT_DEGRADED);
    bench_finish(&s.b);
}

Test(node_peers, whose_verifier_is_broken_is_unfit_at_the_first_rejection)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    struct canary *canary = &scene_deciding(&s)->links.canary;
    memcpy(canary->good, canary->bad, sizeof canary->good); /* right looks wrong to it */
    node_seal_first(s.b.node);
    give_forged(&s, 1);
    const struct effect *e = bench_find(&s.b, EFFECT_NEUTER);
    cr_assert(e != NULL);
    cr_assert(eq(u32, e->finding.id, 18));
    bench_finish(&s.b);
}

/* The linker puts it before the true one (-Wl,--wrap): a processor that errs once. */
static uint32_t refusals;
/* NOLINTBEGIN(bugprone-reserved-identifier) */
bool __real_signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                             const struct statement *statement,
                             const uint8_t signature[static SIGNATURE_BYTES]);
bool __wrap_signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                             const struct statement *statement,
                             const uint8_t signature[static SIGNATURE_BYTES]);
bool __wrap_signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                             const struct statement *statement,
                             const uint8_t signature[static SIGNATURE_BYTES])
{
    if (refusals > 0) {
        refusals--;
        return false;
    }
    return __real_signature_verify(public_key, statement, signature);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void give_attestation(struct scene *s, uint32_t member)
{
    const struct cluster *c = &scene_deciding(s)->cluster;
    const struct key_pair key = bench_key(member);
    struct command command = {
        .kind = COMMAND_ATTEST,
        .author = member,
        .term = c->member[member].term,
        .attest = {.incarnation = 100 + member,
                   .seq = 1,
                   .tick = c->tick,
                   .height = c->height,
                   .digest = cluster_state_hash(c),
                   .score = 100,
                   .version_low = PROTOCOL_OLDEST,
                   .version_high = PROTOCOL_NEWEST},
    };
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(&command, &c->id, &key);
    struct message m = {.kind = MESSAGE_COMMAND};
    m.command.command = (struct bytes_view){bytes, (uint32_t)command_encode(&command, bytes)};
    scene_give(s, member, &m);
}

Test(node_peers, that_comes_to_two_verdicts_on_one_signature_is_silent_until_its_burst_test)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    refusals = 1;
    give_attestation(&s, 1);
    cr_assert(zero(u32, refusals));
    cr_assert(result_of(&s, 18) == RESULT_SILENT);
    cr_assert(diagnosis_burst_wanted(&scene_deciding(&s)->diagnosis));
    cr_assert(zero(u32, self_doubt_blamed(&scene_deciding(&s)->links.doubt, s.b.now_ms)));
    struct finding burst;
    finding_begin(&burst, 10);
    finding_set(&burst, RESULT_OK, 0);
    burst.flags = FINDING_OF_BURST;
    bench_step(&s.b, (struct input){.kind = INPUT_FINDING, .finding = &burst});
    scene_pass(&s, 110); /* until its canary was heard again */
    cr_assert(result_of(&s, 18) == RESULT_OK);
    refusals = 1;
    give_attestation(&s, 2);
    const struct finding *fatal = diagnosis_fatal(&scene_deciding(&s)->diagnosis);
    cr_assert(fatal != NULL, "twice in a day");
    cr_assert(eq(u32, fatal->id, 18));
    bench_finish(&s.b);
}

Test(node_peers, hears_its_canary_without_cause)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    struct canary *canary = &scene_deciding(&s)->links.canary;
    memcpy(canary->bad, canary->good, sizeof canary->bad); /* wrong looks right to it */
    node_seal_first(s.b.node);
    bool neutered = false;
    for (uint32_t i = 0; i < 110 && !neutered; i++) {
        s.b.now_ms += PERIOD_MS;
        bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
        neutered = bench_find(&s.b, EFFECT_NEUTER) != NULL;
    }
    cr_assert(neutered);
    bench_finish(&s.b);
}

static bool has_asked(struct scene *s)
{
    uint32_t answered = 0;
    for (uint32_t i = 1; i < MEMBERS; i++) {
        answered += scene_deciding(s)->simplex.peers[i].answered;
    }
    return answered >= 3;
}

Test(node_peers, that_has_slept_asks_the_others_anew)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    scene_answer(&s, 3);
    cr_assert(has_asked(&s));
    s.b.now_ms += 399; /* not long enough to be passed over */
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    cr_assert(has_asked(&s));
    const uint64_t nonce = scene_deciding(&s)->simplex.options.nonce;
    scene_pass(&s, 5);
    s.b.now_ms += 600;
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    cr_assert(not(has_asked(&s)));
    cr_assert(ne(u64, scene_deciding(&s)->simplex.options.nonce, nonce));
    cr_assert(bench_find(&s.b, EFFECT_SEND) != NULL); /* its hello */
    scene_answer(&s, 3);
    cr_assert(has_asked(&s));
    bench_finish(&s.b);
}
