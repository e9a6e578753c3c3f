#ifndef OSTRAKON_TESTS_DISK_VOTES_SAMPLE_H
#define OSTRAKON_TESTS_DISK_VOTES_SAMPLE_H

/* Vote records of which a test knows every byte by their number, in one store. */

#include "agent/votes.h"

struct votes_sample {
    uint8_t record[3000];
    uint8_t block[20000];
    uint8_t hash[VOTES_HASH_BYTES];
};

/* Where the test's store is. */
const char *votes_sample_path(void);
struct votes_sample votes_sample_of(uint8_t number);

/* Writes record `number` with its block, keeping that one and the `kept` numbers before it. */
bool votes_sample_put(struct votes *v, uint8_t number, uint8_t kept);

/* Whether the open store is wholly that of record `number` with `kept` blocks before its own.
 */
bool votes_sample_holds(const struct votes *v, uint8_t number, uint8_t kept);

/* A new store with so many records, closed. Aborts if that cannot be. */
void votes_sample_make(uint8_t records, uint8_t kept);

#endif
