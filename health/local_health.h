#ifndef OSTRAKON_HEALTH_LOCAL_HEALTH_H
#define OSTRAKON_HEALTH_LOCAL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "detector.h"

/* Own lateness first (references.md, R30): who is slow judges slowly. A process that was
 * stopped, swapped out or starved finds every peer silent, for it heard none of them. So before
 * anybody is suspected each step is asked how late it comes itself, and
 *
 * - the lateness is a grace for every peer: that time does not count as its silence;
 * - a step later than two heartbeats raises the score, by one for each two heartbeats, so that
 *   the peers have time to come back to a sleeper whose connections they gave up;
 * - the score multiplies every patience by (1 + score);
 * - from LOCAL_HEALTH_NO_ACCUSATION on nobody is accused;
 * - the score falls by one for each second in which no step was late.
 *
 * Source: Lifeguard (Dadgar et al., DSN 2018), local health multiplier. Unlike there one long
 * pause counts like many short ones, and is a grace beside. */

#define LOCAL_HEALTH_SCORE_MAX 8u
#define LOCAL_HEALTH_NO_ACCUSATION 4u
#define LOCAL_HEALTH_CLEAN_MS 1000u

struct local_health {
    uint64_t stepped_ms;     /* time of the last step */
    uint64_t clean_since_ms; /* start of the clean second in progress */
    uint32_t heartbeat_ms;
    uint32_t score; /* 0 (well) .. LOCAL_HEALTH_SCORE_MAX */
};

/* Starts well. Asserts heartbeat_ms > 0. */
void local_health_init(struct local_health *h, uint32_t heartbeat_ms, uint64_t now_ms);

/* First thing in every step, whatever its input: `now_ms` is its time, `due_ms` the time for
 * which the step before asked (TIME_NEVER, or any other time not yet come, is no lateness).
 * Returns by how much this step is late, 0 if it is not: give that to detector_excuse for
 * *every* peer before anything else is done, and to tick_observe. */
uint64_t local_health_step(struct local_health *h, uint64_t now_ms, uint64_t due_ms)
    __attribute__((warn_unused_result));

/* detector_deadline_ms with the peer's patience times (1 + score). A refused connection is not
 * softened: no lateness of mine can have caused it. */
uint64_t local_health_deadline_ms(const struct local_health *h, const struct detector *d);

/* Whether the peer is to be suspected at `now_ms`. */
bool local_health_suspects(const struct local_health *h, const struct detector *d,
                           uint64_t now_ms);

/* False while I have been so late that I start no accusation; those that stand may stand. */
bool local_health_may_accuse(const struct local_health *h);

#endif
