#include "storage.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "storage_internal.h"

const char *storage_news_text(enum storage_news news)
{
    static const char *const texts[] = {
#define X(word, text) [STORAGE_##word] = text,
        STORAGE_NEWS(X)
#undef X
    };
    assert((size_t)news < sizeof texts / sizeof texts[0]);
    return texts[news];
}

uint64_t storage_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Signals are the loop's. */
static int thread_start(struct storage *s)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&s->thread, NULL, storage_work, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void release(struct storage *s)
{
    struct job_queue *const queues[] = {&s->writes, &s->reads, &s->back};
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
        for (struct job *j = job_queue_take(queues[i]); j != NULL;
             j = job_queue_take(queues[i])) {
            job_destroy(j);
        }
    }
    if (s->wake_loop >= 0) {
        close(s->wake_loop);
    }
    if (s->votes_own) {
        votes_finish(s->votes);
        free(s->votes);
    }
    pthread_cond_destroy(&s->wake_thread);
    pthread_mutex_destroy(&s->lock);
    free(s->votes_path);
    free(s);
}

struct storage *storage_create(const struct storage_options *options)
{
    struct storage *const s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake_thread, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&s->lock, NULL);

    s->votes_own = options->votes == NULL;
    s->votes = s->votes_own ? calloc(1, sizeof *s->votes) : options->votes;
    s->votes_path = strdup(options->votes_path);
    s->store = options->store;
    s->on_notice = options->on_notice;
    s->context = options->context;
    s->scrub.period_ms = options->scrub_ms == 0 ? STORAGE_SCRUB_MS : options->scrub_ms;
    s->scrub.next_ms = storage_now_ms() + s->scrub.period_ms; /* opening has read all of it */
    s->wake_loop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = s->votes == NULL || s->votes_path == NULL ? ENOMEM : errno;
    if (s->votes != NULL && s->votes_own) {
        s->votes->file = -1;
    }
    if (s->votes != NULL && s->votes_path != NULL && s->wake_loop >= 0) {
        error = thread_start(s);
        if (error == 0) {
            return s;
        }
    }
    release(s);
    errno = error;
    return NULL;
}

void storage_destroy(struct storage *s)
{
    if (s == NULL) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake_thread);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    store_destroy(s->store);
    release(s);
}

int storage_fd(const struct storage *s)
{
    return s->wake_loop;
}

static void tell(struct storage *s, struct job *j)
{
    if (j->kind == JOB_NOTICE) {
        j->notice.why = j->why;
        s->on_notice(s->context, &j->notice);
        return;
    }
    const bool done = j->answer == STORE_ANSWER_DONE;
    const struct storage_answer answer = {
        .answer = j->answer,
        .block = done && j->kind == JOB_READ_BLOCK ? &j->block : NULL,
        .events = done && j->kind == JOB_READ_EVENTS ? &j->events : NULL,
    };
    j->done(j->context, &answer);
}

void storage_reap(struct storage *s)
{
    uint64_t count;
    if (read(s->wake_loop, &count, sizeof count) != (ssize_t)sizeof count) {
        return; /* woken for nothing */
    }
    pthread_mutex_lock(&s->lock);
    struct job_queue back = s->back;
    s->back = (struct job_queue){0};
    pthread_mutex_unlock(&s->lock);
    for (struct job *j = job_queue_take(&back); j != NULL; j = job_queue_take(&back)) {
        tell(s, j);
        job_destroy(j);
    }
}

uint64_t storage_oldest_ms(struct storage *s)
{
    pthread_mutex_lock(&s->lock);
    const struct job *const oldest = s->writes.first;
    const uint64_t age_ms = oldest != NULL ? storage_now_ms() - oldest->queued_ms : 0;
    pthread_mutex_unlock(&s->lock);
    return age_ms;
}

static void queue_put(struct storage *s, struct job_queue *q, struct job *j)
{
    pthread_mutex_lock(&s->lock);
    job_queue_put(q, j);
    pthread_cond_signal(&s->wake_thread);
    pthread_mutex_unlock(&s->lock);
}

static bool has_room(struct storage *s)
{
    pthread_mutex_lock(&s->lock);
    const bool room = s->writes.count + s->reads.count + s->back.count < STORAGE_JOBS_MAX;
    pthread_mutex_unlock(&s->lock);
    return room;
}

static void serial_rises(struct storage *s, uint64_t serial)
{
    assert(serial > s->serial);
    s->serial = serial;
}

void storage_record(struct storage *s, uint64_t serial, const struct votes_write *w)
{
    serial_rises(s, serial);
    queue_put(s, &s->writes, job_of_record(JOB_RECORD, serial, w));
}

void storage_votes_replace(struct storage *s, uint64_t serial, const struct votes_write *w)
{
    serial_rises(s, serial);
    queue_put(s, &s->writes, job_of_record(JOB_REPLACE, serial, w));
}

void storage_block(struct storage *s, uint64_t serial, const struct store_block *b,
                   const struct store_event *events, uint32_t count)
{
    serial_rises(s, serial);
    queue_put(s, &s->writes, job_of_block(serial, b, events, count));
}

void storage_snapshot(struct storage *s, uint64_t height, const uint8_t *state,
                      uint32_t size_bytes)
{
    queue_put(s, &s->writes, job_of_snapshot(height, state, size_bytes));
}

bool storage_events(struct storage *s, const struct store_event *events, uint32_t count)
{
    if (!has_room(s)) {
        return false;
    }
    queue_put(s, &s->writes, job_of_events(events, count));
    return true;
}

static bool read_put(struct storage *s, struct job *j, storage_done *done, void *context)
{
    j->done = done;
    j->context = context;
    queue_put(s, &s->reads, j);
    return true;
}

bool storage_block_read(struct storage *s, uint64_t height, storage_done *done, void *context)
{
    if (!has_room(s)) {
        return false;
    }
    struct job *const j = job_create(JOB_READ_BLOCK, 0);
    j->height = height;
    return read_put(s, j, done, context);
}

bool storage_events_read(struct storage *s, const struct store_query *query, storage_done *done,
                         void *context)
{
    return has_room(s) && read_put(s, job_of_query(query), done, context);
}
