#ifndef OSTRAKON_HEALTH_REFERENCES_CHILD_H
#define OSTRAKON_HEALTH_REFERENCES_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A program that is asked something and answers on its standard output. It is started by
 * itself, never by a shell, and never waited for: it may hang in a driver for longer than
 * anybody can kill it. */

enum child_state {
    CHILD_NONE,
    CHILD_RUNNING,
    CHILD_ENDED,     /* by itself: `status` */
    CHILD_LATE,      /* was killed at its time */
    CHILD_TALKATIVE, /* was killed, as it said more than there is room for */
};

struct child {
    enum child_state state; /* NONE also when it is zeroed */
    pid_t process;          /* 0: none that has to be waited for */
    int output;
    bool quiet; /* has closed its output */
    bool killed;
    uint64_t until_ms;
    size_t size_bytes; /* of what it has said */
    int status;        /* as waitpid has it */
};

/* Finds `name` in the directories of `path` ("/usr/sbin:/sbin"). False: it is in none. */
bool child_find(const char *path, const char *name, char *out, size_t out_bytes)
    __attribute__((warn_unused_result));

/* Starts it, with nothing on its standard input and its errors thrown away. 0, or an errno. */
int child_start(struct child *c, const char *program, char *const arguments[],
                uint64_t until_ms) __attribute__((warn_unused_result));

/* Takes what it has said since into `out`, which has room for `room` bytes in all and stays
 * the same from call to call. Never waits. RUNNING also after it was killed and has not died.
 */
enum child_state child_poll(struct child *c, uint64_t now_ms, char *out, size_t room);

/* Kills it. A child that does not die is left to whoever inherits it. */
void child_finish(struct child *c);

#endif
