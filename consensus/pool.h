#ifndef OSTRAKON_CONSENSUS_POOL_H
#define OSTRAKON_CONSENSUS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block.h"
#include "cluster.h"
#include "command.h"

/* Commands that wait for a block: the newest of each kind of each member, so that nobody can
 * fill it. What is in it has been verified under its author's key in force. */
#define POOL_KINDS COMMAND_KINDS

struct pooled {
    uint32_t size_bytes; /* 0: empty */
    bool ready; /* it would have an effect now; else it speaks of a height or tick to come */
    bool urgent;
    bool tried;     /* a proof by an answer, which this machine has found wrong too */
    uint64_t at_ms; /* when it came, monotonic */
    uint8_t bytes[COMMAND_BYTES_MAX];
};

struct pool {
    struct pooled slot[AUTHORS_MAX][POOL_KINDS];
};

#define POOL_VERDICTS(X)                                                                       \
    X(NEW, "new")             /* taken in: to be passed on to all, once */                     \
    X(HELD, "held")           /* taken in: an answer, shown to nobody before it is tried */    \
    X(KNOWN, "known")         /* these very bytes are here */                                  \
    X(USELESS, "useless")     /* would be skipped, or a newer one is here */                   \
    X(MALFORMED, "malformed") /* its carrier is to blame, not its author */                    \
    X(BAD_SIGNATURE, "badly signed")

enum pool_verdict {
#define X(name, text) POOL_##name,
    POOL_VERDICTS(X)
#undef X
};

/* Verifies the signature (about 50 us) unless these very bytes are here already. */
enum pool_verdict pool_add(struct pool *p, const struct cluster *c, const uint8_t *bytes,
                           size_t size_bytes, uint64_t now_ms);

/* A proof by an answer counts for nothing before this machine has recomputed it. What that
 * author has waiting untried; NULL: nothing. */
const struct pooled *pool_untried(const struct pool *p, uint32_t author, struct command *out);
/* It convicts, or it is false and dropped. */
void pool_tried(struct pool *p, const struct cluster *c, uint32_t author, bool convicts,
                uint64_t now_ms);

/* After a block: drops what can have no effect any more, and judges urgency anew. */
void pool_prune(struct pool *p, const struct cluster *c);

/* Since when an urgent command waits; TIME_NEVER if none does. */
uint64_t pool_urgent_since_ms(const struct pool *p);
/* Bits of the authors that have an urgent command here. */
uint32_t pool_urgent_authors(const struct pool *p);
/* True if these very bytes lie here: then their signature need not be verified again. */
bool pool_holds(const struct pool *p, uint32_t author, const uint8_t *bytes, size_t size_bytes);

/* Puts what there is into a block: urgent ones first, then in the order of kind and author; of
 * proofs by an answer no more than a block may hold. */
void pool_fill(const struct pool *p, struct block_maker *m);

#endif
