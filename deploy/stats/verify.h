#ifndef STATS_VERIFY_H
#define STATS_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "sink.h"

/* Whether the sink holds each row of the traffic logs exactly once: per customer,
 *
 *     generated (the logs) = published (totals) + unpublished (rows) + arriving
 *
 * in queries and in positive detections alike. `arriving` are rows that were in a log but not
 * in the snapshot of the sink, and came within the patience: only a running node has them.
 * Where a last window is named, nothing up to it may be unpublished.
 */
struct verification {
    bool is_equal;
    int64_t generated, published, unpublished, arriving; /* queries of all customers */
    int64_t windows;                                     /* published ones that count */
    int64_t missing;       /* rows of the logs that are not in the sink */
    int64_t foreign;       /* rows of the sink that are in no log */
    int64_t unequal;       /* customers for whom the sum above is wrong */
    int64_t unreadable;    /* lines of the logs that are no rows */
    int64_t overdue;       /* rows of windows up to `last_window` that are not published */
    int64_t first_overdue; /* the lowest of those windows; 0 where there is none */
};

/* Fills *out, and the temporary table `side(customer, side, queries, positives)` of this
 * connection with what was added up. Windows above `last_window` count as unpublished; it is
 * INT64_MAX where nobody says what should be published, and then no row is overdue. Answers
 * false, with words in `s->error`, when a log or the sink cannot be read. Time and temporary
 * space grow with the logs. */
bool verify_run(struct sink *s, const char *const *logs, int log_count, int64_t last_window,
                int64_t patience_ms, struct verification *out)
    __attribute__((warn_unused_result));

#endif
