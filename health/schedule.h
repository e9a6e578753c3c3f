#ifndef OSTRAKON_HEALTH_SCHEDULE_H
#define OSTRAKON_HEALTH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "reference.h"

/* Which reference of the machine is run next, and when (references.md, section 4).
 *
 * The first round has no pauses and runs the minimum set before the rest, so that a node that
 * has just started is examined as fast as the machine can. What could not be measured in it is
 * tried again soon. From then on each reference has its period, begun at a phase drawn from
 * `random`: members that were started together must not keep their cores busy together.
 *
 * What the runs cost is summed over ten minutes. Where that exceeds SCHEDULE_SHARE_PPM of one
 * core the memory sweep, the one knob there is, is run less often, until it fits. Flat, its
 * owner's; times are monotonic milliseconds. */

#define SCHEDULE_SHARE_PPM 4000u /* 0.4 % of one core */
#define SCHEDULE_MINUTES 10u     /* over which it is measured */
#define SCHEDULE_SLOWEST 16u     /* times its period is the longest that the sweep is put off */
#define SCHEDULE_RETRY_MS 100u   /* in the first round, after an unknown */
#define SCHEDULE_TRIES 3u        /* of one reference in the first round */
#define SCHEDULE_SWEEP 10u       /* the reference that is slowed down */
#define SCHEDULE_NONE UINT32_MAX

struct scheduled {
    uint32_t id;
    uint32_t period_ms; /* at least 1 */
    uint32_t tries;     /* in the first round */
    bool begun;         /* its first round is over: it was measured, or tried often enough */
    uint64_t due_ms;
};

struct schedule {
    uint32_t count;
    struct scheduled list[REFERENCES_MAX]; /* in the order in which they are run: cheap first */
    uint64_t random;
    uint64_t started_ms;
    uint64_t minute;                    /* since the start; the place of it is this % 10 */
    uint64_t cost_us[SCHEDULE_MINUTES]; /* of the runs in each of the last minutes */
    uint32_t slowness; /* the sweep's period is so many times the usual, 1 .. SLOWEST */
};

/* One entry for each reference, `count` <= REFERENCES_MAX (asserted), of which `id` and
 * `period_ms` count. The whole first round is due now. */
void schedule_init(struct schedule *s, const struct scheduled *list, uint32_t count,
                   uint64_t random, uint64_t now_ms);

/* The place in the list of what is to be run now, SCHEDULE_NONE if nothing is due. Of several
 * the one that has waited longest; of those in the first round the first of the minimum set. */
uint32_t schedule_next(const struct schedule *s, uint64_t now_ms);

/* When the next one is due. UINT64_MAX: there is none. */
uint64_t schedule_due_ms(const struct schedule *s);

/* It was run, and took `cost_us` of a core. `measured`: it came to something but unknown. */
void schedule_ran(struct schedule *s, uint32_t place, bool measured, uint64_t cost_us,
                  uint64_t now_ms);

/* The whole first round once more, from now on. */
void schedule_begin_again(struct schedule *s, uint64_t now_ms);

/* Of one core in the last ten minutes (or since the start, counted as ten minutes: the first
 * round is not what a running node costs), in millionths. */
uint32_t schedule_share_ppm(const struct schedule *s);

/* Every reference has been through its first round. */
bool schedule_is_round_done(const struct schedule *s);

#endif
