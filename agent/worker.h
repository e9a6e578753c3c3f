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
struct hook_command;

/* One run of a hook, so that what is said of it is bounded. */
struct worker_run {
    struct hook hook;
    struct loop_watch *watch;
    const char *event; /* "grant", "revoke", ... */
    uint64_t started_ms;
    bool clean;          /* once it has ended: with exit status 0 */
    uint32_t lines;      /* of its standard error */
    uint32_t reports;    /* of its standard output */
    uint32_t misreports; /* such as were none */
};

struct worker {
    struct worker_run grant;
    struct worker_run revoke;
    struct work work; /* what the grant hook was last started for */
    bool revoking;    /* run `revoke` when it has ended */
    bool gone;        /* ended before it was watched: the node is to be told, after this step */
    bool gone_clean;
    bool lack_is_said; /* that there is no grant hook */
};

void worker_start(struct agent *a, const struct work *work);
/* It may live until then, on the monotonic clock; no longer than its grant in any case. */
void worker_live(struct agent *a, uint64_t until_ms);
/* Kills it, and runs `revoke` when it has ended. The node is told of the end either way. */
void worker_stop(struct agent *a);
/* Kills what runs, and waits until it is dead, a second at most. Twice is harmless. */
void worker_finish(struct agent *a);

/* Of any hook: starts it, with its facts and its lease in `options`. False if it could not be:
 * said in the journal. */
bool worker_run_start(struct agent *a, struct worker_run *run, const char *event,
                      const struct hook_command *command, struct hook_options options,
                      void (*on_ready)(void *context, unsigned events));
/* Of a hook without a report: what it says goes to the journal. True: it has ended. */
bool worker_run_read(struct agent *a, struct worker_run *run);
/* Kills it if it runs. */
void worker_run_finish(struct worker_run *run);

#endif
