#ifndef OSTRAKON_TESTS_SIMULATOR_SINK_H
#define OSTRAKON_TESTS_SIMULATOR_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../consensus/command.h"

/* The sink by its contract (standing.md, section 7): windows frozen by the sink, one lock, the
 * fence checked in the same transaction, endorsements, publication by the second one, digests
 * recomputed over what was stored. A row is a value; rows of a window are their count and sum.
 */

#define SINK_WINDOWS 8192u
#define SINK_STAGED_MAX 64u
#define SINK_ENDORSED_MAX 64u

struct tally_of_rows {
    uint64_t count;
    uint64_t sum;
};

struct staged_rows {
    uint64_t fence;
    uint32_t author;
    struct tally_of_rows rows;
};

struct endorsement {
    uint32_t member;
    struct window_digest digest;
};

struct sink_window {
    struct tally_of_rows raw;
    uint32_t staged_count;
    struct staged_rows staged[SINK_STAGED_MAX];
    uint32_t endorsed_count;
    struct endorsement endorsed[SINK_ENDORSED_MAX];
    bool published;
    struct staged_rows stands; /* the staged rows that were published */
    struct window_digest digest;
    uint32_t other; /* who endorsed them beside their author */
};

struct sink {
    uint32_t window_s;
    uint64_t base; /* the first window there can be */
    uint64_t open; /* rows fall into this one or a later one */
    uint64_t fence_top;
    struct sink_window *windows; /* SINK_WINDOWS from base */
};

enum sink_answer { SINK_DONE, SINK_OLD_FENCE, SINK_FENCE_TOO_HIGH, SINK_FULL };

void sink_init(struct sink *s, uint32_t window_s, uint64_t unix_ms);
void sink_finish(struct sink *s);
/* NULL: beyond what this model holds. */
struct sink_window *sink_window(const struct sink *s, uint64_t window);
/* The window that the row fell into. */
uint64_t sink_insert(struct sink *s, uint64_t unix_ms, uint64_t value);
void sink_close(struct sink *s, uint64_t window);
struct tally_of_rows sink_read(const struct sink *s, uint64_t window);
struct window_digest sink_digest(uint64_t window, const struct tally_of_rows *rows);
bool sink_same(const struct window_digest *a, const struct window_digest *b);

struct sink_claim {
    uint64_t window;
    uint64_t fence;
    uint32_t member;
    struct window_digest digest;
};
/* `published`: this call made the window public. */
enum sink_answer sink_stage(struct sink *s, const struct sink_claim *c,
                            const struct tally_of_rows *rows, bool *published);
enum sink_answer sink_endorse(struct sink *s, const struct sink_claim *c, bool *published);

#endif
