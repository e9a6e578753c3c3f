#include "disk_worker.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "disk.h"

struct disk_worker {
    struct disk_probe probe; /* the thread's alone while work is BUSY */
    struct disk_result result;
    pthread_t thread;
    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t turn;
    enum disk_work work;
    bool quit;
};

static void *work(void *argument)
{
    struct disk_worker *w = argument;
    pthread_mutex_lock(&w->mutex);
    while (!w->quit) {
        if (w->work != DISK_WORK_BUSY) {
            pthread_cond_wait(&w->turn, &w->mutex);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        disk_probe_run(&w->probe, &w->result);
        pthread_mutex_lock(&w->mutex);
        w->work = DISK_WORK_DONE;
        pthread_cond_broadcast(&w->turn);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* Waits are timed by the monotonic clock. */
static bool condition_begin(pthread_cond_t *c)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    const bool done = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(c, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return done;
}

struct disk_worker *disk_worker_create(const struct seams *seams, const char *data_directory,
                                       bool nameless)
{
    struct disk_worker *w = aligned_alloc(DISK_BLOCK_BYTES, sizeof *w);
    if (w == NULL) {
        return NULL;
    }
    memset(w, 0, sizeof *w);
    w->probe.seams = *seams;
    w->probe.nameless = nameless;
    const int size_bytes = snprintf(w->probe.path, sizeof w->probe.path, "%s%s", data_directory,
                                    nameless ? "" : "/" DISK_FILE);
    if (size_bytes < 0 || (size_t)size_bytes >= sizeof w->probe.path ||
        pthread_mutex_init(&w->mutex, NULL) != 0) {
        free(w);
        return NULL;
    }
    if (!condition_begin(&w->turn)) {
        pthread_mutex_destroy(&w->mutex);
        free(w);
        return NULL;
    }
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
        pthread_cond_destroy(&w->turn);
        pthread_mutex_destroy(&w->mutex);
        free(w);
        return NULL;
    }
    return w;
}

void disk_worker_start(struct disk_worker *w)
{
    pthread_mutex_lock(&w->mutex);
    assert(w->work == DISK_WORK_NONE);
    w->work = DISK_WORK_BUSY;
    pthread_cond_broadcast(&w->turn);
    pthread_mutex_unlock(&w->mutex);
}

static struct timespec after(uint32_t ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += ms / 1000;
    time.tv_nsec += (long)(ms % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    return time;
}

enum disk_work disk_worker_wait(struct disk_worker *w, uint32_t most_ms)
{
    const struct timespec until = after(most_ms);
    pthread_mutex_lock(&w->mutex);
    while (w->work == DISK_WORK_BUSY &&
           pthread_cond_timedwait(&w->turn, &w->mutex, &until) == 0) {
    }
    const enum disk_work work = w->work;
    pthread_mutex_unlock(&w->mutex);
    return work;
}

void disk_worker_result(struct disk_worker *w, struct disk_result *out, bool *direct)
{
    assert(w->work == DISK_WORK_DONE); /* hence the thread waits */
    *out = w->result;
    *direct = w->probe.direct;
}

void disk_worker_take(struct disk_worker *w)
{
    pthread_mutex_lock(&w->mutex);
    assert(w->work == DISK_WORK_DONE);
    w->work = DISK_WORK_NONE;
    pthread_mutex_unlock(&w->mutex);
}

void disk_worker_destroy(struct disk_worker *w)
{
    if (w == NULL || disk_worker_wait(w, DISK_PATIENCE_MS) == DISK_WORK_BUSY) {
        return;
    }
    pthread_mutex_lock(&w->mutex);
    w->quit = true;
    pthread_cond_broadcast(&w->turn);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    disk_probe_close(&w->probe);
    pthread_cond_destroy(&w->turn);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}
