#ifndef OSTRAKON_HEALTH_REFERENCES_DISK_H
#define OSTRAKON_HEALTH_REFERENCES_DISK_H

#include "health/reference.h"

/* R23: the disk beneath the data directory, by what it gives back of what was written to it.
 * The probe blocks for as long as the disk does, so it has a thread of its own, and a run waits
 * for it DISK_PATIENCE_MS at most. While it is stuck no other one is begun. */

#define DISK_NOTES(X)                                                                          \
    X(GOOD, "what was written came back, past the page cache", "")                             \
    X(CACHED, "what was written came back, perhaps from the page cache only", "")              \
    X(PASSING, "slot {address} was read wrong ({count} bytes) and right when read again",      \
      "If it happens again, replace the disk.")                                                \
    X(WRONG, "slot {address} gives back {count} bytes other than were written to it",          \
      "Replace the disk: it does not keep what it acknowledges.")                              \
    X(CHANGED, "slot {address} held block {expected} and now gives back block {got}",          \
      "Replace the disk: it loses or misdirects writes.")                                      \
    X(BAD, "the disk failed {count} times in a row ({subject}: {error})", "Replace the disk.") \
    X(FULL, "no space to probe the disk ({subject}: {error})",                                 \
      "Make room where the data directory is.")                                                \
    X(REFUSED, "the data directory cannot be written ({subject}: {error})",                    \
      "See that the data directory is there, and mounted to be written.")                      \
    X(GONE, "the probe's file was removed", "Leave the files of the data directory alone.")    \
    X(STALLED, "the disk has not answered after {got} ms",                                     \
      "See what keeps this disk busy, and whether it reports errors; the node waits for it.")  \
    X(NO_DIRECTORY, "no data directory was named", "")                                         \
    X(UNABLE, "the disk could not be probed ({subject}: {error})",                             \
      "See that the user of the agent may write to the data directory.")

enum disk_note {
#define X(name, text, action) DISK_##name,
    DISK_NOTES(X)
#undef X
};

#define DISK_FILE "probe"      /* in the data directory */
#define DISK_PATIENCE_MS 2000u /* for one probe */
#define DISK_ERRORS_FATAL 3u   /* in a row */

struct disk_worker;
struct reference_context;

struct disk_state {
    struct disk_worker *worker; /* NULL before the first run */
    uint32_t errors;            /* in a row */
    uint64_t passes;            /* since the start: R14 counts them */
};

/* Takes from the thread what it has done, for R24. */
void disk_collect(struct reference_context *context);

/* Ends the thread and frees what it had. One that is stuck is left behind with its memory, as
 * it may still write to it. */
void disk_finish(struct disk_state *state);

extern const struct reference reference_disk;

#endif
