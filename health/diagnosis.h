#ifndef OSTRAKON_HEALTH_DIAGNOSIS_H
#define OSTRAKON_HEALTH_DIAGNOSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "reference.h"

/* What all findings of this run come to (references.md, section 1): which references stand
 * against this node, whether it may sign, and whether it is unfit for good.
 *
 * Every finding goes through diagnosis_take, whoever made it: the thread that examines the
 * machine, or the node itself. What is attested is health/tick's to keep: the node hands it the
 * masks of here at each step. Flat, its owner's; times are milliseconds of one monotonic clock.
 */

#define DIAGNOSIS_UNKNOWNS 3u                             /* in a row: degraded */
#define DIAGNOSIS_TWICE_MS (UINT64_C(24) * 3600u * 1000u) /* FINDING_TWICE */
#define DIAGNOSIS_STALE_MS 60000u /* without any finding of the machine: it is not examined */

/* What is known of one reference. */
struct diagnosed {
    struct finding last; /* as it came; its id is 0: none yet */
    struct finding bad;  /* the last that was neither ok nor absent; likewise */
    uint64_t last_ms;    /* when each of them came */
    uint64_t bad_ms;
    enum reference_result stands; /* what it counts as now; UNKNOWN before the first finding */
    uint32_t flags;               /* of the finding by which it stands so */
    uint64_t since_ms;            /* since when `stands` is as it is */
    enum reference_result held;   /* until then it counts at least as this */
    uint32_t held_flags;
    uint64_t held_until_ms;
    uint64_t once_ms; /* when the last one with FINDING_TWICE came */
    bool once;        /* there was one */
    bool measured;    /* once in this run, with any result but unknown */
    uint32_t tries;   /* findings so far, up to DIAGNOSIS_UNKNOWNS */
    uint32_t unknowns;
};

struct diagnosis {
    struct diagnosed reference[REFERENCES_MAX]; /* R01 in place 0 */
    struct finding fatal;                       /* the first; its id is 0: none */
    uint64_t bursting;                          /* the references that ask for a burst test */
    uint64_t bursts_passed;
    uint64_t machine;     /* references that the machine's thread has reported on */
    uint64_t examined_ms; /* when it last did */
    bool stale;           /* it has not for DIAGNOSIS_STALE_MS */
};

/* What a finding comes with. */
struct diagnosis_setting {
    uint64_t now_ms;
    /* Of R12, R13, R14, R26: those with which so many others have just resigned that the cause
     * is not in this machine (standing.md, 6.3). Fatal is silent then, and a person is asked.
     */
    uint64_t epidemic;
    bool machine; /* from the thread that examines the machine; else the node's own */
};

/* Nothing found. */
void diagnosis_init(struct diagnosis *d);

/* Takes a finding over (copied). One whose result or id is no such is fatal: it comes from
 * damaged memory. */
void diagnosis_take(struct diagnosis *d, const struct finding *f,
                    const struct diagnosis_setting *setting);

/* The node itself asks for a burst test, in the name of a reference (1 .. REFERENCES_MAX,
 * asserted). */
void diagnosis_want_burst(struct diagnosis *d, uint32_t id);

/* As after a start: what the machine's thread has reported of counts as not examined before it
 * has reported of it again; what this machine has not stays absent, and faults stand as they
 * are. */
void diagnosis_begin_again(struct diagnosis *d);

/* To be called in every step: ends what was held long enough, and notices when the machine is
 * no longer examined. The time at which it wants to be called again; UINT64_MAX: never. */
uint64_t diagnosis_watch(struct diagnosis *d, uint64_t now_ms);

/* The references that spoil this node's tick now, and those that bar it from leading only.
 * `own` includes diagnosis_missing: a node that lacks one of the minimum set is never perfect.
 */
uint64_t diagnosis_own(const struct diagnosis *d);
uint64_t diagnosis_serve(const struct diagnosis *d);

/* Those for which nothing may be signed now: silent, fatal, or waiting for their burst test. */
uint64_t diagnosis_silent(const struct diagnosis *d);

/* Those of the minimum set that this machine has not, or that were not measured in this run. */
uint64_t diagnosis_missing(const struct diagnosis *d);

/* Those for which a person has to act. */
uint64_t diagnosis_person(const struct diagnosis *d);

/* Those of the minimum set for which diagnosis_is_ready waits. */
uint64_t diagnosis_awaited(const struct diagnosis *d);

/* As what the reference (1 .. REFERENCES_MAX, asserted) counts now, with what is held. */
enum reference_result diagnosis_result(const struct diagnosis *d, uint32_t id);

/* NULL, or the first finding by which this node is unfit for good. */
const struct finding *diagnosis_fatal(const struct diagnosis *d);

/* The whole minimum set was examined in this run: measured, absent, or unknown so often that it
 * counts as degraded. Nothing is signed before. */
bool diagnosis_is_ready(const struct diagnosis *d);

/* A burst test is to be run. Over with a finding that has FINDING_OF_BURST, unless that could
 * not be measured. */
bool diagnosis_burst_wanted(const struct diagnosis *d);

#endif
