#ifndef STATS_WORK_H
#define STATS_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sink.h"

/* The worker that the agent starts under a grant, as leader or as auditor; what it does with
 * each window is told in standing.md, section 7. It reports on standard output, a line each:
 *
 *     result WINDOW DIGEST     published, and equal to what this worker computed
 *     dispute WINDOW DIGEST    it computed another; for an auditor also: the leader's rows are
 *                              there, and its endorsement did not publish them
 *     fail REASON              it cannot do its work here; another member should
 *
 * A refusal by fence is none of these. It means that a newer grant is at work, so that nobody
 * waits for this worker any more: it says so on standard error and ends with 0. A fence too far
 * *above* is a failure: nobody's newer grant explains it, and this member cannot work with it.
 */

enum role { ROLE_LEADER, ROLE_AUDITOR };

struct assignment {
    enum role role;
    const char *member;  /* borrowed */
    int64_t fence;       /* 1 .. SINK_NUMBER_MAX */
    int64_t first, last; /* 0 <= first <= last <= SINK_NUMBER_MAX */
    int64_t window_s;
    int64_t deadline_ms; /* instant_monotonic_ms() after which it no longer waits */
    int64_t poll_ms;     /* between two looks at the sink */
};

/* Does it, window by window, and writes the report. Blocks until done, overtaken by a newer
 * grant, out of time, or failed: all of which are said. */
void work_run(struct sink *s, const struct assignment *a, FILE *report);

#endif
