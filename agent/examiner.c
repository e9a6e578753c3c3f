#include "agent/examiner.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "agent/examiner_parts.h"
#include "health/references/burst.h"

#define NICE 19

void examiner_deliver(struct examiner *e, const struct finding *f)
{
    pthread_mutex_lock(&e->lock);
    while (e->pending_count == PENDING_MAX && !e->ending) {
        pthread_cond_wait(&e->turn, &e->lock); /* a loop that hangs is waited for */
    }
    if (!e->ending) {
        e->pending[e->pending_count++] = *f;
    }
    pthread_mutex_unlock(&e->lock);
    loop_wake_signal(e->wake);
}

static void remember(struct examiner *e, const struct finding *f)
{
    struct examined *place = &e->results[e->result_count % EXAMINED_MAX];
    *place = (struct examined){.boot_ms = clock_monotonic_ms(), .finding = *f};
    e->result_count++;
}

uint32_t examiner_certificates(struct examiner *e,
                               struct fleet_certificate out[static FLEET_CERTIFICATES_MAX])
{
    pthread_mutex_lock(&e->lock);
    const uint32_t count = e->certificate_count;
    memcpy(out, e->certificates, count * sizeof out[0]);
    pthread_mutex_unlock(&e->lock);
    return count;
}

const struct examined *examiner_result(const struct examiner *e, uint32_t index)
{
    if (index >= EXAMINED_MAX || index >= e->result_count) {
        return NULL;
    }
    return &e->results[(e->result_count - 1 - index) % EXAMINED_MAX];
}

static void tell_slowness(struct examiner *e)
{
    const uint32_t slowness = atomic_load(&e->slowness);
    if (slowness != e->told_slowness) {
        e->told_slowness = slowness;
        e->options.on_slowness(e->options.context, slowness, atomic_load(&e->share_ppm));
    }
}

static void on_wake(void *context)
{
    struct examiner *e = context;
    struct finding found[PENDING_MAX];
    pthread_mutex_lock(&e->lock);
    const uint32_t count = e->pending_count;
    memcpy(found, e->pending, count * sizeof *found);
    e->pending_count = 0;
    pthread_cond_broadcast(&e->turn);
    pthread_mutex_unlock(&e->lock);
    for (uint32_t i = 0; i < count; i++) {
        remember(e, &found[i]);
        e->options.on_finding(e->options.context, &found[i]);
    }
    tell_slowness(e);
}

void examiner_spare(struct examiner *e, bool spare)
{
    atomic_store(&e->spare, spare);
}

uint32_t examiner_period_ms(const struct examiner *e, uint32_t id)
{
    for (uint32_t i = 0; e != NULL && i < e->schedule.count; i++) {
        const struct scheduled *one = &e->schedule.list[i]; /* its period stays as it is */
        if (one->id == id) {
            return one->period_ms * (id == SCHEDULE_SWEEP ? atomic_load(&e->slowness) : 1);
        }
    }
    return 0;
}

/* Signals are the loop's. */
static int thread_start(pthread_t *thread, void *(*work)(void *), struct examiner *e)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(thread, NULL, work, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void give_way(void)
{
    const struct sched_param none = {.sched_priority = 0};
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone (sched(7)) */
}

/* So much later by the clock of `turn`, which stands still while the machine is suspended. */
static struct timespec from_now(uint64_t wait_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    const uint64_t ns = (uint64_t)at.tv_nsec + wait_ms % 1000 * 1000000;
    return (struct timespec){.tv_sec = at.tv_sec + (time_t)(wait_ms / 1000 + ns / 1000000000),
                             .tv_nsec = (long)(ns % 1000000000)};
}

/* False: the examiner ends. *again: it is woken for another first round. */
static bool sleep_until(struct examiner *e, uint64_t due_ms, bool *again)
{
    uint64_t now_ms;
    pthread_mutex_lock(&e->lock);
    while (!e->ending && !e->again && (now_ms = clock_monotonic_ms()) < due_ms) {
        const struct timespec due = from_now(due_ms - now_ms);
        pthread_cond_timedwait(&e->turn, &e->lock, &due);
    }
    const bool goes_on = !e->ending;
    *again = e->again;
    e->again = false;
    pthread_mutex_unlock(&e->lock);
    return goes_on;
}

static void *work(void *context)
{
    struct examiner *e = context;
    bool gave_way = false;
    bool again = false;
    while (sleep_until(e, schedule_due_ms(&e->schedule), &again)) {
        if (again) {
            schedule_begin_again(&e->schedule, clock_monotonic_ms());
        }
        examiner_run_next(e);
        atomic_store(&e->slowness, e->schedule.slowness);
        atomic_store(&e->share_ppm, schedule_share_ppm(&e->schedule));
        if (!gave_way && schedule_is_round_done(&e->schedule)) {
            give_way();
            gave_way = true;
        }
    }
    return NULL;
}

static void *work_burst(void *context)
{
    struct examiner *e = context;
    struct finding f;
    const struct burst_plan plan = burst_upon_suspicion();
    pthread_mutex_lock(&e->machine);
    burst_run(&e->references, &plan, &f);
    pthread_mutex_unlock(&e->machine);
    f.flags |= FINDING_OF_BURST;
    examiner_deliver(e, &f);
    atomic_store(&e->bursting, false);
    return NULL;
}

static void end_burst(struct examiner *e)
{
    if (e->has_burst) {
        pthread_join(e->burst, NULL);
        e->has_burst = false;
    }
}

void examiner_burst(struct examiner *e)
{
    if (atomic_load(&e->bursting)) {
        return;
    }
    end_burst(e);
    atomic_store(&e->bursting, true);
    e->has_burst = thread_start(&e->burst, work_burst, e) == 0;
    if (!e->has_burst) { /* the node asks again */
        atomic_store(&e->bursting, false);
    }
}

void examiner_begin_again(struct examiner *e)
{
    pthread_mutex_lock(&e->lock);
    e->again = true;
    pthread_cond_broadcast(&e->turn);
    pthread_mutex_unlock(&e->lock);
}

static void release(struct examiner *e)
{
    references_finish(&e->references);
    loop_wake_destroy(e->wake);
    pthread_cond_destroy(&e->turn);
    pthread_mutex_destroy(&e->machine);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

struct examiner *examiner_create(const struct examiner_options *options)
{
    struct examiner *e = calloc(1, sizeof *e);
    pthread_condattr_t monotonic;
    if (e == NULL) {
        return NULL;
    }
    e->options = *options;
    e->told_slowness = 1;
    atomic_store(&e->slowness, 1);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->turn, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&e->lock, NULL);
    pthread_mutex_init(&e->machine, NULL);
    e->wake = loop_wake_create(options->loop, on_wake, e);
    examiner_begin(e);
    const int error = thread_start(&e->thread, work, e);
    if (error != 0) {
        release(e);
        errno = error;
        return NULL;
    }
    return e;
}

void examiner_destroy(struct examiner *e)
{
    if (e == NULL) {
        return;
    }
    pthread_mutex_lock(&e->lock);
    e->ending = true;
    pthread_cond_broadcast(&e->turn);
    pthread_mutex_unlock(&e->lock);
    end_burst(e);
    pthread_join(e->thread, NULL);
    release(e);
}
