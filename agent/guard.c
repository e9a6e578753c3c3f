#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "ostrakon-guard"
#define FINISH_MS 1000
#define KILLED_MS 100 /* for one that was killed, or is gone already */

const char *guard_path(char path[static GUARD_PATH_MAX])
{
    char program[GUARD_PATH_MAX - sizeof NAME];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    char *const slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
        snprintf(path, GUARD_PATH_MAX, "%s/" NAME, program);
        if (access(path, X_OK) == 0) {
            return path;
        }
    }
    snprintf(path, GUARD_PATH_MAX, "%s", OSTRAKON_LIBEXECDIR "/" NAME);
    return path;
}

/* In a session of its own: a Ctrl-C meant for the agent leaves it the time to take leave. */
static int spawn(pid_t *process, const char *program, const struct guard_options *options,
                 int socket_end, int self)
{
    static char name[] = NAME;
    char *const arguments[] = {name, (char *)(uintptr_t)options->latches[0],
                               (char *)(uintptr_t)options->latches[1],
                               (char *)(uintptr_t)options->watchdog, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&files);
        return error;
    }
    const short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    const bool set =
        (error = posix_spawnattr_setflags(&attributes, flags)) == 0 &&
        (error = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
        (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&files, socket_end, 0)) == 0 &&
        (error = posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&files, self, 3)) == 0 &&
        (error = posix_spawn_file_actions_addclosefrom_np(&files, 4)) == 0;
    if (set) {
        error = posix_spawn(process, program, &files, &attributes, arguments, environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int guard_start(struct guard *g, const struct guard_options *options)
{
    char found[GUARD_PATH_MAX];
    int ends[2] = {-1, -1};
    *g = (struct guard){.socket = -1};
    const char *program = options->program != NULL ? options->program : guard_path(found);
    const int self = pidfd_open(getpid(), 0);
    if (self < 0) {
        return errno;
    }
    int error = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        error = errno;
    } else {
        error = spawn(&g->process, program, options, ends[1], self);
        close(ends[1]);
        g->socket = ends[0];
    }
    close(self);
    if (error != 0) {
        g->process = 0;
        guard_finish(g);
    }
    return error;
}

static void forget(struct guard *g)
{
    if (g->socket > 0) {
        close(g->socket);
    }
    if (g->process > 0) {
        const int process = pidfd_open(g->process, 0);
        struct pollfd ended = {.fd = process, .events = POLLIN};
        if (process >= 0) {
            poll(&ended, 1, KILLED_MS);
            close(process);
        }
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
        const int process = pidfd_open(g->process, 0);
        struct pollfd ended = {.fd = process, .events = POLLIN};
        if (process >= 0) {
            poll(&ended, 1, FINISH_MS);
            close(process);
        }
    }
    forget(g);
}
