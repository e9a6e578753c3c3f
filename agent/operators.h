#ifndef OSTRAKON_AGENT_OPERATORS_H
#define OSTRAKON_AGENT_OPERATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/block.h"
#include "consensus/cluster.h"
#include "consensus/note.h"

/* What became of the operators' commands that were handed in at this agent, so that whoever
 * waits for one can be told. The newest few are kept, as long as the agent runs. Loop's thread.
 */

#define OPERATORS_KEPT 16u
#define OPERATORS_ID_BYTES 16u

struct operators_entry {
    uint8_t id[OPERATORS_ID_BYTES]; /* the first bytes of the command's hash */
    struct command command;
    uint64_t height;  /* of the last block that held it; 0: none yet */
    uint32_t index;   /* its place in that */
    enum cause cause; /* why it was skipped there; CAUSE_NONE: it was not */
};

struct operators {
    uint32_t count; /* of all there ever were: entry k lies in place k % OPERATORS_KEPT */
    struct operators_entry list[OPERATORS_KEPT];
};

enum operators_fate { OPERATORS_WAITS, OPERATORS_DECIDED, OPERATORS_VOID };

void operators_id(const uint8_t *bytes, size_t size_bytes,
                  uint8_t id[static OPERATORS_ID_BYTES]);

/* Keeps it, if it is not kept already. */
void operators_keep(struct operators *o, const struct command *command,
                    const uint8_t id[static OPERATORS_ID_BYTES]);

/* NULL: none of the kept ones. */
const struct operators_entry *operators_find(const struct operators *o,
                                             const uint8_t id[static OPERATORS_ID_BYTES]);

/* Another one of this operator and number that may still be decided: of two only one can be.
 * NULL: none of the kept ones. */
const struct operators_entry *operators_rival(const struct operators *o,
                                              const struct command *command,
                                              const struct cluster *c);

/* A block was decided; its notes come after it. */
void operators_block(struct operators *o, const struct block *b);
void operators_note(struct operators *o, const struct note *note);

/* What has become of it by now; `cause` says why one is void. */
enum operators_fate operators_fate_of(const struct operators_entry *e, const struct cluster *c,
                                      enum cause *cause);

#endif
