#ifndef OSTRAKON_TESTS_DISK_SAMPLE_H
#define OSTRAKON_TESTS_DISK_SAMPLE_H

/* Blocks of which a test knows every byte by their height. */

#include "agent/store.h"

extern const uint8_t SAMPLE_CLUSTER[STORE_ID_BYTES];

#define SAMPLE_EVENTS 2 /* those of each block: one of atlas, one of nobody */

struct sample_block {
    struct store_block block;
    struct store_event events[SAMPLE_EVENTS];
    uint8_t bytes[3000];
};

void sample_block_fill(struct sample_block *sample, uint64_t height);
bool sample_block_is(const struct store_block *block, uint64_t height);

enum store_answer sample_block_try(struct store *s, uint64_t height);
/* These two abort on anything else. */
void sample_block_write(struct store *s, uint64_t height);
void sample_block_check(struct store *s, uint64_t height);

#endif
