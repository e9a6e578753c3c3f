#ifndef OSTRAKON_AGENT_RECORDS_H
#define OSTRAKON_AGENT_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/cluster.h"
#include "consensus/note.h"

/* What spoiled the last ticks of each member, as the blocks told it: the replicated state
 * counts perfect ticks, and does not remember why one was not. Kept in memory, and fed again
 * with the blocks that a start replays. Loop's thread. */

#define RECORDS_KEPT 64u /* of each member; no record is longer than that (founding.h) */

struct spoiled_tick {
    uint64_t tick;
    uint64_t time_ms; /* of the block that told it; 0: this place is empty */
    enum cause cause;
    uint64_t references;
};

struct records {
    struct spoiled_tick spoiled[MEMBERS_MAX][RECORDS_KEPT]; /* of tick t in place t % KEPT */
};

/* Takes in what a note tells of a tick; any note. */
void records_note(struct records *r, const struct note *note);
void records_notes(struct records *r, const struct notes *notes);

enum tick_verdict {
    TICK_PERFECT,
    TICK_SPOILED,   /* `why` is set, or NULL where it is no longer known */
    TICK_FORGOTTEN, /* before what this agent knows */
};

/* What became of a judged tick (before c->record[member].next). */
enum tick_verdict records_verdict(const struct records *r, const struct cluster *c,
                                  uint32_t member, uint64_t tick,
                                  const struct spoiled_tick **why);

#endif
