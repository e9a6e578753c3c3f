#ifndef OSTRAKON_AGENT_CLI_AUDIT_SINK_H
#define OSTRAKON_AGENT_CLI_AUDIT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/cluster.h"

/* What a sink has published, read beside the log: tables `published(window, fence, digest)`,
 * `staged(window, fence, key, queries, positives)` and `fence(top)` of the SQLite file of
 * deploy/stats. A sink in PostgreSQL is refused, with words. */

#define AUDIT_SINK_ERROR_BYTES 512u

enum published {
    PUBLISHED_SAME,
    PUBLISHED_OTHER,
    PUBLISHED_ROWS, /* the digest is the same, and not that of the rows published under it */
    PUBLISHED_NOT,
    PUBLISHED_UNREADABLE
};

struct audit_sink;

/* Only for reading. NULL: `error` says why. */
struct audit_sink *audit_sink_open(const char *path, char error[static AUDIT_SINK_ERROR_BYTES])
    __attribute__((warn_unused_result));
void audit_sink_close(struct audit_sink *s);

/* Whether the window is published with this digest, and rows that have it. `found` gets what is
 * published, or what the rows come to, in hexadecimal. */
enum published audit_sink_compare(struct audit_sink *s, uint64_t window,
                                  const struct window_digest *digest,
                                  char found[static 2 * DIGEST_BYTES + 1]);

/* How many windows below `window` are published; UINT64_MAX: unreadable. */
uint64_t audit_sink_count(struct audit_sink *s, uint64_t window);

/* Whether the sink still refuses the leaders of before: its highest fence is at least that of
 * every window that it has published. False: `why` says what is the matter. */
bool audit_sink_fenced(struct audit_sink *s, char why[static AUDIT_SINK_ERROR_BYTES]);

#endif
