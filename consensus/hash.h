#ifndef OSTRAKON_CONSENSUS_HASH_H
#define OSTRAKON_CONSENSUS_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES 32u

/* A BLAKE2b-256 digest (RFC 7693). All zeros means "no hash". A struct, so that it is assigned
 * and returned by value. */
struct hash {
    uint8_t bytes[HASH_BYTES];
};

/* The digest of `domain` (at most 16 characters, padded with zeros to 16 bytes) and then the
 * bytes: the same bytes hashed for two purposes never give the same hash. Any thread. */
struct hash hash_of(const char *domain, const void *bytes, size_t size_bytes);

bool hash_equal(const struct hash *a, const struct hash *b);
bool hash_is_none(const struct hash *hash);

#endif
