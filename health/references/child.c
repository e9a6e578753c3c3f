#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 256u
#define FINISH_LOOKS 50 /* of 10 ms */

bool child_find(const char *path, const char *name, char *out, size_t out_bytes)
{
    for (const char *at = path; *at != '\0';) {
        const size_t size_bytes = strcspn(at, ":");
        const int size = snprintf(out, out_bytes, "%.*s/%s", (int)size_bytes, at, name);
        if (size_bytes > 0 && size > 0 && (size_t)size < out_bytes && access(out, X_OK) == 0) {
            return true;
        }
        at += size_bytes + (at[size_bytes] == ':');
    }
    return false;
}

/* Its own group, so that what it starts dies with it, and nothing of ours: no descriptor, no
 * blocked signal, no variable. */
static int spawn(pid_t *process, const char *program, char *const arguments[], int output)
{
    static char language[] = "LC_ALL=C";
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const environment[] = {language, path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    int error = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    error = error != 0 ? error : posix_spawn_file_actions_adddup2(&files, output, 1);
    error = error != 0 ? error
                       : posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    error = error != 0 ? error : posix_spawn_file_actions_addclosefrom_np(&files, 3);
    error = error != 0 ? error
                       : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                                                   POSIX_SPAWN_SETSIGDEF |
                                                                   POSIX_SPAWN_SETSIGMASK);
    error = error != 0 ? error : posix_spawnattr_setsigdefault(&attributes, &all);
    error = error != 0 ? error : posix_spawnattr_setsigmask(&attributes, &none);
    error = error != 0
                ? error
                : posix_spawn(process, program, &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int child_start(struct child *c, const char *program, char *const arguments[],
                uint64_t until_ms)
{
    int ends[2];
    *c = (struct child){.output = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    const int error = spawn(&c->process, program, arguments, ends[1]);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        c->process = 0;
        return error;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    c->output = ends[0];
    c->until_ms = until_ms;
    c->state = CHILD_RUNNING;
    return 0;
}

static void kill_for(struct child *c, enum child_state why)
{
    if (!c->killed) {
        kill(-c->process, SIGKILL);
        c->killed = true;
        c->state = why;
    }
}

static void listen_to(struct child *c, char *out, size_t room)
{
    while (!c->quiet && !c->killed) {
        if (c->size_bytes == room) {
            kill_for(c, CHILD_TALKATIVE);
            return;
        }
        const ssize_t done = read(c->output, out + c->size_bytes, room - c->size_bytes);
        if (done > 0) {
            c->size_bytes += (size_t)done;
        } else if (done == 0 || (errno != EAGAIN && errno != EINTR)) {
            c->quiet = true;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static bool is_gone(struct child *c)
{
    if (c->process != 0 && waitpid(c->process, &c->status, WNOHANG) == c->process) {
        c->process = 0;
    }
    return c->process == 0;
}

/* The end of its output is its end: one of its own children may hold it open, and is killed
 * with it at its time. */
enum child_state child_poll(struct child *c, uint64_t now_ms, char *out, size_t room)
{
    if (c->process == 0) {
        return c->state;
    }
    listen_to(c, out, room);
    if (now_ms >= c->until_ms) {
        kill_for(c, CHILD_LATE);
    }
    if ((!c->quiet && !c->killed) || !is_gone(c)) {
        return CHILD_RUNNING;
    }
    close(c->output);
    c->output = -1;
    c->state = c->killed ? c->state : CHILD_ENDED;
    return c->state;
}

void child_finish(struct child *c)
{
    if (c->process == 0) {
        return;
    }
    kill_for(c, CHILD_LATE);
    for (int i = 0; i < FINISH_LOOKS && !is_gone(c); i++) {
        usleep(10000);
    }
    close(c->output);
    *c = (struct child){.output = -1};
}
