#ifndef OSTRAKON_AGENT_WORKER_REPORT_H
#define OSTRAKON_AGENT_WORKER_REPORT_H

#include <stdbool.h>

#include "agent/node.h"

/* Reads a line of a worker's standard output: `result WINDOW DIGEST`, `dispute WINDOW DIGEST`,
 * `overtaken FENCE` or `fail REASON`, single blanks between, numbers without leading zeros, the
 * digest as 32 hexadecimal digits that are not all zero, the fence (what the sink has seen)
 * 1 .. SINK_FENCE_MAX. Of a reason as much is kept as a command has room
 * for, and what is not printable ASCII becomes a question mark.
 *
 * False: it is none of these, and `report` is as it was. The fence is left alone. Pure. */
bool worker_report_read(const char *line, struct report *report)
    __attribute__((warn_unused_result));

#endif
