#include "agent/aborts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MARKS_MAX 64u
#define STACK_BYTES 65536u
#define DIFFERENCE 0x1700u /* in place of a signal's number */

/* One mark; a torn one does not check. In this machine's byte order: it goes nowhere else. */
struct mark {
    uint64_t unix_ms;
    uint32_t number; /* the signal, or DIFFERENCE */
    uint32_t check;
};

static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
#define SIGNALS (sizeof signals / sizeof signals[0])

static struct {
    int file; /* + 1, so that zero is none */
    void (*on_poisoned)(void *context);
    void *context;
    void *stack;
    struct sigaction before[SIGNALS];
} watched;

static uint32_t check_of(const struct mark *m)
{
    return ~(m->number ^ (uint32_t)m->unix_ms ^ (uint32_t)(m->unix_ms >> 32));
}

static bool is_recent(const struct mark *m, uint64_t unix_ms)
{
    const uint64_t apart_ms =
        m->unix_ms < unix_ms ? unix_ms - m->unix_ms : m->unix_ms - unix_ms;
    const uint64_t recent_ms = m->number == DIFFERENCE ? ABORTS_DIFFERED_MS : ABORTS_RECENT_MS;
    return m->check != check_of(m) || apart_ms < recent_ms;
}

/* Those that are recent stand at the front; how many. */
static uint32_t sift(struct mark marks[static MARKS_MAX], uint32_t count, uint64_t unix_ms)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_recent(&marks[i], unix_ms)) {
            struct mark m = marks[i];
            if (m.check !=
                check_of(&m)) { /* torn by a crash: of now, and then it is forgotten */
                m = (struct mark){.unix_ms = unix_ms, .number = SIGABRT};
                m.check = check_of(&m);
            }
            marks[kept++] = m;
        }
    }
    return kept;
}

static bool rewrite(int file, const struct mark *marks, uint32_t count)
{
    const size_t size_bytes = count * sizeof *marks;
    return ftruncate(file, 0) == 0 && write(file, marks, size_bytes) == (ssize_t)size_bytes &&
           fdatasync(file) == 0;
}

static struct aborts_found count(const struct mark *marks, uint32_t kept)
{
    struct aborts_found found = {.deaths = 0};
    for (uint32_t i = 0; i < kept; i++) {
        found.differences += marks[i].number == DIFFERENCE;
        found.deaths += marks[i].number != DIFFERENCE;
    }
    return found;
}

bool aborts_open(const char *path, uint64_t unix_ms, struct aborts_found *found,
                 char error[static ABORTS_ERROR_BYTES])
{
    struct mark marks[MARKS_MAX] = {0};
    const int file =
        open(path, O_RDWR | O_APPEND | O_CREAT | O_DSYNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    const ssize_t size_bytes = file < 0 ? -1 : pread(file, marks, sizeof marks, 0);
    bool good = size_bytes >= 0;
    if (good) {
        const uint32_t there =
            (uint32_t)(((size_t)size_bytes + sizeof *marks - 1) / sizeof *marks);
        const uint32_t kept = sift(marks, there, unix_ms);
        *found = count(marks, kept);
        good = rewrite(file, marks, kept);
    }
    if (!good) {
        snprintf(error, ABORTS_ERROR_BYTES, "%.1000s cannot be read and written: %s", path,
                 strerror(errno));
        if (file >= 0) {
            close(file);
        }
        return false;
    }
    watched.file = file + 1;
    return true;
}

static bool mark(uint32_t number)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct mark m = {.unix_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
                     .number = number};
    m.check = check_of(&m);
    return watched.file > 0 && write(watched.file - 1, &m, sizeof m) == (ssize_t)sizeof m;
}

bool aborts_mark_difference(void)
{
    return mark(DIFFERENCE);
}

static bool is_poison(const siginfo_t *info)
{
    return info->si_signo == SIGBUS &&
           (info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO);
}

/* A fault of its own happens again when the handler returns, and ends the process as it would
 * have; a signal that was sent has to be sent again. */
static void on_damage(int number, siginfo_t *info, void *context)
{
    (void)context;
    const int error = errno;
    const bool sent = info->si_code <= 0;
    if (is_poison(info)) {
        watched.on_poisoned(watched.context);
    }
    if (!sent || info->si_pid == getpid()) { /* not by another process */
        (void)mark((uint32_t)number);
    }
    for (uint32_t i = 0; i < SIGNALS; i++) {
        if (signals[i] == number) {
            sigaction(number, &watched.before[i], NULL);
        }
    }
    if (sent) {
        raise(number);
    }
    errno = error;
}

void aborts_watch(void (*on_poisoned)(void *context), void *context)
{
    struct sigaction action = {.sa_sigaction = on_damage, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    watched.on_poisoned = on_poisoned;
    watched.context = context;
    watched.stack = malloc(STACK_BYTES);
    if (watched.stack != NULL) {
        const stack_t stack = {.ss_sp = watched.stack, .ss_size = STACK_BYTES};
        (void)sigaltstack(&stack, NULL);
    }
    sigfillset(&action.sa_mask);
    for (uint32_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &action, &watched.before[i]);
    }
    (void)prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
}

void aborts_forget(void)
{
    if (watched.file > 0) {
        (void)!ftruncate(watched.file - 1, 0);
    }
}

void aborts_finish(void)
{
    if (watched.on_poisoned != NULL) {
        for (uint32_t i = 0; i < SIGNALS; i++) {
            sigaction(signals[i], &watched.before[i], NULL);
        }
        const stack_t none = {.ss_flags = SS_DISABLE};
        (void)sigaltstack(&none, NULL);
        free(watched.stack);
    }
    if (watched.file > 0) {
        close(watched.file - 1);
    }
    memset(&watched, 0, sizeof watched);
}
