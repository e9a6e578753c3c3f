#include "guard_beat.h"

#include <stddef.h>

#include <sodium.h>

void guard_chain(const struct guard_beat *b, const uint8_t before[static GUARD_DIGEST_BYTES],
                 uint8_t out[static GUARD_DIGEST_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, GUARD_DIGEST_BYTES);
    crypto_generichash_update(&state, before, GUARD_DIGEST_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)b, offsetof(struct guard_beat, chain));
    crypto_generichash_final(&state, out, GUARD_DIGEST_BYTES);
}
