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

void notice_put(struct storage *s, enum storage_news news, int error, const char *why)
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

/* A disk that refuses one write may have dropped it and yet say yes to the next (references.md,
 * R08): so not that file again, but a new one, and not twice. */
static bool votes_renewed(struct storage *s, const struct job *j)
{
    const uint64_t now_ms = storage_now_ms();
    struct votes *const v = s->votes;
    char why[STORAGE_WHY_MAX];
    const int error = v->error;
    if (s->renewed_ms != 0 && now_ms - s->renewed_ms < STORAGE_RENEW_MS) {
        v->wrong = true;
        return false;
    }
    if (!votes_renew(v, s->votes_path, &j->write)) {
        v->error = error;
        return false;
    }
    s->renewed_ms = now_ms;
    snprintf(why, sizeof why, "%.200s: a write failed (%s)", s->votes_path, strerror(error));
    notice_put(s, STORAGE_VOTES_RENEWED, error, why);
    return true;
}

static void record_do(struct storage *s, struct job *j)
{
    struct votes *const v = s->votes;
    bool stored = false;
    if (v->file >= 0 && !v->dead) {
        stored = votes_write(v, &j->write) || (!v->wrong && votes_renewed(s, j));
    }
    if (stored) {
        notice_fill(j, STORAGE_STORED, 0, "");
    } else if (v->wrong) {
        char why[STORAGE_WHY_MAX];
        snprintf(why, sizeof why, "%.200s: the disk does not keep what is written to it",
                 s->votes_path);
        notice_fill(j, STORAGE_VOTES_WRONG, v->error, why);
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
    case JOB_SCRUB:
    case JOB_NOTICE:
        break;
    }
    abort(); /* no write to the database */
}

bool store_renew(struct storage *s)
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
    case JOB_SCRUB:
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
    const uint64_t until_ms = s->failing ? s->again_ms : s->scrub.next_ms;
    const struct timespec until = {
        .tv_sec = (time_t)(until_ms / 1000),
        .tv_nsec = (long)(until_ms % 1000) * 1000000,
    };
    pthread_cond_timedwait(&s->wake_thread, &s->lock, &until);
}

/* With the lock. Writes first, and left in their queue; reads meanwhile if a write must wait;
 * with nothing else to do, what is stored is read again. NULL: it is time to end. */
static struct job *job_next(struct storage *s)
{
    static struct job scrub = {.kind = JOB_SCRUB};
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
        if (!s->failing && storage_now_ms() >= s->scrub.next_ms) {
            return &scrub;
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
        } else if (j->kind == JOB_SCRUB) {
            storage_scrub(s);
            pthread_mutex_lock(&s->lock);
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
