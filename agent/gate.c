#include "agent/gate.h"

#include <string.h>

#include <sodium.h>

#include "health/self.h"

static void mask_seed(uint8_t seed[static SEAL_MASK_BYTES],
                      const uint8_t mask[static SEAL_MASK_BYTES])
{
    for (uint32_t i = 0; i < SEAL_MASK_BYTES; i++) {
        seed[i] ^= mask[i];
    }
}

static bool allocate(struct gate *g, struct finding *why)
{
    g->key = sodium_malloc(sizeof *g->key); /* locked if this process may */
    g->other = sodium_malloc(sizeof *g->other);
    if (g->key != NULL && g->other != NULL) {
        return true;
    }
    gate_finish(g);
    finding_begin(why, 5);
    return false;
}

bool gate_seal(struct gate *g, const struct seams *seams, const struct seal_basis *basis,
               const uint8_t seed[static IDENTITY_SEED_BYTES], struct finding *why)
{
    uint8_t mask[SEAL_MASK_BYTES];
    static_assert(sizeof mask == IDENTITY_SEED_BYTES, "a mask covers a seed");
    memset(g, 0, sizeof *g);
    g->seams = *seams;
    if (!seal_measure(seams, basis, &g->sealed_with, why) ||
        !seal_is_sound(&g->sealed_with, why) || !allocate(g, why)) {
        return false;
    }
    memset(g->key, 0, sizeof *g->key);
    key_pair_from_seed(&g->key->pair, seed);
    memcpy(g->key->public_key, g->key->pair.public_key, IDENTITY_KEY_BYTES);
    memcpy(g->other->public_key, g->key->pair.public_key, IDENTITY_KEY_BYTES);
    (void)sodium_mprotect_readonly(g->other);
    memcpy(g->key->sealed, seed, IDENTITY_SEED_BYTES);
    seal_mask(&g->sealed_with, mask);
    mask_seed(g->key->sealed, mask);
    sodium_memzero(mask, sizeof mask);
    gate_end(g);
    return true;
}

bool gate_begin(struct gate *g, const struct seal_basis *basis, struct finding *why)
{
    uint8_t seed[SEAL_MASK_BYTES];
    uint8_t mask[SEAL_MASK_BYTES];
    gate_end(g);
    if (!gate_has_key(g)) {
        *why = self_finding(SELF_KEY);
        return false;
    }
    if (!seal_measure(&g->seams, basis, &g->now, why)) {
        return false;
    }
    seal_mask(&g->now, mask);
    memcpy(seed, g->key->sealed, sizeof seed);
    mask_seed(seed, mask);
    key_pair_from_seed(&g->key->pair, seed);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(mask, sizeof mask);
    const uint8_t *made = g->key->pair.public_key;
    g->open = sodium_memcmp(made, g->key->public_key, IDENTITY_KEY_BYTES) == 0 &&
              sodium_memcmp(made, g->other->public_key, IDENTITY_KEY_BYTES) == 0;
    if (!g->open) {
        gate_end(g);
        seal_blame(&g->seams, &g->sealed_with, &g->now, why);
    }
    return g->open;
}

static bool is_same(const struct statement *a, const struct statement *b)
{
    return a->body_size_bytes == b->body_size_bytes &&
           sodium_memcmp(a->body, b->body, a->body_size_bytes) == 0;
}

bool gate_sign(struct gate *g, const struct statement *statement, const struct statement *meant,
               uint8_t signature[static SIGNATURE_BYTES], struct finding *why)
{
    memset(signature, 0, SIGNATURE_BYTES);
    if (!gate_has_key(g) || !g->open) {
        *why = self_finding(SELF_KEY);
        return false;
    }
    signer_sign(&g->key->pair, statement, signature);
    if (signature_verify(g->other->public_key, meant, signature)) {
        return true;
    }
    memset(signature, 0, SIGNATURE_BYTES);
    *why = self_finding(is_same(statement, meant) ? SELF_SIGNATURE : SELF_TWICE);
    return false;
}

void gate_end(struct gate *g)
{
    g->open = false;
    if (g->key != NULL) {
        key_pair_wipe(&g->key->pair);
    }
}

/* Nothing is given back here, where memory may be damaged: libsodium would abort over it. */
bool gate_wipe(struct gate *g)
{
    bool gone = true;
    g->open = false;
    g->wiped = true;
    if (g->key != NULL) {
        sodium_memzero(g->key, sizeof *g->key);
        gone = sodium_is_zero((const unsigned char *)g->key, sizeof *g->key) == 1;
    }
    return gone;
}

bool gate_has_key(const struct gate *g)
{
    return g->key != NULL && !g->wiped;
}

void gate_finish(struct gate *g)
{
    g->open = false;
    sodium_free(g->key);
    g->key = NULL;
    sodium_free(g->other);
    g->other = NULL;
}
