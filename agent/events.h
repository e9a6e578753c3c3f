#ifndef OSTRAKON_AGENT_EVENTS_H
#define OSTRAKON_AGENT_EVENTS_H

#include <stdint.h>

#include "agent/worker.h"
#include "consensus/founding.h"

/* The short hooks that tell the services around this member what the cluster has decided:
 * `lock_out`, `standing` and `neuter` of node.yaml (deploy/hooks/README.md, "Events and
 * facts"). Each runs under a keeper, for HOOK_SHORT_MS at most. Loop's thread.
 *
 * Hooks of standings run one at a time, as two of one member must not overtake each other. What
 * they are told is the state as it is when they begin: if a member's standing has changed again
 * while another hook ran, only the last change is told, which is the one that counts.
 *
 * One that fails is tried again after EVENTS_AGAIN_MS, and ever later, EVENTS_AGAIN_MAX_MS at
 * most, until it succeeds: a service that was down when a member was removed must not let it in
 * for ever. */

struct agent;

#define EVENTS_AGAIN_MS 5000u
#define EVENTS_AGAIN_MAX_MS 300000u

#define EVENTS_WORDS_BYTES (NAME_SIZE_BYTES + 16u)

struct events {
    struct worker_run neuter;
    struct worker_run standing;              /* a `lock_out` or a `standing` */
    char standing_words[EVENTS_WORDS_BYTES]; /* which, and of whom: for the journal */
    uint32_t seen_term[MEMBERS_MAX];         /* a standing of this term is told, or is due */
    uint32_t lock_out_due;                   /* bits of members */
    uint32_t standing_due;
    uint32_t running; /* whom the hook that runs is told about */
    bool running_is_removal;
    uint32_t lock_out_failed; /* likewise: due again, when their time comes */
    uint32_t standing_failed;
    bool neuter_due;
    bool observed;     /* as it was last looked at */
    uint32_t failures; /* in a row */
    uint64_t again_ms; /* what failed is not tried again before */
};

/* When this agent runs, after it has read its own blocks: tells everybody's standing, its own
 * first, since the hook of a change may have ended with the agent before; and that this member
 * is neutered, if it is. While the cluster only observes nothing is told; when it acts again
 * everybody's standing is. */
void events_begin(struct agent *a);

/* After each step: tells what standing has changed, and again what could not be told. A member
 * that is not good any more is told by `lock_out` first, before whatever else is due. */
void events_watch(struct agent *a);

/* Kills what runs; what is due is told by the next agent's begin. Twice is harmless. */
void events_finish(struct agent *a);

#endif
