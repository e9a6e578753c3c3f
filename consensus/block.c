#include "block.h"

#include <assert.h>
#include <string.h>

#define COUNT_BYTES 2u
#define SIZE_BYTES 2u /* before each command */

static_assert(8 + HASH_BYTES + 8 + 1 + HASH_BYTES + 4 + HASH_BYTES == BLOCK_HEADER_BYTES,
              "a header");
static_assert(BLOCK_COMMANDS_MAX <= UINT16_MAX, "the count has two bytes");

static struct hash root_of(const uint8_t *bytes, size_t size_bytes)
{
    return hash_of("ostrakon/root/1", bytes + BLOCK_HEADER_BYTES,
                   size_bytes - BLOCK_HEADER_BYTES);
}

struct block_header block_header_read(struct reader *r)
{
    struct block_header h = {0};
    h.height = read_uint(r, 8);
    h.parent = read_hash(r);
    h.time_ms = read_uint(r, 8);
    h.proposer = (uint32_t)read_uint(r, 1);
    h.state = read_hash(r);
    h.version = (uint32_t)read_uint(r, 4);
    h.root = read_hash(r);
    return h;
}

void block_header_write(struct writer *w, const struct block_header *h)
{
    write_uint(w, h->height, 8);
    write_hash(w, &h->parent);
    write_uint(w, h->time_ms, 8);
    write_uint(w, h->proposer, 1);
    write_hash(w, &h->state);
    write_uint(w, h->version, 4);
    write_hash(w, &h->root);
}

static struct hash hash_of_header(const uint8_t bytes[static BLOCK_HEADER_BYTES])
{
    return hash_of("ostrakon/block/1", bytes, BLOCK_HEADER_BYTES);
}

struct hash block_header_hash(const struct block_header *h)
{
    uint8_t bytes[BLOCK_HEADER_BYTES];
    struct writer w = writer_of(bytes, sizeof bytes);
    block_header_write(&w, h);
    const size_t size_bytes = writer_done(&w);
    assert(size_bytes == BLOCK_HEADER_BYTES);
    return hash_of_header(bytes);
}

bool protocol_is_known(uint32_t version)
{
    return version >= PROTOCOL_OLDEST && version <= PROTOCOL_NEWEST;
}

bool block_decode(struct block *b, const uint8_t *bytes, size_t size_bytes)
{
    memset(b, 0, sizeof *b);
    if (size_bytes < BLOCK_HEADER_BYTES + COUNT_BYTES || size_bytes > BLOCK_BYTES_MAX) {
        return false;
    }
    struct reader r = reader_of(bytes, size_bytes);
    b->header = block_header_read(&r);
    const uint32_t count = (uint32_t)read_uint(&r, COUNT_BYTES);
    if (count > BLOCK_COMMANDS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t command_bytes = (uint32_t)read_uint(&r, SIZE_BYTES);
        b->commands[i] = (struct block_span){(uint32_t)r.at, command_bytes};
        (void)read_view(&r, command_bytes); /* a misfit shows in reader_done */
    }
    if (!reader_done(&r)) {
        return false;
    }
    const struct hash root = root_of(bytes, size_bytes);
    if (!hash_equal(&root, &b->header.root)) {
        return false;
    }
    b->hash = hash_of_header(bytes);
    b->bytes = bytes;
    b->size_bytes = (uint32_t)size_bytes;
    b->command_count = count;
    return true;
}

struct block_maker block_begin(uint8_t bytes[static BLOCK_BYTES_MAX])
{
    return (struct block_maker){.bytes = bytes, .size_bytes = BLOCK_HEADER_BYTES + COUNT_BYTES};
}

bool block_add(struct block_maker *m, const uint8_t *command, size_t size_bytes)
{
    assert(m->size_bytes <= BLOCK_BYTES_MAX);
    if (m->command_count == BLOCK_COMMANDS_MAX || size_bytes > UINT16_MAX ||
        SIZE_BYTES + size_bytes > BLOCK_BYTES_MAX - m->size_bytes) {
        return false;
    }
    struct writer w =
        writer_of(m->bytes + m->size_bytes, BLOCK_BYTES_MAX - (size_t)m->size_bytes);
    write_uint(&w, size_bytes, SIZE_BYTES);
    write_bytes(&w, command, size_bytes);
    m->size_bytes += (uint32_t)writer_done(&w);
    m->command_count++;
    return true;
}

size_t block_end(struct block_maker *m, struct block_header *header)
{
    struct writer count = writer_of(m->bytes + BLOCK_HEADER_BYTES, COUNT_BYTES);
    write_uint(&count, m->command_count, COUNT_BYTES);
    header->root = root_of(m->bytes, m->size_bytes);
    struct writer w = writer_of(m->bytes, BLOCK_HEADER_BYTES);
    block_header_write(&w, header);
    const size_t header_bytes = writer_done(&w);
    assert(header_bytes == BLOCK_HEADER_BYTES);
    return m->size_bytes;
}
