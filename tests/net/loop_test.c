#include "agent/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct loop *loop;
static uint32_t calls;

static void on_stop(void *context)
{
    (void)context;
    calls++;
    loop_stop(loop);
}

Test(loop, has_timers_that_never_fire_early_and_hardly_late)
{
    loop = loop_create();
    struct loop_timer *const timer = loop_timer_create(loop, on_stop, NULL);
    uint64_t late_ms = 0;
    for (uint32_t i = 0; i < 200; i++) {
        const uint64_t at_ms = clock_monotonic_ms() + i % 7;
        loop_timer_set(timer, at_ms);
        loop_run(loop);
        const uint64_t now_ms = clock_monotonic_ms();
        cr_assert(now_ms >= at_ms, "%lu ms early", (unsigned long)(at_ms - now_ms));
        late_ms += now_ms - at_ms;
    }
    cr_assert(calls == 200);
    cr_assert(late_ms < 400, "two ms late on the average");
    loop_timer_destroy(timer);
    loop_destroy(loop);
}

Test(loop, fires_a_timer_once_and_not_when_switched_off)
{
    loop = loop_create();
    struct loop_timer *const other = loop_timer_create(loop, on_stop, NULL);
    struct loop_timer *const timer = loop_timer_create(loop, on_stop, NULL);
    loop_timer_set(other, clock_monotonic_ms() + 5);
    loop_timer_set(other, LOOP_NEVER);
    loop_timer_set(timer, 0); /* long past: at once */
    loop_run(loop);
    loop_timer_set(timer, clock_monotonic_ms() + 20);
    loop_timer_set(timer, clock_monotonic_ms() + 10);
    loop_run(loop);
    cr_assert(calls == 2);
    loop_timer_destroy(timer);
    loop_timer_destroy(other);
    loop_destroy(loop);
}

#define SUSPENDED_S 40

/* In a time namespace in which the machine has been suspended: 0 if all is as it must be. */
static int after_a_suspension(uint64_t before_ms)
{
    const uint64_t now_ms = clock_monotonic_ms();
    if (now_ms < before_ms + SUSPENDED_S * 1000) {
        return 1;
    }
    loop = loop_create();
    struct loop_timer *const timer = loop_timer_create(loop, on_stop, NULL);
    loop_timer_set(timer, now_ms + 20);
    loop_run(loop);
    return clock_monotonic_ms() < now_ms + 1000 ? 0 : 2;
}

Test(loop, has_a_clock_that_goes_on_while_the_machine_is_suspended)
{
    const uint64_t before_ms = clock_monotonic_ms();
    const int offsets = unshare(CLONE_NEWTIME) == 0
                            ? open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC)
                            : -1;
    if (offsets < 0 || dprintf(offsets, "boottime %d 0\n", SUSPENDED_S) < 0) {
        cr_skip_test("no time namespace may be made here");
    }
    close(offsets);
    const pid_t child = fork();
    if (child == 0) {
        _exit(after_a_suspension(before_ms));
    }
    int status = 0;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    cr_assert(status == 0, "%d: 1 the clock stood still, 2 the timer came late", status >> 8);
}

static struct loop_wake *wake;
static uint32_t wakes;

static void on_wake(void *context)
{
    (void)context;
    wakes++;
    loop_stop(loop);
}

static void *wake_up(void *context)
{
    (void)context;
    usleep(10000);
    for (uint32_t i = 0; i < 100; i++) {
        loop_wake_signal(wake);
    }
    return NULL;
}

Test(loop, is_woken_by_another_thread)
{
    loop = loop_create();
    wake = loop_wake_create(loop, on_wake, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, wake_up, NULL);
    loop_run(loop);
    pthread_join(thread, NULL);
    cr_assert(wakes == 1);
    loop_wake_destroy(wake);
    loop_destroy(loop);
}

static unsigned seen;

static void on_ready(void *context, unsigned events)
{
    (void)context;
    seen |= events;
    loop_stop(loop);
}

Test(loop, watches_descriptors_for_what_it_is_told)
{
    int ends[2];
    cr_assert(pipe(ends) == 0);
    loop = loop_create();
    struct loop_watch *const in = loop_watch_create(loop, ends[0], on_ready, NULL);
    struct loop_watch *const out = loop_watch_create(loop, ends[1], on_ready, NULL);
    loop_watch_set(in, LOOP_READ);
    loop_watch_set(out, LOOP_WRITE);
    loop_run(loop);
    cr_assert(seen == LOOP_WRITE);
    seen = 0;
    loop_watch_set(out, 0);
    cr_assert(write(ends[1], "x", 1) == 1);
    loop_run(loop);
    cr_assert(seen == LOOP_READ);
    loop_watch_destroy(in);
    loop_watch_destroy(out);
    close(ends[0]);
    close(ends[1]);
    loop_destroy(loop);
}

Test(loop, takes_signals_and_gives_them_back)
{
    loop = loop_create();
    struct loop_signal *const s = loop_signal_create(loop, SIGUSR1, on_stop, NULL);
    raise(SIGUSR1);
    loop_run(loop);
    cr_assert(calls == 1);
    loop_signal_destroy(s);
    struct sigaction now;
    sigaction(SIGUSR1, NULL, &now);
    cr_assert(now.sa_handler == SIG_DFL);
    loop_destroy(loop);
}
