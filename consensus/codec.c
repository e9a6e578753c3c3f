#include "codec.h"

#include <assert.h>
#include <string.h>

struct reader reader_of(const void *bytes, size_t size_bytes)
{
    return (struct reader){.bytes = bytes, .size_bytes = size_bytes};
}

const uint8_t *read_view(struct reader *r, size_t size_bytes)
{
    if (r->misfit || size_bytes > r->size_bytes - r->at) {
        r->misfit = true;
        return NULL;
    }
    const uint8_t *view = r->bytes + r->at;
    r->at += size_bytes;
    return view;
}

uint64_t read_uint(struct reader *r, uint32_t width_bytes)
{
    assert(width_bytes >= 1 && width_bytes <= 8);
    const uint8_t *bytes = read_view(r, width_bytes);
    uint64_t value = 0;
    for (uint32_t i = 0; bytes != NULL && i < width_bytes; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

bool read_bool(struct reader *r)
{
    const uint64_t value = read_uint(r, 1);
    if (value > 1) {
        r->misfit = true;
    }
    return value == 1;
}

void read_bytes(struct reader *r, void *out, size_t size_bytes)
{
    const uint8_t *bytes = read_view(r, size_bytes);
    if (bytes == NULL) {
        memset(out, 0, size_bytes);
    } else if (size_bytes > 0) {
        memcpy(out, bytes, size_bytes);
    }
}

struct hash read_hash(struct reader *r)
{
    struct hash hash;
    read_bytes(r, hash.bytes, sizeof hash.bytes);
    return hash;
}

bool reader_done(const struct reader *r)
{
    return !r->misfit && r->at == r->size_bytes;
}

struct writer writer_of(void *bytes, size_t room_bytes)
{
    return (struct writer){.bytes = bytes, .room_bytes = room_bytes};
}

void write_bytes(struct writer *w, const void *bytes, size_t size_bytes)
{
    if (w->overflow || size_bytes > w->room_bytes - w->size_bytes) {
        w->overflow = true;
        return;
    }
    if (size_bytes > 0) {
        memcpy(w->bytes + w->size_bytes, bytes, size_bytes);
    }
    w->size_bytes += size_bytes;
}

void write_uint(struct writer *w, uint64_t value, uint32_t width_bytes)
{
    assert(width_bytes >= 1 && width_bytes <= 8);
    assert(width_bytes == 8 || value >> (8 * width_bytes) == 0);
    uint8_t bytes[8];
    for (uint32_t i = 0; i < width_bytes; i++) {
        bytes[i] = (uint8_t)(value >> (8 * (width_bytes - 1 - i)));
    }
    write_bytes(w, bytes, width_bytes);
}

void write_bool(struct writer *w, bool value)
{
    write_uint(w, value ? 1 : 0, 1);
}

void write_hash(struct writer *w, const struct hash *hash)
{
    write_bytes(w, hash->bytes, sizeof hash->bytes);
}

size_t writer_done(const struct writer *w)
{
    assert(!w->overflow);
    return w->size_bytes;
}
