#ifndef OSTRAKON_HEALTH_REFERENCES_RESOURCES_H
#define OSTRAKON_HEALTH_REFERENCES_RESOURCES_H

#include "health/reference.h"

/* R34: what runs short on this machine and in this process, before something fails for it. */

#define RESOURCES_NOTES(X)                                                                     \
    X(ENOUGH, "nothing is short", "")                                                          \
    X(BUSY, "tasks wait {got} % of the time for {subject}: busy, no finding by itself", "")    \
    X(THRASHING_NOW, "all tasks waited {got} % of the time for memory",                        \
      "Take load off this machine, or give it memory.")                                        \
    X(SWAPPED, "{count} KiB more of this process were swapped out, {got} by now",              \
      "Take load off this machine, or let the agent lock its memory.")                         \
    X(SWAPPED_BEFORE, "{got} KiB of this process are swapped out, no more since", "")          \
    X(DESCRIPTORS, "{got} of {expected} file descriptors are open",                            \
      "Raise LimitNOFILE of the unit, and see which connections are open.")                    \
    X(NO_SOURCE, "the kernel shows neither pressure nor this process", "")                     \
    X(VANISHED, "{subject} is gone since the start", "")                                       \
    X(UNREADABLE, "{subject} cannot be read as it should", "")

enum resources_note {
#define X(name, text, action) RESOURCES_##name,
    RESOURCES_NOTES(X)
#undef X
};

#define RESOURCES_THRASHING 500u /* hundredths of a percent, over ten seconds */
#define RESOURCES_IO_BUSY 4000u
#define RESOURCES_CPU_BUSY 9000u
#define RESOURCES_DESCRIPTORS_PERCENT 80u

enum resources_source {
    RESOURCES_MEMORY,
    RESOURCES_IO,
    RESOURCES_CPU,
    RESOURCES_STATUS,
    RESOURCES_LIMITS,
    RESOURCES_SOURCES,
};

struct resources_state {
    bool started;
    bool there[RESOURCES_SOURCES]; /* at the first run */
    uint64_t swapped_kib;          /* at the run before */
};

extern const struct reference reference_resources;

#endif
