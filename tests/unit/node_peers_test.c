/* What the exchange with its peers tells a node of itself. */
#include "node_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/node_parts.h"

#define MEMBERS 5u
#define PERIOD_MS 100u

/* Four peers, in a world without delay. What each sends is told by the fields. */
struct scene {
    struct bench b;
    uint32_t sequence;
    bool cut[MEMBERS];         /* nothing comes from it */
    uint8_t hears_me[MEMBERS]; /* of its last twenty periods */
    int64_t off_ms[MEMBERS];   /* its wall clock, from mine */
    uint32_t blames[MEMBERS];
    uint32_t cloned[MEMBERS];
    uint64_t incarnation[MEMBERS];
};

static struct scene scene_of(void)
{
    struct scene s = {.b = bench_of(MEMBERS, true)};
    for (uint32_t i = 1; i < MEMBERS; i++) {
        s.hears_me[i] = 20;
        s.incarnation[i] = 100 + i;
    }
    return s;
}

static struct deciding *deciding(struct scene *s)
{
    return &s->b.node->deciding;
}

static void give(struct scene *s, uint32_t member, const struct message *m)
{
    uint8_t bytes[MESSAGE_BYTES_MAX];
    const size_t size_bytes = message_encode(m, bytes);
    bench_step(&s->b, (struct input){.kind = INPUT_MESSAGE,
                                     .member = member,
                                     .bytes = bytes,
                                     .size_bytes = size_bytes});
    bench_settle(&s->b);
}

static struct message heartbeat_of(struct scene *s, uint32_t member)
{
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    struct heartbeat *h = &m.heartbeat;
    h->height = 1;
    h->incarnation = s->incarnation[member];
    h->unix_ms = FOUNDED_MS + 100000 + (s->b.now_ms - 1000000) + (uint64_t)s->off_ms[member];
    h->sequence = s->sequence;
    h->blames = s->blames[member];
    h->cloned = s->cloned[member];
    h->count = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        h->echo[i].heard = i == 0 ? s->hears_me[member] : s->cut[i] ? 0 : 20;
    }
    h->echo[0].run = (uint32_t)deciding(s)->options.incarnation;
    h->echo[0].sequence = deciding(s)->links.sequence;
    return m;
}

static void pass(struct scene *s, uint32_t periods)
{
    for (uint32_t k = 0; k < periods; k++) {
        s->b.now_ms += PERIOD_MS;
        bench_step(&s->b, (struct input){.kind = INPUT_TIMER});
        bench_settle(&s->b);
        s->sequence++;
        for (uint32_t i = 1; i < MEMBERS; i++) {
            const struct message m = heartbeat_of(s, i);
            if (!s->cut[i]) {
                give(s, i, &m);
            }
        }
    }
}

static enum reference_result result_of(struct scene *s, uint32_t id)
{
    return diagnosis_result(&deciding(s)->diagnosis, id);
}

static uint32_t note_of(struct scene *s, uint32_t id)
{
    return deciding(s)->diagnosis.reference[id - 1].bad.evidence.note - SELF_NOTE_FIRST;
}

/* A vote of the member's that it did not sign, or not so. */
static void give_forged(struct scene *s, uint32_t member)
{
    struct message m = {.kind = MESSAGE_VOTE};
    m.vote.vote = (struct vote){.kind = VOTE_NOTARIZE,
                                .signer = member,
                                .height = deciding(s)->simplex.height,
                                .claim = VIEW_NONE,
                                .parent = deciding(s)->simplex.parent};
    memset(m.vote.vote.block.bytes, 7, sizeof m.vote.vote.block.bytes);
    memset(m.vote.vote.signature, 0x11, sizeof m.vote.vote.signature);
    give(s, member, &m);
}

Test(node_peers, finds_nothing_wrong_with_itself_among_sound_peers)
{
    static const uint32_t ids[] = {18, 21, 27, 29};
    struct scene s = scene_of();
    pass(&s, 150);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        cr_assert(result_of(&s, ids[i]) == RESULT_OK, "R%u", ids[i]);
    }
    cr_assert(zero(u64, deciding(&s)->silent_bits));
    bench_finish(&s.b);
}

