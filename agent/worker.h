#ifndef OSTRAKON_AGENT_WORKER_H
#define OSTRAKON_AGENT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/hooks.h"
#include "agent/loop.h"
#include "consensus/effects.h"

/* The worker that a grant starts: the `grant` hook under its keeper, what it reports, and the
 * `revoke` hook once it was taken away. The hook's contract stands in the README. */

struct agent;

struct worker {
    struct hook grant;
    struct hook revoke;
    struct loop_watch *grant_watch;
    struct loop_watch *revoke_watch;
    struct work work; /* what the grant hook was last started for */
    bool revoking;    /* run `revoke` when it has ended */
    bool gone;        /* ended before it was watched: the node is to be told, after this step */
    bool gone_clean;
};

void worker_start(struct agent *a, const struct work *work);
/* It may live until then, on the monotonic clock. */
void worker_live(struct agent *a, uint64_t until_ms);
void worker_stop(struct agent *a);
/* Kills what runs. */
void worker_finish(struct agent *a);

#endif
