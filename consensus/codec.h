#ifndef OSTRAKON_CONSENSUS_CODEC_H
#define OSTRAKON_CONSENSUS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

/* Canonical bytes: big-endian integers of stated width, no padding, no optional forms, so that
 * one value has exactly one encoding and what is signed can be compared as bytes.
 *
 * Both ends are sticky: after the first misfit a reader yields zeros and a writer writes
 * nothing; the caller judges once, at the end. Neither allocates; both borrow the caller's
 * memory. */
struct reader {
    const uint8_t *bytes;
    size_t size_bytes;
    size_t at;
    bool misfit;
};

struct reader reader_of(const void *bytes, size_t size_bytes);

/* width_bytes: 1 .. 8. */
uint64_t read_uint(struct reader *r, uint32_t width_bytes);
/* 0 or 1 only; any other byte is a misfit. */
bool read_bool(struct reader *r);
void read_bytes(struct reader *r, void *out, size_t size_bytes);
struct hash read_hash(struct reader *r);
/* The next bytes where they lie; NULL on a misfit. Good as long as the reader's memory is. */
const uint8_t *read_view(struct reader *r, size_t size_bytes);
/* True if nothing was missing, nothing is left over and no value was out of its range. */
bool reader_done(const struct reader *r) __attribute__((warn_unused_result));

struct writer {
    uint8_t *bytes;
    size_t room_bytes;
    size_t size_bytes; /* written so far */
    bool overflow;
};

struct writer writer_of(void *bytes, size_t room_bytes);

/* Asserts that the value fits the width. */
void write_uint(struct writer *w, uint64_t value, uint32_t width_bytes);
void write_bool(struct writer *w, bool value);
void write_bytes(struct writer *w, const void *bytes, size_t size_bytes);
void write_hash(struct writer *w, const struct hash *hash);
/* The size written; asserts that it all fitted: our own buffers have room for everything. */
size_t writer_done(const struct writer *w);

#endif