Test(node_peers, tells_each_what_it_has_of_it)
{
    struct scene s = scene_of();
    pass(&s, 30);
    s.cut[2] = true;
    pass(&s, 10);
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

Test(node_peers, that_hears_nobody_is_silent_but_calls_on)
{
    struct scene s = scene_of();
    pass(&s, 40);
    memset(s.cut, true, sizeof s.cut);
    pass(&s, 25);
    cr_assert(result_of(&s, 27) == RESULT_SILENT);
    cr_assert(deciding(&s)->silent);
    pass(&s, 50);
    cr_assert(not(deciding(&s)->quiet)); /* or after a black-out nobody would hear anybody */
    memset(s.cut, false, sizeof s.cut);
    pass(&s, 30);
    cr_assert(result_of(&s, 27) == RESULT_OK);
    cr_assert(not(deciding(&s)->silent));
    bench_finish(&s.b);
}

Test(node_peers, that_most_do_not_hear_knows_that_it_is_its_own_fault)
{
    struct scene s = scene_of();
    pass(&s, 40);
    memset(s.hears_me, 12, sizeof s.hears_me);
    pass(&s, 5);
    cr_assert(result_of(&s, 27) == RESULT_DEGRADED);
    cr_assert(eq(u32, note_of(&s, 27), SELF_LINKS_OUT));
    memset(s.hears_me, 5, sizeof s.hears_me);
    pass(&s, 55);
    cr_assert(result_of(&s, 27) == RESULT_SILENT);
    bench_finish(&s.b);
}

Test(node_peers, one_link_lost_is_nobodys_fault)
{
    struct scene s = scene_of();
    pass(&s, 40);
    s.cut[3] = true;
    s.hears_me[3] = 0;
    pass(&s, 100);
    cr_assert(result_of(&s, 27) == RESULT_OK);
    bench_finish(&s.b);
}

Test(node_peers, two_clocks_far_off_cost_no_voice)
{
    struct scene s = scene_of();
    for (uint32_t i = 1; i < 4; i++) {
        s.off_ms[i] = 45000; /* I am, and one of the others */
    }
    pass(&s, 40);
    cr_assert(result_of(&s, 21) == RESULT_DEGRADED);
    cr_assert(eq(u32, note_of(&s, 21), SELF_CLOCK_BEHIND));
    cr_assert(ge(u64, diagnosis_person(&deciding(&s)->diagnosis), REFERENCE_BIT(21)));
    cr_assert(not(deciding(&s)->silent));
    memset(s.off_ms, 0, sizeof s.off_ms);
    pass(&s, 40);
    cr_assert(result_of(&s, 21) == RESULT_OK);
    bench_finish(&s.b);
}

Test(node_peers, believes_that_it_is_cloned_when_as_many_as_testify_say_so)
{
    struct scene s = scene_of();
    s.cloned[1] = 1;
    pass(&s, 30);
    cr_assert(not(deciding(&s)->silent)); /* one may lie */
    s.cloned[2] = 1;
    pass(&s, 2);
    cr_assert(result_of(&s, 9) == RESULT_SILENT);
    s.cloned[1] = s.cloned[2] = 0;
    pass(&s, 200);
    cr_assert(deciding(&s)->silent); /* until a person has started it anew */
    bench_finish(&s.b);
}

Test(node_peers, tells_of_a_peer_that_is_heard_in_two_incarnations)
{
    struct scene s = scene_of();
    pass(&s, 30);
    for (uint32_t i = 0; i < 4; i++) {
        s.incarnation[4] = i % 2 == 0 ? 999 : 104;
        pass(&s, 2);
    }
    s.b.now_ms += PERIOD_MS;
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    const struct effect *e = bench_find(&s.b, EFFECT_HEARTBEAT);
    struct message m;
    cr_assert(e != NULL);
    cr_assert(message_decode(&m, s.b.out->outbox + e->body.offset, e->body.size_bytes));
    cr_assert(eq(u32, m.heartbeat.cloned, 1u << 4));
    bench_finish(&s.b);
}

Test(node_peers, tells_nobody_to_be_cloned_that_was_started_anew)
{
    struct scene s = scene_of();
    pass(&s, 30);
    const struct message late = heartbeat_of(&s, 4);
    s.incarnation[4] = 999;
    s.sequence = 0;
    pass(&s, 5);
    give(&s, 4, &late); /* it was under way all the time */
    pass(&s, 5);
    cr_assert(zero(u32, incarnation_cloned(&deciding(&s)->links.incarnations, s.b.now_ms)));
    cr_assert(eq(u64, deciding(&s)->peer[4].incarnation, 999));
    bench_finish(&s.b);
}

Test(node_peers, doubts_itself_when_what_sound_peers_sign_looks_wrong)
{
    struct scene s = scene_of();
    pass(&s, 30);
    give_forged(&s, 1);
    pass(&s, 3);
    cr_assert(result_of(&s, 29) == RESULT_OK); /* one may send forgeries */
    give_forged(&s, 2);
    pass(&s, 3);
    cr_assert(result_of(&s, 29) == RESULT_DEGRADED);
    cr_assert(diagnosis_burst_wanted(&deciding(&s)->diagnosis));
    cr_assert(deciding(&s)->silent);
    bench_finish(&s.b);
}

Test(node_peers, accuses_nobody_while_it_doubts_itself)
{
    struct scene s = scene_of();
    pass(&s, 30);
    s.blames[1] = s.blames[2] = 1; /* mine looks wrong to them */
    pass(&s, 3);
    struct finding burst;
    finding_begin(&burst, 10);
    finding_set(&burst, RESULT_OK, 0);
    burst.flags = FINDING_OF_BURST;
    bench_step(&s.b, (struct input){.kind = INPUT_FINDING, .finding = &burst});
    s.cut[4] = true;
    pass(&s, 20);
    cr_assert(ne(u32, deciding(&s)->suspected & 1u << 4, 0));
    cr_assert(zero(u32, deciding(&s)->own.silent));
    cr_assert(not(deciding(&s)->silent)); /* its votes count on */
    cr_assert(result_of(&s, 29) == RESULT_DEGRADED);
    bench_finish(&s.b);
}

Test(node_peers, whose_verifier_is_broken_is_unfit_at_the_first_rejection)
{
    struct scene s = scene_of();
    pass(&s, 30);
    struct canary *canary = &deciding(&s)->links.canary;
    memcpy(canary->good, canary->bad, sizeof canary->good); /* right looks wrong to it */
    node_seal_first(s.b.node);
    give_forged(&s, 1);
    const struct effect *e = bench_find(&s.b, EFFECT_NEUTER);
    cr_assert(e != NULL);
    cr_assert(eq(u32, e->finding.id, 18));
    bench_finish(&s.b);
}

Test(node_peers, hears_its_canary_without_cause)
{
    struct scene s = scene_of();
    pass(&s, 30);
    struct canary *canary = &deciding(&s)->links.canary;
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

/* Q-1 others have told it where they are, in answer to this question. */
static void answer(struct scene *s, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        struct message m = {.kind = MESSAGE_HELLO};
        m.hello.answer = deciding(s)->simplex.options.nonce;
        m.hello.height = 1;
        give(s, i, &m);
    }
}

static bool has_asked(struct scene *s)
{
    uint32_t answered = 0;
    for (uint32_t i = 1; i < MEMBERS; i++) {
        answered += deciding(s)->simplex.peers[i].answered;
    }
    return answered >= 3;
}

Test(node_peers, that_has_slept_asks_the_others_anew)
{
    struct scene s = scene_of();
    pass(&s, 30);
    answer(&s, 3);
    cr_assert(has_asked(&s));
    s.b.now_ms += 399; /* not long enough to be passed over */
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    cr_assert(has_asked(&s));
    const uint64_t nonce = deciding(&s)->simplex.options.nonce;
    pass(&s, 5);
    s.b.now_ms += 600;
    bench_step(&s.b, (struct input){.kind = INPUT_TIMER});
    cr_assert(not(has_asked(&s)));
    cr_assert(ne(u64, deciding(&s)->simplex.options.nonce, nonce));
    cr_assert(bench_find(&s.b, EFFECT_SEND) != NULL); /* its hello */
    answer(&s, 3);
    cr_assert(has_asked(&s));
    bench_finish(&s.b);
}
