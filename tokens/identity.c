#include "identity.h"

#include <string.h>

#include <assert.h>
#include <sodium.h>

static_assert(IDENTITY_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "libsodium's public key");
static_assert(IDENTITY_SEED_BYTES == crypto_sign_SEEDBYTES, "libsodium's seed");
static_assert(IDENTITY_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");
static_assert(IDENTITY_HEX_SIZE_BYTES == 2 * IDENTITY_KEY_BYTES + 1, "two digits a byte");

const char *key_verdict_text(enum key_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [KEY_##name] = text,
        KEY_VERDICTS(X)
#undef X
    };
    assert((size_t)verdict < sizeof texts / sizeof texts[0]);
    return texts[verdict];
}

enum key_verdict identity_judge(const uint8_t key[static IDENTITY_KEY_BYTES])
{
    uint8_t any = 0;
    for (size_t i = 0; i < IDENTITY_KEY_BYTES; i++) {
        any |= key[i];
    }
    /* A point of order 4, but more likely a field that nobody filled in: worth its own words.
     */
    if (any == 0) {
        return KEY_ALL_ZERO;
    }
    return crypto_core_ed25519_is_valid_point(key) == 1 ? KEY_ACCEPTED : KEY_NO_POINT;
}

void key_pair_from_seed(struct key_pair *pair, const uint8_t seed[static IDENTITY_SEED_BYTES])
{
    const int failed = crypto_sign_seed_keypair(pair->public_key, pair->secret_key, seed);
    assert(failed == 0); /* it has no way to fail */
}

void key_pair_wipe(struct key_pair *pair)
{
    sodium_memzero(pair, sizeof *pair);
}

static void write_hex(const uint8_t *bytes, size_t size_bytes, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size_bytes; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * size_bytes] = '\0';
}

void identity_hex(const uint8_t key[static IDENTITY_KEY_BYTES],
                  char hex[static IDENTITY_HEX_SIZE_BYTES])
{
    write_hex(key, IDENTITY_KEY_BYTES, hex);
}

void identity_short(const uint8_t key[static IDENTITY_KEY_BYTES],
                    char hex[static IDENTITY_SHORT_SIZE_BYTES])
{
    write_hex(key, (IDENTITY_SHORT_SIZE_BYTES - 1) / 2, hex);
}

/* The value of one digit, or -1. */
static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

bool identity_read(uint8_t key[static IDENTITY_KEY_BYTES], const char *hex,
                   size_t hex_size_bytes)
{
    memset(key, 0, IDENTITY_KEY_BYTES);
    if (hex_size_bytes != IDENTITY_HEX_SIZE_BYTES - 1) {
        return false;
    }
    for (size_t i = 0; i < IDENTITY_KEY_BYTES; i++) {
        const int high = digit_value(hex[2 * i]);
        const int low = digit_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            memset(key, 0, IDENTITY_KEY_BYTES);
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}
