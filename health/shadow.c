#include "shadow.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Blocks of a fixed number of words, so that compilers at -O2 use vector registers; words come
 * by memcpy, which costs nothing and lets the state be of any type. */

#define BLOCK_WORDS 16u
#define BLOCK_BYTES (BLOCK_WORDS * sizeof(uint64_t))

static void renew_block(const unsigned char *state, unsigned char *shadow)
{
    uint64_t words[BLOCK_WORDS];
    memcpy(words, state, sizeof words);
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        words[i] = ~words[i];
    }
    memcpy(shadow, words, sizeof words);
}

/* Adds to `wrong` each bit, by its place in a word, that is the same in both. */
static void check_block(const unsigned char *state, const unsigned char *shadow,
                        uint64_t wrong[static BLOCK_WORDS])
{
    uint64_t words[BLOCK_WORDS];
    uint64_t inverse[BLOCK_WORDS];
    memcpy(words, state, sizeof words);
    memcpy(inverse, shadow, sizeof inverse);
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        wrong[i] |= ~(words[i] ^ inverse[i]);
    }
}

void shadow_renew(const void *state, void *shadow, size_t size_bytes)
{
    assert(size_bytes % sizeof(uint64_t) == 0);
    const unsigned char *from = state;
    unsigned char *to = shadow;
    size_t at = 0;
    for (; size_bytes - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
        renew_block(from + at, to + at);
    }
    for (; at < size_bytes; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, from + at, sizeof word);
        word = ~word;
        memcpy(to + at, &word, sizeof word);
    }
}

bool shadow_holds(const void *state, const void *shadow, size_t size_bytes)
{
    assert(size_bytes % sizeof(uint64_t) == 0);
    const unsigned char *from = state;
    const unsigned char *to = shadow;
    uint64_t wrong[BLOCK_WORDS] = {0};
    size_t at = 0;
    for (; size_bytes - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
        check_block(from + at, to + at, wrong);
    }
    for (; at < size_bytes; at += sizeof(uint64_t)) {
        uint64_t word;
        uint64_t inverse;
        memcpy(&word, from + at, sizeof word);
        memcpy(&inverse, to + at, sizeof inverse);
        wrong[0] |= ~(word ^ inverse);
    }
    uint64_t any = 0;
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        any |= wrong[i];
    }
    return any == 0;
}
