#include "signer.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#define PREFIX_BYTES (SIGNER_DOMAIN_BYTES + SIGNER_CLUSTER_BYTES)
#define SIGNED_BYTES_MAX (PREFIX_BYTES + SIGNER_BODY_MAX)

static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "libsodium's signature");

static bool is_base64url(uint8_t letter)
{
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

bool signer_is_jws(const uint8_t *body, size_t body_size_bytes)
{
    uint32_t dots = 0;
    for (size_t i = 0; i < body_size_bytes; i++) {
        if (body[i] == '.') {
            dots++;
        } else if (!is_base64url(body[i])) {
            return false;
        }
    }
    return dots == 1 && body[0] == 'e'; /* what the base64url of { begins with */
}

static bool is_jws(const struct statement *statement)
{
    return strcmp(statement->domain, SIGNER_JWS) == 0;
}

/* The bytes that are signed, of a statement whose body is known to fit. Returns their size. */
static size_t assemble(const struct statement *statement,
                       uint8_t bytes[static SIGNED_BYTES_MAX])
{
    if (is_jws(statement)) {
        memcpy(bytes, statement->body, statement->body_size_bytes);
        return statement->body_size_bytes;
    }
    assert(strncmp(statement->domain, SIGNER_DOMAIN_PREFIX, strlen(SIGNER_DOMAIN_PREFIX)) == 0);
    memset(bytes, 0, SIGNER_DOMAIN_BYTES);
    for (size_t i = 0; statement->domain[i] != '\0'; i++) {
        assert(i < SIGNER_DOMAIN_BYTES);
        bytes[i] = (uint8_t)statement->domain[i];
    }
    memcpy(bytes + SIGNER_DOMAIN_BYTES, statement->cluster_id, SIGNER_CLUSTER_BYTES);
    if (statement->body_size_bytes > 0) {
        memcpy(bytes + PREFIX_BYTES, statement->body, statement->body_size_bytes);
    }
    return PREFIX_BYTES + statement->body_size_bytes;
}

void signer_sign(const struct key_pair *pair, const struct statement *statement,
                 uint8_t signature[static SIGNATURE_BYTES])
{
    assert(statement->body_size_bytes <= SIGNER_BODY_MAX);
    if (is_jws(statement)) {
        assert(signer_is_jws(statement->body, statement->body_size_bytes));
    }
    uint8_t bytes[SIGNED_BYTES_MAX];
    const size_t size_bytes = assemble(statement, bytes);
    const int failed =
        crypto_sign_detached(signature, NULL, bytes, size_bytes, pair->secret_key);
    assert(failed == 0); /* it has no way to fail */
}

bool signature_verify(const uint8_t public_key[static IDENTITY_KEY_BYTES],
                      const struct statement *statement,
                      const uint8_t signature[static SIGNATURE_BYTES])
{
    if (statement->body_size_bytes > SIGNER_BODY_MAX) {
        return false; /* nobody can have signed it; an assert would be a peer's off-switch */
    }
    if (is_jws(statement) && !signer_is_jws(statement->body, statement->body_size_bytes)) {
        return false;
    }
    uint8_t bytes[SIGNED_BYTES_MAX];
    const size_t size_bytes = assemble(statement, bytes);
    return crypto_sign_verify_detached(signature, bytes, size_bytes, public_key) == 0;
}
