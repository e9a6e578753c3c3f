#include "kernels.h"

/* Instructions that only some processors have; each function is compiled for its own, and
 * called only where the processor has them. */

#if defined(__x86_64__)

#include <immintrin.h>

#define ROUNDS 500u

static __m128i wide(uint64_t *state)
{
    const uint64_t low = kernel_next(state);
    const uint64_t high = kernel_next(state);
    return _mm_set_epi64x((long long)high, (long long)low);
}

static uint64_t fold_wide(uint64_t digest, __m128i value)
{
    uint64_t words[2];
    _mm_storeu_si128((__m128i *)words, value);
    return kernel_fold(kernel_fold(digest, words[0]), words[1]);
}

uint64_t kernel_root(uint64_t seed, struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    /* Positive, of moderate size: exponents 1007 .. 1038, and 111 .. 142. */
    const __m128i keep = _mm_set1_epi64x(0x01ffffffffffffff);
    const __m128i base = _mm_set1_epi64x(0x3ef0000000000000);
    const __m128i keep_short = _mm_set1_epi32(0x0fffffff);
    const __m128i base_short = _mm_set1_epi32(0x37800000);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const __m128i a = wide(&seed);
        const __m128i doubles = _mm_add_epi64(_mm_and_si128(a, keep), base);
        const __m128i floats = _mm_add_epi32(_mm_and_si128(a, keep_short), base_short);
        digest = fold_wide(digest, _mm_castpd_si128(_mm_sqrt_pd(_mm_castsi128_pd(doubles))));
        digest = fold_wide(digest, _mm_castps_si128(_mm_sqrt_ps(_mm_castsi128_ps(floats))));
    }
    return digest;
}

__attribute__((target("popcnt"))) uint64_t kernel_popcnt(uint64_t seed,
                                                         struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint64_t a = kernel_next(&seed);
        const uint64_t b = kernel_next(&seed) & a;
        digest = kernel_fold(digest, (uint64_t)_mm_popcnt_u64(a));
        digest = kernel_fold(digest, (uint64_t)_mm_popcnt_u64(b));
        digest = kernel_fold(digest, (uint64_t)_mm_popcnt_u32((uint32_t)(a ^ b)));
        digest = kernel_fold(digest, __builtin_bswap64(a ^ b));
    }
    return digest;
}

__attribute__((target("sse4.2"))) uint64_t kernel_crc32(uint64_t seed,
                                                        struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    uint64_t crc = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        crc = _mm_crc32_u64(crc, kernel_next(&seed));
        digest = kernel_fold(digest, crc);
        crc = _mm_crc32_u8((uint32_t)crc, (uint8_t)seed);
        digest = kernel_fold(digest, crc);
    }
    return digest;
}

__attribute__((target("aes"))) uint64_t kernel_aes(uint64_t seed,
                                                   struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const __m128i a = wide(&seed);
        const __m128i key = wide(&seed);
        digest = fold_wide(digest, _mm_aesenc_si128(a, key));
        digest = fold_wide(digest, _mm_aesenclast_si128(a, key));
        digest = fold_wide(digest, _mm_aesdec_si128(a, key));
        digest = fold_wide(digest, _mm_aesdeclast_si128(a, key));
        digest = fold_wide(digest, _mm_aesimc_si128(a));
        digest = fold_wide(digest, _mm_aeskeygenassist_si128(a, 0x1b));
    }
    return digest;
}

__attribute__((target("pclmul"))) uint64_t kernel_clmul(uint64_t seed,
                                                        struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const __m128i a = wide(&seed);
        const __m128i b = wide(&seed);
        digest = fold_wide(digest, _mm_clmulepi64_si128(a, b, 0x00));
        digest = fold_wide(digest, _mm_clmulepi64_si128(a, b, 0x11));
        digest = fold_wide(digest, _mm_clmulepi64_si128(a, b, 0x01));
    }
    return digest;
}

/* Doubles as in kernel_float: any sign, exponents 1007 .. 1038. */
__attribute__((target("avx2"))) static __m256d doubles_of(__m256i random)
{
    const __m256i keep = _mm256_set1_epi64x((long long)UINT64_C(0x81ffffffffffffff));
    const __m256i base = _mm256_set1_epi64x(0x3ef0000000000000);
    return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_and_si256(random, keep), base));
}

__attribute__((target("avx2"))) static __m256i wider(uint64_t *state)
{
    const __m128i low = wide(state);
    return _mm256_set_m128i(wide(state), low);
}

__attribute__((target("avx2"))) static uint64_t fold_wider(uint64_t digest, __m256i value)
{
    uint64_t words[4];
    _mm256_storeu_si256((__m256i *)words, value);
    for (uint32_t i = 0; i < 4; i++) {
        digest = kernel_fold(digest, words[i]);
    }
    return digest;
}

__attribute__((target("avx2"))) static uint64_t fold_doubles(uint64_t digest, __m256d value)
{
    return fold_wider(digest, _mm256_castpd_si256(value));
}

__attribute__((target("avx2,fma"))) uint64_t kernel_fma(uint64_t seed,
                                                        struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const __m256d a = doubles_of(wider(&seed));
        const __m256d b = doubles_of(wider(&seed));
        const __m256d c = doubles_of(wider(&seed));
        digest = fold_doubles(digest, _mm256_fmadd_pd(a, b, c));
        digest = fold_doubles(digest, _mm256_fnmsub_pd(a, c, b));
    }
    return digest;
}

__attribute__((target("avx2"))) uint64_t kernel_avx2(uint64_t seed,
                                                     struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const __m256i a = wider(&seed);
        const __m256i b = wider(&seed);
        digest = fold_wider(digest, _mm256_mul_epu32(a, b));
        digest = fold_wider(digest, _mm256_mullo_epi32(a, b));
        digest = fold_wider(digest, _mm256_permutevar8x32_epi32(a, b));
        digest = fold_wider(digest, _mm256_shuffle_epi8(a, b));
        digest = fold_wider(digest, _mm256_add_epi64(a, b));
        digest = fold_wider(digest, _mm256_cmpgt_epi32(a, b));
        digest = fold_doubles(digest, _mm256_mul_pd(doubles_of(a), doubles_of(b)));
        digest = fold_doubles(digest, _mm256_div_pd(doubles_of(a), doubles_of(b)));
    }
    return digest;
}

__attribute__((target("sha,sse4.1"))) uint64_t kernel_sha(uint64_t seed,
                                                          struct kernel_scratch *scratch)
{
    uint64_t digest = 0;
    (void)scratch;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const __m128i a = wide(&seed);
        const __m128i b = wide(&seed);
        const __m128i k = wide(&seed);
        digest = fold_wide(digest, _mm_sha256rnds2_epu32(a, b, k));
        digest = fold_wide(digest, _mm_sha256msg1_epu32(a, b));
        digest = fold_wide(digest, _mm_sha256msg2_epu32(a, b));
    }
    return digest;
}

#endif
