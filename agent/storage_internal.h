#ifndef OSTRAKON_AGENT_STORAGE_INTERNAL_H
#define OSTRAKON_AGENT_STORAGE_INTERNAL_H

/* What the loop's side and the thread's side of the storage share. For storage*.c only. */

#include "storage.h"

#include <pthread.h>

#define STORAGE_WHY_MAX 384

enum job_kind {
    JOB_RECORD,
    JOB_REPLACE,
    JOB_BLOCK,
    JOB_EVENTS,
    JOB_SNAPSHOT,
    JOB_READ_BLOCK,
    JOB_READ_EVENTS,
    JOB_SCRUB,  /* never in a queue */
    JOB_NOTICE, /* a job that is done, or news that no job brought; only on the way back */
};

/* One thing to be done, with copies of all it takes, and later what came of it. */
struct job {
    struct job *next;
    enum job_kind kind;
    uint64_t serial;
    uint64_t queued_ms;
    uint64_t height;            /* SNAPSHOT, READ_BLOCK */
    uint8_t *bytes;             /* what `write`, `block` or a snapshot point into */
    uint32_t size_bytes;        /* SNAPSHOT */
    struct votes_write write;   /* RECORD, REPLACE */
    struct store_block block;   /* BLOCK; READ_BLOCK: the answer */
    struct store_events events; /* BLOCK, EVENTS; READ_EVENTS: the answer */
    struct store_query query;   /* READ_EVENTS */
    enum store_answer answer;   /* READ_* */
    storage_done *done;
    void *context;
    struct storage_notice notice; /* NOTICE */
    char why[STORAGE_WHY_MAX];
};

struct job_queue {
    struct job *first;
    struct job *last;
    uint32_t count;
};

/* Where the reading of all that is stored has got to. The thread's own. */
struct scrub {
    uint64_t period_ms;
    uint64_t begun_ms; /* this round; or the last, between two */
    uint64_t next_ms;  /* the next part */
    bool active;
    bool of_votes; /* of the database once they are through */
    bool failed;   /* some of it could not be read */
    uint32_t step;
    uint64_t height;
};

struct storage {
    /* Set once, or the thread's own. */
    struct votes *votes; /* file -1: there is none */
    bool votes_own;
    char *votes_path;
    struct store *store;
    uint64_t renewed_ms; /* the thread's: when the vote store was renewed; 0: never */
    struct scrub scrub;
    bool spoilt; /* the thread's: the store must be put aside before anything else */
    void (*on_notice)(void *context, const struct storage_notice *notice);
    void *context;
    int wake_loop; /* eventfd */
    pthread_t thread;

    pthread_mutex_t lock; /* for all that follows */
    pthread_cond_t wake_thread;
    /* The first write stays in its queue until it is finished; only the thread takes it out. */
    struct job_queue writes;
    struct job_queue reads;
    struct job_queue back;
    bool stopping;
    bool failing; /* the first write has failed and will be tried again at `again_ms` */
    uint64_t again_ms;

    uint64_t serial; /* the loop's side alone: the newest given */
};

uint64_t storage_now_ms(void);

/* A zeroed job. The machine refusing memory for a vote is the end of the process. */
struct job *job_create(enum job_kind kind, uint64_t serial);
struct job *job_of_record(enum job_kind kind, uint64_t serial, const struct votes_write *w);
struct job *job_of_block(uint64_t serial, const struct store_block *b,
                         const struct store_event *events, uint32_t count);
struct job *job_of_events(const struct store_event *events, uint32_t count);
struct job *job_of_snapshot(uint64_t height, const uint8_t *state, uint32_t size_bytes);
struct job *job_of_query(const struct store_query *query);
/* Frees what it holds, and keeps it. */
void job_empty(struct job *j);
void job_destroy(struct job *j);

void job_queue_put(struct job_queue *q, struct job *j);
struct job *job_queue_take(struct job_queue *q); /* NULL: it is empty */

/* For the thread's side, as are all below. */

/* News that no write in the queue has brought. */
void notice_put(struct storage *s, enum storage_news news, int error, const char *why);

/* A database that turns out to be damaged is put aside; what it held is to be had from peers.
 * False: the machine refuses that. */
bool store_renew(struct storage *s);

/* Reads and judges the next part of what is stored, at most 64 KiB and a block. */
void storage_scrub(struct storage *s);

/* The thread: struct storage. */
void *storage_work(void *context);

#endif
