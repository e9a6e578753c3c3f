#ifndef OSTRAKON_AGENT_STORE_H
#define OSTRAKON_AGENT_STORE_H

/* The decided blocks, the audit events and the last snapshots of the state, in one SQLite
 * database. Bytes are opaque here. All of it can be had from the peers again, so whatever is
 * damaged is set aside under a new name (never deleted) and a new database is made.
 *
 * One thread at a time: agent/storage.h runs it on a thread of its own; before that thread
 * starts the caller may read here directly.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_ID_BYTES 32
#define STORE_HASH_BYTES 32
#define STORE_DECIDED_MAX (256 * 1024)
#define STORE_SNAPSHOT_MAX (16 * 1024 * 1024)
#define STORE_SNAPSHOTS 3
#define STORE_EVENTS_MAX 1000 /* rows a read answers at most */
#define STORE_TEXT_MAX 256
#define STORE_NAME_MAX 512

/* What opening came to. */
#define STORE_VERDICTS(X)                                                                      \
    X(OK, "ok")                                                                                \
    X(MADE, "made")           /* there was none: an empty one now is */                        \
    X(SET_ASIDE, "set aside") /* `why` tells; an empty one is in its place */                  \
    X(FAILED, "failed")       /* the machine refused; `why` tells; nothing open */

enum store_verdict {
#define X(word, text) STORE_##word,
    STORE_VERDICTS(X)
#undef X
};

const char *store_verdict_text(enum store_verdict verdict);

/* What became of a read or a write. */
#define STORE_ANSWERS(X)                                                                       \
    X(DONE, "done")                                                                            \
    X(ABSENT, "absent")     /* read: no such row */                                            \
    X(DAMAGED, "damaged")   /* a row, or the file, is not what was written */                  \
    X(CONFLICT, "conflict") /* write: another sound block is at this height */                 \
    X(REFUSED, "refused")   /* the machine: full, unreadable; see store_failure */

enum store_answer {
#define X(word, text) STORE_ANSWER_##word,
    STORE_ANSWERS(X)
#undef X
};

const char *store_answer_text(enum store_answer answer);

struct store;

struct store_opening {
    enum store_verdict verdict;
    char why[STORE_TEXT_MAX];       /* a sentence; empty unless SET_ASIDE or FAILED */
    char set_aside[STORE_NAME_MAX]; /* the new name of what was there, else empty */
};

/* Opens `path`, or makes it, and checks it (quick_check reads all of it: not on the loop). Set
 * aside as `path`.damaged-<utc time>, with its -wal and -shm: what SQLite finds corrupt, what
 * is no database of ours, and that of another cluster than `cluster_id`. A disk that is full, a
 * file that may not be read or that another process has locked are FAILED: nothing is moved.
 * NULL only then. Needs sodium_init. */
struct store *store_open(const char *path, const uint8_t cluster_id[static STORE_ID_BYTES],
                         struct store_opening *opening) __attribute__((warn_unused_result));

/* Opens one that is there, for reading alone: nothing is made, moved or written, and an agent
 * may be at work on it. NULL: it cannot be read, or is none of that cluster; `why` is a clause,
 * in which words of a damaged file may stand: to be escaped before anybody sees it. */
struct store *store_open_reading(const char *path,
                                 const uint8_t cluster_id[static STORE_ID_BYTES],
                                 char why[static STORE_TEXT_MAX])
    __attribute__((warn_unused_result));

/* Puts the open database aside likewise and makes a new one, after a read or a write has
 * answered DAMAGED. False (FAILED): none is open now, everything is REFUSED; to be called
 * again, until it succeeds, when the machine may have recovered. */
bool store_set_aside(struct store *s, const char *why, struct store_opening *opening)
    __attribute__((warn_unused_result));

/* NULL is fine. */
void store_destroy(struct store *s);

/* The errno and sentence of the last REFUSED or CONFLICT; valid until the next call with `s`.
 */
int store_failure(const struct store *s, const char **sentence);

/* A decided block. Written: borrowed for the call. Read: `decided` belongs to the receiver, who
 * calls store_block_finish. */
