#ifndef OSTRAKON_HEALTH_REFERENCES_KERNELS_H
#define OSTRAKON_HEALTH_REFERENCES_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "processor.h"

/* Small programs, each of one class of instructions, that make 64 bits out of a seed: on every
 * sound processor, compiler and level of optimisation the same ones. Only exact arithmetic: no
 * approximations, no x87, and floating point without contraction and in the default rounding.
 *
 * Mercurial cores fail in one class of instructions, often for some operands only ("Cores that
 * don't count", HotOS 2021); hence many operands, from the seed. Nothing is checked against its
 * own inverse: a known bad core encrypted wrongly, and decrypted what it had encrypted. */

#define KERNEL_BLOCK_BYTES (64u * 1024u)

struct kernel_scratch {
    uint8_t from[KERNEL_BLOCK_BYTES];
    uint8_t to[KERNEL_BLOCK_BYTES + 64]; /* room for copies that are not aligned */
    uint64_t cell;                       /* of the atomics */
};

#define KERNELS_EVERYWHERE(X)                                                                  \
    X(INTEGER, integer, true)                                                                  \
    X(COMPARE, compare, true)                                                                  \
    X(FLOAT, float, true)                                                                      \
    X(COPY, copy, true)                                                                        \
    X(ATOMIC, atomic, true)
#define KERNELS_X86(X)                                                                         \
    X(ROOT, root, true)                                                                        \
    X(POPCNT, popcnt, p->popcnt)                                                               \
    X(CRC32, crc32, p->crc32)                                                                  \
    X(AES, aes, p->aes)                                                                        \
    X(CLMUL, clmul, p->clmul)                                                                  \
    X(FMA, fma, p->fma)                                                                        \
    X(AVX2, avx2, p->avx2)                                                                     \
    X(SHA, sha, p->sha)
#if defined(__x86_64__)
#define KERNELS(X) KERNELS_EVERYWHERE(X) KERNELS_X86(X)
#define KERNEL_COUNT 13u
#else
#define KERNELS(X) KERNELS_EVERYWHERE(X)
#define KERNEL_COUNT 5u
#endif

enum kernel {
#define X(name, function, condition) KERNEL_##name,
    KERNELS(X)
#undef X
};

/* "integer", ...; the seed is any value. */
const char *kernel_name(enum kernel kernel);
bool kernel_runs_on(enum kernel kernel, const struct processor *p);
uint64_t kernel_run(enum kernel kernel, uint64_t seed, struct kernel_scratch *scratch);

/* The seed whose answers are compiled in, and they: computed from the definitions of the
 * instructions by tests/unit/references/goldens.py, not by a processor's word. */
#define KERNEL_SEED UINT64_C(0x6f737472616b6f6e)
extern const uint64_t kernel_goldens[KERNEL_COUNT];

/* One function a kernel; kernels_*.c. */
#define X(name, function, condition)                                                           \
    uint64_t kernel_##function(uint64_t seed, struct kernel_scratch *scratch);
KERNELS(X)
#undef X

/* The stream of operands: splitmix64 (Vigna), which also mixes the seed. */
static inline uint64_t kernel_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Takes a word into the digest. One wrong word always shows: what follows is a bijection. */
static inline uint64_t kernel_fold(uint64_t digest, uint64_t word)
{
    return ((digest << 13 | digest >> 51) ^ word) * UINT64_C(0xd6e8feb86659fd93);
}

#endif
