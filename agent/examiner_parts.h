#ifndef OSTRAKON_AGENT_EXAMINER_PARTS_H
#define OSTRAKON_AGENT_EXAMINER_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/examiner.h"
#include "health/references/references.h"
#include "health/schedule.h"

/* The parts of the examiner; for agent/examiner*.c alone. */

#define PENDING_MAX 64u /* findings that the loop has not taken yet */

struct examiner {
    struct examiner_options options;
    struct loop_wake *wake;
    pthread_t thread;
    pthread_t burst;
    bool has_burst; /* `burst` is to be joined; loop's thread */
    atomic_bool bursting;
    atomic_bool spare;
    atomic_uint slowness;
    atomic_uint share_ppm;
    uint32_t told_slowness; /* loop's thread */
    uint64_t result_count;  /* likewise, and the ring */
    struct examined results[EXAMINED_MAX];

    pthread_mutex_t lock; /* of the next seven */
    pthread_cond_t turn;
    bool ending;
    bool again; /* the first round is to be run once more */
    uint32_t certificate_count;
    struct fleet_certificate certificates[FLEET_CERTIFICATES_MAX];
    uint32_t pending_count;
    struct finding pending[PENDING_MAX];

    struct schedule schedule; /* the thread's own, and so are the next two */
    const struct reference *order[REFERENCES_MAX];
    bool shown[REFERENCES_MAX]; /* what is wrong, by place in the order */

    pthread_mutex_t machine; /* whoever runs a reference has it */
    struct reference_context references;
};

/* examiner_run.c: the schedule and the machine, before there is a thread. */
void examiner_begin(struct examiner *e);
/* Runs what is due, if anything is, and hands the finding over. */
void examiner_run_next(struct examiner *e);
/* Hands a finding to the loop; any thread but the loop's. */
void examiner_deliver(struct examiner *e, const struct finding *f);

#endif
