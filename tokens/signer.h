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
 * The two functions are all that signer.c holds: the simulator links others in their place. */

#define SIGNATURE_BYTES 64u
#define SIGNER_DOMAIN_BYTES 16u
#define SIGNER_CLUSTER_BYTES 32u
#define SIGNER_BODY_MAX 8192u

/* Borrowed for the call. */
struct statement {
    const char *domain;        /* a literal of ours, 1 .. 16 characters: "ostrakon/vote/1" */
    const uint8_t *cluster_id; /* SIGNER_CLUSTER_BYTES */
    const uint8_t *body;       /* may be NULL if there is none */
    size_t body_size_bytes;    /* at most SIGNER_BODY_MAX */
};

/* Signs (Ed25519, RFC 8032: deterministic). Asserts the sizes of the statement, which is our
 * own. Does not ask whether it may be signed, nor whether it is durable. About 25 us, 8 KiB of
 * stack. */
void signer_sign(const struct key_pair *pair, const struct statement *statement,
                 uint8_t signature[static SIGNATURE_BYTES]);

/* True if `signature` is one of `public_key` over exactly this statement. Strict, as libsodium
 * is: refuses non-canonical S and R and keys of small order. False too for a body that is too
 * long. About 50 us, 8 KiB of stack. */
bool signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                      const struct statement *statement,
                      const uint8_t signature[static SIGNATURE_BYTES])
    __attribute__((warn_unused_result));

#endif
