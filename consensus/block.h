#ifndef OSTRAKON_CONSENSUS_BLOCK_H
#define OSTRAKON_CONSENSUS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"
#include "hash.h"

#define BLOCK_BYTES_MAX (32u * 1024u)
#define BLOCK_COMMANDS_MAX 160u
#define BLOCK_HEADER_BYTES 117u
#define BLOCK_ANSWERS_MAX 1u /* proofs that each voter has to do work for (retrial.h) */

/* Versions of the protocol: what a block means. A cluster is founded with the first, and goes
 * over to another when an operator says so and every voter has attested that it can. A build
 * runs all from the oldest to the newest that it knows. */
#define PROTOCOL_FOUNDED 1u
#define PROTOCOL_OLDEST 1u
#ifndef PROTOCOL_NEWEST /* a test builds the next release */
#define PROTOCOL_NEWEST 1u
#endif

/* Layout: height 8, parent 32, time 8, proposer 1, state digest 32, version 4, root 32 (that is
 * the header), command count 2, then each command as size 2 and its bytes. */
struct block_header {
    uint64_t height;    /* 1 is the first; the founding document stands at 0 */
    struct hash parent; /* of block height - 1; at height 1 the cluster's id */
    uint64_t time_ms;   /* Unix time */
    uint32_t proposer;  /* who made it; a re-proposal leaves that alone */
    struct hash state;  /* digest of the replicated state before this block */
    uint32_t version;
    struct hash root; /* hash of all bytes behind the header */
};

/* Any BLOCK_HEADER_BYTES are one header. */
struct block_header block_header_read(struct reader *r);
void block_header_write(struct writer *w, const struct block_header *h);
/* The hash of the block that has this header. */
struct hash block_header_hash(const struct block_header *h);

struct block_span {
    uint32_t offset; /* into the block's bytes */
    uint32_t size_bytes;
};

/* A block as decoded: borrows the bytes it was decoded from. */
struct block {
    struct block_header header;
    struct hash
        hash; /* of the header's bytes: says nothing of a view, so it outlives re-proposal */
    const uint8_t *bytes;
    uint32_t size_bytes;
    uint32_t command_count; /* 0 .. BLOCK_COMMANDS_MAX */
    struct block_span commands[BLOCK_COMMANDS_MAX];
};

bool protocol_is_known(uint32_t version);

/* False unless the bytes are exactly one block whose root is that of its commands. What the
 * commands say is judged elsewhere (cluster_check). */
bool block_decode(struct block *b, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* A block in the making, in memory of the caller's of BLOCK_BYTES_MAX. block_begin, then
 * block_add for each command (false: no room, the block is as it was), then block_end, which
 * returns the size and fills the header's root in. */
struct block_maker {
    uint8_t *bytes;
    uint32_t size_bytes;
    uint32_t command_count;
};

struct block_maker block_begin(uint8_t bytes[static BLOCK_BYTES_MAX]);
bool block_add(struct block_maker *m, const uint8_t *command, size_t size_bytes)
    __attribute__((warn_unused_result));
size_t block_end(struct block_maker *m, struct block_header *header);

#endif
