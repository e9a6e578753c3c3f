#ifndef STATS_SINK_H
#define STATS_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollup.h"
#include "row.h"

struct driver;
struct sqlite3;
struct postgres;
struct statement;

/* The database that holds the statistics: rows as they came in, and what is published of them.
 *
 * It keeps the contract of standing.md, section 7, whoever calls it in whatever order and
 * wherever he dies: each procedure is one transaction, and those that write take one lock
 * before they read. One thread at a time has a `struct sink`.
 *
 * It is a file of SQLite's, which any number of processes on one machine may have, or a
 * database in PostgreSQL, at an address that begins with SINK_POSTGRES. There the procedures
 * are stored in the server (postgres.sql), who endorses is who is logged in, and `now` is the
 * server's.
 *
 * All procedures answer false for the machine's faults (the disk, the network, a lock that was
 * not to be had, a damaged file), with a sentence in `error`, and then have changed nothing:
 * except that a connection which is lost in a procedure leaves open whether it was done. All
 * may be repeated.
 */

#define SINK_POSTGRES "postgresql://"

#define SINK_ERROR_BYTES 1024

/* How far a fence may be above the highest one seen, and a window that is to be closed above
 * the one that is open or now: a flipped bit in either must not bar everybody (fence), nor send
 * all rows to come into a window of a far century (close; the contract says this of fences
 * only). */
#define SINK_JUMP_MAX 1000

/* Fences and windows are below this, so that no sum of two overflows. */
#define SINK_NUMBER_MAX (INT64_C(1) << 53)

struct sink {
    const struct driver *driver;
    struct sqlite3 *db;           /* NULL, or this is SQLite */
    struct postgres *postgres;    /* NULL, or this is PostgreSQL */
    struct statement *insert;     /* compiled once: it runs once a row */
    char error[SINK_ERROR_BYTES]; /* of the last procedure that answered false */
    char path[256];               /* without passwords, cut off when longer; for messages */
    int64_t busy_ms;
    int64_t window_s; /* length of a window, since `init` */
    int64_t
        endorsers; /* members who must have endorsed what is published: 2; 1 without audit */
    /* SQLite's; in a server they are the server's. */
    int64_t batch;           /* the window that rows inserted now belong to */
    int64_t (*now_ms)(void); /* instant_now_ms; a test may put its own here */
};

struct sink_founding {
    int64_t window_s;  /* 1 .. 86400 */
    int64_t endorsers; /* 1 or 2 */
    int64_t top_fence; /* what the cluster has given out already; 0 for a new cluster */
};

/* Makes the sink, or finishes one whose making was interrupted. Refuses when there is one, or,
 * with SQLite, any other database; in PostgreSQL it makes a schema beside what is there. Leaves
 * `s` open only when it answers true. */
bool sink_found(struct sink *s, const char *address, const struct sink_founding *founding)
    __attribute__((warn_unused_result));

/* Opens a sink that exists. A procedure waits at most `busy_ms` for its lock. */
bool sink_open(struct sink *s, const char *address, int64_t busy_ms)
    __attribute__((warn_unused_result));

/* Accepts NULL, a zeroed struct and one that failed to open. */
void sink_finish(struct sink *s);

/* Whether the last procedure failed only since another process had the lock for too long. */
bool sink_is_busy(const struct sink *s);

/* ---- Rows come in (sink_rows.c; each driver's procedures) ---- */

/* What became of a row that was handed in. Neither is a failure. Those after INSERTED are
 * counted in the sink, per node, in the transaction that found them out. */
#define ARRIVALS(X)                                                                            \
    X(INSERTED, "inserted")           /* new, and in the window that was open */               \
    X(LATE, "late")                   /* new, of a time before the window it was put into */   \
    X(DOUBLED, "doubled")             /* the same row is there already */                      \
    X(CONTRADICTING, "contradicting") /* another row has its node and id: that one stands */   \
    X(MALFORMED, "malformed")         /* no row could be read; see sink_count_malformed */

#define ARRIVAL_NAME(name, text) ARRIVAL_##name,
enum arrival { ARRIVALS(ARRIVAL_NAME) ARRIVAL_COUNT };
#undef ARRIVAL_NAME

const char *arrival_text(enum arrival arrival);

