#ifndef OSTRAKON_AGENT_VOTES_SLOT_H
#define OSTRAKON_AGENT_VOTES_SLOT_H

/* The bytes of the vote store: its header, its slots, and where each lies. For votes*.c only;
 * the layout is in votes.h. */

#include "votes.h"

#include <stddef.h>
#include <sys/types.h>

#define VOTES_HEADER_BYTES 96
#define VOTES_SLOTS_AT 4096
#define VOTES_PLACES_AT (VOTES_SLOTS_AT + 2 * VOTES_SLOT_BYTES)
#define VOTES_FILE_BYTES (VOTES_PLACES_AT + VOTES_PLACES * VOTES_BLOCK_MAX)

/* What the header says of the file it lies in. */
struct votes_header {
    uint8_t store_id[VOTES_STORE_ID_BYTES];
    uint64_t inode;
    uint64_t birth_ns; /* 0: the file system does not tell */
};

/* What one slot says. `record` points into the decoded bytes. */
struct votes_slot {
    uint8_t store_id[VOTES_STORE_ID_BYTES];
    uint64_t serial;
    uint32_t held_count;
    struct votes_held held[VOTES_HELD_MAX];
    uint32_t record_bytes;
    const uint8_t *record;
};

off_t votes_slot_at(uint64_t serial);
off_t votes_place_at(uint32_t place);

void votes_checksum(const uint8_t *bytes, size_t size_bytes,
                    uint8_t checksum[static VOTES_HASH_BYTES]);

void votes_header_encode(const struct votes_header *h,
                         uint8_t bytes[static VOTES_HEADER_BYTES]);
bool votes_header_decode(struct votes_header *h, const uint8_t bytes[static VOTES_HEADER_BYTES])
    __attribute__((warn_unused_result));

/* The size that is to be written, at most VOTES_SLOT_BYTES. */
size_t votes_slot_encode(const struct votes_slot *s, uint8_t bytes[static VOTES_SLOT_BYTES]);
bool votes_slot_decode(struct votes_slot *s, const uint8_t bytes[static VOTES_SLOT_BYTES])
    __attribute__((warn_unused_result));

/* All of `size_bytes` at `offset`, whatever the kernel does at a time; false: errno, EIO at the
 * end of the file. */
bool votes_read_all(int file, uint8_t *bytes, size_t size_bytes, off_t offset)
    __attribute__((warn_unused_result));
bool votes_write_all(int file, const uint8_t *bytes, size_t size_bytes, off_t offset)
    __attribute__((warn_unused_result));

/* The room and the descriptor by which votes_check reads. False: errno. */
bool votes_check_open(struct votes *v) __attribute__((warn_unused_result));
void votes_check_finish(struct votes *v);

/* True if the disk gives back these bytes at `at`. False: errno, and `v->wrong` if they are
 * others. */
bool votes_check(struct votes *v, const uint8_t *bytes, size_t size_bytes, off_t at)
    __attribute__((warn_unused_result));

/* Inode and birth of an open file. False: errno. */
bool votes_header_of_file(struct votes_header *h, int file) __attribute__((warn_unused_result));

#endif
