#ifndef OSTRAKON_AGENT_JOURNAL_H
#define OSTRAKON_AGENT_JOURNAL_H

#include <stdint.h>

#include "agent/config.h"
#include "agent/flapping.h"
#include "agent/ratelimit.h"
#include "agent/storage.h"
#include "agent/words.h"
#include "consensus/cluster.h"
#include "consensus/note.h"

/* What this agent has to say, said twice: a line on standard error, and an event in the
 * database for `ostrakon log`. Lines are logfmt: time, level, event, fields, and the sentence.
 *
 * Whatever others can cause is limited: to a line a minute for each of them and kind, peers
 * that come and go as flapping.h has it. What a block decided is limited by the time of the
 * blocks, and has the block's time and its place among the block's notes, so that the log tells
 * the same on every member, however often and from where a block is taken in.
 *
 * Nothing here waits for who reads standard error: a line that does not fit is left out, and
 * the next that fits comes with one that counts them. Loop's thread. */

#define JOURNAL_HELD_MAX 32u
#define JOURNAL_MESSAGE_BYTES (2u * WORDS_MESSAGE_BYTES)
#define JOURNAL_TWO_STATES (MEMBERS_MAX + 1u) /* each peer, and the quorum */

/* An event that waits for those of the same step: one write for all of them. */
struct journal_held {
    struct store_event event; /* its message is the one below */
    char message[JOURNAL_MESSAGE_BYTES];
};

struct journal {
    enum log_level level;    /* of the lines; events below "debug" are always kept */
    struct storage *storage; /* NULL: none yet, or none any more: lines only */
    uint64_t events;         /* written so far in this run */
    uint64_t left_out;       /* lines that standard error did not take since the last it did */
    struct ratelimit limits;
    struct ratelimit chain_limits; /* of what blocks decided, by their time */
    struct flapping flapping[JOURNAL_TWO_STATES];
    struct note flapped[JOURNAL_TWO_STATES]; /* how each stands now */
    bool holds;
    uint32_t held_count;
    struct journal_held held[JOURNAL_HELD_MAX];
};

/* Between the two, events are held, and then written as one. */
void journal_begin(struct journal *j);
void journal_end(struct journal *j);

/* A note of the node. `ordinal`: its place among those of its block. */
void journal_note(struct journal *j, const struct note *note, const struct cluster *c,
                  int32_t ordinal);

/* The notes of a stored block that is applied again at the start, before there is a storage
 * thread: events that a crash kept from the database, and no lines. Those that are there stay
 * as they are. */
void journal_replay(struct journal *j, struct store *store, const struct notes *notes,
                    const struct cluster *c);

/* To be called now and then: says what was left out while it came and went. */
void journal_settle(struct journal *j, const struct cluster *c);

/* Takes over what the loop's library has to say; NULL: nobody does any more. For the whole
 * process. */
void journal_hear_loop(struct journal *j);

/* Anything else: code and event are literals, `member` may be NULL and outlives the journal,
 * the sentence is for people and may hold bytes from outside, which are escaped. */
void journal_say(struct journal *j, const struct words *words, uint64_t height);

/* The same, with its parts; the sentence as printf has it. */
void journal_sayf(struct journal *j, enum words_level level, const char *code,
                  const char *event, const char *member, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
