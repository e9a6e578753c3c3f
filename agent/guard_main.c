/* ostrakon-guard LATCH LATCH [WATCHDOG]
 *
 * Looks after one agent from outside (references.md, R36): a process of its own, with memory of
 * its own that is never swapped, and nothing to do but this. The agent beats once a second. One
 * that has stopped is killed, so that whoever supervises it starts it anew; one whose beats do
 * not follow from each other does not remember what it did, and is latched, too: it comes back
 * unable to vote until a person has looked.
 *
 * Descriptors: 0 the agent's socket, 3 its pidfd, so that no other process is ever killed in
 * its place. WATCHDOG is fed while the agent beats; opening it has armed it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "guard_beat.h"

#define SOCKET 0
#define AGENT 3
#define LOOK_MS 250
#define LATE_MS                                                                                \
    1000u /* a look that comes so late says something of this process, not of that */
#define WATCHDOG_S 15

struct guard {
    uint64_t looked_ms;
    uint64_t heard_ms;
    bool any;
    bool closed; /* the socket: its agent is dying, or has lost it */
    uint64_t turns;
    uint64_t gates;
    uint8_t chain[GUARD_DIGEST_BYTES];
    int watchdog; /* -1: none */
    const char *latches[2];
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Without waiting: what hangs may be who reads this. */
static void say(const char *text)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0) {
        /* Nobody is left to be told that this could not be said. */
        (void)!write(STDERR_FILENO, text, strlen(text));
    }
}

/* No record as agent/latch.h has it: whatever is there and is none counts as set, too. One that
 * is there stays as it is. */
static void latch(const char *path)
{
    static const char text[] =
        "R36 guard: the beats of the agent do not follow from each other: "
        "its memory or this machine's is damaged\n";
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0 || write(file, text, sizeof text - 1) != (ssize_t)(sizeof text - 1) ||
        fsync(file) != 0) {
        say("ostrakon-guard: a latch could not be written\n");
    }
    if (file >= 0) {
        close(file);
    }
}

/* A latch that is not in the directory after a power cut was never set. */
static void latch_sync(const char *path)
{
    char directory[4096];
    const char *slash = strrchr(path, '/');
    const size_t size_bytes = slash == NULL ? 0 : (size_t)(slash - path);
    if (size_bytes == 0 || size_bytes >= sizeof directory) {
        return;
    }
    memcpy(directory, path, size_bytes);
    directory[size_bytes] = '\0';
    const int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)fsync(file);
        close(file);
    }
}

static void kill_agent(const char *why)
{
    say(why);
    if (pidfd_send_signal(AGENT, SIGKILL, NULL, 0) != 0 && errno != ESRCH) {
        say("ostrakon-guard: the agent could not be killed\n");
    }
}

static _Noreturn void end_broken(const struct guard *g)
{
    kill_agent("ostrakon-guard: the agent's beats are broken: it is killed and latched\n");
    for (int i = 0; i < 2; i++) {
        latch(g->latches[i]);
        latch_sync(g->latches[i]);
    }
    _exit(EXIT_FAILURE);
}

static void feed(const struct guard *g)
{
    if (g->watchdog >= 0 && write(g->watchdog, "", 1) != 1) {
        say("ostrakon-guard: the watchdog could not be fed\n");
    }
}

/* The letter disarms a driver that allows it. */
static _Noreturn void end_well(const struct guard *g)
{
    if (g->watchdog >= 0) {
        (void)!write(g->watchdog, "V", 1);
        close(g->watchdog);
    }
    _exit(EXIT_SUCCESS);
}

static bool follows(struct guard *g, const struct guard_beat *b)
{
    uint8_t chain[GUARD_DIGEST_BYTES];
    guard_chain(b, g->chain, chain);
    const bool good = b->magic == GUARD_BEAT_MAGIC && (!g->any || b->turns > g->turns) &&
                      b->gates >= g->gates && memcmp(chain, b->chain, sizeof chain) == 0;
    g->any = true;
    g->turns = b->turns;
    g->gates = b->gates;
    memcpy(g->chain, chain, sizeof g->chain);
    return good;
}

