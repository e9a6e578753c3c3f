#include "agent/twin.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/node_parts.h"
#include "node_bench.h"

struct pair {
    struct bench bench;
    struct twin *twin;
};

static struct pair pair_of(uint32_t members)
{
    struct pair p = {.bench = bench_of(members, false)};
    p.twin = twin_create(p.bench.node, p.bench.out);
    cr_assert(p.twin != NULL);
    return p;
}

static void pair_finish(struct pair *p)
{
    twin_destroy(p->twin);
    bench_finish(&p->bench);
}

static bool step(struct pair *p, struct input in)
{
    struct bench *b = &p->bench;
    in.now_ms = b->now_ms;
    in.unix_ms = FOUNDED_MS + 100000 + (b->now_ms - 1000000);
    in.random = SEED;
    twin_listen(p->twin, &in);
    node_step(b->node, &in, b->out);
    return twin_agrees(p->twin, b->out);
}

static bool hear(struct pair *p, uint32_t member)
{
    uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    m.heartbeat.height = 1;
    m.heartbeat.incarnation = 100 + member;
    return step(p, (struct input){.kind = INPUT_MESSAGE,
                                  .member = member,
                                  .bytes = bytes,
                                  .size_bytes = message_encode(&m, bytes)});
}

/* A cluster of one decides block after block: everything that a node says is compared. */
static bool live(struct pair *p, uint64_t ms)
{
    struct bench *b = &p->bench;
    bool agreed = true;
    for (const uint64_t end_ms = b->now_ms + ms; b->now_ms < end_ms; b->now_ms += 10) {
        agreed &= step(p, (struct input){.kind = INPUT_TIMER});
        bench_perform(b);
        for (uint32_t i = 0; i < 40 && (b->asked_count > 0 || b->serial > 0); i++) {
            if (b->asked_count > 0) {
                const struct asked asked = b->asked[--b->asked_count];
                agreed &= step(p, (struct input){.kind = INPUT_SIGNED,
                                                 .signing = asked.kind,
                                                 .serial = asked.serial,
                                                 .signature = asked.signature});
            } else {
                const uint64_t serial = b->serial;
                b->serial = 0;
                agreed &= step(p, (struct input){.kind = INPUT_STORED, .serial = serial});
            }
            bench_perform(b);
        }
    }
    return agreed;
}

Test(twin, agrees_with_a_sound_node_all_the_time)
{
    struct pair p = pair_of(1);
    cr_assert(live(&p, 30000));
    cr_assert(gt(u64, p.bench.node->deciding.cluster.height, 5));
    cr_assert(eq(u64, twin_node(p.twin)->deciding.cluster.height,
                 p.bench.node->deciding.cluster.height));
    pair_finish(&p);
}

Test(twin, agrees_on_rubbish_too)
{
    struct pair p = pair_of(5);
    uint64_t random = SEED;
    for (uint32_t i = 0; i < 2000; i++, p.bench.now_ms += i % 7) {
        uint8_t bytes[200];
        for (uint32_t k = 0; k < sizeof bytes; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[k] = (uint8_t)(random >> 56);
        }
        bytes[0] = (uint8_t)(i % 12);
        const bool same = step(&p, (struct input){.kind = INPUT_MESSAGE,
                                                  .member = i % 5,
                                                  .bytes = bytes,
                                                  .size_bytes = random >> 57});
        cr_assert(same, "message %u", i);
    }
    pair_finish(&p);
}

/* What the shadow cannot see: an error between its look and its renewal. */
Test(twin, does_not_agree_once_one_of_them_has_miscomputed)
{
    struct pair p = pair_of(5);
    cr_assert(hear(&p, 1));
    struct deciding *d = &p.bench.node->deciding;
    d->peer[2].height ^= 1u << 20;
    d->simplex.view ^= 1;
    node_seal_first(p.bench.node); /* as if it had computed that */
    bool agreed = true;
    for (uint32_t i = 0; i < 20 && agreed; i++) {
        p.bench.now_ms += 100;
        agreed = step(&p, (struct input){.kind = INPUT_TIMER});
    }
    cr_assert(not(agreed));
    pair_finish(&p);
}

Test(twin, does_not_agree_when_the_bytes_of_a_message_changed_on_their_way)
{
    struct pair p = pair_of(5);
    uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_HEARTBEAT};
    m.heartbeat.height = 1;
    struct input in = {.kind = INPUT_MESSAGE, .now_ms = p.bench.now_ms, .member = 1};
    in.bytes = bytes;
    in.size_bytes = message_encode(&m, bytes);
    twin_listen(p.twin, &in);
    bytes[0] = 99; /* no kind of message */
    node_step(p.bench.node, &in, p.bench.out);
    cr_assert(not(twin_agrees(p.twin, p.bench.out)));
    pair_finish(&p);
}

Test(twin, is_not_made_of_a_damaged_node)
{
    struct bench b = bench_of(5, false);
    b.node->deciding.cluster.time_ms ^= 4;
    cr_assert(twin_create(b.node, b.out) == NULL);
    bench_finish(&b);
}

Test(effects, are_the_same_only_byte_for_byte)
{
    static struct effects a;
    static struct effects b;
    effects_begin(&a);
    effects_sign(&a, SIGNING_VOTE, 3, "ostrakon/vote/1", (const uint8_t *)"bytes", 5);
    effects_add(&a, EFFECT_NOTE)->note = (struct note){.kind = NOTE_STARTED, .first = 9};
    const size_t used_bytes = offsetof(struct effects, list) + a.count * sizeof a.list[0];
    b = a;
    cr_assert(effects_same(&a, &b));
    b.outbox[4] ^= 1;
    cr_assert(not(effects_same(&a, &b)));
    uint32_t noticed = 0;
    for (size_t at = 0; at < used_bytes; at++) {
        b = a;
        ((uint8_t *)&b)[at] ^= 1;
        noticed += effects_same(&a, &b) ? 0 : 1;
    }
    cr_assert(gt(u32, noticed, 200), "%u: all fields, if no padding", noticed);
}