/* Begins a transaction for rows. Their window is max(open, floor(now / window_s)), of the
 * moment at which the first of them took the lock (SQLite: now). Whoever closes a window waits
 * until this batch is in or given up, so do not read from a pipe between begin and commit;
 * PostgreSQL gives a batch up whose process has slept for three seconds in it. */
bool sink_batch_begin(struct sink *s) __attribute__((warn_unused_result));

/* Inside a batch. The row has id and node (asserted). */
bool sink_insert(struct sink *s, const struct row *row, enum arrival *out)
    __attribute__((warn_unused_result));

/* Inside a batch: one line more of this node that was no row. */
bool sink_count_malformed(struct sink *s, const char *node) __attribute__((warn_unused_result));

/* Inside a batch: the same row as `row`, which has no id, came `*ordinal` times before (from 0)
 * in what this process handed in. Kept in a temporary table, since a log may be larger than
 * memory. */
bool sink_ordinal(struct sink *s, const char *row_digest, int64_t *ordinal)
    __attribute__((warn_unused_result));

/* Inside a batch: whether this node's row of this id is there. */
bool sink_has(struct sink *s, const char *node, const char *id, bool *out)
    __attribute__((warn_unused_result));

bool sink_batch_commit(struct sink *s) __attribute__((warn_unused_result));
void sink_batch_abandon(struct sink *s);

/* ---- Windows (sink_window.c; each driver's procedures) ---- */

/* How the sink answers a worker. None is a failure. */
#define SINK_ANSWERS(X)                                                                        \
    X(ACCEPTED, "accepted")                                                                    \
    X(OLD_FENCE, "refused: a newer grant has written to the sink")                             \
    X(FENCE_TOO_HIGH, "refused: the fence is too far above the highest one seen")              \
    X(WINDOW_TOO_HIGH, "refused: the window is too far ahead to be closed")                    \
    X(NOT_CLOSED, "refused: rows may still come into that window")                             \
    X(OTHER_AUTHOR, "refused: another member has staged the window under this fence")

#define SINK_ANSWER_NAME(name, text) SINK_##name,
enum sink_answer { SINK_ANSWERS(SINK_ANSWER_NAME) };
#undef SINK_ANSWER_NAME

const char *sink_answer_text(enum sink_answer answer);

/* What is published of a window, if anything. */
struct publication {
    bool is_there;
    int64_t fence;
    struct digest digest;
};

/* A member's claim about one window, under its grant. */
struct claim {
    int64_t window; /* 0 .. SINK_NUMBER_MAX */
    int64_t fence;  /* 1 .. SINK_NUMBER_MAX */
    const char *member;
    struct digest digest;
};

/* close(k): from now on no row comes into `window` or any before it. Idempotent. */
bool sink_close(struct sink *s, int64_t window, enum sink_answer *out)
    __attribute__((warn_unused_result));

/* Adds up the rows of a window, which ought to be closed. `out` is an empty rollup. */
bool sink_read(struct sink *s, int64_t window, struct rollup *out)
    __attribute__((warn_unused_result));

/* stage(k, f, rows, d): hands in the leader's rows and its endorsement of them, and publishes
 * if that was the last one missing. Once published, nothing is written but the fence. The same
 * author may stage again under the same fence (its agent was restarted): the rows that stand
 * stay, and its new endorsement counts. */
bool sink_stage(struct sink *s, const struct claim *claim, const struct rollup *rows,
                enum sink_answer *out, struct publication *published)
    __attribute__((warn_unused_result));

/* endorse(k, f, d): the auditor's word that `claim->digest` is right; publishes if that was the
 * last one missing and the sink's own digest over the stored rows is the same. */
bool sink_endorse(struct sink *s, const struct claim *claim, enum sink_answer *out,
                  struct publication *published) __attribute__((warn_unused_result));

/* How far a window has come. Read in one snapshot. */
struct progress {
    int64_t top_fence;
    bool is_staged; /* under the fence asked about */
    struct publication published;
};

/* What is published of the window. */
bool sink_published(struct sink *s, int64_t window, struct publication *out)
    __attribute__((warn_unused_result));

bool sink_progress(struct sink *s, int64_t window, int64_t fence, struct progress *out)
    __attribute__((warn_unused_result));

/* A number that has changed if another process has committed: cheap, so ask it often. (In
 * PostgreSQL it always has: looking is as cheap as asking.) */
bool sink_version(struct sink *s, int64_t *out) __attribute__((warn_unused_result));

#endif
