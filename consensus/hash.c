#include "hash.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#define DOMAIN_BYTES 16u

struct hash hash_of(const char *domain, const void *bytes, size_t size_bytes)
{
    uint8_t prefix[DOMAIN_BYTES] = {0};
    const size_t domain_bytes = strlen(domain);
    assert(domain_bytes <= sizeof prefix);
    memcpy(prefix, domain, domain_bytes);

    struct hash hash;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash.bytes);
    crypto_generichash_update(&state, prefix, sizeof prefix);
    crypto_generichash_update(&state, bytes, size_bytes);
    crypto_generichash_final(&state, hash.bytes, sizeof hash.bytes);
    return hash;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool hash_is_none(const struct hash *hash)
{
    static const struct hash none;
    return hash_equal(hash, &none);
}
