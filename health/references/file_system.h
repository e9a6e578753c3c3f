#ifndef OSTRAKON_HEALTH_REFERENCES_FILE_SYSTEM_H
#define OSTRAKON_HEALTH_REFERENCES_FILE_SYSTEM_H

#include "health/reference.h"

/* R25: whether the file system of the data directory can take what is still to be written. A
 * reserve of some blocks is kept there, so that a full disk cannot keep a node from writing
 * down that it is unfit. */

#define FILE_SYSTEM_NOTES(X)                                                                   \
    X(ROOM, "{got} MiB are free", "")                                                          \
    X(LITTLE, "{got} MiB are free, at least {expected} should be",                             \
      "Make room where the data directory is.")                                                \
    X(INODES_LEFT, "only {got} more files can be made",                                        \
      "Remove files where the data directory is.")                                             \
    X(READ_ONLY, "{subject} is mounted read-only",                                             \
      "See in the kernel's log why, check the file system, and mount it to be written.")       \
    X(REFUSED, "the data directory cannot be looked at: {error}",                              \
      "See that it is there, and whose it is.")                                                \
    X(MOVED, "the data directory is not the one of the start: unmounted, replaced or covered", \
      "Mount what belongs there, then restart ostrakond")                                      \
    X(NO_RESERVE, "the reserve of {expected} bytes cannot be made: {error}",                   \
      "Make room where the data directory is.")                                                \
    X(UNABLE, "the file system was not to be asked: {error}", "")                              \
    X(UNREADABLE, "/proc/self/mountinfo cannot be read as it should", "")                      \
    X(NO_DIRECTORY, "no data directory was named", "")

enum file_system_note {
#define X(name, text, action) FILE_SYSTEM_##name,
    FILE_SYSTEM_NOTES(X)
#undef X
};

#define FILE_SYSTEM_FREE_MIB 64u
#define FILE_SYSTEM_FREE_PERCENT 1u
#define FILE_SYSTEM_INODES 1000u

#define RESERVE_FILE "reserve" /* in the data directory */
#define RESERVE_BYTES (4 * 1024 * 1024)

struct file_system_state {
    bool started;
    bool mounts_there;   /* mountinfo, at the first run */
    bool reserve_filled; /* by us, once since the start */
    uint64_t device; /* of the data directory, and its inode, at the first run; 0: none yet */
    uint64_t inode;
};

extern const struct reference reference_file_system;

#endif
