#include "node_tokens_bench.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

struct bench b;
struct outcome seen;

struct deciding *own(void)
{
    return &b.node->deciding;
}

void call_for_tokens(uint64_t height)
{
    struct cluster *c = &own()->cluster;
    c->height = height;
    own()->simplex.height = height + 1;
    for (uint32_t i = 1; i < MEMBERS; i++) {
        own()->simplex.peers[i].answered = true;
    }
    c->time_ms = FOUNDED_MS + height * 1000;
    call_review(c, height);
    cr_assert(eq(u64, c->call.height, height));
    node_seal_first(b.node);
}

static void look_at_message(const struct effect *e)
{
    static struct message m;
    cr_assert(message_decode(&m, b.out->outbox + e->body.offset, e->body.size_bytes));
    if (m.kind != MESSAGE_COSIGN) {
        return;
    }
    cr_assert(eq(u64, m.cosign.height, own()->cluster.call.height));
    seen.cosigned = m.cosign.count;
    if (e->kind == EFFECT_SEND) {
        seen.answers++;
        seen.answered = e->member;
    } else {
        seen.broadcasts++;
        seen.wanted = m.cosign.wanted;
    }
}

static void look(void)
{
    for (uint32_t i = 0; i < b.out->count; i++) {
        const struct effect *e = &b.out->list[i];
        const uint8_t *bytes = b.out->outbox + e->body.offset;
        if (e->kind == EFFECT_SEND || e->kind == EFFECT_BROADCAST) {
            look_at_message(e);
        } else if (e->kind == EFFECT_SIGN && e->signing.kind == SIGNING_TOKEN) {
            seen.signs++;
        } else if (e->kind == EFFECT_NOTE && e->note.kind == NOTE_PEER_NONSENSE) {
            seen.nonsense++;
        } else if (e->kind == EFFECT_TOKEN) {
            seen.tokens++;
            seen.token_bytes = e->body.size_bytes;
            memcpy(seen.token, bytes, e->body.size_bytes);
        } else if (e->kind == EFFECT_TRUST) {
            seen.bundles++;
            seen.bundle_bytes = e->body.size_bytes;
            memcpy(seen.bundle, bytes, e->body.size_bytes);
        }
    }
    bench_perform(&b);
}

void move(struct input in)
{
    memset(&seen, 0, sizeof seen);
    bench_step(&b, in);
    look();
    while (b.asked_count > 0) {
        const struct asked asked = b.asked[--b.asked_count];
        bench_step(&b, (struct input){.kind = INPUT_SIGNED,
                                      .signing = asked.kind,
                                      .serial = asked.serial,
                                      .signature = b.refuses ? NULL : asked.signature});
        look();
    }
}

void wait_ms(uint64_t ms)
{
    b.now_ms += ms;
    move((struct input){.kind = INPUT_TIMER});
}

static void sign_as(uint32_t member, const uint8_t *input, size_t size_bytes, uint8_t *out)
{
    const struct key_pair pair = bench_key(member);
    const struct statement statement = {.domain = SIGNER_JWS,
                                        .cluster_id = own()->cluster.id.bytes,
                                        .body = input,
                                        .body_size_bytes = size_bytes};
    signer_sign(&pair, &statement, out);
}

struct said words_of(uint32_t signer, uint32_t key_of)
{
    const struct cluster *c = &own()->cluster;
    struct said s = {.height = c->call.height, .count = node_tokens_count(c)};
    for (uint32_t i = 0; i < s.count; i++) {
        uint8_t input[JWS_INPUT_MAX];
        const size_t size_bytes = node_tokens_input(c, i, signer, input);
        cr_assert(gt(sz, size_bytes, 0));
        sign_as(key_of, input, size_bytes, s.signatures[i]);
    }
    return s;
}

void hear(uint32_t from, const struct said *s)
{
    static uint8_t bytes[MESSAGE_BYTES_MAX];
    struct message m = {.kind = MESSAGE_COSIGN};
    m.cosign.height = s->height;
    m.cosign.wanted = s->wanted;
    m.cosign.count = s->count;
    m.cosign.signatures =
        (struct bytes_view){s->signatures[0], s->count * (uint32_t)SIGNATURE_BYTES};
    const size_t size_bytes = message_encode(&m, bytes);
    move((struct input){
        .kind = INPUT_MESSAGE, .member = from, .bytes = bytes, .size_bytes = size_bytes});
}

void hear_from(uint32_t member)
{
    const struct said s = words_of(member, member);
    hear(member, &s);
}

void tokens_begin(void)
{
    b = bench_of(MEMBERS, true);
    call_for_tokens(HEIGHT);
    move((struct input){.kind = INPUT_TIMER});
}

void tokens_end(void)
{
    bench_finish(&b);
}
