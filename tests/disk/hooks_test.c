#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/hooks.h"
#include "scratch.h"

/* What came of one run. */
static struct run {
    uint32_t reports;
    uint64_t report_bytes;
    uint32_t logs;
    uint64_t log_bytes;
    char report[HOOK_LOG_LINE_MAX + 1]; /* the last */
    char log[HOOK_LOG_LINE_MAX + 1];
    enum hook_end end;
    int number;
} run;

static struct hook hook;

static void end(void)
{
    hook_finish(&hook);
}

TestSuite(hooks, .fini = end);

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void start(const char *script, uint64_t lease_ms)
{
    static const struct hook_fact facts[] = {
        {.name = "event", .text = "grant"},
        {.name = "fence", .text = "9007199254740993"},
        {.name = "first_window", .number = 29000000},
        {.name = "member", .text = "at\"las\\"},
    };
    const char *const argv[] = {"sh", "-c", script, "sh", scratch(), NULL};
    const struct hook_options options = {
        .keeper = KEEPER, .argv = argv, .facts = facts, .fact_count = 4, .lease_ms = lease_ms};
    cr_assert(eq(int, hook_start(&hook, &options), 0));
}

/* Reads at most for `wait_ms`; true at the end of the hook. */
static bool listen_for(int wait_ms)
{
    const uint64_t until = now_ms() + (uint64_t)wait_ms;
    while (now_ms() < until) {
        struct hook_message message;
        struct pollfd ready = {.fd = hook_fd(&hook), .events = POLLIN};
        poll(&ready, 1, 10);
        while (hook_read(&hook, &message)) {
            switch (message.kind) {
            case HOOK_REPORT:
                run.reports++;
                run.report_bytes += strlen(message.line);
                memcpy(run.report, message.line, sizeof run.report);
                break;
            case HOOK_LOG:
                run.logs++;
                run.log_bytes += strlen(message.line);
                memcpy(run.log, message.line, sizeof run.log);
                break;
            case HOOK_END:
                run.end = message.end;
                run.number = message.number;
                cr_assert(not(hook_read(&hook, &message)), "nothing after the end");
                return true;
            }
        }
    }
    return false;
}

static void expect_text(const char *found, const char *expected)
{
    cr_assert(eq(int, strcmp(found, expected), 0), "%s", found);
}

static void expect_end(enum hook_end expected, int number)
{
    cr_assert(listen_for(10000), "it never ended");
    cr_assert(eq(int, run.end, expected), "%s %d: %s", hook_end_text(run.end), run.number,
              run.log);
    cr_assert(eq(int, run.number, number));
    const uint64_t before = now_ms();
    hook_finish(&hook);
    cr_assert(lt(u64, now_ms() - before, 2000), "the keeper ends at once");
    hook_finish(&hook);
}

/* Whether the process that wrote its number into that file lives; false if there is no file. */
static bool lives(const char *name)
{
    char text[32] = "";
    FILE *const file = fopen(scratch_path(name), "re");
    if (file != NULL) {
        (void)!fgets(text, sizeof text, file);
        fclose(file);
    }
    const long number = strtol(text, NULL, 10);
    return number > 0 && kill((pid_t)number, 0) == 0;
}

static bool is_alive(void *name)
{
    return lives(name);
}

static bool is_gone(void *name)
{
    return !lives(name);
}

Test(hooks, are_told_the_facts_twice_and_are_heard)
{
    setenv("NOTIFY_SOCKET", "/run/secret", 1);
    setenv("OSTRAKON_FENCE", "1", 1);
    setenv("KEPT", "yes", 1);
    start("read json; echo \"$json\"; echo \"$OSTRAKON_EVENT $OSTRAKON_FENCE"
          " $OSTRAKON_FIRST_WINDOW $NOTIFY_SOCKET $KEPT\" >&2; printf 'no newline'",
          5000);
    cr_assert(listen_for(5000));
    cr_assert(eq(int, run.end, HOOK_END_EXITED));
    cr_assert(eq(int, run.number, 0));
    cr_assert(eq(uint, run.reports, 2));
    expect_text(run.report, "no newline");
    expect_text(run.log, "grant 9007199254740993 29000000  yes");
    hook_finish(&hook);

    start("head -1", 5000);
    expect_end(HOOK_END_EXITED, 0);
    expect_text(run.report, "{\"event\":\"grant\",\"fence\":\"9007199254740993\","
                            "\"first_window\":29000000,\"member\":\"at\\\"las\\\\\"}");
}

