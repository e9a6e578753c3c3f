#ifndef STATS_INGEST_H
#define STATS_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lines.h"
#include "sink.h"

/* Lines of a log become rows of the sink, each exactly once however often it is begun anew.
 *
 * What tells rows apart is their node and id. A row without an id gets one made of the digest
 * of what it says and of how many equal ones came before it in the same run, so that the same
 * log read again makes the same ids; ids the log brings are surer, since two logs may hold
 * equal rows.
 */

struct ingest_options {
    const char *name; /* of the file, for messages */
    const char *node; /* whose lines they are, or NULL: each says so itself */
    /* The log is the program's own and is read again after a crash: rows that arrived are
     * passed over and count as nothing. */
    bool is_recovery;
};

struct tally {
    uint64_t arrivals[ARRIVAL_COUNT];
    bool is_unfinished; /* the last line lacked its newline and was no row: left for later */
};

/* Reads `lines` to the end, a transaction a buffer, and adds to *out what was committed.
 * Answers false with words in `s->error` when the sink or the file fails: what was committed
 * stays, and the same call again does the rest. Complains on stderr, some lines a second. */
bool ingest_lines(struct sink *s, struct lines *lines, const struct ingest_options *options,
                  struct tally *out) __attribute__((warn_unused_result));

/* Inserts rows that were made here. `rows` have ids and nodes. */
bool ingest_rows(struct sink *s, const struct row *rows, size_t count, struct tally *out)
    __attribute__((warn_unused_result));

#endif
