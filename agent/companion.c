#include "companion.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

const char *companion_path(const char *name, char path[static COMPANION_PATH_MAX])
{
    char program[COMPANION_PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    char *const slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
        const int length = snprintf(path, COMPANION_PATH_MAX, "%s/%s", program, name);
        if (length < COMPANION_PATH_MAX && access(path, X_OK) == 0) {
            return path;
        }
    }
    snprintf(path, COMPANION_PATH_MAX, "%s/%s", OSTRAKON_LIBEXECDIR, name);
    return path;
}

/* With default signals, since the agent ignores some. */
static int spawn(pid_t *process, int socket_end, const struct companion_options *options)
{
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
        (error = posix_spawn_file_actions_adddup2(&files, options->third, 3)) == 0 &&
        (error = posix_spawn_file_actions_addclosefrom_np(&files, 4)) == 0;
    if (set) {
        error = posix_spawn(process, options->program, &files, &attributes, options->arguments,
                            options->environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int companion_start(pid_t *process, int *socket, const struct companion_options *options)
{
    int ends[2];
    *process = 0;
    *socket = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return errno;
    }
    const int error = spawn(process, ends[1], options);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        *process = 0;
        return error;
    }
    *socket = ends[0];
    return 0;
}

void companion_await(pid_t process, int wait_ms)
{
    const int handle = pidfd_open(process, 0);
    struct pollfd ended = {.fd = handle, .events = POLLIN};
    if (handle >= 0) {
        poll(&ended, 1, wait_ms);
        close(handle);
    }
}
