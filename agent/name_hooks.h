#ifndef OSTRAKON_AGENT_NAME_HOOKS_H
#define OSTRAKON_AGENT_NAME_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/worker.h"

/* The `takeover` and `release` hooks, by which this member begins and ends to serve under a
 * name (agent/node_names.c decides when). At most one runs for each name, for HOOK_SHORT_MS.
 * The node hears of each end; where no such hook is configured, that it is done. Loop's thread.
 */

struct agent;
struct effect;
struct input;

#define NAME_HOOK_WORDS_BYTES (SERVICE_NAME_SIZE_BYTES + 16u)

struct name_hook {
    struct worker_run run;
    uint64_t serial;
    char words[NAME_HOOK_WORDS_BYTES]; /* "takeover of www.example.org": for the journal */
};

struct name_hooks {
    struct name_hook name[SERVICE_NAMES_MAX];
    uint32_t ended; /* bits of names: the node is to be told, after this step */
    uint32_t clean;
};

/* Does EFFECT_NAME. */
void name_hooks_run(struct agent *a, const struct effect *e);
/* What the node is to be told next; false: nothing. */
bool name_hooks_take(struct agent *a, struct input *in);
/* Kills what runs. Twice is harmless. */
void name_hooks_finish(struct agent *a);

#endif
