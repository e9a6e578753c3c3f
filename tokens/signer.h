#ifndef OSTRAKON_TOKENS_SIGNER_H
#define OSTRAKON_TOKENS_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"

/* Signatures over statements. Signed is: the domain (16 bytes, padded with zeros), the
 * cluster's id (32 bytes), the body. So no signature can be moved from one kind of statement,
 * or one cluster, to another (protocol.md, section 2).
 *
 * One kind has its layout from others: under SIGNER_JWS the body alone is signed, which is a
 * JWS signing input (RFC 7515, section 5.1): the base64url of a JSON object, a dot, base64url.
 * Its first letter is an e, its ninth no slash; every other domain begins with "ostrakon/".
 * Both are asserted of what we sign and asked of what we verify, so neither can be taken for
 * the other.
 *
 * The functions are all that signer.c holds: the simulator links others in their place. */

#define SIGNATURE_BYTES 64u
#define SIGNER_DOMAIN_BYTES 16u
#define SIGNER_CLUSTER_BYTES 32u
#define SIGNER_BODY_MAX 8192u
#define SIGNER_DOMAIN_PREFIX "ostrakon/"
#define SIGNER_JWS "jws" /* in place of a domain */

/* Borrowed for the call. */
struct statement {
    const char *domain;        /* a literal of ours, at most 16 characters: "ostrakon/vote/1" */
    const uint8_t *cluster_id; /* SIGNER_CLUSTER_BYTES */
    const uint8_t *body;       /* may be NULL if there is none */
    size_t body_size_bytes;    /* at most SIGNER_BODY_MAX */
};

/* Signs (Ed25519, RFC 8032: deterministic). Asserts the sizes of the statement, which is our
 * own. Does not ask whether it may be signed, nor whether it is durable. About 25 us, 8 KiB of
 * stack. */
void signer_sign(const struct key_pair *pair, const struct statement *statement,
                 uint8_t signature[static SIGNATURE_BYTES]);

/* True if the body is a JWS signing input, and hence may be signed under SIGNER_JWS. */
bool signer_is_jws(const uint8_t *body, size_t body_size_bytes)
    __attribute__((warn_unused_result));

/* True if `signature` is one of `public_key` over exactly this statement. Strict, as libsodium
 * is: refuses non-canonical S and R and keys of small order. False too for a body that is too
 * long, or under SIGNER_JWS no signing input. About 50 us, 8 KiB of stack. */
bool signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                      const struct statement *statement,
                      const uint8_t signature[static SIGNATURE_BYTES])
    __attribute__((warn_unused_result));

#endif
