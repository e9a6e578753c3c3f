#include "tokens_fixture.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

static void pair_of(struct key_pair *pair, uint8_t kind, uint8_t member)
{
    const uint8_t seed[IDENTITY_SEED_BYTES] = {kind, member, 7};
    key_pair_from_seed(pair, seed);
}

void tokens_prepare(struct tokens_fixture *f)
{
    static const char *const names[TOKENS_COUNT] = {"atlas", "helios", "selene", "argus",
                                                    "themis"};
    struct trust *t = &f->trust;
    *t = (struct trust){.height = 48213,
                        .time_ms = TOKENS_TIME_MS,
                        .ttl_s = 3600,
                        .need = TOKENS_NEED,
                        .count = TOKENS_COUNT,
                        .operator_count = 1};
    memset(t->cluster_id, 0xc1, sizeof t->cluster_id);
    for (uint8_t i = 0; i < TRUST_MEMBERS_MAX; i++) {
        pair_of(&f->vote[i], 1, i);
        pair_of(&f->transport[i], 2, i);
    }
    for (uint32_t i = 0; i < TOKENS_COUNT; i++) {
        struct trust_member *m = &t->members[i];
        snprintf(m->name, sizeof m->name, "%s", names[i]);
        m->term = 3;
        m->role = i < 3 ? TOKEN_NODE : TOKEN_WITNESS;
        memcpy(m->vote_key, f->vote[i].public_key, sizeof m->vote_key);
        memcpy(m->transport_key, f->transport[i].public_key, sizeof m->transport_key);
    }
    memcpy(t->operators[0], f->vote[15].public_key, sizeof t->operators[0]);
}

struct token_issue tokens_issue(const struct tokens_fixture *f)
{
    const struct trust_member *m = &f->trust.members[1];
    struct token_issue issue = {.height = f->trust.height,
                                .time_ms = f->trust.time_ms,
                                .ttl_s = f->trust.ttl_s,
                                .term = m->term,
                                .role = m->role};
    memcpy(issue.cluster_id, f->trust.cluster_id, sizeof issue.cluster_id);
    memcpy(issue.subject, m->name, sizeof issue.subject);
    memcpy(issue.key, m->transport_key, sizeof issue.key);
    return issue;
}

void tokens_sign(struct tokens_fixture *f, enum jws_type type, const char *payload,
                 size_t payload_bytes, const uint32_t *signers, uint32_t count)
{
    struct jws_share shares[JWS_SIGNATURES_MAX];
    for (uint32_t i = 0; i < count; i++) {
        uint8_t input[JWS_INPUT_MAX];
        shares[i].signer =
            signers[i] == 15 ? TRUST_OPERATOR : f->trust.members[signers[i]].name;
        const struct statement statement = {
            .domain = SIGNER_JWS,
            .cluster_id = f->trust.cluster_id,
            .body = input,
            .body_size_bytes =
                jws_input(type, shares[i].signer, f->trust.need, payload, payload_bytes, input),
        };
        cr_assert(gt(sz, statement.body_size_bytes, 0));
        signer_sign(&f->vote[signers[i]], &statement, shares[i].signature);
    }
    f->text_bytes =
        jws_assemble(type, f->trust.need, payload, payload_bytes, shares, count, f->text);
    cr_assert(gt(sz, f->text_bytes, 0));
}

void tokens_make(struct tokens_fixture *f, const uint32_t *signers, uint32_t count)
{
    char payload[TOKEN_PAYLOAD_MAX];
    const struct token_issue issue = tokens_issue(f);
    const struct token_claims claims = token_claims_of(&issue);
    const size_t payload_bytes = token_payload(&claims, payload);
    cr_assert(gt(sz, payload_bytes, 0));
    tokens_sign(f, JWS_TOKEN, payload, payload_bytes, signers, count);
}

void tokens_make_trust(struct tokens_fixture *f, const struct trust *trust,
                       const uint32_t *signers, uint32_t count)
{
    char payload[JWS_PAYLOAD_MAX];
    const size_t payload_bytes = trust_payload(trust, payload);
    cr_assert(gt(sz, payload_bytes, 0));
    tokens_sign(f, JWS_TRUST, payload, payload_bytes, signers, count);
}

void tokens_forge(const char *header, const char *payload, const struct key_pair *pair,
                  char share[static 1024])
{
    char header_text[512];
    char payload_text[1024];
    char signature_text[128];
    char input[2048];
    uint8_t signature[SIGNATURE_BYTES];
    sodium_bin2base64(header_text, sizeof header_text, (const uint8_t *)header, strlen(header),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_bin2base64(payload_text, sizeof payload_text, (const uint8_t *)payload,
                      strlen(payload), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    const int size = snprintf(input, sizeof input, "%s.%s", header_text, payload_text);
    crypto_sign_detached(signature, NULL, (const uint8_t *)input, (size_t)size,
                         pair->secret_key);
    sodium_bin2base64(signature_text, sizeof signature_text, signature, sizeof signature,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(share, 1024, "{\"protected\":\"%s\",\"signature\":\"%s\"}", header_text,
             signature_text);
}
