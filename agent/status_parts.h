#ifndef OSTRAKON_AGENT_STATUS_PARTS_H
#define OSTRAKON_AGENT_STATUS_PARTS_H

#include "agent/node_parts.h"
#include "agent/status.h"
#include "agent/words.h"

/* The parts of the status; for agent/status*.c alone. */

#define STATUS_SHORT_BYTES 64u
#define STATUS_NAMES_BYTES 192u

/* One moment, and what is derived of it for several reasons. */
struct moment {
    const struct agent *agent;
    const struct deciding *deciding;
    const struct cluster *cluster;
    const char *self; /* our own name */
    uint64_t now_ms;
    uint64_t unix_ms;
    bool is_settling_in; /* it started so lately that who is not heard yet may still come */
    struct status *status;
};

/* A new reason; the least important one gives way where there are too many. */
struct status_reason *status_add(const struct moment *m, const char *code, bool critical,
                                 uint32_t member);
void status_say(char text[static STATUS_TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "4 min" */
void status_age(uint64_t age_ms, char text[static STATUS_SHORT_BYTES]);
/* "14:03:11" */
void status_clock(uint64_t unix_ms, char text[static STATUS_SHORT_BYTES]);
/* "14:03:11 UTC, 4 min ago" */
void status_when(const struct moment *m, uint64_t at_unix_ms,
                 char text[static STATUS_SHORT_BYTES]);
/* " 2 windows wait.", or nothing where none does. */
void status_waiting(const struct moment *m, char text[static STATUS_SHORT_BYTES]);
/* "selene and themis" */
void status_names(const struct cluster *c, uint32_t members, const char *last,
                  char text[static STATUS_NAMES_BYTES]);
/* When it was last heard, by the wall clock. */
uint64_t status_heard_unix_ms(const struct moment *m, uint32_t member);
/* Bits of the voters that are not heard. */
uint32_t status_unheard(const struct deciding *d);

/* Bits of the voters, but for this one, that are heard and have resigned, as long as that is
 * not decided: they vote no more. */
uint32_t status_resigning(const struct moment *m);

/* status_quorum.c: whether anything can be decided. */
void status_look_at_quorum(const struct moment *m);
void status_look_at_votes(const struct moment *m);
void status_look_at_budget(const struct moment *m);
/* status_members.c: who is there. */
void status_look_at_members(const struct moment *m);
/* status_votes.c: what votes cannot do now. */
void status_look_at_votes_on_members(const struct moment *m);
/* status_diagnosis.c: what this machine's references have against it. */
void status_look_at_diagnosis(const struct moment *m);
/* status_neuter.c: that it only follows, and why. */
void status_look_at_neuter(const struct moment *m);
/* status_standing.c: who is not in good standing; that removals are paused. */
void status_look_at_standings(const struct moment *m);
void status_look_at_pause(const struct moment *m);
/* status_fleet.c: what members should have in common. */
void status_look_at_fleet(const struct moment *m);
/* status_tokens.c: whether this member has its token. */
void status_look_at_tokens(const struct moment *m);
/* status_windows.c: whether the statistics go on. */
void status_look_at_windows(const struct moment *m);
/* status_services.c: who serves under the names of the service. */
void status_look_at_services(const struct moment *m);

#endif