struct store_block {
    uint64_t height; /* 0 .. INT64_MAX, as are all integers below */
    uint64_t time_ms;
    uint8_t hash[STORE_HASH_BYTES];
    uint8_t *decided; /* the bytes of the `decided` message: block and finalization, as is */
    uint32_t decided_bytes; /* 1 .. STORE_DECIDED_MAX */
};

void store_block_finish(struct store_block *b);

/* One line of the audit trail. `ordinal` counts the events of a block, from 0; an event that
 * this agent noted by itself has STORE_ORDINAL_LOCAL, and the height it was at. */
#define STORE_ORDINAL_LOCAL (-1)

struct store_event {
    uint64_t id; /* given by the database, rising; ignored when writing */
    uint64_t height;
    int32_t ordinal;
    uint32_t level; /* as in syslog: 3 error, 4 warning, 5 notice, 6 info, 7 debug */
    uint64_t time_ms;
    const char *name;    /* "member_suspended" */
    const char *code;    /* "OST-2101" */
    const char *member;  /* NULL: of nobody */
    const char *fields;  /* a JSON object as text, "{}" at least */
    const char *message; /* the sentence for people */
};

/* Copies with strings of their own, in `list`; store_events_finish frees both. */
struct store_events {
    uint32_t count;
    struct store_event *list;
};

/* False, and `to` empty, if memory ran out. */
bool store_events_copy(struct store_events *to, const struct store_event *list, uint32_t count)
    __attribute__((warn_unused_result));
void store_events_finish(struct store_events *e);

/* Which events to read, oldest first. */
struct store_query {
    uint64_t after_id;  /* only with a greater id; 0: from the first */
    uint64_t since_ms;  /* only of this time or later */
    const char *member; /* NULL: of all */
    const char *code;   /* NULL: of all */
    uint32_t limit;     /* 1 .. STORE_EVENTS_MAX */
    bool newest; /* the last `limit` that match instead of the first; still oldest first */
    /* With `placed` only events of blocks, and only those after this place in the chain, the
     * same on every agent: (height, ordinal). For (height, -1) all of that height and later. */
    bool placed;
    uint64_t after_height;
    int32_t after_ordinal;
};

/* Durable when DONE, block and events together or not at all. A block that is there already is
 * DONE (its events are not written twice); one that was found damaged is replaced. */
enum store_answer store_block_write(struct store *s, const struct store_block *b,
                                    const struct store_event *events, uint32_t count)
    __attribute__((warn_unused_result));
enum store_answer store_events_write(struct store *s, const struct store_event *events,
                                     uint32_t count) __attribute__((warn_unused_result));

/* Keeps the newest STORE_SNAPSHOTS. */
enum store_answer store_snapshot_write(struct store *s, uint64_t height, const uint8_t *state,
                                       uint32_t size_bytes) __attribute__((warn_unused_result));

/* Blocks and snapshots carry a checksum, and are judged by it whenever they are read: a page
 * may rot and still be a page. */
enum store_answer store_block_read(struct store *s, uint64_t height, struct store_block *b)
    __attribute__((warn_unused_result));
enum store_answer store_events_read(struct store *s, const struct store_query *query,
                                    struct store_events *events)
    __attribute__((warn_unused_result));

/* Lets go of what SQLite and the kernel hold of the file in memory, so that reads are from the
 * disk. */
void store_forget_cache(struct store *s);

/* Reads and judges the next block above `*height`, which becomes its height; ABSENT: there is
 * none. What it read is thrown away. */
enum store_answer store_block_scrub(struct store *s, uint64_t *height, uint32_t *size_bytes)
    __attribute__((warn_unused_result));

/* The newest sound snapshot of a height not above `height_max`; damaged ones are passed over.
 * `*state` is malloc's. */
enum store_answer store_snapshot_read(struct store *s, uint64_t height_max, uint64_t *height,
                                      uint8_t **state, uint32_t *size_bytes)
    __attribute__((warn_unused_result));

/* The least height of a block; ABSENT if there is none. */
enum store_answer store_lowest(struct store *s, uint64_t *height)
    __attribute__((warn_unused_result));

/* The greatest height of a block; ABSENT if there is none. */
enum store_answer store_height(struct store *s, uint64_t *height)
    __attribute__((warn_unused_result));

#endif
