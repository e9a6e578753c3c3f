#ifndef OSTRAKON_AGENT_CONFIG_TIMING_H
#define OSTRAKON_AGENT_CONFIG_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "config_report.h"
#include "config_shape.h"
#include "consensus/founding.h"

/* The keys of `timing` in cluster.yaml: name, least, most. What must hold between them is
 * judged apart, so that the message can say why. */
#define TIMING_KEYS(X)                                                                         \
    X(heartbeat_ms, 10, 60000)                                                                 \
    X(suspicion, 2, 100)                                                                       \
    X(delta_ms, 1, 60000)                                                                      \
    X(gather_ms, 0, 60000)                                                                     \
    X(tick_ms, 50, 3600000)                                                                    \
    X(record_ticks, 1, 36)                                                                     \
    X(patience_ms, 1, 3600000)                                                                 \
    X(window_s, 1, 86400)                                                                      \
    X(grace_s, 0, 86400)                                                                       \
    X(window_timeout_s, 1, 86400)                                                              \
    X(audit_timeout_s, 1, 86400)                                                               \
    X(ttl_s, 3, 604800)                                                                        \
    X(name_lease_s, 1, 86400)

struct raw_timing {
#define X(key, least, most) char *key;
    TIMING_KEYS(X)
#undef X
};

/* Sets what the file gives over the defaults that `out` holds. `raw` may be NULL. */
void timing_fill(const struct raw_timing *raw, const struct shape *shape, struct timing *out,
                 struct config_report *report);

/* Timing that cannot work is a fault; what keeps the limits of standing.md, section 10, from
 * being met is a warning, since slow networks and quick tests have their reasons. */
void timing_judge(const struct timing *t, const struct shape *shape,
                  struct config_report *report);

#endif
