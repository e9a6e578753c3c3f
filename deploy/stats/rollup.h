#ifndef STATS_ROLLUP_H
#define STATS_ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "row.h"

/* One window's rows added up per customer, and the digest by which two members find out whether
 * they added up the same.
 *
 * The digest is the first DIGEST_BYTES of SHA-256, which PostgreSQL computes too, over
 *
 *     "ostrakon-stats-window-2" | window: 8 | customers: 8 |
 *     per customer, in the order of their bytes: size: 4 | bytes | queries: 8 | positives: 8
 *
 * with integers in network order. The window is in it, so that a claim about one window is none
 * about another, and the sizes are, so that no two lists have the same bytes.
 */

#define DIGEST_BYTES 16
#define DIGEST_TEXT_BYTES (2 * DIGEST_BYTES + 1)

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

struct rollup_line {
    char customer[ROW_CUSTOMER_BYTES_MAX + 1];
    int64_t queries;
    int64_t positives;
};

/* Zeroed, it is an empty one. Read by callers, written by rollup_add. */
struct rollup {
    struct rollup_line *lines; /* strictly ascending by the bytes of `customer` */
    size_t count;
    size_t capacity;
};

void rollup_init(struct rollup *r);
void rollup_finish(struct rollup *r); /* accepts NULL and a zeroed one */

/* Adds to the customer's line. Customers come in ascending order, as the sink's index has them;
 * answers false, and changes nothing, when one comes out of order, has no name or too long a
 * one, counts below 0 or too many: the store that they came from is damaged. Ends the program
 * when there is no memory. Amortised constant time.
 */
bool rollup_add(struct rollup *r, const char *customer, int64_t queries, int64_t positives)
    __attribute__((warn_unused_result));

struct digest rollup_digest(const struct rollup *r, int64_t window);

/* The first DIGEST_BYTES of the BLAKE2b-256 of any bytes. */
struct digest digest_of_bytes(const char *bytes, size_t size_bytes);

bool digest_equal(const struct digest *a, const struct digest *b);
void digest_format(const struct digest *d, char text[static DIGEST_TEXT_BYTES]);

#endif
