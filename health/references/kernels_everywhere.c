#include "kernels.h"

#include <string.h>

/* What every machine can do. `scratch` is memory that the compiler does not know to be ours
 * alone, so nothing that goes through it is optimised away. */

#define ROUNDS 1000u

__extension__ typedef unsigned __int128 wide;

uint64_t kernel_integer(uint64_t seed, struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint64_t a = kernel_next(&seed);
        const uint64_t b = kernel_next(&seed);
        const uint64_t divisor = b >> (a & 63) | 1;
        const wide product = (wide)a * b;
        digest = kernel_fold(digest, (uint64_t)product);
        digest = kernel_fold(digest, (uint64_t)(product >> 64));
        digest = kernel_fold(digest, a / divisor);
        digest = kernel_fold(digest, a % divisor);
        digest = kernel_fold(digest, (uint32_t)a / ((uint32_t)divisor | 1));
        digest = kernel_fold(digest, a << (b & 63) ^ b >> (a & 63));
        digest = kernel_fold(digest, a + b);
        digest = kernel_fold(digest, a - b);
    }
    return digest;
}

uint64_t kernel_compare(uint64_t seed, struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    uint64_t before = seed;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint64_t a = kernel_next(&seed);
        const uint64_t b = (a & 3) == 0 ? before : kernel_next(&seed) >> (a & 31);
        uint64_t seen = 0;
        seen |= a < b ? 1u : 0u;
        seen |= (int64_t)a < (int64_t)b ? 2u : 0u;
        seen |= (uint32_t)a < (uint32_t)b ? 4u : 0u;
        seen |= (uint8_t)a == (uint8_t)b ? 8u : 0u;
        seen |= b == before ? 16u : 0u;
        if (a > before) {
            seen |= (a & b) != 0 ? 32u : 0u;
        } else {
            seen |= (int32_t)a >= (int32_t)b ? 64u : 128u;
        }
        digest = kernel_fold(digest, seen);
        digest = kernel_fold(digest, a < before ? a : before);
        before = a;
    }
    return digest;
}

static double double_of(uint64_t random)
{
    const uint64_t exponent = 1007 + (random >> 52 & 31);
    const uint64_t bits = (random & UINT64_C(0x800fffffffffffff)) | exponent << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of(uint64_t random)
{
    const uint32_t exponent = 111 + (uint32_t)(random >> 23 & 31);
    const uint32_t bits = ((uint32_t)random & 0x807fffffu) | exponent << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t fold_double(uint64_t digest, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return kernel_fold(digest, bits);
}

static uint64_t fold_float(uint64_t digest, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return kernel_fold(digest, bits);
}

uint64_t kernel_float(uint64_t seed, struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint64_t a = kernel_next(&seed);
        const uint64_t b = kernel_next(&seed);
        digest = fold_double(digest, double_of(a) + double_of(b));
        digest = fold_double(digest, double_of(a) - double_of(b));
        digest = fold_double(digest, double_of(a) * double_of(b));
        digest = fold_double(digest, double_of(a) / double_of(b));
        digest = fold_float(digest, float_of(a) + float_of(b));
        digest = fold_float(digest, float_of(a) * float_of(b));
        digest = fold_float(digest, float_of(a) / float_of(b));
        digest = kernel_fold(digest, (uint64_t)(int64_t)double_of(a));
    }
    return digest;
}

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size_bytes)
{
#if defined(__x86_64__)
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size_bytes) : : "memory");
#else
    memcpy(to, from, size_bytes);
#endif
}

uint64_t kernel_copy(uint64_t seed, struct kernel_scratch *scratch)
{
    uint8_t *to = scratch->to + (seed & 63);
    uint64_t digest = 0;
    for (uint32_t i = 0; i < KERNEL_BLOCK_BYTES; i += 8) {
        const uint64_t word = kernel_next(&seed);
        memcpy(scratch->from + i, &word, sizeof word);
    }
    copy_bytes(to, scratch->from, KERNEL_BLOCK_BYTES);
    digest = kernel_fold(digest, memcmp(to, scratch->from, KERNEL_BLOCK_BYTES) == 0 ? 1 : 2);
    const uint32_t place = (uint32_t)seed % KERNEL_BLOCK_BYTES;
    to[place] ^= 0x10;
    digest = kernel_fold(digest, memcmp(to, scratch->from, KERNEL_BLOCK_BYTES) == 0 ? 3 : 4);
    for (uint32_t i = 0; i < KERNEL_BLOCK_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, to + i, sizeof word);
        digest = kernel_fold(digest, word);
    }
    return digest;
}

uint64_t kernel_atomic(uint64_t seed, struct kernel_scratch *scratch)
{
    uint64_t *cell = &scratch->cell;
    uint64_t digest = 0;
    __atomic_store_n(cell, seed, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint64_t a = kernel_next(&seed);
        uint64_t held = digest;
        digest = kernel_fold(digest, __atomic_fetch_add(cell, a, __ATOMIC_SEQ_CST));
        const bool wrong = __atomic_compare_exchange_n(cell, &held, a, false, __ATOMIC_SEQ_CST,
                                                       __ATOMIC_SEQ_CST);
        digest = kernel_fold(digest, held);
        const bool right = __atomic_compare_exchange_n(cell, &held, held ^ a, false,
                                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        digest = kernel_fold(digest, (wrong ? 1u : 0u) | (right ? 2u : 0u));
        digest = kernel_fold(digest, __atomic_exchange_n(cell, digest, __ATOMIC_SEQ_CST));
        digest = kernel_fold(digest, __atomic_fetch_or(cell, a, __ATOMIC_SEQ_CST));
        digest = kernel_fold(digest, __atomic_fetch_and(cell, ~a, __ATOMIC_SEQ_CST));
    }
    return digest;
}
