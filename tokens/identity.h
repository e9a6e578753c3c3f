#ifndef OSTRAKON_TOKENS_IDENTITY_H
#define OSTRAKON_TOKENS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member's Ed25519 keys (RFC 8032): which public keys may belong to a member at all, a key
 * pair out of its seed, and how keys are written for people. Pure; any thread. */

#define IDENTITY_KEY_BYTES 32u
#define IDENTITY_SEED_BYTES 32u
#define IDENTITY_SECRET_BYTES 64u
#define IDENTITY_HEX_SIZE_BYTES 65u   /* 64 digits and the terminating zero */
#define IDENTITY_SHORT_SIZE_BYTES 17u /* the first 16 of them, likewise */

/* What is to be said of a public key before it is admitted anywhere. */
#define KEY_VERDICTS(X)                                                                        \
    X(ACCEPTED, "acceptable")                                                                  \
    X(ALL_ZERO, "all zeros")                                                                   \
    X(NO_POINT, "not a canonical point of the curve's prime-order group")

enum key_verdict {
#define X(name, text) KEY_##name,
    KEY_VERDICTS(X)
#undef X
};

const char *key_verdict_text(enum key_verdict verdict);

/* Judges a public key from a founding document, a configuration or an operator. Under a key of
 * small order anybody can forge, and OpenSSL lets him; keys with a part of small order are
 * where libraries differ. Hence nothing but canonical points of the prime-order group. About 50
 * us.
 */
enum key_verdict identity_judge(const uint8_t key[static IDENTITY_KEY_BYTES])
    __attribute__((warn_unused_result));

/* Both halves of a member's key. Secret: lives in locked memory, ends with key_pair_wipe. */
struct key_pair {
    uint8_t public_key[IDENTITY_KEY_BYTES];
    uint8_t secret_key[IDENTITY_SECRET_BYTES]; /* libsodium's: the seed, then the public key */
};

/* The key pair of a seed (what OpenSSL calls the raw private key). The caller wipes the seed.
 */
void key_pair_from_seed(struct key_pair *pair, const uint8_t seed[static IDENTITY_SEED_BYTES]);

/* Overwrites both halves, in a way that no compiler leaves out. */
void key_pair_wipe(struct key_pair *pair);

/* Writes the key in lower-case hexadecimal digits, zero-terminated. */
void identity_hex(const uint8_t key[static IDENTITY_KEY_BYTES],
                  char hex[static IDENTITY_HEX_SIZE_BYTES]);

/* The same, cut to 16 digits: enough to tell members apart in a log, never to identify one. */
void identity_short(const uint8_t key[static IDENTITY_KEY_BYTES],
                    char hex[static IDENTITY_SHORT_SIZE_BYTES]);

/* Reads exactly 64 hexadecimal digits, either case. False, and `key` all zeros, for anything
 * else. Says nothing of the key's worth: see identity_judge. */
bool identity_read(uint8_t key[static IDENTITY_KEY_BYTES], const char *hex,
                   size_t hex_size_bytes) __attribute__((warn_unused_result));

#endif
