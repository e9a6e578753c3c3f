#include "rollup.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

/* No customer asks more often in one window; sums of such counts cannot overflow either. */
#define COUNT_MAX (INT64_C(1) << 52)

void rollup_init(struct rollup *r)
{
    *r = (struct rollup){0};
}

void rollup_finish(struct rollup *r)
{
    if (r != NULL) {
        free(r->lines);
        *r = (struct rollup){0};
    }
}

static struct rollup_line *append(struct rollup *r, const char *customer)
{
    if (r->count == r->capacity) {
        r->capacity = r->capacity == 0 ? 64 : 2 * r->capacity;
        r->lines = reallocarray(r->lines, r->capacity, sizeof *r->lines);
    }
    if (r->lines == NULL) {
        abort();
    }
    struct rollup_line *line = &r->lines[r->count++];
    *line = (struct rollup_line){0};
    (void)snprintf(line->customer, sizeof line->customer, "%s", customer);
    return line;
}

bool rollup_add(struct rollup *r, const char *customer, int64_t queries, int64_t positives)
{
    const size_t size_bytes = strlen(customer);
    struct rollup_line *last = r->count > 0 ? &r->lines[r->count - 1] : NULL;
    const int order = last == NULL ? 1 : strcmp(customer, last->customer);

    if (size_bytes == 0 || size_bytes > ROW_CUSTOMER_BYTES_MAX || order < 0 || queries < 0 ||
        queries > COUNT_MAX || positives < 0 || positives > queries) {
        return false;
    }
    if (order == 0 && last->queries > COUNT_MAX - queries) {
        return false;
    }
    struct rollup_line *line = order == 0 ? last : append(r, customer);
    line->queries += queries;
    line->positives += positives;
    return true;
}

static void hash_uint(crypto_hash_sha256_state *state, uint64_t value, size_t size_bytes)
{
    uint8_t bytes[8];

    assert(size_bytes <= sizeof bytes);
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = (uint8_t)(value >> (8 * (size_bytes - 1 - i)));
    }
    crypto_hash_sha256_update(state, bytes, size_bytes);
}

struct digest rollup_digest(const struct rollup *r, int64_t window)
{
    static const uint8_t domain[] = "ostrakon-stats-window-2";
    crypto_hash_sha256_state state;
    uint8_t whole[crypto_hash_sha256_BYTES];
    struct digest digest;

    static_assert(sizeof whole >= DIGEST_BYTES, "the digest is a part of the hash");
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, domain, sizeof domain - 1);
    hash_uint(&state, (uint64_t)window, 8);
    hash_uint(&state, r->count, 8);
    for (size_t i = 0; i < r->count; i++) {
        const struct rollup_line *line = &r->lines[i];
        const size_t size_bytes = strlen(line->customer);
        hash_uint(&state, size_bytes, 4);
        crypto_hash_sha256_update(&state, (const uint8_t *)line->customer, size_bytes);
        hash_uint(&state, (uint64_t)line->queries, 8);
        hash_uint(&state, (uint64_t)line->positives, 8);
    }
    crypto_hash_sha256_final(&state, whole);
    memcpy(digest.bytes, whole, sizeof digest.bytes);
    return digest;
}

struct digest digest_of_bytes(const char *bytes, size_t size_bytes)
{
    uint8_t whole[crypto_generichash_BYTES];
    struct digest digest;

    crypto_generichash(whole, sizeof whole, (const uint8_t *)bytes, size_bytes, NULL, 0);
    memcpy(digest.bytes, whole, sizeof digest.bytes);
    return digest;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void digest_format(const struct digest *d, char text[static DIGEST_TEXT_BYTES])
{
    sodium_bin2hex(text, DIGEST_TEXT_BYTES, d->bytes, sizeof d->bytes);
}
