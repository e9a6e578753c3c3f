#ifndef OSTRAKON_AGENT_STORAGE_H
#define OSTRAKON_AGENT_STORAGE_H

/* The one thread that writes: a disk may take seconds, and a loop that waits for it cannot send
 * the heartbeat that it must then stop sending on purpose. The loop's thread queues jobs here,
 * watches storage_fd, and calls storage_reap when it is readable; all callbacks run in there.
 *
 * Writes are done in the order in which they were queued, and told so in that order. Reads see
 * all writes queued before them, except while a write is being tried again: then they are
 * answered from what is there. All functions are for the loop's thread; none waits for the disk
 * but storage_destroy.
 */

#include "store.h"
#include "votes.h"

#include <stdbool.h>
#include <stdint.h>

#define STORAGE_RETRY_MS 1000
/* All that is stored is read from the disk and judged so often, this many bytes a second. */
#define STORAGE_SCRUB_MS (UINT64_C(3600) * 1000)
#define STORAGE_SCRUB_BYTES_S (UINT64_C(4) * 1024 * 1024)
/* A vote store whose disk has refused a write is given up for a new one; again within this
 * time, it is the disk. */
#define STORAGE_RENEW_MS (UINT64_C(3600) * 1000)
/* Reads and mere events are refused beyond; votes and blocks never are, the core bounds them.
 */
#define STORAGE_JOBS_MAX 4096

/* What storage_reap tells. */
#define STORAGE_NEWS(X)                                                                        \
    X(STORED, "stored")         /* all records and blocks up to `serial` are durable */        \
    X(FAILED, "failed")         /* the database refuses; tried again each second, all waits */ \
    X(RECOVERED, "recovered")   /* it no longer does; nothing was lost or reordered */         \
    X(CONFLICT, "conflict")     /* block `serial` contradicts a stored one: not written */     \
    X(SET_ASIDE, "set aside")   /* the database was damaged; an empty one is in its place */   \
    X(VOTES_DEAD, "votes dead") /* the vote store failed: no record is written any more */     \
    X(VOTES_RENEWED, "votes renewed") /* a write failed; a new store has taken its place */    \
    X(VOTES_WRONG, "votes wrong")     /* the disk does not keep votes: this member is unfit */ \
    X(SCRUBBED, "scrubbed")           /* all that is stored was read again, and was right */   \
    X(UNREADABLE, "unreadable")       /* some of it cannot be read now */

enum storage_news {
#define X(word, text) STORAGE_##word,
    STORAGE_NEWS(X)
#undef X
};

const char *storage_news_text(enum storage_news news);

struct storage_notice {
    enum storage_news news;
    uint64_t
        serial; /* STORED: the newest; CONFLICT, VOTES_DEAD: of the job that was not done */
    int error;  /* errno, else 0 */
    const char *why; /* a sentence, "" for STORED and RECOVERED; for the call only */
};

struct storage_options {
    struct votes *votes;    /* open, or NULL: this member has no vote store (see below) */
    const char *votes_path; /* copied */
    struct store *store;    /* open; owned by the storage from now on */
    uint64_t scrub_ms;      /* 0: STORAGE_SCRUB_MS */
    void (*on_notice)(void *context, const struct storage_notice *notice);
    void *context;
};

struct storage;

/* Starts the thread. `votes` is borrowed until storage_destroy, and only the thread touches it.
 * NULL: the machine refused (errno), and the options' store is still the caller's. */
struct storage *storage_create(const struct storage_options *options)
    __attribute__((warn_unused_result));

/* Does the writes that are queued, up to the first that fails, ends the thread, and destroys
 * the store. Callbacks that are still due are not run. Waits for the disk. NULL is fine. */
void storage_destroy(struct storage *s);

int storage_fd(const struct storage *s); /* readable: call storage_reap */
void storage_reap(struct storage *s);

/* How long the oldest write that is not finished has been waiting or under way; 0: none is. */
uint64_t storage_oldest_ms(struct storage *s);

/* Queue a write; all bytes are copied. Serials are the caller's, and rise with every record and
 * block (asserted).
 *
 * A record without a new block, with another record behind it in the queue, is not written: the
 * next one says all it said. Once the vote store is dead, or was never there, records are
 * answered by VOTES_DEAD. */
void storage_record(struct storage *s, uint64_t serial, const struct votes_write *w);

/* votes_replace, for a member that was given `votes == NULL` or whose store has died, and whose
 * amnesia is over: STORED when the new store holds `w`; records are written there from then on.
 */
void storage_votes_replace(struct storage *s, uint64_t serial, const struct votes_write *w);

void storage_block(struct storage *s, uint64_t serial, const struct store_block *b,
                   const struct store_event *events, uint32_t count);
void storage_snapshot(struct storage *s, uint64_t height, const uint8_t *state,
                      uint32_t size_bytes);
/* False, and nothing done, beyond STORAGE_JOBS_MAX. */
bool storage_events(struct storage *s, const struct store_event *events, uint32_t count);

/* What a read came to; good for the call of `done` only. */
struct storage_answer {
    enum store_answer answer;
    const struct store_block *block;   /* storage_block_read, DONE; else NULL */
    const struct store_events *events; /* storage_events_read, DONE; else NULL */
};

typedef void storage_done(void *context, const struct storage_answer *answer);

/* Queue a read; `done` is called once, by storage_reap, or never if the storage is destroyed
 * before. The query's strings are copied. False beyond STORAGE_JOBS_MAX: `done` is not called.
 */
bool storage_block_read(struct storage *s, uint64_t height, storage_done *done, void *context)
    __attribute__((warn_unused_result));
bool storage_events_read(struct storage *s, const struct store_query *query, storage_done *done,
                         void *context) __attribute__((warn_unused_result));

#endif
