#ifndef OSTRAKON_HEALTH_REFERENCES_LOST_MEMORY_H
#define OSTRAKON_HEALTH_REFERENCES_LOST_MEMORY_H

#include "health/reference.h"

/* R13: pages that the kernel has taken away because the hardware called them bad. Each field of
 * /proc/meminfo is there or not by itself: kernels are built without either. */

#define LOST_MEMORY_NOTES(X)                                                                   \
    X(NONE, "no page was taken away", "")                                                      \
    X(STANDING, "{got} KiB were taken away before the start, no more since", "")               \
    X(MORE, "the kernel took away {count} KiB more as bad, {got} KiB by now",                  \
      "Nothing at once: the memory is tested now. Again: replace the module.")                 \
    X(MUCH, "the kernel has taken away {got} KiB as bad",                                      \
      "Replace the memory module that the kernel's log names.")                                \
    X(EARLY, "the kernel's own test at boot found {got} KiB bad",                              \
      "Replace the memory module, or take the machine out of the cluster.")                    \
    X(NO_FIELD, "this kernel does not count bad pages", "")                                    \
    X(VANISHED, "a counter of /proc/meminfo is gone since the start", "")                      \
    X(UNREADABLE, "/proc/meminfo cannot be read as it should", "")

enum lost_memory_note {
#define X(name, text, action) LOST_MEMORY_##name,
    LOST_MEMORY_NOTES(X)
#undef X
};

#define LOST_MEMORY_MUCH_KIB 1024u

enum lost_memory_field { LOST_MEMORY_CORRUPTED, LOST_MEMORY_MEMTEST, LOST_MEMORY_FIELDS };

struct lost_memory_state {
    bool started;
    bool there[LOST_MEMORY_FIELDS]; /* at the first run */
    uint64_t corrupted_kib;         /* at the run before */
};

extern const struct reference reference_lost_memory;

#endif
