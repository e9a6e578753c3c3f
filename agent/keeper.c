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
#include <assert.h>
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

#include "hooks.h"

#define AGENT 0
#define INPUT 3
#define AGAIN_MS 5      /* between two attempts to kill what is left */
#define GIVE_UP_MS 5000 /* what is alive then cannot be killed, and is left behind */
#define PACKET_MAX (HOOK_LOG_LINE_MAX + 8)

/* One of the hook's two outputs, on its way to the agent line by line. */
struct stream {
    const char *word;
    uint32_t line_max;
    uint32_t left_bytes; /* what it may still say; the rest is dropped */
    int file;            /* -1: at its end */
    char raw[4096];
    size_t raw_bytes;
    size_t raw_at;
    char line[HOOK_LOG_LINE_MAX];
    uint32_t line_bytes;
};

struct keeper {
    pid_t hook;
    int signals;
    int timer;
    struct stream streams[2];
    char packet[PACKET_MAX]; /* what the agent has not taken yet */
    size_t packet_bytes;
    bool ending;
    bool agent_gone;
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
        /* A number cut off by the end of the list is no child, or another one, as good to kill.
         */
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
            k->agent_gone = true;
            k->packet_bytes = 0;
            end_begin(k, "killed", 0);
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

static void packet_send(struct keeper *k)
{
    if (k->packet_bytes > 0 &&
        send(AGENT, k->packet, k->packet_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) {
            return;
        }
        k->agent_gone = true;
        end_begin(k, "killed", 0);
    }
    k->packet_bytes = 0;
}

static void packet_put(struct keeper *k, const char *word, const char *line, size_t size_bytes)
{
    const int head = snprintf(k->packet, sizeof k->packet, "%s ", word);
    assert(head > 0 && (size_t)head + size_bytes <= sizeof k->packet);
    memcpy(k->packet + head, line, size_bytes);
    k->packet_bytes = k->agent_gone ? 0 : (size_t)head + size_bytes;
    packet_send(k);
}

static void line_end(struct keeper *k, struct stream *s)
{
    static const char cut[] = "keeper: the hook has written too much; what follows is dropped";
    const uint32_t cost = s->line_bytes + 1; /* with its newline, or empty ones were free */
    if (s->left_bytes >= cost) {
        s->left_bytes -= cost;
        packet_put(k, s->word, s->line, s->line_bytes);
    } else if (s->left_bytes > 0) {
        s->left_bytes = 0;
        packet_put(k, "log", cut, sizeof cut - 1);
    }
    s->line_bytes = 0;
}

/* Passes on what has been read, and reads more. True if there is no more for now; false if the
 * agent takes no more, or the others should have their turn. */
static bool stream_pass(struct keeper *k, struct stream *s)
{
    for (int rounds = 0; rounds < 64 && s->file >= 0; rounds++) {
        while (s->raw_at < s->raw_bytes && k->packet_bytes == 0) {
            const char byte = s->raw[s->raw_at++];
            if (byte == '\n') {
                line_end(k, s);
            } else if (s->line_bytes < s->line_max) {
                s->line[s->line_bytes++] = byte;
            }
        }
        if (k->packet_bytes > 0) {
            return false;
        }
        const ssize_t size = read(s->file, s->raw, sizeof s->raw);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        s->raw_at = 0;
        s->raw_bytes = size > 0 ? (size_t)size : 0;
        if (size <= 0) {
            close(s->file);
            s->file = -1;
            if (s->line_bytes > 0) {
                line_end(k, s);
            }
        }
    }
    return s->file < 0 && k->packet_bytes == 0;
}

/* The hook's own end of a pipe, whose other end is read here without waiting. */
static int stream_open(struct stream *s, const char *word, uint32_t line_max, uint32_t left)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        perror("ostrakon-keeper: pipe");
        exit(71);
    }
    *s = (struct stream){
        .word = word, .line_max = line_max, .left_bytes = left, .file = ends[0]};
    return ends[1];
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
    if (k->signals < 0 || k->timer < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 ||
        (k->hook = fork()) < 0) {
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
    const bool full = k->packet_bytes > 0;
    const short agent = (short)(POLLIN | (full ? POLLOUT : 0));
    struct pollfd watched[] = {
        {.fd = k->agent_gone ? -1 : AGENT, .events = agent},
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
    if (!k->agent_gone) {
        agent_listen(k);
    }
    packet_send(k);
    stream_pass(k, &k->streams[0]);
    stream_pass(k, &k->streams[1]);
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

/* Tells the agent what the hook still wrote, and how it ended, as fast as the agent takes it.
 */
static void farewell(struct keeper *k)
{
    bool said = false;
    while (!k->agent_gone && !(said && k->packet_bytes == 0)) {
        packet_send(k);
        const bool out_done = stream_pass(k, &k->streams[0]);
        const bool err_done = stream_pass(k, &k->streams[1]);
        if (out_done && err_done && k->packet_bytes == 0 && !said) {
            said = true;
            packet_put(k, "end", k->end, strlen(k->end));
        }
        if (k->packet_bytes > 0 && !k->agent_gone) {
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
