#include "votes_slot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "../consensus/codec.h"

#define MAGIC_BYTES 16

static const uint8_t MAGIC[MAGIC_BYTES] = "ostrakon/votes/1"; /* without a final zero */

static_assert(32 + 32 + 8 + 4 + 4 + VOTES_HELD_MAX * (32 + 32 + 4 + 4) + VOTES_RECORD_MAX <=
                  VOTES_SLOT_BYTES,
              "a full record fits its slot");
static_assert(MAGIC_BYTES + VOTES_STORE_ID_BYTES + 8 + 8 + VOTES_HASH_BYTES ==
                  VOTES_HEADER_BYTES,
              "the header is written whole");

off_t votes_slot_at(uint64_t serial)
{
    return VOTES_SLOTS_AT + (off_t)(serial % 2) * VOTES_SLOT_BYTES;
}

off_t votes_place_at(uint32_t place)
{
    assert(place < VOTES_PLACES);
    return VOTES_PLACES_AT + (off_t)place * VOTES_BLOCK_MAX;
}

void votes_checksum(const uint8_t *bytes, size_t size_bytes,
                    uint8_t checksum[static VOTES_HASH_BYTES])
{
    crypto_generichash(checksum, VOTES_HASH_BYTES, bytes, size_bytes, NULL, 0);
}

static bool checksum_holds(const uint8_t *bytes, size_t size_bytes, const uint8_t *expected)
{
    uint8_t checksum[VOTES_HASH_BYTES];
    votes_checksum(bytes, size_bytes, checksum);
    return memcmp(checksum, expected, sizeof checksum) == 0;
}

void votes_header_encode(const struct votes_header *h, uint8_t bytes[static VOTES_HEADER_BYTES])
{
    struct writer w = writer_of(bytes, VOTES_HEADER_BYTES - VOTES_HASH_BYTES);
    write_bytes(&w, MAGIC, sizeof MAGIC);
    write_bytes(&w, h->store_id, sizeof h->store_id);
    write_uint(&w, h->inode, 8);
    write_uint(&w, h->birth_ns, 8);
    const size_t size_bytes = writer_done(&w);
    votes_checksum(bytes, size_bytes, bytes + size_bytes);
}

bool votes_header_decode(struct votes_header *h, const uint8_t bytes[static VOTES_HEADER_BYTES])
{
    const size_t size_bytes = VOTES_HEADER_BYTES - VOTES_HASH_BYTES;
    struct reader r = reader_of(bytes, size_bytes);
    const uint8_t *const magic = read_view(&r, sizeof MAGIC);
    read_bytes(&r, h->store_id, sizeof h->store_id);
    h->inode = read_uint(&r, 8);
    h->birth_ns = read_uint(&r, 8);
    return reader_done(&r) && memcmp(magic, MAGIC, sizeof MAGIC) == 0 &&
           checksum_holds(bytes, size_bytes, bytes + size_bytes);
}

size_t votes_slot_encode(const struct votes_slot *s, uint8_t bytes[static VOTES_SLOT_BYTES])
{
    assert(s->held_count <= VOTES_HELD_MAX);
    assert(s->record_bytes <= VOTES_RECORD_MAX);
    struct writer w = writer_of(bytes + VOTES_HASH_BYTES, VOTES_SLOT_BYTES - VOTES_HASH_BYTES);
    write_bytes(&w, s->store_id, sizeof s->store_id);
    write_uint(&w, s->serial, 8);
    write_uint(&w, s->record_bytes, 4);
    write_uint(&w, s->held_count, 4);
    for (uint32_t i = 0; i < s->held_count; i++) {
        const struct votes_held *const held = &s->held[i];
        write_bytes(&w, held->hash, sizeof held->hash);
        write_bytes(&w, held->checksum, sizeof held->checksum);
        write_uint(&w, held->size_bytes, 4);
        write_uint(&w, held->place, 4);
    }
    if (s->record_bytes > 0) {
        write_bytes(&w, s->record, s->record_bytes);
    }
    const size_t size_bytes = writer_done(&w);
    votes_checksum(bytes + VOTES_HASH_BYTES, size_bytes, bytes);
    return VOTES_HASH_BYTES + size_bytes;
}

bool votes_slot_decode(struct votes_slot *s, const uint8_t bytes[static VOTES_SLOT_BYTES])
{
    const uint8_t *const summed = bytes + VOTES_HASH_BYTES;
    struct reader r = reader_of(summed, VOTES_SLOT_BYTES - VOTES_HASH_BYTES);
    read_bytes(&r, s->store_id, sizeof s->store_id);
    s->serial = read_uint(&r, 8);
    s->record_bytes = (uint32_t)read_uint(&r, 4);
    s->held_count = (uint32_t)read_uint(&r, 4);
    if (s->record_bytes > VOTES_RECORD_MAX || s->held_count > VOTES_HELD_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < s->held_count; i++) {
        struct votes_held *const held = &s->held[i];
        read_bytes(&r, held->hash, sizeof held->hash);
        read_bytes(&r, held->checksum, sizeof held->checksum);
        held->size_bytes = (uint32_t)read_uint(&r, 4);
        held->place = (uint32_t)read_uint(&r, 4);
        if (held->size_bytes == 0 || held->size_bytes > VOTES_BLOCK_MAX ||
            held->place >= VOTES_PLACES) {
            return false;
        }
    }
    s->record = read_view(&r, s->record_bytes);
    assert(!r.misfit); /* the largest slot has room for all that the counts admit */
    return checksum_holds(summed, r.at, bytes);
}

bool votes_read_all(int file, uint8_t *bytes, size_t size_bytes, off_t offset)
{
    while (size_bytes > 0) {
        const ssize_t got = pread(file, bytes, size_bytes, offset);
        if (got == 0) {
            errno = EIO;
            return false;
        }
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        bytes += got;
        size_bytes -= (size_t)got;
        offset += got;
    }
    return true;
}

bool votes_write_all(int file, const uint8_t *bytes, size_t size_bytes, off_t offset)
{
    while (size_bytes > 0) {
        const ssize_t put = pwrite(file, bytes, size_bytes, offset);
        if (put < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        bytes += put;
        size_bytes -= (size_t)put;
        offset += put;
    }
    return true;
}

bool votes_header_of_file(struct votes_header *h, int file)
{
    struct statx status;
    if (statx(file, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) {
        return false;
    }
    h->inode = status.stx_ino;
    h->birth_ns = 0;
    if ((status.stx_mask & STATX_BTIME) != 0) {
        h->birth_ns =
            (uint64_t)status.stx_btime.tv_sec * 1000000000u + status.stx_btime.tv_nsec;
    }
    return true;
}