Test(hooks, end_with_their_own_status)
{
    start("exit 3", 5000);
    expect_end(HOOK_END_EXITED, 3);
    start("kill -SEGV $$", 5000);
    expect_end(HOOK_END_SIGNAL, SIGSEGV);
    start("exec /nothing/here", 5000);
    expect_end(HOOK_END_EXITED, 127);

    const char *const argv[] = {"/nothing/here", NULL};
    const struct hook_options options = {.keeper = KEEPER, .argv = argv, .lease_ms = 1000};
    cr_assert(eq(int, hook_start(&hook, &options), 0));
    expect_end(HOOK_END_EXITED, 127);
    cr_assert(ne(ptr, (void *)strstr(run.log, "/nothing/here: No such file"), NULL), "%s",
              run.log);
    const struct hook_options no_keeper = {.keeper = "/no/keeper", .argv = argv};
    cr_assert(eq(int, hook_start(&hook, &no_keeper), ENOENT));
    cr_assert(not(hook.running));
    hook_finish(&hook);
}

Test(hooks, die_when_the_lease_is_over)
{
    const uint64_t begun = now_ms();
    start("trap '' TERM; echo $$ > $1/worker; sleep 60", 300);
    expect_end(HOOK_END_LEASE, 0);
    cr_assert(ge(u64, now_ms() - begun, 290));
    cr_assert(lt(u64, now_ms() - begun, 5000));
    cr_assert(not(lives("worker")));
    start("sleep 60", 0);
    expect_end(HOOK_END_LEASE, 0);
}

Test(hooks, live_as_long_as_the_lease_is_renewed)
{
    start("echo $$ > $1/worker; sleep 60", 1500);
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    for (int i = 0; i < 10; i++) {
        hook_live(&hook, 1500);
        cr_assert(not(listen_for(300)), "renewal %d", i);
    }
    cr_assert(lives("worker"));
    hook_live(&hook, 50);
    expect_end(HOOK_END_LEASE, 0);
    cr_assert(not(lives("worker")));
}

Test(hooks, die_on_command)
{
    start("echo $$ > $1/worker; sleep 60", 60000);
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    hook_kill(&hook);
    expect_end(HOOK_END_KILLED, 0);
    cr_assert(not(lives("worker")));
    hook_kill(&hook);
    hook_live(&hook, 100); /* too late, and harmless */
}

/* A child, one in a session of its own, one that its parent has forsaken, one that ignores all
 * it can and stands still: none outlives the hook. */
static const char brood[] =
    "(echo $BASHPID > $1/child; exec sleep 61) & "
    "setsid bash -c 'echo $$ > $0/session; exec sleep 62' $1 & "
    "(setsid bash -c '(echo $BASHPID > $0/forsaken; exec sleep 63) & exit' $1 &) ; "
    "(setsid bash -c 'trap \"\" TERM INT HUP; echo $$ > $0/still; kill -STOP $$' $1 &) ; "
    "echo $$ > $1/worker; while [ ! -s $1/child ] || [ ! -s $1/session ] || "
    "[ ! -s $1/forsaken ] || [ ! -s $1/still ]; do sleep 0.01; done; echo ready; ";
static const char *const brood_names[] = {"worker", "child", "session", "forsaken", "still"};

static void start_brood(const char *then)
{
    char script[2048];
    for (size_t i = 0; i < 5; i++) {
        unlink(scratch_path(brood_names[i]));
    }
    snprintf(script, sizeof script, "%s%s", brood, then);
    const char *const argv[] = {"bash", "-c", script, "bash", scratch(), NULL};
    const struct hook_options options = {.keeper = KEEPER, .argv = argv, .lease_ms = 60000};
    cr_assert(eq(int, hook_start(&hook, &options), 0));
}

static void expect_reports(uint32_t count)
{
    while (run.reports < count) {
        cr_assert(not(listen_for(20)));
    }
}

static void expect_no_brood(void)
{
    for (size_t i = 0; i < 5; i++) {
        cr_assert(eq(int, access(scratch_path(brood_names[i]), F_OK), 0));
        cr_assert(not(lives(brood_names[i])), "%s lives", brood_names[i]);
    }
}

Test(hooks, take_all_their_descendants_along)
{
    start_brood("exit 5");
    expect_end(HOOK_END_EXITED, 5);
    expect_no_brood();
    start_brood("sleep 60");
    expect_reports(2);
    hook_live(&hook, 50);
    expect_end(HOOK_END_LEASE, 0);
    expect_no_brood();
    start_brood("sleep 60");
    expect_reports(3);
    hook_kill(&hook);
    expect_end(HOOK_END_KILLED, 0);
    expect_no_brood();
}

/* In long lines: each is a packet, and the limit's worth of short ones has kept a machine that
 * has much else to do busy for as long as an end is waited for. */
