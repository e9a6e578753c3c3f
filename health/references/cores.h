#ifndef OSTRAKON_HEALTH_REFERENCES_CORES_H
#define OSTRAKON_HEALTH_REFERENCES_CORES_H

#include "health/reference.h"
#include "kernels.h"

/* R15: each core computes, pinned to it, what is known: with a fixed seed the answers that are
 * compiled in, with a random one what the core before it computed. The first because a core can
 * be wrong twice in the same way; the second because faults depend on the operands. One core a
 * run, all in turn. */

#define CORES_NOTES(X)                                                                         \
    X(RIGHT, "core {core} computes right, {count} kernels", "")                                \
    X(ALL_RIGHT, "{got} cores compute right, {count} kernels each", "")                        \
    X(WRONG, "core {core} computes {subject} wrongly; {count} of 10 times again",              \
      "Take this core offline, or better the machine out: it computes wrongly.")               \
    X(DIFFER, "core {core} computes {subject} otherwise than the core before it",              \
      "Take this machine out: one of its cores computes wrongly.")                             \
    X(UNPINNED, "the thread may not choose its core ({error})", "")                            \
    X(NO_CORES, "the allowed cores cannot be asked for ({error})", "")

enum cores_note {
#define X(name, text, action) CORES_##name,
    CORES_NOTES(X)
#undef X
};

#define CORES_RETESTS 10u

/* Once through all cores. */
struct cores_round {
    uint32_t next; /* core from which on the next one is looked for */
    uint64_t seed;
    uint64_t known; /* bit k: digests[k] is of an earlier core of this round */
    uint64_t digests[KERNEL_COUNT];
};

struct cores_state {
    struct cores_round round;
    struct kernel_scratch scratch;
};

/* All cores, `times` times each, for the burst test and for people in a hurry. */
void cores_run_all(struct reference_context *context, uint32_t times, struct finding *out);

extern const struct reference reference_cores;

#endif
