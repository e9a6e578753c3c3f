#ifndef OSTRAKON_CONSENSUS_VOTE_RECORD_H
#define OSTRAKON_CONSENSUS_VOTE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simplex.h"

/* In place of a height in `resume`: this member has forgotten votes, and does not know yet from
 * which height on it may vote again. */
#define RESUME_UNKNOWN UINT64_MAX

/* The record of a height in which nothing was voted yet. */
struct vote_record vote_record_of(uint64_t height, const struct hash *parent, uint64_t resume);

/* Returns the size, at most RECORD_BYTES_MAX. Layout: README.md. */
size_t vote_record_encode(const struct vote_record *r, uint8_t out[static RECORD_BYTES_MAX]);

/* False for anything that vote_record_encode cannot have written. */
bool vote_record_decode(struct vote_record *r, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* The view in which a member with this record is. */
uint32_t vote_record_view(const struct vote_record *r);

/* True if `v`, a vote that I have signed, is none of those that the record knows or that came
 * before them: then votes were forgotten (protocol.md, rule 17). */
bool vote_record_forgot(const struct vote_record *r, const struct vote *v);

#endif
