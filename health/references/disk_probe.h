#ifndef OSTRAKON_HEALTH_REFERENCES_DISK_PROBE_H
#define OSTRAKON_HEALTH_REFERENCES_DISK_PROBE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "seams.h"

/* What R23 does with the disk: a small file in the data directory, written a block at a time,
 * synced and read back past the page cache, where that is possible.
 *
 * A block is 4 KiB: magic, sequence, slot (8 bytes each, of this machine's order), 32 random
 * bytes, what these expand to, and a BLAKE2b-256 of all that. Its sequence and slot tell a
 * write that was lost or went elsewhere from one that rotted. */

#define DISK_SLOTS 16u
#define DISK_BLOCK_BYTES 4096u
#define DISK_DIGEST_BYTES 32u
#define DISK_PATH_BYTES 4096u

enum disk_outcome {
    DISK_OUTCOME_GOOD,
    DISK_OUTCOME_PASSING, /* read wrong once, and right when read again */
    DISK_OUTCOME_WRONG,   /* the block just written reads wrong, each time */
    DISK_OUTCOME_CHANGED, /* an earlier one does */
    DISK_OUTCOME_ERROR,   /* a call failed */
    DISK_OUTCOME_GONE,    /* the file was removed under us */
};

struct disk_result {
    enum disk_outcome outcome;
    int error;        /* errno */
    const char *call; /* that failed */
    uint32_t slot;
    uint64_t expected; /* sequence in the slot */
    uint64_t got;      /* and what stands there */
    uint32_t different_bytes;
    uint64_t took_ms; /* of the write, the sync and the read */
};

struct disk_probe {
    struct seams seams;
    char path[DISK_PATH_BYTES]; /* of the data directory, if nameless */
    bool nameless;              /* leaves no trace: the file has no name */
    bool open;
    bool direct; /* past the page cache */
    int file;
    uint64_t sequence;                                  /* of the newest block; 0: none yet */
    uint64_t slot_sequence[DISK_SLOTS];                 /* 0: not written since it was opened */
    uint8_t slot_digest[DISK_SLOTS][DISK_DIGEST_BYTES]; /* of the whole block */
    alignas(DISK_BLOCK_BYTES) uint8_t block[DISK_BLOCK_BYTES];
    alignas(DISK_BLOCK_BYTES) uint8_t back[DISK_BLOCK_BYTES];
};

/* Writes one block, syncs, reads it back and then another one. Opens the file if it is not, and
 * closes it after an error. Blocks for as long as the disk does. */
void disk_probe_run(struct disk_probe *p, struct disk_result *out);

/* Closes the file if it is open. */
void disk_probe_close(struct disk_probe *p);

/* The parts of it that a test of the test needs. */
void disk_block_make(uint8_t block[static DISK_BLOCK_BYTES], uint64_t sequence, uint32_t slot,
                     const uint8_t seed[static 32]);
bool disk_block_is(const uint8_t block[static DISK_BLOCK_BYTES],
                   const uint8_t digest[static DISK_DIGEST_BYTES]);
void disk_block_digest(const uint8_t block[static DISK_BLOCK_BYTES],
                       uint8_t digest[static DISK_DIGEST_BYTES]);

#endif
