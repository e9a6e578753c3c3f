/* What tokens cost: one renewal of nine members under nine signatures, as one member bears it,
 * and the judging of tokens, on one core.
 *
 *   build/plain/tests/bench/tokens [SECONDS]   (5 by default)
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "../../agent/node_parts.h"
#include "../../tokens/trust.h"
#include "../unit/node_bench.h"

#define MEMBERS 9u
#define NEED 6u
#define ITEMS (MEMBERS + 1) /* a token each, and the bundle */
#define NOW_MS UINT64_C(1795845600000)

struct item {
    enum jws_type type;
    char payload[JWS_PAYLOAD_MAX];
    size_t payload_bytes;
    struct jws_share shares[MEMBERS];
    char text[JWS_TEXT_MAX];
    size_t text_bytes;
};

static struct key_pair vote[MEMBERS];
static struct key_pair transport[MEMBERS];
static struct trust trust;
static struct item items[ITEMS];
static uint8_t messages[MEMBERS][MESSAGE_BYTES_MAX];
static uint32_t message_bytes;
static uint32_t gate_checks; /* so that they are not left out */

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void found(void)
{
    trust = (struct trust){
        .height = 48213, .time_ms = NOW_MS, .ttl_s = 3600, .need = NEED, .count = MEMBERS};
    memset(trust.cluster_id, 0xc1, sizeof trust.cluster_id);
    for (uint8_t i = 0; i < MEMBERS; i++) {
        struct trust_member *m = &trust.members[i];
        const uint8_t seeds[2][IDENTITY_SEED_BYTES] = {{1, i}, {2, i}};
        key_pair_from_seed(&vote[i], seeds[0]);
        key_pair_from_seed(&transport[i], seeds[1]);
        snprintf(m->name, sizeof m->name, "member-%u", i);
        m->term = 1;
        memcpy(m->vote_key, vote[i].public_key, sizeof m->vote_key);
        memcpy(m->transport_key, transport[i].public_key, sizeof m->transport_key);
    }
}

static void make_payload(uint32_t which)
{
    struct item *item = &items[which];
    if (which == MEMBERS) {
        item->type = JWS_TRUST;
        item->payload_bytes = trust_payload(&trust, item->payload);
        return;
    }
    const struct trust_member *m = &trust.members[which];
    struct token_issue issue = {.height = trust.height,
                                .time_ms = trust.time_ms,
                                .ttl_s = trust.ttl_s,
                                .term = m->term};
    memcpy(issue.cluster_id, trust.cluster_id, sizeof issue.cluster_id);
    memcpy(issue.subject, m->name, sizeof issue.subject);
    memcpy(issue.key, m->transport_key, sizeof issue.key);
    const struct token_claims claims = token_claims_of(&issue);
    item->type = JWS_TOKEN;
    item->payload_bytes = token_payload(&claims, item->payload);
}

static struct statement statement_of(const struct item *item, uint32_t signer,
                                     uint8_t input[static JWS_INPUT_MAX])
{
    const size_t size_bytes = jws_input(item->type, trust.members[signer].name, NEED,
                                        item->payload, item->payload_bytes, input);
    assert(size_bytes > 0);
    return (struct statement){.domain = SIGNER_JWS,
                              .cluster_id = trust.cluster_id,
                              .body = input,
                              .body_size_bytes = size_bytes};
}

static void prepare(void)
{
    uint8_t input[JWS_INPUT_MAX];
    for (uint32_t which = 0; which < ITEMS; which++) {
        make_payload(which);
        for (uint32_t signer = 0; signer < MEMBERS; signer++) {
            const struct statement s = statement_of(&items[which], signer, input);
            items[which].shares[signer].signer = trust.members[signer].name;
            signer_sign(&vote[signer], &s, items[which].shares[signer].signature);
        }
        struct item *item = &items[which];
        item->text_bytes = jws_assemble(item->type, NEED, item->payload, item->payload_bytes,
                                        item->shares, MEMBERS, item->text);
        assert(item->text_bytes > 0);
    }
}