Test(hooks, are_cut_off_when_they_flood)
{
    start("yes $(printf %0190d 0) | head -c 6000000; yes oh no | head -c 200000 >&2; echo last",
          20000);
    expect_end(HOOK_END_EXITED, 0);
    cr_assert(le(u64, run.report_bytes, HOOK_REPORTS_BYTES_MAX));
    cr_assert(ge(u64, run.report_bytes, HOOK_REPORTS_BYTES_MAX / 2));
    cr_assert(le(u64, run.log_bytes, HOOK_LOG_BYTES_MAX + 200));
    cr_assert(ge(u64, run.log_bytes, HOOK_LOG_BYTES_MAX / 2));
    cr_assert(ne(ptr, (void *)strstr(run.log, "too much"), NULL));

    memset(&run, 0, sizeof run);
    start("head -c 100000 /dev/zero | tr '\\0' x; echo; echo next; printf 'a\\0b\\n' >&2",
          20000);
    expect_end(HOOK_END_EXITED, 0);
    cr_assert(eq(uint, run.reports, 2));
    cr_assert(eq(u64, run.report_bytes, HOOK_REPORT_MAX + 4), "a line is cut, the next is not");
    expect_text(run.log, "a?b");
}

Test(hooks, that_write_without_end_still_die)
{
    start("yes", 300);
    expect_end(HOOK_END_LEASE, 0);
    start("yes >&2", 300);
    expect_end(HOOK_END_LEASE, 0);
    start("yes \"\"", 300);
    expect_end(HOOK_END_LEASE, 0);
    start("echo $$ > $1/worker; yes", 2000);
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    /* Nobody reads: the keeper must not wait for it. */
    cr_assert(wait_until(is_gone, (void *)(uintptr_t) "worker"));
    expect_end(HOOK_END_LEASE, 0);
}

/* A process that holds a hook as the agent does. */
static pid_t start_agent(void)
{
    unlink(scratch_path("worker"));
    const pid_t agent = fork();
    if (agent == 0) {
        start("echo $$ > $1/worker; (setsid sh -c 'echo $$ > $0/session; sleep 60' $1 &);"
              "sleep 60",
              1000);
        for (;;) {
            hook_live(&hook, 1000);
            usleep(100000);
        }
    }
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "session"));
    return agent;
}

Test(hooks, die_with_their_agent)
{
    const pid_t agent = start_agent();
    const uint64_t begun = now_ms();
    kill(agent, SIGKILL);
    waitpid(agent, NULL, 0);
    cr_assert(wait_until(is_gone, (void *)(uintptr_t) "worker"));
    cr_assert(wait_until(is_gone, (void *)(uintptr_t) "session"));
    cr_assert(lt(u64, now_ms() - begun, 5000));
}

Test(hooks, die_when_their_agent_is_stopped_for_longer_than_the_lease)
{
    const pid_t agent = start_agent();
    usleep(1500000);
    cr_assert(lives("worker"), "renewed");
    const uint64_t begun = now_ms();
    kill(agent, SIGSTOP);
    cr_assert(wait_until(is_gone, (void *)(uintptr_t) "worker"));
    cr_assert(wait_until(is_gone, (void *)(uintptr_t) "session"));
    cr_assert(ge(u64, now_ms() - begun, 800));
    cr_assert(lt(u64, now_ms() - begun, 5000));
    kill(agent, SIGKILL);
    waitpid(agent, NULL, 0);
}

Test(hooks, die_with_their_keeper)
{
    start("echo $$ > $1/worker; exec sleep 60", 60000);
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    kill(hook.keeper, SIGKILL);
    expect_end(HOOK_END_LOST, 0);
    cr_assert(wait_until(is_gone, (void *)(uintptr_t) "worker"));
}

Test(hooks, outlive_a_signal_to_the_keeper_by_nothing)
{
    start("echo $$ > $1/worker; sleep 60", 60000);
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    kill(hook.keeper, SIGTERM);
    expect_end(HOOK_END_KILLED, 0);
    cr_assert(not(lives("worker")));
}

Test(hooks, that_are_finished_unheard_are_killed)
{
    start("echo $$ > $1/worker; sleep 60", 60000);
    cr_assert(wait_until(is_alive, (void *)(uintptr_t) "worker"));
    hook_finish(&hook);
    cr_assert(not(lives("worker")));
    hook_finish(NULL);
}

Test(hooks, inherit_nothing_but_their_three_descriptors)
{
    const int leak = dup(1); /* without close-on-exec */
    start("exec ls /proc/self/fd", 5000);
    expect_end(HOOK_END_EXITED, 0);
    close(leak);
    cr_assert(eq(uint, run.reports, 4), "the fourth is the directory that it reads");
    expect_text(run.report, "3");
}
