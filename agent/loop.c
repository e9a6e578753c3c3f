#include "agent/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "agent/memory.h"
#include "agent/ratelimit.h"

struct loop {
    struct event_base *base;
};

struct loop_timer {
    struct event *event;
    uint64_t at_ms;
    void (*on_time)(void *context);
    void *context;
};

struct loop_watch {
    struct event_base *base;
    struct event *event; /* NULL while it watches nothing for the first time */
    int fd;
    unsigned events;
    void (*on_ready)(void *context, unsigned events);
    void *context;
};

struct loop_wake {
    struct event *event;
    int fd;
    void (*on_wake)(void *context);
    void *context;
};

struct loop_signal {
    struct event *event;
    void (*on_signal)(void *context);
    void *context;
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    const int result = clock_gettime(clock, &now);
    assert(result == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ms(void)
{
    return clock_ns(CLOCK_BOOTTIME) / 1000000u;
}

uint64_t clock_thread_us(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID) / 1000u;
}

uint64_t clock_unix_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000u;
}

static void (*log_text)(const char *text, uint32_t suppressed);
static struct ratelimit log_limit;

static void on_library_text(int severity, const char *text)
{
    uint32_t suppressed = 0;
    const bool is_said = log_text != NULL && severity >= EVENT_LOG_WARN &&
                         ratelimit_pass(&log_limit, ratelimit_key(0, text, strlen(text)),
                                        clock_monotonic_ms(), &suppressed);
    if (is_said) {
        log_text(text, suppressed);
    }
}

void loop_log(void (*on_text)(const char *text, uint32_t suppressed))
{
    log_text = on_text;
}

struct loop *loop_create(void)
{
    event_set_log_callback(on_library_text);
    struct loop *const loop = memory_get(sizeof *loop);
    struct event_config *const config = event_config_new();
    memory_expect(config != NULL);
    /* Without it libevent reads a coarse clock and is up to 5 ms off either way. */
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    /* Changes of a descriptor are told to the kernel once a round: curl asks for writing, then
     * for reading, with each request. No descriptor here is a duplicate, which that would
     * break. */
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    memory_expect(loop->base != NULL);
    signal(SIGPIPE, SIG_IGN);
    return loop;
}

void loop_settle(struct loop *loop)
{
    event_base_loop(loop->base, EVLOOP_NONBLOCK);
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    loop_settle(loop);
    event_base_free(loop->base);
    libevent_global_shutdown();
    free(loop);
}

void loop_run(struct loop *loop)
{
    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct loop *loop)
{
    event_base_loopbreak(loop->base);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

/* Timers */

static void timer_arm(struct loop_timer *timer)
{
    const uint64_t now_ns = clock_ns(CLOCK_BOOTTIME);
    uint64_t wait_us = 0;
    if (timer->at_ms > now_ns / 1000000u) {
        const uint64_t far_ms = now_ns / 1000000u + 86400000u; /* no overflow; re-armed then */
        const uint64_t at_ms = timer->at_ms < far_ms ? timer->at_ms : far_ms;
        wait_us = (at_ms * 1000000u - now_ns + 999u) / 1000u;
    }
    const struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000u),
                                 .tv_usec = (suseconds_t)(wait_us % 1000000u)};
    event_add(timer->event, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct loop_timer *const timer = context;
    /* libevent fires up to a third of a millisecond early. */
    if (clock_monotonic_ms() < timer->at_ms) {
        timer_arm(timer);
        return;
    }
    timer->at_ms = LOOP_NEVER;
    timer->on_time(timer->context);
}

struct loop_timer *loop_timer_create(struct loop *loop, void (*on_time)(void *context),
                                     void *context)
{
    struct loop_timer *const timer = memory_get(sizeof *timer);
    timer->at_ms = LOOP_NEVER;
    timer->on_time = on_time;
    timer->context = context;
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    memory_expect(timer->event != NULL);
    return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t at_ms)
{
    if (timer->at_ms == at_ms) {
        return;
    }
    timer->at_ms = at_ms;
    if (at_ms == LOOP_NEVER) {
        event_del(timer->event);
    } else {
        timer_arm(timer);
    }
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (timer != NULL) {
        event_free(timer->event);
        free(timer);
    }
}