/* What the other eight say of one call. */
static void say(const struct bench *b)
{
    const struct cluster *c = &b->node->deciding.cluster;
    for (uint32_t signer = 1; signer < MEMBERS; signer++) {
        static uint8_t signatures[ITEMS][SIGNATURE_BYTES];
        struct message m = {.kind = MESSAGE_COSIGN};
        for (uint32_t i = 0; i < ITEMS; i++) {
            uint8_t input[JWS_INPUT_MAX];
            const struct key_pair pair = bench_key(signer);
            const struct statement s = {.domain = SIGNER_JWS,
                                        .cluster_id = c->id.bytes,
                                        .body = input,
                                        .body_size_bytes =
                                            node_tokens_input(c, i, signer, input)};
            signer_sign(&pair, &s, signatures[i]);
        }
        m.cosign.height = c->call.height;
        m.cosign.count = ITEMS;
        m.cosign.signatures = (struct bytes_view){signatures[0], sizeof signatures};
        message_bytes = (uint32_t)message_encode(&m, messages[signer]);
    }
}

/* A block has called; a third of the time to live later than the one before. */
static void call(struct bench *b)
{
    struct deciding *d = &b->node->deciding;
    struct cluster *c = &d->cluster;
    c->height++;
    c->time_ms += (uint64_t)c->timing.ttl_s * 1000 / 3;
    d->simplex.height = c->height + 1;
    for (uint32_t i = 1; i < MEMBERS; i++) {
        d->simplex.peers[i].answered = true;
    }
    call_review(c, c->height);
    node_seal_first(b->node);
}

/* The node's steps of one renewal, and the signatures, which the gate verifies each: it signs
 * all, hears the eight others, and puts together its own token and the bundle. */
static double bear_one(struct bench *b)
{
    const struct key_pair own = bench_key(0);
    call(b);
    say(b);
    const double begun = cpu_s();
    bench_step(b, (struct input){.kind = INPUT_TIMER});
    bench_perform(b);
    while (b->asked_count > 0) {
        const struct asked asked = b->asked[--b->asked_count];
        const struct statement again = {.domain = SIGNER_JWS,
                                        .cluster_id = b->node->deciding.cluster.id.bytes,
                                        .body = (const uint8_t *)"e30.e30",
                                        .body_size_bytes = 7};
        gate_checks += signature_verify(own.public_key, &again, asked.signature) ? 1 : 0;
        bench_step(b, (struct input){.kind = INPUT_SIGNED,
                                     .signing = asked.kind,
                                     .serial = asked.serial,
                                     .signature = asked.signature});
        bench_perform(b);
    }
    for (uint32_t signer = 1; signer < MEMBERS; signer++) {
        bench_step(b, (struct input){.kind = INPUT_MESSAGE,
                                     .member = signer,
                                     .bytes = messages[signer],
                                     .size_bytes = message_bytes});
        bench_perform(b);
    }
    const double taken_s = cpu_s() - begun;
    assert(b->node->deciding.token.part[JWS_TOKEN].told == (1u << MEMBERS) - 1);
    return taken_s;
}

static double measure_issue(double seconds)
{
    struct bench b = bench_of(MEMBERS, true);
    uint32_t count = 0;
    double sum_s = 0;
    while (sum_s < seconds) {
        sum_s += bear_one(&b);
        count++;
    }
    bench_finish(&b);
    return sum_s / count;
}

static double measure_judging(double seconds, bool thorough)
{
    uint32_t count = 0;
    struct token_claims claims;
    struct trust_account account;
    const double begun = cpu_s();
    while (cpu_s() - begun < seconds) {
        const enum token_verdict verdict =
            trust_judge_token(&trust, items[0].text, items[0].text_bytes, NOW_MS + 60000,
                              thorough, &claims, &account);
        assert(verdict == TOKEN_IS_VALID);
        count++;
    }
    return count / (cpu_s() - begun);
}

int main(int argc, char **argv)
{
    const double seconds = (argc > 1 ? atof(argv[1]) : 5.0) / 3;
    if (sodium_init() < 0 || seconds <= 0) {
        return 1;
    }
    found();
    prepare();
    const double issue_s = measure_issue(seconds);
    printf("renewal, nine members by nine, CPU of a node: %.1f ms, and of its twin\n",
           1000 * issue_s);
    printf("  sent to each of the others: %u signatures, %u bytes\n", ITEMS, message_bytes);
    printf("  token: %zu bytes, in a header %zu; bundle: %zu bytes\n", items[0].text_bytes,
           (items[0].text_bytes * 4 + 2) / 3, items[MEMBERS].text_bytes);
    printf("judging, %u of nine needed: %.0f tokens/s; with an account of all: %.0f\n", NEED,
           measure_judging(seconds, false), measure_judging(seconds, true));
    return 0;
}
