#ifndef OSTRAKON_TESTS_SIMPLEX_LIFE_H
#define OSTRAKON_TESTS_SIMPLEX_LIFE_H

#include "consensus/simplex.h"
#include "votes_fixture.h"

/* One member of five among four liars who hold the keys of a whole quorum and say anything at
 * all, while its disk is slow and its power fails. Whatever they say, it must not fail an
 * assertion, and no two votes that it sends in all its lives may be a provable offence
 * (protocol.md, section 6). */

#define SELF 0u
#define BLOCKS 10u /* two of each possible proposer */
#define WRITES_MAX 16u
#define SENT_MAX 4096u

struct disk {
    uint32_t record_bytes;
    uint8_t record[RECORD_BYTES_MAX];
    struct held_block held[HELD_MAX];
};

struct signing_under_way {
    uint64_t serial;
    uint8_t signature[SIGNATURE_BYTES];
};

struct life {
    struct voters voters;
    struct simplex simplex;
    struct offences offences;
    struct simplex_bulk bulk;
    struct effects out;
    struct pool pool;
    uint64_t now_ms;
    uint64_t random;
    uint64_t nonce;
    uint32_t suspected;
    struct disk disk;
    uint32_t write_count;
    uint64_t serials[WRITES_MAX];
    struct disk writes[WRITES_MAX]; /* the disk as it will be */
    uint32_t signing_count;
    struct signing_under_way signings[WRITES_MAX];
    uint32_t sent_count;
    struct vote sent[SENT_MAX];
    struct hash hash[BLOCKS];
    uint32_t size_bytes[BLOCKS];
    uint8_t bytes[BLOCKS][BLOCK_BYTES_MAX];
};

extern struct life life;

/* splitmix64: any stream will do, as long as it is the same each time. */
uint64_t life_draw(uint64_t below);
void life_found(void);
/* With what is durable; all others answer its hello. */
void life_start(void);
/* The end of a step: checks what is sent, begins what is to be written and signed. */
void life_end_step(void);
void life_hear(uint32_t from, const struct message *m);
void life_finish_write(void);
void life_finish_signing(bool refused);

#endif
