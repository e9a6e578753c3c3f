#include "token.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "scribe.h"
#include "strict.h"

#define JTI_DOMAIN "ostrakon/jti/1"

const char *const token_role_texts[TOKEN_ROLE_COUNT] = {
#define X(name, text) [TOKEN_##name] = text,
    TOKEN_ROLES(X)
#undef X
};

static void put_uint(uint8_t *out, uint64_t value)
{
    for (uint32_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static void make_jti(const struct token_issue *issue, uint8_t jti[static TOKEN_JTI_BYTES])
{
    uint8_t bytes[SIGNER_DOMAIN_BYTES + SIGNER_CLUSTER_BYTES + 8 + 8 + JWS_KID_BYTES] = {0};
    uint8_t *at = bytes;
    memcpy(at, JTI_DOMAIN, strlen(JTI_DOMAIN));
    at += SIGNER_DOMAIN_BYTES;
    memcpy(at, issue->cluster_id, SIGNER_CLUSTER_BYTES);
    at += SIGNER_CLUSTER_BYTES;
    put_uint(at, issue->height);
    put_uint(at + 8, issue->term);
    memcpy(at + 16, issue->subject, strnlen(issue->subject, JWS_KID_BYTES));
    const int failed = crypto_generichash(jti, TOKEN_JTI_BYTES, bytes, sizeof bytes, NULL, 0);
    assert(failed == 0); /* it has no way to fail */
}

struct token_claims token_claims_of(const struct token_issue *issue)
{
    const uint64_t issued_s = issue->time_ms / 1000;
    struct token_claims claims = {
        .issued_s = issued_s,
        .not_before_s = issued_s > TOKEN_NBF_BEFORE_S ? issued_s - TOKEN_NBF_BEFORE_S : 0,
        .expires_s = issued_s + issue->ttl_s,
        .term = issue->term,
        .role = issue->role,
    };
    memcpy(claims.cluster_id, issue->cluster_id, sizeof claims.cluster_id);
    memcpy(claims.subject, issue->subject, sizeof claims.subject);
    memcpy(claims.key, issue->key, sizeof claims.key);
    make_jti(issue, claims.jti);
    return claims;
}

size_t token_payload(const struct token_claims *claims, char out[static TOKEN_PAYLOAD_MAX])
{
    struct scribe s = scribe_of(out, TOKEN_PAYLOAD_MAX);
    scribe_text(&s, "{\"iss\":");
    scribe_hex(&s, claims->cluster_id, sizeof claims->cluster_id);
    scribe_text(&s, ",\"sub\":");
    scribe_word(&s, claims->subject);
    scribe_text(&s, ",\"iat\":");
    scribe_number(&s, claims->issued_s);
    scribe_text(&s, ",\"nbf\":");
    scribe_number(&s, claims->not_before_s);
    scribe_text(&s, ",\"exp\":");
    scribe_number(&s, claims->expires_s);
    scribe_text(&s, ",\"jti\":");
    scribe_hex(&s, claims->jti, sizeof claims->jti);
    scribe_text(&s, ",\"term\":");
    scribe_number(&s, claims->term);
    scribe_text(&s, ",\"role\":");
    scribe_word(&s, token_role_texts[claims->role]);
    scribe_text(&s, ",\"cnf\":{\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":");
    scribe_base64(&s, claims->key, sizeof claims->key);
    scribe_text(&s, "}}}");
    return scribe_done(&s);
}

static bool read_key(uint8_t *key, const cJSON *cnf)
{
    const cJSON *jwk = strict_field(cnf, "jwk");
    return strict_object(cnf, 1) && strict_object(jwk, 3) && strict_is(jwk, "kty", "OKP") &&
           strict_is(jwk, "crv", "Ed25519") &&
           strict_base64(strict_field(jwk, "x"), key, IDENTITY_KEY_BYTES);
}

static bool read_claims(struct token_claims *c, const cJSON *whole)
{
    uint64_t term;
    uint32_t role;
    if (!strict_object(whole, 9) ||
        !strict_hex(strict_field(whole, "iss"), c->cluster_id, sizeof c->cluster_id) ||
        !strict_word(whole, "sub", c->subject, sizeof c->subject) ||
        !strict_number(whole, "iat", STRICT_NUMBER_MAX, &c->issued_s) ||
        !strict_number(whole, "nbf", STRICT_NUMBER_MAX, &c->not_before_s) ||
        !strict_number(whole, "exp", STRICT_NUMBER_MAX, &c->expires_s) ||
        !strict_hex(strict_field(whole, "jti"), c->jti, sizeof c->jti) ||
        !strict_number(whole, "term", UINT32_MAX, &term) ||
        !strict_choice(whole, "role", token_role_texts, TOKEN_ROLE_COUNT, &role) ||
        !read_key(c->key, strict_field(whole, "cnf"))) {
        return false;
    }
    c->term = (uint32_t)term;
    c->role = (enum token_role)role;
    return true;
}

bool token_read(struct token_claims *claims, const char *payload, size_t payload_bytes)
{
    *claims = (struct token_claims){.term = 0};
    cJSON *whole = strict_parse(payload, payload_bytes);
    const bool good = read_claims(claims, whole);
    cJSON_Delete(whole);
    return good;
}
