#ifndef OSTRAKON_AGENT_STATUS_H
#define OSTRAKON_AGENT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"

/* Whether all is well, and if not, what is the matter and what to do: found here once, so that
 * the API, the command line and the readiness check say the same. Reads the agent, changes
 * nothing. Any thread, as long as nobody changes the agent meanwhile. */

#define STATUS_REASONS_MAX 24u
#define STATUS_TEXT_BYTES 384u
#define STATUS_SUMMARY_BYTES 1024u
#define STATUS_MISSING_BYTES 96u

enum status_state { STATUS_OK, STATUS_DEGRADED, STATUS_NO_QUORUM };

/* Whether what this agent sees is of now. */
enum status_phase { STATUS_STARTING, STATUS_CATCHING_UP, STATUS_RUNNING };

struct status_reason {
    const char *code;
    bool critical;
    uint32_t member; /* MEMBER_NONE: of nobody */
    char text[STATUS_TEXT_BYTES];
    char action[STATUS_TEXT_BYTES]; /* empty: none */
};

struct status {
    enum status_state state;
    enum status_phase phase;
    uint32_t voters;
    uint32_t needed;
    uint32_t heard;
    uint32_t able;          /* of those heard; not oneself, if one does not vote */
    uint32_t bears_crashed; /* how many more, beside those unheard now */
    uint32_t bears_malfunctioning;
    const char *quorum_note;    /* what the numbers do not say; empty: nothing */
    uint64_t behind;            /* blocks that others have and this member has not */
    uint64_t due;               /* windows; 0 while what is seen is not of now */
    uint64_t oldest_due_age_ms; /* how long the first of them has been due */
    uint32_t reason_count;      /* the most important first */
    struct status_reason reasons[STATUS_REASONS_MAX];
    struct fleet_member fleet[MEMBERS_MAX]; /* as attested; ticks are not kept */
};

/* `now_ms` monotonic, `unix_ms` the wall clock. Costs some microseconds. */
void status_of(const struct agent *a, uint64_t now_ms, uint64_t unix_ms, struct status *s);

/* Whether this member's votes reach anybody: not without its vote store, for one. */
bool status_votes(const struct deciding *d);

/* The first reasons in a row, whole sentences; empty if all is well. */
void status_summary(const struct status *s, char summary[static STATUS_SUMMARY_BYTES]);
/* The first thing to do; empty if there is nothing. */
const char *status_action(const struct status *s);

/* Why a voter is not heard ("not heard since 14:19:57"). False: it is heard, or no voter. */
bool status_missing(const struct agent *a, uint32_t member, uint64_t now_ms, uint64_t unix_ms,
                    char text[static STATUS_MISSING_BYTES]);

/* Another number whenever there is something else to say; ages do not count. */
uint64_t status_mark(const struct status *s);

/* "ok", "degraded", "no_quorum"; "starting", "catching_up", "running"; "ok", "warning",
 * "critical". */
const char *status_state_text(enum status_state state);
const char *status_phase_text(enum status_phase phase);
const char *status_level_text(const struct status *s);

#endif