static void listen_to(struct guard *g)
{
    union {
        struct guard_beat beat;
        char bytes[sizeof(struct guard_beat) + 1];
    } packet;
    for (;;) {
        const ssize_t size = recv(SOCKET, &packet, sizeof packet, MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 && errno == EAGAIN) {
            return;
        }
        if (size <= 0) {
            g->closed = true;
            return;
        }
        if (size == (ssize_t)strlen(GUARD_GOODBYE) &&
            memcmp(packet.bytes, GUARD_GOODBYE, strlen(GUARD_GOODBYE)) == 0) {
            end_well(g);
        }
        if (size != (ssize_t)sizeof packet.beat || !follows(g, &packet.beat)) {
            end_broken(g);
        }
        g->heard_ms = now_ms();
        feed(g);
    }
}

/* Somebody looks at it with a debugger, and has stopped it: it is no more hung than read. */
static bool is_held_by_debugger(void)
{
    char text[512] = "";
    char path[64];
    int agent = 0;
    FILE *file = fopen("/proc/self/fdinfo/3", "re");
    while (file != NULL && fgets(text, sizeof text, file) != NULL) {
        if (strncmp(text, "Pid:", 4) == 0) {
            agent = (int)strtol(text + 4, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    snprintf(path, sizeof path, "/proc/%d/stat", agent);
    file = fopen(path, "re");
    text[0] = '\0';
    if (file != NULL) {
        (void)!fgets(text, sizeof text, file);
        fclose(file);
    }
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && strncmp(name_end, ") t", 3) == 0;
}

/* Time in which this process itself stood still is nobody's silence. */
static void look(struct guard *g)
{
    const uint64_t now = now_ms();
    const uint64_t gap_ms = now - g->looked_ms;
    g->looked_ms = now;
    if (gap_ms > LATE_MS) {
        g->heard_ms += gap_ms;
    }
    if (now < g->heard_ms + GUARD_PATIENCE_MS) {
        return;
    }
    if (is_held_by_debugger()) {
        g->heard_ms = now;
        return;
    }
    kill_agent("ostrakon-guard: the agent has not turned for five seconds: it is killed\n");
    _exit(EXIT_FAILURE);
}

static int watchdog_open(const char *path)
{
    int timeout_s = WATCHDOG_S;
    const int file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        say("ostrakon-guard: the watchdog cannot be opened\n");
    } else if (ioctl(file, WDIOC_SETTIMEOUT, &timeout_s) != 0) {
        say("ostrakon-guard: the watchdog keeps its own time-out\n");
    }
    return file;
}

int main(int argc, char **argv)
{
    struct guard g = {.looked_ms = now_ms(), .heard_ms = now_ms(), .watchdog = -1};
    const struct sched_param first = {.sched_priority = 1};
    if (argc < 3 || sodium_init() < 0) {
        say("usage: ostrakon-guard LATCH LATCH [WATCHDOG]; for the agent to start\n");
        return EXIT_FAILURE;
    }
    g.latches[0] = argv[1];
    g.latches[1] = argv[2];
    g.watchdog = argc > 3 ? watchdog_open(argv[3]) : -1;
    /* Both may be refused, and are not needed to be right, only to be quick. */
    (void)mlockall(MCL_CURRENT | MCL_FUTURE);
    (void)sched_setscheduler(0, SCHED_FIFO, &first);
    for (;;) {
        struct pollfd ready[2] = {{.fd = AGENT, .events = POLLIN},
                                  {.fd = g.closed ? -1 : SOCKET, .events = POLLIN}};
        const int count = poll(ready, 2, LOOK_MS);
        if (count < 0 && errno != EINTR) {
            return EXIT_FAILURE;
        }
        if (count > 0 && ready[0].revents != 0) {
            return EXIT_SUCCESS; /* it has ended by itself */
        }
        if (count > 0 && ready[1].revents != 0) {
            listen_to(&g);
        }
        look(&g);
    }
}
