/* ostrakon-keeper UNTIL_MS COMMAND [ARGUMENT...]
 *
 * Runs one hook and sees to its end: with the end of the hook, of its lease or of the agent,
 * every process that the hook has left is killed, those too that went into sessions of their
 * own: this is a subreaper, so whoever loses its parent becomes its child. Kept apart from the
 * agent and small, because it must work when the agent hangs. Never waits but in poll.
 *
 * Descriptors: 0 the agent's socket (what is said on it: hooks.h), 2 for what it cannot say
 * there, 3 the hook's standard input. UNTIL_MS is CLOCK_BOOTTIME, which goes on while the
 * machine sleeps: a worker must not wake up and write under a grant of yesterday.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper_stream.h"

#define AGENT 0
#define INPUT 3
#define AGAIN_MS 5      /* between two attempts to kill what is left */
#define GIVE_UP_MS 5000 /* what is alive then cannot be killed, and is left behind */

struct keeper {
    pid_t hook;
    int signals;
    int timer;
    struct stream streams[2];
    struct outbox agent;
    bool ending;
    uint64_t give_up_ms;
    char end[32];
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void timer_set(int timer, uint64_t until_ms)
{
    /* Zero would disarm it: one nanosecond after the start of time is as much in the past. */
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(until_ms / 1000),
                     .tv_nsec = (long)(until_ms % 1000) * 1000000 + 1},
    };
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) != 0) {
        perror("ostrakon-keeper: timer");
        abort();
    }
}

/* From here on everything dies. The first reason is the one that is told. */
static void end_begin(struct keeper *k, const char *reason, int number)
{
    if (k->ending) {
        return;
    }
    k->ending = true;
    k->give_up_ms = now_ms() + GIVE_UP_MS;
    snprintf(k->end, sizeof k->end, "%s %d", reason, number);
    kill(-k->hook, SIGKILL); /* not reaped yet, so the number is still its own */
}

