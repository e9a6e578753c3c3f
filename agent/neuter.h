#ifndef OSTRAKON_AGENT_NEUTER_H
#define OSTRAKON_AGENT_NEUTER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/latch.h"
#include "consensus/cluster.h"

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
    NEUTER_KEY_OTHER,   /* vote.pem is not the key that the chain has for this member: a newer
                         * one, which an operator has yet to admit, or an old one */
    NEUTER_STANDING,    /* the chain has it neutered, locked out on proof, or gone for good */
};

struct neuter {
    struct latch_files files;
    struct latch_reading found; /* at the start */
    enum neuter_cause cause;
    char why[LATCH_ERROR_BYTES]; /* of the key's causes */
    uint8_t vote_key[32];        /* of vote.pem, once it was read */
    bool begun;                  /* in this run: nothing is decided or done any more */
    uint64_t begun_ms;
    struct loop_timer *timer; /* to the end of this run, or to the next look at the disk */
    char *const *arguments;   /* of main; NULL: the process ends instead of starting anew */
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

/* Node and twin do not agree (twin.h), and nothing was done of it. Damage that either has found
 * is fatal. If they merely differ, and have not within a day, that is marked on the disk, and
 * the process executes itself anew: from what both agreed on, and after an examination of all.
 */
void neuter_by_twin(struct agent *a, const struct finding *finding);

/* From the handler of a signal: the kernel has taken away a page of this process. Wipes the
 * key, writes the latch, and executes the process anew, in memory that is clean. Does not come
 * back. */
_Noreturn void neuter_poisoned(struct agent *a);

/* To be called when a block was decided. A member that waits for the chain to take its new key
 * starts anew once it has; one whose key was replaced there wipes its own and latches; one that
 * may not sign any more wipes it and only follows. */
void neuter_look_at_chain(struct agent *a);

/* From agent_run on: says in the log why this agent only follows, if it does, and waits for a
 * person to clear it (ostrakon clear), upon which it starts anew. */
void neuter_watch(struct agent *a);

/* What was seen, in words: for the status. `action` says what to do. */
void neuter_text(const struct agent *a, char *text, size_t text_bytes, char *action,
                 size_t action_bytes);

void neuter_finish(struct agent *a);

#endif
