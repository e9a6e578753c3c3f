#ifndef TESTS_STATS_STEP_KILL_H
#define TESTS_STATS_STEP_KILL_H

#include <stdint.h>

/* Lets this process die, or stand still, at its n-th step in the sink, without a word of it in
 * the code under test: SQLite tells of each statement's begin and end, and lets its calls of
 * the system be replaced; libpq finds our send() and recv() before the C library's. A step is a
 * statement's begin or end, a write to or truncation of a file, or a sending to or receiving
 * from a server. */

enum fate {
    FATE_KILLED,  /* SIGKILL, before the step */
    FATE_TORN,    /* the same; if the step is a write or a sending, half of it is done */
    FATE_STOPPED, /* SIGSTOP; of SQLite's only begins of statements outside a transaction */
};

/* From now on; for databases opened after it. `at` counts from 1; 0: never. */
void step_kill_arm(enum fate fate, uint64_t at);

#endif
