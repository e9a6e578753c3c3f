#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/guard.h"
#include "scratch.h"

#define BEAT_US 50000
#define AT_ONCE_MS 3000 /* on a busy machine, and well below the guard's patience */

static const uint8_t state[GUARD_DIGEST_BYTES] = {7};
static char first_latch[SCRATCH_PATH_MAX];
static char second_latch[SCRATCH_PATH_MAX];

static struct guard_options options_of(void)
{
    snprintf(first_latch, sizeof first_latch, "%s", scratch_path("latch"));
    snprintf(second_latch, sizeof second_latch, "%s", scratch_path("other-latch"));
    return (struct guard_options){.program = GUARD, .latches = {first_latch, second_latch}};
}

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
    options_of();
}

TestSuite(guard, .init = begin);

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_log_stuck; /* nobody reads standard error, and it takes no more */

static void stick_log(void)
{
    static const char page[4096];
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
        _exit(3);
    }
    while (write(ends[1], page, sizeof page) > 0) {
    }
    if (fcntl(ends[1], F_SETFL, 0) != 0 || dup2(ends[1], STDERR_FILENO) < 0) {
        _exit(3);
    }
}

/* A process in the agent's place: beats until `bend` says that it has done its harm, and then
 * either hangs or goes on. */
static pid_t agent(bool (*bend)(struct guard *g, uint32_t beat), bool hangs)
{
    const pid_t child = fork();
    if (child != 0) {
        return child;
    }
    if (is_log_stuck) {
        stick_log();
    }
    struct guard g = {0};
    const struct guard_options options = options_of();
    if (guard_start(&g, &options) != 0) {
        _exit(1);
    }
    for (uint32_t i = 1;; i++) {
        if (bend(&g, i)) {
            for (uint32_t k = 0; hangs && k < UINT32_MAX; k++) {
                pause();
            }
        }
        if (!guard_beat(&g, i, state)) {
            _exit(2);
        }
        usleep(BEAT_US);
    }
}

/* Whether it was killed, and within how long; else it ended by itself with `*status`. */
static bool is_killed(pid_t child, uint64_t *took_ms, int *status)
{
    const uint64_t begun_ms = now_ms();
    waitpid(child, status, 0);
    *took_ms = now_ms() - begun_ms;
    return WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL;
}

static bool is_latched(void)
{
    const bool both = access(first_latch, F_OK) == 0 && access(second_latch, F_OK) == 0;
    const bool none = access(first_latch, F_OK) != 0 && access(second_latch, F_OK) != 0;
    cr_assert(both || none);
    return both;
}

/* The later one to be written: each is synced to a disk that others may keep busy. */
static bool has_second_latch(void *unused)
{
    (void)unused;
    return access(second_latch, F_OK) == 0;
}

static bool on_third(struct guard *g, uint32_t beat)
{
    (void)g;
    return beat == 3;
}

Test(guard, kills_an_agent_that_hangs_after_five_seconds_and_does_not_latch_it)
{
    uint64_t took_ms;
    int status;
    const pid_t child = agent(on_third, true);
    cr_assert(is_killed(child, &took_ms, &status), "%d", status);
    cr_assert(ge(u64, took_ms, GUARD_PATIENCE_MS));
    cr_assert(lt(u64, took_ms, GUARD_PATIENCE_MS + AT_ONCE_MS));
    cr_assert(not(is_latched()));
}

Test(guard, kills_an_agent_that_is_stopped)
{
    uint64_t took_ms;
    int status;
    const pid_t child = agent(on_third, false);
    usleep(500000);
    kill(child, SIGSTOP);
    cr_assert(is_killed(child, &took_ms, &status), "%d", status);
    cr_assert(ge(u64, took_ms, GUARD_PATIENCE_MS - 1000));
    cr_assert(not(is_latched()));
}

static bool bend_chain(struct guard *g, uint32_t beat)
{
    g->chain[5] ^= beat == 3 ? 0x20 : 0;
    return false;
}

static bool bend_turns(struct guard *g, uint32_t beat)
{
    g->turns -= beat == 5 ? 2 : 0;
    return false;
}

static bool bend_packet(struct guard *g, uint32_t beat)
{
    return beat == 3 && write(g->socket, "rubbish", 7) < 0;
}

static bool bend_gates(struct guard *g, uint32_t beat)
{
    return beat == 3 && !guard_beat(g, 1000000, state);
}

