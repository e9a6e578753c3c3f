#ifndef OSTRAKON_TESTS_API_ALONE_H
#define OSTRAKON_TESTS_API_ALONE_H

#include "agent/agent.h"

/* A real agent that is alone in its cluster, on a directory of its own, with a shell script for
 * its grant hook. Windows of a second, ticks of a quarter. */
struct alone {
    struct agent *agent;
    struct node_config config;
    struct loop_timer *poll;
    bool (*is_so)(struct alone *t);
    uint64_t deadline_ms;
    bool was_so;
};

/* Makes the directory and the keys. */
void alone_init(struct alone *t, const char *grant, const char *revoke);
void alone_open(struct alone *t);
/* Runs the agent until it is so; false after ten seconds. At most once an opening. */
bool alone_run(struct alone *t, bool (*is_so)(struct alone *t));
void alone_close(struct alone *t);

/* With the agent closed: the events that match, of code (NULL: of all); finished by the caller.
 */
struct store_events alone_events(const struct alone *t, const char *code, bool placed);

#endif
