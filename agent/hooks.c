#include "hooks.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hooks_facts.h"

#define ARGUMENTS_MAX 64
#define KEEPER_NAME "ostrakon-keeper"
#define FINISH_MS 1000

const char *hook_end_text(enum hook_end end)
{
    static const char *const texts[] = {
#define X(word, text) [HOOK_END_##word] = text,
        HOOK_ENDS(X)
#undef X
    };
    assert((size_t)end < sizeof texts / sizeof texts[0]);
    return texts[end];
}

const char *hook_keeper_path(char path[static HOOK_PATH_MAX])
{
    char program[HOOK_PATH_MAX - sizeof KEEPER_NAME];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    char *const slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
        snprintf(path, HOOK_PATH_MAX, "%s/" KEEPER_NAME, program);
        if (access(path, X_OK) == 0) {
            return path;
        }
    }
    snprintf(path, HOOK_PATH_MAX, "%s", OSTRAKON_LIBEXECDIR "/" KEEPER_NAME);
    return path;
}

/* The socket's two ends, the keeper's second, and the pipe with the facts as JSON, its end to
 * be read first: it fits the pipe, so nobody waits. All -1 on failure. */
struct ends {
    int socket[2];
    int input[2];
};

static void ends_close(struct ends *e)
{
    int *const all[] = {&e->socket[0], &e->socket[1], &e->input[0], &e->input[1]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i] >= 0) {
            close(*all[i]);
        }
        *all[i] = -1;
    }
}

static bool ends_open(struct ends *e, const char *json)
{
    *e = (struct ends){{-1, -1}, {-1, -1}};
    const size_t size_bytes = strlen(json);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, e->socket) != 0 ||
        pipe2(e->input, O_CLOEXEC) != 0 || fcntl(e->input[1], F_SETFL, O_NONBLOCK) != 0 ||
        write(e->input[1], json, size_bytes) != (ssize_t)size_bytes) {
        return false;
    }
    close(e->input[1]);
    e->input[1] = -1;
    return true;
}

/* In a session of its own, so that a Ctrl-C meant for the agent does not end it before the
 * agent says so; with default signals, since the agent ignores some. */
static int spawn(pid_t *keeper, const struct ends *e, const char *path, char *const *arguments,
                 char *const *environment)
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
        (error = posix_spawn_file_actions_adddup2(&files, e->socket[1], 0)) == 0 &&
        (error = posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&files, e->input[0], 3)) == 0;
    if (set) {
        error = posix_spawn(keeper, path, &files, &attributes, arguments, environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static uint64_t boottime_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int hook_start(struct hook *h, const struct hook_options *options)
{
    assert(options->argv[0] != NULL);
    assert(options->fact_count <= HOOK_FACTS_MAX);
    char found[HOOK_PATH_MAX];
    char until[24];
    char *arguments[ARGUMENTS_MAX + 3];
    struct ends ends = {{-1, -1}, {-1, -1}};
    char **environment = NULL;
    char *json = NULL;
    int error = ENOMEM;
    size_t count = 0;

    *h = (struct hook){0};
    const char *const path =
        options->keeper != NULL ? options->keeper : hook_keeper_path(found);
    snprintf(until, sizeof until, "%llu",
             (unsigned long long)(boottime_ms() + options->lease_ms));
    arguments[count++] = (char *)(uintptr_t)KEEPER_NAME;
    arguments[count++] = until;
    for (uint32_t i = 0; options->argv[i] != NULL; i++) {
        if (i == ARGUMENTS_MAX) {
            return E2BIG;
        }
        arguments[count++] = (char *)(uintptr_t)options->argv[i];
    }
    arguments[count] = NULL;

    environment = facts_environment(options->facts, options->fact_count, environ);
    json = facts_json(options->facts, options->fact_count);
    if (environment == NULL || json == NULL) {
        goto out;
    }
    if (!ends_open(&ends, json)) {
        error = errno;
        goto out;
    }
    error = spawn(&h->keeper, &ends, path, arguments, environment);
    if (error != 0) {
        h->keeper = 0;
        goto out;
    }
    h->socket = ends.socket[0];
    h->running = true;
    ends.socket[0] = -1;
out:
    ends_close(&ends);
    facts_environment_free(environment);
    free(json);
    return error;
}

int hook_fd(const struct hook *h)
{
    return h->socket;
}

static bool end_parse(const char *text, struct hook_message *m)
{
    static const enum hook_end ends[] = {HOOK_END_EXITED, HOOK_END_SIGNAL, HOOK_END_LEASE,
                                         HOOK_END_KILLED, HOOK_END_FAILED};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *const word = hook_end_text(ends[i]);
        const size_t size_bytes = strlen(word);
        if (strncmp(text, word, size_bytes) == 0 && text[size_bytes] == ' ') {
            m->end = ends[i];
            m->number = (int)strtol(text + size_bytes + 1, NULL, 10);
            return true;
        }
    }
    return false;
}

bool hook_read(struct hook *h, struct hook_message *m)
{
    char packet[HOOK_LOG_LINE_MAX + 16];
    *m = (struct hook_message){.kind = HOOK_END, .end = HOOK_END_LOST};
    if (!h->running) {
        return false;
    }
    const ssize_t size = recv(h->socket, packet, sizeof packet - 1, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (size < 4) {
        h->running = false; /* closed without a word: the keeper was killed */
        return true;
    }
    for (ssize_t i = 0; i < size; i++) {
        packet[i] = packet[i] == '\0' ? '?' : packet[i];
    }
    packet[size] = '\0';
    if (strncmp(packet, "end ", 4) == 0) {
        h->running = false;
        (void)end_parse(packet + 4, m); /* else what it is: lost */
        return true;
    }
    m->kind = strncmp(packet, "out ", 4) == 0 ? HOOK_REPORT : HOOK_LOG;
    snprintf(m->line, sizeof m->line, "%.*s", HOOK_LOG_LINE_MAX, packet + 4);
    return true;
}

static void tell(const struct hook *h, const char *packet)
{
    /* A keeper that does not listen has ended, or has a lease that ends without this. */
    if (h->running) {
        (void)send(h->socket, packet, strlen(packet), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

void hook_live(const struct hook *h, uint64_t lease_ms)
{
    char packet[48];
    snprintf(packet, sizeof packet, "live %llu",
             (unsigned long long)(boottime_ms() + lease_ms));
    tell(h, packet);
}

void hook_kill(const struct hook *h)
{
    tell(h, "kill");
}

void hook_finish(struct hook *h)
{
    if (h == NULL || h->keeper <= 0) {
        return;
    }
    close(h->socket);
    const int process = pidfd_open(h->keeper, 0);
    struct pollfd ended = {.fd = process, .events = POLLIN};
    if (process >= 0) {
        poll(&ended, 1, FINISH_MS);
        close(process);
    }
    waitpid(h->keeper, NULL, WNOHANG);
    *h = (struct hook){0};
}
