#ifndef OSTRAKON_AGENT_NEUTER_H
#define OSTRAKON_AGENT_NEUTER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/latch.h"

/* From a corrupt member to one that only follows (references.md, 5.2): the key is wiped, the
 * latch written, the key's file overwritten and removed, the worker ended, a resignation handed
 * in; then the process executes itself anew and finds its latch. What is done first works also
 * when the rest cannot. */

struct agent;

#define NEUTER_SENDS_MS 300u  /* for what is to be sent */
#define NEUTER_HOOKS_MS 5000u /* for the worker's end and the revoke hook, at most */

/* Why this agent only follows, if it does. */
enum neuter_cause {
    NEUTER_NOT,
    NEUTER_LATCH,       /* the latch was found at the start */
    NEUTER_KEY_MISSING, /* there is no vote.pem that can be read */
    NEUTER_KEY_OTHER,   /* vote.pem is not the key that the chain has for this member */
};

struct neuter {
    struct latch_files files;
    struct latch_reading found; /* at the start */
    enum neuter_cause cause;
    char why[LATCH_ERROR_BYTES]; /* of the key's causes */
    uint8_t vote_key[32];        /* of vote.pem, if it is another than the chain's */
    bool begun;                  /* in this run: nothing is decided or done any more */
    uint64_t begun_ms;
    struct loop_timer *timer;
    char *const *arguments; /* of main; NULL: the process ends instead of starting anew */
};

/* At the start: reads the latch, and makes ready to write one. False: `error` is a sentence. */
bool neuter_open(struct agent *a, char error[static LATCH_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* Whether this agent only follows. */
static inline bool neuter_is(const struct neuter *n)
{
    return n->cause != NEUTER_NOT || n->begun;
}

/* On EFFECT_NEUTER. Twice is harmless. A member that only follows already ends, with
 * AGENT_EXIT_DAMAGED, and is started by its supervisor as it was. */
void neuter_member(struct agent *a, const struct finding *finding);

/* From the handler of a signal: the kernel has taken away a page of this process. Wipes the
 * key, writes the latch, and executes the process anew, in memory that is clean. Does not come
 * back. */
_Noreturn void neuter_poisoned(struct agent *a);

/* To be called when a block was decided: a member that waits for the chain to take its new key
 * starts anew once it has. */
void neuter_look_at_key(struct agent *a);

/* Says in the log why this agent only follows, if it does. */
void neuter_say(struct agent *a);

/* What was seen, in words: for the status. `action` says what to do. */
void neuter_text(const struct agent *a, char *text, size_t text_bytes, char *action,
                 size_t action_bytes);

void neuter_finish(struct agent *a);

#endif
