#include "storage_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The thread's side. A job is taken under the lock and done without it. */

/* What became of the first write. */
enum outcome {
    OUTCOME_DONE, /* the job's notice, if it has one to give, is filled */
    OUTCOME_AGAIN,
};

static void back_put(struct storage *s, struct job *j)
{
    struct job *const last = s->back.last;
    const bool both_stored = last != NULL && last->kind == JOB_NOTICE &&
                             j->kind == JOB_NOTICE && last->notice.news == STORAGE_STORED &&
                             j->notice.news == STORAGE_STORED;
    if (both_stored) {
        last->notice.serial = j->notice.serial;
        job_destroy(j);
    } else {
        job_queue_put(&s->back, j);
    }
    const uint64_t one = 1;
    /* Cannot be full: the loop takes all of it at once. */
    if (write(s->wake_loop, &one, sizeof one) < 0 && errno != EAGAIN) {
        perror("ostrakond: eventfd");
        abort();
    }
}

/* Turns a job that is done into the news of it. */
static void notice_fill(struct job *j, enum storage_news news, int error, const char *why)
{
    job_empty(j);
    j->kind = JOB_NOTICE;
    j->notice = (struct storage_notice){.news = news, .serial = j->serial, .error = error};
    snprintf(j->why, sizeof j->why, "%s", why);
}

static void notice_put(struct storage *s, enum storage_news news, int error, const char *why)
{
    struct job *const j = job_create(JOB_NOTICE, 0);
    notice_fill(j, news, error, why);
    pthread_mutex_lock(&s->lock);
    back_put(s, j);
    pthread_mutex_unlock(&s->lock);
}

static void votes_dead(struct storage *s, struct job *j)
{
    char why[STORAGE_WHY_MAX];
    const int error = s->votes->error;
    if (s->votes->file < 0 && error == 0) {
        snprintf(why, sizeof why, "%.200s: there is no vote store to write to", s->votes_path);
    } else {
        snprintf(why, sizeof why,
                 "%.200s: a vote could not be stored (%s); nothing is voted until the agent"
                 " is started again",
                 s->votes_path, strerror(error));
    }
    notice_fill(j, STORAGE_VOTES_DEAD, error, why);
}

static void record_do(struct storage *s, struct job *j)
{
    const bool stored =
        s->votes->file >= 0 && !s->votes->dead && votes_write(s->votes, &j->write);
    if (stored) {
        notice_fill(j, STORAGE_STORED, 0, "");
    } else {
        votes_dead(s, j);
    }
}

static void replace_do(struct storage *s, struct job *j)
{
    votes_finish(s->votes);
    if (votes_replace(s->votes, s->votes_path, &j->write) == VOTES_OK) {
        notice_fill(j, STORAGE_STORED, 0, "");
    } else {
        s->votes->file = -1;
        votes_dead(s, j);
    }
}

static enum store_answer store_do(struct storage *s, const struct job *j)
{
    switch (j->kind) {
    case JOB_BLOCK:
        return store_block_write(s->store, &j->block, j->events.list, j->events.count);
    case JOB_EVENTS:
        return store_events_write(s->store, j->events.list, j->events.count);
    case JOB_SNAPSHOT:
        return store_snapshot_write(s->store, j->height, j->bytes, j->size_bytes);
    case JOB_RECORD:
    case JOB_REPLACE:
    case JOB_READ_BLOCK:
    case JOB_READ_EVENTS:
    case JOB_NOTICE:
        break;
    }
    abort(); /* no write to the database */
}

/* A database that turns out to be damaged is put aside; what it held is to be had from peers.
 */
static bool store_renew(struct storage *s)
{
    struct store_opening opening;
    char told[STORAGE_WHY_MAX];
    char why[STORE_TEXT_MAX];
    const char *sentence;
    store_failure(s->store, &sentence);
    snprintf(why, sizeof why, "%s", sentence);
    s->spoilt = !store_set_aside(s->store, why, &opening);
    if (!s->spoilt) {
        snprintf(told, sizeof told, "the database was damaged (%.120s) and is kept as %.200s",
                 why, opening.set_aside);
        notice_put(s, STORAGE_SET_ASIDE, 0, told);
    }
    return !s->spoilt;
}

