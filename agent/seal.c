#include "agent/seal.h"

#include <string.h>

#include <sodium.h>

#include "health/self.h"

/* Small numbers are told by each of their bytes: a loop that ends too soon leaves some out. */
#define IN_EACH_BYTE UINT64_C(0x0101010101010101)

static void hash_number(crypto_generichash_state *hash, uint64_t number)
{
    uint8_t bytes[8];
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    crypto_generichash_update(hash, bytes, sizeof bytes);
}

static void digest_identity(const struct seal_basis *basis,
                            uint8_t out[static SEAL_DIGEST_BYTES])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, SEAL_DIGEST_BYTES);
    crypto_generichash_update(&hash, basis->cluster_id, 32);
    hash_number(&hash, basis->member * IN_EACH_BYTE);
    hash_number(&hash, basis->configuration_bytes);
    crypto_generichash_update(&hash, basis->configuration, basis->configuration_bytes);
    crypto_generichash_final(&hash, out, SEAL_DIGEST_BYTES);
}

bool seal_measure(const struct seams *seams, const struct seal_basis *basis,
                  struct seal_sources *out, struct finding *why)
{
    code_core_measure(seams, &out->code);
    answers_compute(seams, &out->answers);
    digest_identity(basis, out->identity);
    out->node = basis->node;
    out->twin = basis->twin;
    if (fill_compute(seams, FILL_SMALL, out->fill)) {
        return true;
    }
    finding_begin(why, 11);
    finding_set(why, RESULT_UNKNOWN, FILL_NO_MEMORY);
    why->evidence.count = 1;
    return false;
}

void seal_mask(const struct seal_sources *s, uint8_t mask[static SEAL_MASK_BYTES])
{
    uint8_t whole[crypto_generichash_BYTES_MAX];
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, sizeof whole);
    hash_number(&hash, s->code.count);
    for (uint32_t i = 0; i < s->code.count && i < CODE_CORE_PARTS_MAX; i++) {
        const struct code_part *part = &s->code.parts[i];
        hash_number(&hash, part->from);
        hash_number(&hash, part->size_bytes);
        crypto_generichash_update(&hash, part->digest, sizeof part->digest);
    }
    crypto_generichash_update(&hash, s->identity, sizeof s->identity);
    crypto_generichash_update(&hash, (const uint8_t *)&s->answers, sizeof s->answers);
    crypto_generichash_update(&hash, s->fill, sizeof s->fill);
    hash_number(&hash, (uint64_t)s->node * IN_EACH_BYTE);
    hash_number(&hash, (uint64_t)s->twin * IN_EACH_BYTE);
    crypto_generichash_final(&hash, whole, sizeof whole);
    memcpy(mask, whole, SEAL_MASK_BYTES);
    sodium_memzero(whole, sizeof whole);
    sodium_memzero(&hash, sizeof hash);
}

bool seal_is_sound(const struct seal_sources *s, struct finding *why)
{
    finding_begin(why, 16);
    answers_judge(&s->answers, why);
    if (why->result == RESULT_OK) {
        finding_begin(why, 11);
        fill_judge(FILL_SMALL, s->fill, why);
    }
    if (why->result == RESULT_OK && (s->code.count == 0 || s->code.cut > 0)) {
        finding_begin(why, 6);
        finding_set(why, RESULT_UNKNOWN, CODE_TOO_MANY);
        why->evidence.count = CODE_CORE_PARTS_MAX;
    }
    if (why->result == RESULT_OK && (s->node != RESULT_OK || s->twin != RESULT_OK)) {
        *why = self_finding(SELF_DIGESTS);
    }
    return why->result == RESULT_OK;
}

void seal_blame(const struct seams *seams, const struct seal_sources *before,
                const struct seal_sources *now, struct finding *why)
{
    code_core_judge(seams, &before->code, &now->code, why);
    if (why->result == RESULT_OK && seal_is_sound(now, why)) {
        const bool same = memcmp(before->identity, now->identity, SEAL_DIGEST_BYTES) == 0;
        *why = self_finding(same ? SELF_KEY : SELF_IDENTITY);
    }
}
