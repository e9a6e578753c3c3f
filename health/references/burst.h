#ifndef OSTRAKON_HEALTH_REFERENCES_BURST_H
#define OSTRAKON_HEALTH_REFERENCES_BURST_H

#include "fill.h"
#include "health/reference.h"

/* The burst test (references.md, R10b): much memory at once, held until the end; then every
 * core, often; then a large Argon2id. Run upon suspicion, while the node is silent, and by
 * `ostrakon doctor --thorough`. */

struct reference_context;

struct burst_plan {
    uint64_t bytes;    /* of memory; less if that much is not free */
    uint64_t limit_ms; /* for the memory */
    uint32_t core_rounds;
    enum fill_size fill;
    /* NULL, or told now and then how much of the memory is done; any thread's own. */
    void (*progress)(void *self, uint64_t done_bytes, uint64_t all_bytes);
    void *self;
};

/* 1 GiB or 3 s, 50 rounds, 64 MiB: up to 4 s. */
struct burst_plan burst_upon_suspicion(void);

/* All that is free but an eighth, without a limit. Minutes. */
struct burst_plan burst_thorough(void);

/* `out` becomes a finding of R10, R15 or R11, whichever is the first that is not ok; of R10 if
 * all are. A fault that does not show again is degraded, with FINDING_TWICE. */
void burst_run(struct reference_context *context, const struct burst_plan *plan,
               struct finding *out);

#endif