static void children_kill(void)
{
    char path[64];
    char list[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = file >= 0 ? read(file, list, sizeof list - 1) : 0;
    if (file >= 0) {
        close(file);
    }
    list[size > 0 ? size : 0] = '\0';
    char *rest = list;
    for (char *word = strtok_r(list, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        /* The end of the list may have cut a number: asked whether it is a child of ours. */
        const long child = strtol(word, NULL, 10);
        siginfo_t ignored;
        if (child > 1 &&
            waitid(P_PID, (id_t)child, &ignored, WEXITED | WNOHANG | WNOWAIT) == 0) {
            kill((pid_t)child, SIGKILL);
        }
    }
}

/* Reaps what has ended. True if no child is left. */
static bool children_reap(struct keeper *k)
{
    for (;;) {
        siginfo_t who = {0};
        if (waitid(P_ALL, 0, &who, WEXITED | WNOHANG | WNOWAIT) != 0) {
            return errno == ECHILD;
        }
        if (who.si_pid == 0) {
            return false;
        }
        if (who.si_pid == k->hook) {
            end_begin(k, who.si_code == CLD_EXITED ? "exited" : "signal", who.si_status);
        }
        waitpid(who.si_pid, NULL, WNOHANG);
    }
}

static void agent_listen(struct keeper *k)
{
    char packet[64];
    for (;;) {
        const ssize_t size = recv(AGENT, packet, sizeof packet - 1, MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (size <= 0) {
            k->agent.agent_gone = true;
            k->agent.packet_bytes = 0;
            return;
        }
        packet[size] = '\0';
        if (strncmp(packet, "live ", 5) == 0) {
            timer_set(k->timer, strtoull(packet + 5, NULL, 10));
        } else if (strcmp(packet, "kill") == 0) {
            end_begin(k, "killed", 0);
        }
    }
}

static void hook_become(char **command, int out, int err, pid_t keeper)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == keeper && dup2(INPUT, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0) {
        close(INPUT);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(command[0], command);
        fprintf(stderr, "keeper: cannot run %s: %s\n", command[0], strerror(errno));
    }
    _exit(127);
}

static void start(struct keeper *k, char **command)
{
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    k->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    k->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    const int out = stream_open(&k->streams[0], "out", HOOK_REPORT_MAX, HOOK_REPORTS_BYTES_MAX);
    const int err = stream_open(&k->streams[1], "log", HOOK_LOG_LINE_MAX, HOOK_LOG_BYTES_MAX);
    const pid_t own = getpid();
    if (out < 0 || err < 0 || k->signals < 0 || k->timer < 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || (k->hook = fork()) < 0) {
        perror("ostrakon-keeper: start");
        exit(71);
    }
    if (k->hook == 0) {
        hook_become(command, out, err, own);
    }
    setpgid(k->hook, k->hook);
    close(out);
    close(err);
    close(INPUT);
}

static void wait_for_something(struct keeper *k)
{
    const bool full = k->agent.packet_bytes > 0;
    const short agent = (short)(POLLIN | (full ? POLLOUT : 0));
    struct pollfd watched[] = {
        {.fd = k->agent.agent_gone ? -1 : AGENT, .events = agent},
        {.fd = k->signals, .events = POLLIN},
        {.fd = k->ending ? -1 : k->timer, .events = POLLIN},
        {.fd = full ? -1 : k->streams[0].file, .events = POLLIN},
        {.fd = full ? -1 : k->streams[1].file, .events = POLLIN},
    };
    poll(watched, 5, k->ending ? AGAIN_MS : -1);
    struct signalfd_siginfo signal_info;
    while (read(k->signals, &signal_info, sizeof signal_info) == (ssize_t)sizeof signal_info) {
        if (signal_info.ssi_signo != SIGCHLD) {
            end_begin(k, "killed", 0);
        }
    }
    uint64_t expired;
    if (!k->ending && read(k->timer, &expired, sizeof expired) > 0) {
        end_begin(k, "lease", 0);
    }
}

/* One turn while something of the hook lives. False when nothing does. */
static bool turn(struct keeper *k)
{
    wait_for_something(k);
    if (!k->agent.agent_gone) {
        agent_listen(k);
    }
    outbox_send(&k->agent);
    stream_pass(&k->streams[0], &k->agent);
    stream_pass(&k->streams[1], &k->agent);
    if (k->agent.agent_gone) {
        end_begin(k, "killed", 0);
    }
    if (children_reap(k)) {
        return false;
    }
    if (k->ending && now_ms() > k->give_up_ms) {
        snprintf(k->end, sizeof k->end, "failed 0");
        return false;
    }
    if (k->ending) {
        children_kill();
    }
    return true;
}

/* Tells the agent what the hook still wrote, and how it ended, as fast as it is taken. */
static void farewell(struct keeper *k)
{
    bool said = false;
    while (!k->agent.agent_gone && !(said && k->agent.packet_bytes == 0)) {
        outbox_send(&k->agent);
        const bool out_done = stream_pass(&k->streams[0], &k->agent);
        const bool err_done = stream_pass(&k->streams[1], &k->agent);
        if (out_done && err_done && k->agent.packet_bytes == 0 && !said) {
            said = true;
            outbox_put(&k->agent, "end", k->end, strlen(k->end));
        }
        if (k->agent.packet_bytes > 0 && !k->agent.agent_gone) {
            struct pollfd agent = {.fd = AGENT, .events = POLLOUT};
            poll(&agent, 1, -1);
        }
    }
}

int main(int count, char **arguments)
{
    static struct keeper k;
    if (count < 3) {
        fprintf(stderr, "usage: ostrakon-keeper UNTIL_MS COMMAND [ARGUMENT...]\n"
                        "Started by ostrakond for each hook; of no use by hand.\n");
        return 64;
    }
    close_range(INPUT + 1, ~0u, 0);
    start(&k, arguments + 2);
    timer_set(k.timer, strtoull(arguments[1], NULL, 10));
    while (turn(&k)) {
    }
    farewell(&k);
    return 0;
}
