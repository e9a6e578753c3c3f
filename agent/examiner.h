#ifndef OSTRAKON_AGENT_EXAMINER_H
#define OSTRAKON_AGENT_EXAMINER_H

#include <stdint.h>

#include "agent/config.h"
#include "agent/loop.h"
#include "health/reference.h"

/* The thread that runs the references of this machine (health/references) by their schedule,
 * and hands each finding to the loop. The first round runs at once and at the usual priority:
 * nothing is signed before it is over. From then on the thread gives way to everybody else
 * (nice 19, batch scheduling). Not SCHED_IDLE: on a machine that others keep busy it would
 * hardly run at all, and a process cannot come back from it without privileges.
 *
 * Before its first run each reference is shown something deliberately wrong. */

struct examiner;

struct examiner_options {
    struct loop *loop;
    const struct node_config *config; /* borrowed until the examiner is destroyed */
    bool keyless;                     /* it is neutered: its vote key is gone on purpose */
    /* Loop's thread, one by one, in the order in which they were found. */
    void (*on_finding)(void *context, const struct finding *finding);
    /* Likewise: the memory sweep takes so many times its usual period from now on. `share_ppm`
     * of a core is what the references took in the last ten minutes. */
    void (*on_slowness)(void *context, uint32_t slowness, uint32_t share_ppm);
    void *context;
};

/* Starts the thread. NULL: no memory, or no thread (errno). */
struct examiner *examiner_create(const struct examiner_options *options)
    __attribute__((warn_unused_result));

/* Ends it, once the reference that is being run has come to an end: milliseconds, but up to
 * four seconds for a burst test. Accepts NULL. */
void examiner_destroy(struct examiner *e);

/* Has the burst test run, beside the schedule and at the usual priority: the node is silent
 * until it has passed. What it comes to is a finding with FINDING_OF_BURST. Nothing happens
 * while one is under way. Loop's thread. */
void examiner_burst(struct examiner *e);

/* Has the first round run once more, from now on. Loop's thread. */
void examiner_begin_again(struct examiner *e);

/* How often the reference is run now; 0: by nobody here. Any thread; accepts NULL. */
uint32_t examiner_period_ms(const struct examiner *e, uint32_t id);

/* Whether the loop is late, and would have the machine for itself: memory is not tested then.
 * Loop's thread. */
void examiner_spare(struct examiner *e, bool spare);

/* What is remembered of the last findings, for whoever looks into what happened. */
#define EXAMINED_MAX 256u

struct examined {
    uint64_t boot_ms; /* CLOCK_BOOTTIME */
    struct finding finding;
};

/* What R31 has found to be attested, as of its last run; returns how many. Any thread. */
uint32_t examiner_certificates(struct examiner *e,
                               struct fleet_certificate out[static FLEET_CERTIFICATES_MAX]);

/* The `index`-th of them, 0 the newest; NULL beyond the oldest. Loop's thread. */
const struct examined *examiner_result(const struct examiner *e, uint32_t index);

#endif