Test(guard, kills_and_latches_an_agent_whose_beats_do_not_follow)
{
    static bool (*const bends[])(struct guard *, uint32_t) = {bend_chain, bend_turns,
                                                              bend_packet, bend_gates};
    for (size_t i = 0; i < sizeof bends / sizeof bends[0]; i++) {
        uint64_t took_ms;
        int status;
        const pid_t child = agent(bends[i], false);
        cr_assert(is_killed(child, &took_ms, &status), "%zu: %d", i, status);
        cr_assert(lt(u64, took_ms, AT_ONCE_MS), "%zu", i);
        cr_assert(wait_until(has_second_latch, NULL), "%zu", i);
        cr_assert(is_latched(), "%zu", i);
        cr_assert(eq(int, unlink(first_latch), 0));
        cr_assert(eq(int, unlink(second_latch), 0));
    }
}

Test(guard, kills_and_latches_an_agent_whose_log_nobody_reads, .timeout = 20)
{
    uint64_t took_ms;
    int status;
    is_log_stuck = true;
    const pid_t child = agent(bend_chain, false);
    cr_assert(is_killed(child, &took_ms, &status), "%d", status);
    cr_assert(lt(u64, took_ms, AT_ONCE_MS));
    cr_assert(wait_until(has_second_latch, NULL));
    cr_assert(is_latched());
}

static bool nothing(struct guard *g, uint32_t beat)
{
    (void)g;
    return beat == UINT32_MAX;
}

/* Stops the guard itself for longer than its patience: that is nobody's silence. */
static bool stop_guard(struct guard *g, uint32_t beat)
{
    if (beat == 3) {
        kill(g->process, SIGSTOP);
    } else if (beat == 3 + 6000000 / BEAT_US) {
        kill(g->process, SIGCONT);
    } else if (beat == 3 + 7000000 / BEAT_US) {
        _exit(77);
    }
    return false;
}

Test(guard, that_was_stopped_itself_blames_nobody)
{
    uint64_t took_ms;
    int status;
    const pid_t child = agent(stop_guard, false);
    cr_assert(not(is_killed(child, &took_ms, &status)));
    const bool by_itself = WIFEXITED(status) && WEXITSTATUS(status) == 77;
    cr_assert(by_itself, "%d", status);
    cr_assert(not(is_latched()));
}

Test(guard, leaves_an_agent_alone_that_beats_and_ends_with_it)
{
    uint64_t took_ms;
    int status;
    const pid_t child = agent(nothing, false);
    usleep(1000000);
    cr_assert(eq(int, waitpid(child, &status, WNOHANG), 0));
    kill(child, SIGTERM);
    is_killed(child, &took_ms, &status);
    const bool by_my_signal = WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    cr_assert(by_my_signal);
}

static bool guard_is_gone(void *context)
{
    return kill(*(const pid_t *)context, 0) != 0 && errno == ESRCH;
}

Test(guard, that_is_gone_is_noticed_at_the_next_beats_and_can_be_started_anew)
{
    struct guard g = {0};
    const struct guard_options options = options_of();
    for (int i = 0; i < 3; i++) {
        cr_assert(eq(int, guard_start(&g, &options), 0));
        cr_assert(guard_beat(&g, 1, state));
        const pid_t process = g.process;
        kill(process, SIGKILL);
        bool there = true;
        for (int wait = 0; wait < 300 && there; wait++) {
            there = guard_beat(&g, 1, state);
            usleep(10000);
        }
        cr_assert(not(there));
        cr_assert(eq(int, g.process, 0));
        cr_assert(wait_until(guard_is_gone, (void *)(uintptr_t)&process), "it was collected");
    }
    cr_assert(not(guard_beat(&g, 1, state)), "there is none");
    guard_finish(&g);
}

Test(guard, takes_leave_and_disarms_the_watchdog)
{
    struct guard g = {0};
    struct guard_options options = options_of();
    char fed[64] = "";
    char device[SCRATCH_PATH_MAX];
    snprintf(device, sizeof device, "%s", scratch_path("watchdog"));
    file_save(device, (const uint8_t *)"", 0);
    options.watchdog = device;
    cr_assert(eq(int, guard_start(&g, &options), 0));
    for (uint64_t i = 1; i <= 3; i++) {
        cr_assert(guard_beat(&g, i, state));
    }
    pid_t process = g.process;
    guard_finish(&g);
    guard_finish(&g);
    cr_assert(wait_until(guard_is_gone, &process));
    FILE *file = fopen(device, "r");
    cr_assert(file != NULL);
    cr_assert(eq(sz, fread(fed, 1, sizeof fed, file), 4));
    fclose(file);
    cr_assert(eq(int, memcmp(fed, "\0\0\0V", 4), 0), "three beats, and the letter");
}

Test(guard, that_is_not_installed_is_told)
{
    struct guard g = {0};
    struct guard_options options = options_of();
    options.program = scratch_path("nothing");
    cr_assert(eq(int, guard_start(&g, &options), ENOENT));
    cr_assert(not(guard_beat(&g, 1, state)));
    guard_finish(&g);
}
