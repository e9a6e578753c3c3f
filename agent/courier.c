#include "agent/courier.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/replace.h"

struct errand {
    bool waits;
    bool removes;
    mode_t mode;
    char path[COURIER_PATH_BYTES];
    size_t size_bytes;
    char bytes[COURIER_FILE_MAX];
};

struct outcome {
    bool has;
    struct courier_receipt receipt;
};

struct courier {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    pthread_t thread;
    struct loop_wake *wake;
    void (*on_done)(void *context, const struct courier_receipt *r);
    void *context;
    bool ending;
    struct errand waiting[COURIER_PLACES];
    struct outcome outcome[COURIER_PLACES];
    struct errand under_way; /* the thread's */
};

static int run(const struct errand *e)
{
    const bool done = e->removes ? unlink(e->path) == 0 || errno == ENOENT
                                 : replace_file(e->path, e->bytes, e->size_bytes, e->mode);
    return done ? 0 : errno;
}

/* COURIER_PLACES: nothing waits. */
static enum courier_place next(const struct courier *c)
{
    uint32_t place = 0;
    while (place < COURIER_PLACES && !c->waiting[place].waits) {
        place++;
    }
    return (enum courier_place)place;
}

static void *work(void *context)
{
    struct courier *c = context;
    pthread_mutex_lock(&c->lock);
    while (next(c) < COURIER_PLACES || !c->ending) {
        const enum courier_place place = next(c);
        if (place == COURIER_PLACES) {
            pthread_cond_wait(&c->turn, &c->lock);
            continue;
        }
        c->under_way = c->waiting[place];
        c->waiting[place].waits = false;
        pthread_mutex_unlock(&c->lock);
        const int error = run(&c->under_way);
        pthread_mutex_lock(&c->lock);
        c->outcome[place] = (struct outcome){
            true,
            {.place = place, .removed = c->under_way.removes, .error = error},
        };
        loop_wake_signal(c->wake);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void on_wake(void *context)
{
    struct courier *c = context;
    struct outcome outcome[COURIER_PLACES];
    pthread_mutex_lock(&c->lock);
    memcpy(outcome, c->outcome, sizeof outcome);
    memset(c->outcome, 0, sizeof c->outcome);
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < COURIER_PLACES; i++) {
        if (outcome[i].has) {
            c->on_done(c->context, &outcome[i].receipt);
        }
    }
}

static void release(struct courier *c)
{
    loop_wake_destroy(c->wake);
    pthread_cond_destroy(&c->turn);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct courier *courier_create(struct loop *loop,
                               void (*on_done)(void *context, const struct courier_receipt *r),
                               void *context)
{
    sigset_t all;
    sigset_t before;
    struct courier *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->on_done = on_done;
    c->context = context;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->turn, NULL);
    c->wake = loop_wake_create(loop, on_wake, c);
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&c->thread, NULL, work, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        release(c);
        errno = error;
        return NULL;
    }
    return c;
}

static void hand_in(struct courier *c, enum courier_place place, const struct errand *e)
{
    pthread_mutex_lock(&c->lock);
    c->waiting[place] = *e;
    pthread_cond_signal(&c->turn);
    pthread_mutex_unlock(&c->lock);
}

void courier_write(struct courier *c, enum courier_place place, const char *path, mode_t mode,
                   const void *bytes, size_t size_bytes)
{
    struct errand e = {.waits = true, .mode = mode, .size_bytes = size_bytes};
    assert(size_bytes <= sizeof e.bytes);
    snprintf(e.path, sizeof e.path, "%s", path);
    memcpy(e.bytes, bytes, size_bytes);
    hand_in(c, place, &e);
}

void courier_remove(struct courier *c, enum courier_place place, const char *path)
{
    struct errand e = {.waits = true, .removes = true};
    snprintf(e.path, sizeof e.path, "%s", path);
    hand_in(c, place, &e);
}

void courier_destroy(struct courier *c)
{
    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_signal(&c->turn);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    release(c);
}
