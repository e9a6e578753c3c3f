#ifndef OSTRAKON_AGENT_STATUS_H
#define OSTRAKON_AGENT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"

/* Whether all is well, and if not, what is the matter and what to do: found here once, so that
 * the API, the command line and the readiness check say the same. */

#define STATUS_REASONS_MAX 24u
#define STATUS_TEXT_BYTES 384u

enum status_state { STATUS_OK, STATUS_DEGRADED, STATUS_NO_QUORUM };

struct status_reason {
    const char *code;
    bool critical;
    uint32_t member; /* MEMBER_NONE: of nobody */
    char text[STATUS_TEXT_BYTES];
    char action[STATUS_TEXT_BYTES]; /* empty: none */
};

struct status {
    enum status_state state;
    const char *phase; /* "starting", "catching_up", "running" */
    uint32_t voters;
    uint32_t needed;
    uint32_t heard;
    uint32_t bears_crashed; /* how many more, beside those unheard now */
    uint32_t bears_malfunctioning;
    uint64_t due;               /* windows */
    uint64_t oldest_due_age_ms; /* how long the first of them has been due */
    uint32_t reason_count;      /* the most important first */
    struct status_reason reasons[STATUS_REASONS_MAX];
};

/* `now_ms` monotonic, `unix_ms` the wall clock. */
void status_of(const struct agent *a, uint64_t now_ms, uint64_t unix_ms, struct status *s);

#endif
