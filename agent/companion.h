#ifndef OSTRAKON_AGENT_COMPANION_H
#define OSTRAKON_AGENT_COMPANION_H

#include <stdbool.h>
#include <sys/types.h>

/* A small program of ours that runs beside this one and outlives its hanging: the keeper of a
 * hook (hooks.h), and the guard (guard.h). It is spoken to by one socket of sequenced packets,
 * and leads a session of its own: a Ctrl-C meant for the agent leaves it the time to take
 * leave.
 */

#define COMPANION_PATH_MAX 4096

/* Where it is: beside the running program, else in the directory of the installation. Returns
 * `path`. */
const char *companion_path(const char *name, char path[static COMPANION_PATH_MAX]);

struct companion_options {
    const char *program;      /* its path */
    char *const *arguments;   /* of which the first is its name; NULL at their end */
    char *const *environment; /* NULL at its end */
    int third;                /* what it has as descriptor 3 */
};

/* Starts it: descriptor 0 is its end of a new socket, 1 nothing, 2 this program's, 3 as the
 * options say, and no others; all signals are as a new program has them. *socket is our end,
 * which does not block and is the caller's to close. 0; or an errno, and then there is neither.
 */
int companion_start(pid_t *process, int *socket, const struct companion_options *options)
    __attribute__((warn_unused_result));

/* Waits for its end, at most `wait_ms`. */
void companion_await(pid_t process, int wait_ms);

#endif
