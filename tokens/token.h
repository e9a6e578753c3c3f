#ifndef OSTRAKON_TOKENS_TOKEN_H
#define OSTRAKON_TOKENS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jws.h"

/* A member's credential for the cluster's services (standing.md, section 9): a JWS (jws.h) that
 * enough members signed over the same bytes. These follow from the decided block that calls for
 * issue, so each co-signer makes them by itself and nobody chooses any:
 *
 *   {"iss":"HEX64","sub":"helios","iat":1795845600,"nbf":1795845595,"exp":1795849200,
 *    "jti":"HEX32","term":3,"role":"node",
 *    "cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"BASE64URL"}}}
 *
 * on one line, without spaces, in this order, integers only; times are Unix seconds. Pure. */

#define TOKEN_NBF_BEFORE_S 5u
#define TOKEN_JTI_BYTES 16u
#define TOKEN_PAYLOAD_MAX 512u

#define TOKEN_ROLES(X)                                                                         \
    X(NODE, "node")                                                                            \
    X(WITNESS, "witness")

enum token_role {
#define X(name, text) TOKEN_##name,
    TOKEN_ROLES(X)
#undef X
        TOKEN_ROLE_COUNT
};

/* In the order of enum token_role. */
extern const char *const token_role_texts[TOKEN_ROLE_COUNT];

/* What a token follows from: the state after the block of `height`. */
struct token_issue {
    uint8_t cluster_id[SIGNER_CLUSTER_BYTES];
    uint64_t height;
    uint64_t time_ms; /* of that block */
    uint32_t ttl_s;
    char subject[JWS_KID_BYTES];
    uint32_t term; /* of the subject */
    enum token_role role;
    uint8_t key[IDENTITY_KEY_BYTES]; /* its transport key: what it proves itself by */
};

struct token_claims {
    uint8_t cluster_id[SIGNER_CLUSTER_BYTES];
    char subject[JWS_KID_BYTES];
    uint64_t issued_s;
    uint64_t not_before_s;
    uint64_t expires_s;
    uint8_t jti[TOKEN_JTI_BYTES];
    uint32_t term;
    enum token_role role;
    uint8_t key[IDENTITY_KEY_BYTES];
};

/* The claims of a token that is issued so. Its jti is the digest of cluster, height, subject
 * and term. */
struct token_claims token_claims_of(const struct token_issue *issue);

/* The payload: not terminated. Returns its size; 0 if the name is no plain word. */
size_t token_payload(const struct token_claims *claims, char out[static TOKEN_PAYLOAD_MAX]);

/* Reads what a stranger says is a payload. False: not of exactly this form. Vouches for
 * nothing: see trust_judge_token. */
bool token_read(struct token_claims *claims, const char *payload, size_t payload_bytes)
    __attribute__((warn_unused_result));

#endif
