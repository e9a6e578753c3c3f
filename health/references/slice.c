#include "slice.h"

#include <stddef.h>

#include "processor.h"

#define PAGE_WORDS 512u
#define LANES 8u
#define LINE_BYTES 64u

/* A pattern is a first word and a step: word i is first + i * step, modulo 2^64. Steps of zero
 * are flat; an odd one makes a hash of the address, which tells two addresses that are one cell
 * from two. The inverse of a pattern is again one. */
struct pattern {
    uint64_t first;
    uint64_t step;
};

static struct pattern pattern_of(uint32_t index, uint64_t visit, const uint64_t *slice)
{
    const uint64_t walking = UINT64_C(1) << visit % 64;
    const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t place = ((uint64_t)(uintptr_t)slice / SLICE_BYTES + visit) * SLICE_WORDS;
    const uint64_t hashed = place * step;
    const struct pattern patterns[SLICE_PATTERNS] = {
        {0, 0},
        {UINT64_MAX, 0},
        {UINT64_C(0x5555555555555555), 0},
        {UINT64_C(0xaaaaaaaaaaaaaaaa), 0},
        {hashed, step},
        {~hashed, 0 - step},
        {walking, 0},
        {~walking, 0},
    };
    return patterns[index];
}

/* Where the pattern stands after `words` words. */
static struct pattern moved(struct pattern p, uint64_t words)
{
    p.first += words * p.step;
    return p;
}

static void fill_page(uint64_t *page, struct pattern p)
{
    for (uint32_t i = 0; i < PAGE_WORDS; i += LANES) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            page[i + lane] = p.first + lane * p.step;
        }
        p = moved(p, LANES);
    }
}

/* Bits that are wrong anywhere in the page. Reads all of it: no early exit. */
static uint64_t wrong_bits(const uint64_t *page, struct pattern p)
{
    uint64_t wrong[LANES] = {0};
    uint64_t any = 0;
    for (uint32_t i = 0; i < PAGE_WORDS; i += LANES) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            wrong[lane] |= page[i + lane] ^ (p.first + lane * p.step);
        }
        p = moved(p, LANES);
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        any |= wrong[lane];
    }
    return any;
}

/* What was written has left the caches, and the compiler knows nothing of what is there. */
static void push_out(const void *from, uint64_t size_bytes, bool flush)
{
#if defined(__x86_64__)
    const char *at = from;
    for (uint64_t i = 0; i < size_bytes; i += LINE_BYTES) {
        if (flush) {
            __asm__ volatile("clflushopt %0" : : "m"(at[i]));
        } else {
            __asm__ volatile("clflush %0" : : "m"(at[i]));
        }
    }
    __asm__ volatile("mfence" : : "r"(from) : "memory");
#else
    (void)size_bytes;
    (void)flush;
    __asm__ volatile("" : : "r"(from) : "memory");
#endif
}

/* Counts the wrong words of a page and remembers the first. A fault that does not show when it
 * is read again is counted once, with the bits that were seen. */
static void note_page(const uint64_t *page, struct pattern p, uint64_t seen,
                      struct slice_fault *out)
{
    uint64_t count = 0;
    const volatile uint64_t *words = page;
    for (uint32_t i = 0; i < PAGE_WORDS; i++) {
        const uint64_t expected = moved(p, i).first;
        const uint64_t got = words[i];
        if (got != expected && out->count + count++ == 0) {
            out->address = (uint64_t)(uintptr_t)&page[i];
            out->expected = expected;
            out->got = got;
        }
    }
    if (count == 0 && out->count == 0) {
        out->address = (uint64_t)(uintptr_t)page;
        out->expected = p.first;
        out->got = p.first ^ seen;
    }
    out->count += count == 0 ? 1 : count;
}

/* How a round is done; the bits of the machine that do not change between rounds. */
struct method {
    const struct seams *seams;
    bool flush; /* clflushopt is there */
};

/* Writes, pushes out, and compares `pages` pages with the pattern number out->pattern. */
static bool test_pages(const struct method *method, uint64_t *from, uint32_t pages,
                       struct pattern p, struct slice_fault *out)
{
    const uint64_t size_bytes = pages * PAGE_WORDS * sizeof(uint64_t);
    out->count = 0;
    for (uint32_t page = 0; page < pages; page++) {
        fill_page(from + page * PAGE_WORDS, moved(p, (uint64_t)page * PAGE_WORDS));
    }
    push_out(from, size_bytes, method->flush);
    seams_bend(method->seams, BEND_MEMORY, out->pattern, from, size_bytes);
    for (uint32_t page = 0; page < pages; page++) {
        const uint64_t *words = from + page * PAGE_WORDS;
        const struct pattern expected = moved(p, (uint64_t)page * PAGE_WORDS);
        const uint64_t wrong = wrong_bits(words, expected);
        if (wrong != 0) {
            note_page(words, expected, wrong, out);
        }
    }
    return out->count == 0;
}

/* On the same page: moving away would find a good one, and call the bad one good. */
static uint32_t retest(const struct method *method, uint64_t *slice, struct pattern p,
                       const struct slice_fault *fault)
{
    uint32_t again = 0;
    const uint64_t offset = fault->address - (uint64_t)(uintptr_t)slice;
    const uint64_t page = offset / (PAGE_WORDS * sizeof(uint64_t));
    for (uint32_t i = 0; i < SLICE_RETESTS; i++) {
        struct slice_fault seen = {.pattern = fault->pattern};
        again += !test_pages(method, slice + page * PAGE_WORDS, 1, moved(p, page * PAGE_WORDS),
                             &seen);
    }
    return again;
}

bool slice_test(const struct seams *seams, uint64_t *slice, uint64_t visit,
                struct slice_fault *out)
{
    const struct method method = {seams, processor_now().flush};
    for (uint32_t i = 0; i < SLICE_PATTERNS; i++) {
        const struct pattern p = pattern_of(i, visit, slice);
        *out = (struct slice_fault){.pattern = i};
        if (!test_pages(&method, slice, SLICE_WORDS / PAGE_WORDS, p, out)) {
            out->again = retest(&method, slice, p, out);
            return false;
        }
    }
    return true;
}

uint64_t *slice_take(const struct seams *seams, bool huge, bool *locked)
{
    void *slice = seams->map(seams->self, SLICE_BYTES, huge);
    *locked = slice != NULL && seams->lock(seams->self, slice, SLICE_BYTES) == 0;
    return slice;
}

void slice_release(const struct seams *seams, uint64_t *slice)
{
    if (slice != NULL) {
        seams->unmap(seams->self, slice, SLICE_BYTES);
    }
}
