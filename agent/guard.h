#ifndef OSTRAKON_AGENT_GUARD_H
#define OSTRAKON_AGENT_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guard_beat.h"

/* The agent's side of ostrakon-guard (guard_main.c), which kills an agent that hangs and
 * latches one that does not remember what it told. One thread. Start with a zeroed struct. */

struct guard_options {
    const char *program; /* NULL: companion_path */
    const char *latches[2];
    const char *watchdog; /* NULL: none is opened */
};

struct guard {
    pid_t process; /* 0: none */
    int socket;
    uint64_t turns;
    uint8_t chain[GUARD_DIGEST_BYTES];
};

/* Starts one. 0, or an errno, and there is none. */
int guard_start(struct guard *g, const struct guard_options *options)
    __attribute__((warn_unused_result));

/* One beat: `gates` is never fewer than before (asserted by the guard, with a kill). False: the
 * guard is gone, and what it was is tidied up. Never waits. */
bool guard_beat(struct guard *g, uint64_t gates, const uint8_t state[static GUARD_DIGEST_BYTES])
    __attribute__((warn_unused_result));

/* Takes leave of it: this process may end. Twice is harmless. */
void guard_finish(struct guard *g);

#endif