/* Descriptors */

static void on_watch(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    struct loop_watch *const watch = context;
    const unsigned happened = ((what & EV_READ) ? (unsigned)LOOP_READ : 0u) |
                              ((what & EV_WRITE) ? (unsigned)LOOP_WRITE : 0u) |
                              ((what & EV_CLOSED) ? (unsigned)LOOP_CLOSED : 0u);
    watch->on_ready(watch->context, happened);
}

struct loop_watch *loop_watch_create(struct loop *loop, int fd,
                                     void (*on_ready)(void *context, unsigned events),
                                     void *context)
{
    struct loop_watch *const watch = memory_get(sizeof *watch);
    watch->base = loop->base;
    watch->fd = fd;
    watch->on_ready = on_ready;
    watch->context = context;
    return watch;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    if (watch->events == events) {
        return;
    }
    watch->events = events;
    if (watch->event != NULL) {
        event_del(watch->event);
    }
    if (events == 0) {
        return;
    }
    const int wanted = EV_PERSIST | ((events & LOOP_READ) ? EV_READ : 0) |
                       ((events & LOOP_WRITE) ? EV_WRITE : 0) |
                       ((events & LOOP_CLOSED) ? EV_CLOSED : 0);
    if (watch->event == NULL) {
        watch->event = event_new(watch->base, watch->fd, (short)wanted, on_watch, watch);
        memory_expect(watch->event != NULL);
    } else {
        event_assign(watch->event, watch->base, watch->fd, (short)wanted, on_watch, watch);
    }
    event_add(watch->event, NULL);
}

void loop_watch_destroy(struct loop_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->event != NULL) {
        event_free(watch->event);
    }
    free(watch);
}

/* Wake-up */

static void on_eventfd(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct loop_wake *const wake = context;
    uint64_t count;
    const ssize_t got = read(fd, &count, sizeof count);
    (void)got; /* EAGAIN: an earlier call has read it; the callback looks at its queue anyway */
    wake->on_wake(wake->context);
}

struct loop_wake *loop_wake_create(struct loop *loop, void (*on_wake)(void *context),
                                   void *context)
{
    struct loop_wake *const wake = memory_get(sizeof *wake);
    wake->on_wake = on_wake;
    wake->context = context;
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    memory_expect(wake->fd >= 0);
    wake->event = event_new(loop->base, wake->fd, EV_READ | EV_PERSIST, on_eventfd, wake);
    memory_expect(wake->event != NULL);
    event_add(wake->event, NULL);
    return wake;
}

void loop_wake_signal(struct loop_wake *wake)
{
    const int saved = errno;
    const uint64_t one = 1;
    const ssize_t put = write(wake->fd, &one, sizeof one);
    (void)put; /* EAGAIN: 2^64 wake-ups wait already */
    errno = saved;
}

void loop_wake_destroy(struct loop_wake *wake)
{
    if (wake != NULL) {
        event_free(wake->event);
        close(wake->fd);
        free(wake);
    }
}

/* Signals */

static void on_signal_event(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct loop_signal *const s = context;
    s->on_signal(s->context);
}

struct loop_signal *loop_signal_create(struct loop *loop, int number,
                                       void (*on_signal)(void *context), void *context)
{
    struct loop_signal *const s = memory_get(sizeof *s);
    s->on_signal = on_signal;
    s->context = context;
    s->event = evsignal_new(loop->base, number, on_signal_event, s);
    memory_expect(s->event != NULL);
    event_add(s->event, NULL);
    return s;
}

void loop_signal_destroy(struct loop_signal *s)
{
    if (s != NULL) {
        event_free(s->event);
        free(s);
    }
}
