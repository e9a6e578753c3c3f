#include "digests.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

static size_t page_bytes(size_t size_bytes, size_t at)
{
    return size_bytes - at < DIGESTS_PAGE_BYTES ? size_bytes - at : DIGESTS_PAGE_BYTES;
}

static void digest(const struct digests *d, size_t page, const uint8_t *bytes,
                   size_t size_bytes, uint8_t out[static DIGESTS_BYTES])
{
    crypto_generichash_state state;
    const uint8_t number[2] = {(uint8_t)(page >> 8), (uint8_t)page};
    crypto_generichash_init(&state, d->key, sizeof d->key, DIGESTS_BYTES);
    crypto_generichash_update(&state, number, sizeof number);
    crypto_generichash_update(&state, bytes, size_bytes);
    crypto_generichash_final(&state, out, DIGESTS_BYTES);
}

static bool is_digest(const struct digests *d, size_t page, const uint8_t *bytes,
                      size_t size_bytes)
{
    uint8_t now[DIGESTS_BYTES];
    digest(d, page, bytes, size_bytes, now);
    return memcmp(now, d->page[page], sizeof now) == 0;
}

void digests_begin(struct digests *d, const uint8_t key[static DIGESTS_KEY_BYTES],
                   const void *state, size_t size_bytes)
{
    const uint8_t *bytes = state;
    assert(size_bytes <= (size_t)DIGESTS_PAGES_MAX * DIGESTS_PAGE_BYTES);
    assert(size_bytes % sizeof(uint64_t) == 0);
    memset(d, 0, sizeof *d);
    memcpy(d->key, key, sizeof d->key);
    for (size_t at = 0; at < size_bytes; at += DIGESTS_PAGE_BYTES) {
        const size_t page = at / DIGESTS_PAGE_BYTES;
        digest(d, page, bytes + at, page_bytes(size_bytes, at), d->page[page]);
    }
}

bool digests_hold(const struct digests *d, const void *state, size_t size_bytes)
{
    const uint8_t *bytes = state;
    bool hold = true;
    for (size_t at = 0; at < size_bytes; at += DIGESTS_PAGE_BYTES) {
        hold &= is_digest(d, at / DIGESTS_PAGE_BYTES, bytes + at, page_bytes(size_bytes, at));
    }
    return hold;
}

/* Copies the page that the shadow stands for to `was`; true if it is another one now. */
static bool has_changed(const uint8_t *page, const uint8_t *shadow, size_t size_bytes,
                        uint8_t *was)
{
    uint64_t differs = 0;
    for (size_t at = 0; at < size_bytes; at += sizeof(uint64_t)) {
        uint64_t word;
        uint64_t inverse;
        memcpy(&word, page + at, sizeof word);
        memcpy(&inverse, shadow + at, sizeof inverse);
        inverse = ~inverse;
        differs |= word ^ inverse;
        memcpy(was + at, &inverse, sizeof inverse);
    }
    return differs != 0;
}

bool digests_renew(struct digests *d, const void *state, const void *shadow, size_t size_bytes)
{
    const uint8_t *bytes = state;
    const uint8_t *inverse = shadow;
    uint8_t was[DIGESTS_PAGE_BYTES];
    for (size_t at = 0; at < size_bytes; at += DIGESTS_PAGE_BYTES) {
        const size_t page = at / DIGESTS_PAGE_BYTES;
        const size_t size = page_bytes(size_bytes, at);
        if (!has_changed(bytes + at, inverse + at, size, was)) {
            continue;
        }
        if (!is_digest(d, page, was, size)) {
            return false;
        }
        digest(d, page, bytes + at, size, d->page[page]);
    }
    return true;
}