static enum outcome database_do(struct storage *s, struct job *j)
{
    const char *sentence;
    enum store_answer answer = s->spoilt ? STORE_ANSWER_DAMAGED : store_do(s, j);
    if (answer == STORE_ANSWER_DAMAGED && store_renew(s)) {
        answer = store_do(s, j);
    }
    const int error = store_failure(s->store, &sentence);
    switch (answer) {
    case STORE_ANSWER_DONE:
        notice_fill(j, STORAGE_STORED, 0, "");
        return OUTCOME_DONE;
    case STORE_ANSWER_CONFLICT:
        notice_fill(j, STORAGE_CONFLICT, error, sentence);
        return OUTCOME_DONE;
    case STORE_ANSWER_DAMAGED:
    case STORE_ANSWER_ABSENT:
    case STORE_ANSWER_REFUSED:
        break;
    }
    if (!s->failing) {
        notice_put(s, STORAGE_FAILED, error, sentence);
    }
    return OUTCOME_AGAIN;
}

static enum outcome write_do(struct storage *s, struct job *j)
{
    switch (j->kind) {
    case JOB_RECORD:
        record_do(s, j);
        return OUTCOME_DONE;
    case JOB_REPLACE:
        replace_do(s, j);
        return OUTCOME_DONE;
    case JOB_BLOCK:
    case JOB_EVENTS:
    case JOB_SNAPSHOT:
        return database_do(s, j);
    case JOB_READ_BLOCK:
    case JOB_READ_EVENTS:
    case JOB_NOTICE:
        break;
    }
    abort();
}

static void read_do(struct storage *s, struct job *j)
{
    if (j->kind == JOB_READ_BLOCK) {
        j->answer = store_block_read(s->store, j->height, &j->block);
    } else {
        j->answer = store_events_read(s->store, &j->query, &j->events);
    }
}

/* With the lock. A record that the next one says again, with all it still holds, is passed
 * over: only one that brings a block must be written for itself. */
static void records_merge(struct storage *s)
{
    const struct job *j = s->writes.first;
    while (j->kind == JOB_RECORD && j->write.block == NULL && j->next != NULL &&
           j->next->kind == JOB_RECORD) {
        job_destroy(job_queue_take(&s->writes));
        j = s->writes.first;
    }
}

static void wait_for_job(struct storage *s)
{
    if (!s->failing) {
        pthread_cond_wait(&s->wake_thread, &s->lock);
        return;
    }
    const struct timespec again = {
        .tv_sec = (time_t)(s->again_ms / 1000),
        .tv_nsec = (long)(s->again_ms % 1000) * 1000000,
    };
    pthread_cond_timedwait(&s->wake_thread, &s->lock, &again);
}

/* With the lock. Writes first, and left in their queue; reads meanwhile if a write must wait.
 * NULL: it is time to end. */
static struct job *job_next(struct storage *s)
{
    for (;;) {
        if (s->writes.first != NULL &&
            (!s->failing || s->stopping || storage_now_ms() >= s->again_ms)) {
            records_merge(s);
            return s->writes.first;
        }
        if (s->stopping) {
            return NULL;
        }
        if (s->reads.first != NULL) {
            return job_queue_take(&s->reads);
        }
        wait_for_job(s);
    }
}

/* With the lock. False: this is the end, the machine refuses while all is stopping. */
static bool write_finish(struct storage *s, struct job *j, enum outcome outcome)
{
    if (outcome == OUTCOME_AGAIN) {
        s->failing = true;
        s->again_ms = storage_now_ms() + STORAGE_RETRY_MS;
        return !s->stopping;
    }
    job_queue_take(&s->writes);
    if (s->failing) {
        s->failing = false;
        struct job *const news = job_create(JOB_NOTICE, 0);
        notice_fill(news, STORAGE_RECOVERED, 0, "");
        back_put(s, news);
    }
    if (j->notice.news == STORAGE_STORED && j->serial == 0) {
        job_destroy(j); /* nobody waits for mere events */
    } else {
        back_put(s, j);
    }
    return true;
}

void *storage_work(void *context)
{
    struct storage *const s = context;
    pthread_mutex_lock(&s->lock);
    struct job *j = job_next(s);
    bool go_on = true;
    while (j != NULL && go_on) {
        const bool is_write = j == s->writes.first;
        pthread_mutex_unlock(&s->lock);
        if (is_write) {
            const enum outcome outcome = write_do(s, j);
            pthread_mutex_lock(&s->lock);
            go_on = write_finish(s, j, outcome);
        } else {
            read_do(s, j);
            pthread_mutex_lock(&s->lock);
            back_put(s, j);
        }
        j = go_on ? job_next(s) : NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
