#ifndef OSTRAKON_AGENT_HOOKS_H
#define OSTRAKON_AGENT_HOOKS_H

/* Runs one hook (a worker on `grant`, a short command on others) under a keeper, a small
 * process of its own that kills the hook and all its descendants when the hook ends, when its
 * lease is over, when it is told to, and when this agent dies. An agent that hangs or is
 * stopped renews no lease, so its worker is gone before the next leader's begins.
 *
 * The keeper is spoken to by one socket of sequenced packets, which the caller's loop watches:
 *
 *     to the keeper     `live T`: the hook may live until CLOCK_BOOTTIME is T ms. An absolute
 * time, so that a packet which waited grants nothing. `kill`: now. from the keeper   `out
 * LINE`, `log LINE`: a line of the hook's standard output or error. `end exited N`, `end signal
 * N`, `end lease`, `end killed`, `end failed`
 *
 * The hook gets its facts twice: as OSTRAKON_<NAME> in its environment, and as one JSON object
 * on its standard input. The rest of its environment is the agent's, without what the service
 * manager meant for the agent alone.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "companion.h"

#define HOOK_REPORT_MAX 200    /* bytes of a line of standard output; the rest is cut off */
#define HOOK_LOG_LINE_MAX 1000 /* of standard error */
#define HOOK_REPORTS_BYTES_MAX                                                                 \
    (4 * 1024 * 1024) /* a run; what follows is dropped, and logged so */
#define HOOK_LOG_BYTES_MAX (64 * 1024)
#define HOOK_FACTS_MAX 16
#define HOOK_SHORT_MS 5000 /* the lease of a hook that only does something quickly */

/* One fact: `name` in lower case with underscores. With `text` NULL the number is told. Numbers
 * above 2^52 (fences) go as text. */
struct hook_fact {
    const char *name;
    const char *text;
    uint64_t number;
};

struct hook_options {
    const char *keeper;      /* path of ostrakon-keeper; NULL: hook_keeper_path */
    const char *const *argv; /* what to run, NULL at its end; argv[0] is looked for in PATH */
    const struct hook_fact *facts;
    uint32_t fact_count; /* 0 .. HOOK_FACTS_MAX */
    uint64_t lease_ms;   /* the hook's first lease, from now */
};

/* All of it is hooks.c's; copyable as long as only one copy is used. Zeroed: nothing runs. */
struct hook {
    pid_t keeper;
    int socket;
    bool running;
};

enum hook_kind {
    HOOK_REPORT, /* a line of standard output */
    HOOK_LOG,    /* a line of standard error, or of the keeper about this run */
    HOOK_END,    /* the last one: nothing of the hook is alive any more */
};

#define HOOK_ENDS(X)                                                                           \
    X(EXITED, "exited") /* by itself; `number` is its exit status (127: could not run) */      \
    X(SIGNAL, "signal") /* killed by somebody; `number` is the signal */                       \
    X(LEASE, "lease")   /* by the keeper, its lease was over */                                \
    X(KILLED, "killed") /* by the keeper, on hook_kill */                                      \
    X(FAILED, "failed") /* some descendant could not be killed and is left behind */           \
    X(LOST, "lost")     /* the keeper is gone, and took the hook (not its children) along */

enum hook_end {
#define X(word, text) HOOK_END_##word,
    HOOK_ENDS(X)
#undef X
};

const char *hook_end_text(enum hook_end end);

struct hook_message {
    enum hook_kind kind;
    enum hook_end end;                /* HOOK_END */
    int number;                       /* HOOK_END */
    char line[HOOK_LOG_LINE_MAX + 1]; /* without its newline; bytes from outside, unchecked */
};

/* ostrakon-keeper beside the running program, else in the directory of the installation. */
const char *hook_keeper_path(char path[static COMPANION_PATH_MAX]);

/* Starts keeper and hook. 0, or the errno, with `h` zeroed then. A hook that cannot be run is
 * not found out here: it ends with exit status 127 and a line that says why. Does not wait. */
int hook_start(struct hook *h, const struct hook_options *options)
    __attribute__((warn_unused_result));

/* To be watched for reading as long as `running`. */
int hook_fd(const struct hook *h);

/* The next message, if there is one; call until it answers false, or at most some dozen times a
 * turn: a hook may write without end, and is slowed down only by not being read. After
 * HOOK_END, `running` is false, hook_fd must no longer be watched, and hook_finish is due. */
bool hook_read(struct hook *h, struct hook_message *message)
    __attribute__((warn_unused_result));

/* Renews the lease: from now on the hook has `lease_ms` more, be that longer or shorter than
 * before. Costs one send; to be called several times a lease. */
void hook_live(const struct hook *h, uint64_t lease_ms);

/* Ends the hook; HOOK_END follows, within a few ms as a rule. */
void hook_kill(const struct hook *h);

/* Closes, which kills whatever still runs, and waits for the keeper: no time at all after
 * HOOK_END, else until it has killed the hook, at most 1 s. Twice, or zeroed, is harmless. */
void hook_finish(struct hook *h);

#endif
