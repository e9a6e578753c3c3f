#ifndef STATS_TRAFFIC_H
#define STATS_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "row.h"

/* Made-up queries of one front node, for the demo and for tests.
 *
 * Each batch of rows is appended to the log and flushed to the disk before it is inserted. So
 * the log is the truth about what was asked, and all that a death can leave undone is the
 * insertion of rows that are in the log: the next start does that first, telling rows apart by
 * their ids.
 */

#define TRAFFIC_BATCH_MS 50
#define TRAFFIC_ROWS_PER_S_MAX 20000

struct traffic {
    const char *node;
    uint64_t customers;
    uint64_t random;   /* state of the generator: what --seed gives */
    uint64_t run;      /* fresh bits of this start: ids of two starts never meet */
    uint64_t sequence; /* of the next row */
};

/* The next row, of that time. */
void traffic_row(struct traffic *t, int64_t time_ms, struct row *out);

/* How many rows are due `elapsed_ms` after the start at `rows_per_s`, `made` of them already,
 * at most one second's worth: what a pause has left undone is made up for in steps. */
uint64_t traffic_due(int64_t elapsed_ms, int64_t rows_per_s, uint64_t made);

#endif
