#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "companion.h"

#define NAME "ostrakon-guard"
#define FINISH_MS 1000
#define KILLED_MS 100 /* for one that was killed, or is gone already */

int guard_start(struct guard *g, const struct guard_options *options)
{
    static char name[] = NAME;
    char *const arguments[] = {name, (char *)(uintptr_t)options->latches[0],
                               (char *)(uintptr_t)options->latches[1],
                               (char *)(uintptr_t)options->watchdog, NULL};
    char *const environment[] = {NULL};
    char found[COMPANION_PATH_MAX];
    *g = (struct guard){.socket = -1};
    const int self = pidfd_open(getpid(), 0);
    if (self < 0) {
        return errno;
    }
    const struct companion_options companion = {
        .program = options->program != NULL ? options->program : companion_path(NAME, found),
        .arguments = arguments,
        .environment = environment,
        .third = self,
    };
    const int error = companion_start(&g->process, &g->socket, &companion);
    close(self);
    return error;
}

static void forget(struct guard *g)
{
    if (g->socket > 0) {
        close(g->socket);
    }
    if (g->process > 0) {
        companion_await(g->process, KILLED_MS);
        waitpid(g->process, NULL, WNOHANG);
    }
    *g = (struct guard){.socket = -1};
}

/* A socket that is full has a guard behind it that does not read: it hangs, and is of no use.
 */
bool guard_beat(struct guard *g, uint64_t gates, const uint8_t state[static GUARD_DIGEST_BYTES])
{
    struct guard_beat b = {.magic = GUARD_BEAT_MAGIC, .turns = ++g->turns, .gates = gates};
    if (g->process == 0) {
        return false;
    }
    memcpy(b.state, state, sizeof b.state);
    guard_chain(&b, g->chain, b.chain);
    memcpy(g->chain, b.chain, sizeof g->chain);
    if (send(g->socket, &b, sizeof b, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof b) {
        return true;
    }
    kill(g->process, SIGKILL);
    forget(g);
    return false;
}

void guard_finish(struct guard *g)
{
    if (g->process > 0) {
        /* It is told, and not killed: it may have to disarm a watchdog first. */
        (void)send(g->socket, GUARD_GOODBYE, strlen(GUARD_GOODBYE),
                   MSG_DONTWAIT | MSG_NOSIGNAL);
        companion_await(g->process, FINISH_MS);
    }
    forget(g);
}
