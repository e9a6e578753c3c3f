#include "hooks.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

const char *hook_keeper_path(char path[static COMPANION_PATH_MAX])
{
    return companion_path(KEEPER_NAME, path);
}

/* The facts as JSON, to be read: they fit the pipe, so nobody waits. -1 with errno. */
static int facts_open(const char *json)
{
    int ends[2];
    const size_t size_bytes = strlen(json);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    const bool written = fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 &&
                         write(ends[1], json, size_bytes) == (ssize_t)size_bytes;
    const int reason = errno;
    close(ends[1]);
    if (!written) {
        close(ends[0]);
        errno = reason;
        return -1;
    }
    return ends[0];
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
    char found[COMPANION_PATH_MAX];
    char until[24];
    char *arguments[ARGUMENTS_MAX + 3];
    struct companion_options companion = {.arguments = arguments, .third = -1};
    char **environment = NULL;
    char *json = NULL;
    int error = ENOMEM;
    size_t count = 0;

    *h = (struct hook){0};
    companion.program = options->keeper != NULL ? options->keeper : hook_keeper_path(found);
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
    companion.environment = environment;
    companion.third = facts_open(json);
    error = companion.third < 0 ? errno : companion_start(&h->keeper, &h->socket, &companion);
    if (error != 0) {
        *h = (struct hook){0};
        goto out;
    }
    h->running = true;
out:
    if (companion.third >= 0) {
        close(companion.third);
    }
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
    companion_await(h->keeper, FINISH_MS);
    waitpid(h->keeper, NULL, WNOHANG);
    *h = (struct hook){0};
}
