#include "processor.h"

#include <stdint.h>

#if defined(__x86_64__)

#include <cpuid.h>

/* The kernel keeps the upper halves of the vector registers across a switch. */
static bool keeps_vectors(uint32_t features)
{
    uint32_t low;
    uint32_t high;
    if ((features & bit_OSXSAVE) == 0) {
        return false;
    }
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

struct processor processor_now(void)
{
    struct processor p = {0};
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) {
        return p;
    }
    const bool vectors = keeps_vectors(c);
    p.popcnt = (c & bit_POPCNT) != 0;
    p.crc32 = (c & bit_SSE4_2) != 0;
    p.aes = (c & bit_AES) != 0;
    p.clmul = (c & bit_PCLMUL) != 0;
    p.fma = vectors && (c & bit_FMA) != 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
        p.avx2 = vectors && (b & bit_AVX2) != 0;
        p.sha = (b & bit_SHA) != 0;
        p.flush = (b & bit_CLFLUSHOPT) != 0;
    }
    return p;
}

#else

struct processor processor_now(void)
{
    return (struct processor){0};
}

#endif
