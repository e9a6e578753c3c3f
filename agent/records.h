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
    uint64_t known_from[MEMBERS_MAX]; /* whatever spoiled a tick from there on was told */
};

/* From here on all notes are taken in: of the ticks before them nothing is known. */
void records_begin(struct records *r, const struct cluster *c);

/* Takes in what a note tells; any note. `c` is the state after its block. */
void records_note(struct records *r, const struct note *note, const struct cluster *c);
void records_notes(struct records *r, const struct notes *notes, const struct cluster *c);

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
