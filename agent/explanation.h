#ifndef OSTRAKON_AGENT_EXPLANATION_H
#define OSTRAKON_AGENT_EXPLANATION_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/store.h"
#include "consensus/cluster.h"

/* What happened to a member, and what brings it back: made here once, for the API, which the
 * command line prints. A function of its arguments; any thread. */

#define EXPLANATION_EVENTS_MAX 25u /* told; who wants more reads the log */
#define EXPLANATION_STEPS_MAX 8u
#define EXPLANATION_TEXT_BYTES 160u
#define EXPLANATION_FACTS_MAX 8u
#define EXPLANATION_FACT_BYTES 384u

/* What is to be done, or comes by itself. */
#define EXPLANATION_STEPS(X)                                                                   \
    X(EXAMINE, "examine") /* by a person, on its machine */                                    \
    X(CLEAR, "clear")     /* likewise, when that passed */                                     \
    X(ADMIT, "admit")     /* by an operator */                                                 \
    X(START, "start")     /* by a person: it is not heard */                                   \
    X(UNDRAIN, "undrain") /* by an operator */                                                 \
    X(APPEAL, "appeal")   /* by itself */                                                      \
    X(RECORD, "record")   /* by itself, in time */

enum explanation_step_kind {
#define X(word, text) EXPLANATION_##word,
    EXPLANATION_STEPS(X)
#undef X
};

const char *explanation_step_text(enum explanation_step_kind kind);

struct explanation_step {
    enum explanation_step_kind kind;
    char text[EXPLANATION_TEXT_BYTES];
};

struct explanation {
    uint64_t height; /* of the block that brought it to its standing; 0: not among the events */
    uint32_t event_count;
    uint32_t left_out; /* older ones, that would be told if there were room */
    uint32_t events[EXPLANATION_EVENTS_MAX]; /* places in the list they were picked from */
    uint32_t fact_count; /* what is said of it, voted on or held up just now; sentences */
    char facts[EXPLANATION_FACTS_MAX][EXPLANATION_FACT_BYTES];
    uint32_t step_count; /* in the order in which they come */
    struct explanation_step steps[EXPLANATION_STEPS_MAX];
};

/* `member` is an index of `c`, and is heard here or not; `events` of the log are about it, the
 * oldest first. Picked are those that are notices or worse, the newest; of a member that is not
 * in good standing only those from two minutes before it came to that on. Costs one pass over
 * the events. */
void explanation_of(const struct cluster *c, uint32_t member, bool is_heard,
                    const struct store_event *events, uint32_t event_count,
                    struct explanation *out);

/* explanation_facts.c: fills in the facts. */
void explanation_find_facts(const struct cluster *c, uint32_t member, struct explanation *out);

/* A standing's cause as a clause: "an operator removed it". Empty where there is nothing to
 * explain. */
const char *explanation_cause(enum standing_cause cause);

#endif
