#ifndef OSTRAKON_HEALTH_REFERENCES_SWEEP_H
#define OSTRAKON_HEALTH_REFERENCES_SWEEP_H

#include "health/reference.h"
#include "slice.h"

/* R10: patterns in memory, slice after slice. A slice that was tested is not given back, but
 * held until the window is full: the kernel hands out again what was freed last, and a sweep
 * that frees would test the same few megabytes for ever. Windows alternate between huge pages
 * and small ones, which come from different lists of the kernel. */

#define SWEEP_NOTES(X)                                                                         \
    X(RIGHT, "{count} MiB tested since the start, {got} MiB held at present", "")              \
    X(UNLOCKED, "{count} MiB tested since the start, not locked: the limit is too low", "")    \
    X(BURST, "{count} MiB tested at once; every core and 64 MiB of Argon2id are right", "")    \
    X(WRONG, "at {address} {got#} was read where {expected#} was written; {count} words",      \
      "Take this machine out of the cluster and test its memory, module by module.")           \
    X(ONCE, "at {address} {got#} was read once where {expected#} was written",                 \
      "The memory is tested now. Again: take the machine out and test its modules.")           \
    X(PRESSED, "not tested: others need the machine now", "")                                  \
    X(NO_MEMORY, "not tested: the kernel gives no memory", "")                                 \
    X(OFF, "not tested, as node.yaml has it: this node is never perfect",                      \
      "Set memory.sweep_mib_per_hour in node.yaml; 2000 is the default.")                      \
    X(UNREADABLE, "not tested: /proc/meminfo does not say how much there is",                  \
      "See that /proc is mounted here.")

enum sweep_note {
#define X(name, text, action) SWEEP_##name,
    SWEEP_NOTES(X)
#undef X
};

#define SWEEP_SLICES_MAX 128u /* of a window */
#define SWEEP_KEPT_MAX 8u
#define SWEEP_HOLD_S 3600u /* how long a fault that did not show again counts */

struct sweep_state {
    uint64_t visits;  /* slices tested */
    uint64_t windows; /* filled and given back */
    uint32_t held;
    uint32_t kept_count;
    uint64_t *slices[SWEEP_SLICES_MAX];
    uint64_t *kept[SWEEP_KEPT_MAX]; /* those with a fault: nobody else shall get them */
};

/* Gives all back, the bad ones too. Takes a zeroed one. */
void sweep_finish(struct sweep_state *state, const struct seams *seams);

/* Gives the window back, before its time. */
void sweep_release(struct sweep_state *state, const struct seams *seams);

/* What a fault in a slice comes to. */
void sweep_judge(const struct slice_fault *fault, struct finding *out);

extern const struct reference reference_sweep;

#endif
