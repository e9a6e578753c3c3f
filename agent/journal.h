#ifndef OSTRAKON_AGENT_JOURNAL_H
#define OSTRAKON_AGENT_JOURNAL_H

#include <stdint.h>

#include "agent/config.h"
#include "agent/ratelimit.h"
#include "agent/storage.h"
#include "agent/words.h"
#include "consensus/cluster.h"
#include "consensus/note.h"

/* What this agent has to say, said twice: a line on standard error, and an event in the
 * database for `ostrakon log`. Lines are logfmt: time, level, event, fields, and the sentence.
 * Whatever others can cause is limited to a line a minute for each of them and kind. */

struct journal {
    enum log_level level;    /* of the lines; events below "debug" are always kept */
    struct storage *storage; /* NULL: none yet, or none any more: lines only */
    uint64_t events;         /* written so far in this run */
    struct ratelimit limits;
};

/* A note of the node. `ordinal`: its place among those of its block. */
void journal_note(struct journal *j, const struct note *note, const struct cluster *c,
                  int32_t ordinal);

/* Anything else: code and event are literals, `member` may be NULL, the sentence is for people
 * and may hold bytes from outside, which are escaped. */
void journal_say(struct journal *j, const struct words *words, uint64_t height);

/* The same, with its parts; the sentence as printf has it. */
void journal_sayf(struct journal *j, enum words_level level, const char *code,
                  const char *event, const char *member, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
