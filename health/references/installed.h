#ifndef OSTRAKON_HEALTH_REFERENCES_INSTALLED_H
#define OSTRAKON_HEALTH_REFERENCES_INSTALLED_H

#include <sys/stat.h>

#include "health/reference.h"

/* R07: the files that this node lives on, as they lie on the disk: the running program, and
 * those that the context names (keys, configuration). Read past the page cache where the file
 * system can, and compared with the first reading and with what the cache shows. A file whose
 * bytes changed while its times did not was changed by no program. */

#define INSTALLED_NOTES(X)                                                                     \
    X(RIGHT, "files as at the start, read from the disk: {count}", "")                         \
    X(WEAK, "files as at the start: {count}, of them read from the cache only: {got}", "")     \
    X(PENDING, "the program was replaced on the disk, this process is the old one",            \
      "Restart ostrakond when the others are well")                                            \
    X(NEWER, "{subject} was changed since the start, and is not in force",                     \
      "Restart ostrakond")                                                                     \
    X(ROTTEN, "{subject} has changed on the disk, though nobody wrote to it",                  \
      "Replace the disk, and restore the file from the package or the backup.")                \
    X(CACHED, "{subject} is in the page cache otherwise than on the disk",                     \
      "Take this machine out and test its memory.")                                            \
    X(GONE, "{subject} is not there", "Restore it from the package or the backup.")            \
    X(UNREADABLE, "{subject} cannot be read: {error}",                                         \
      "See that the user of the agent may read it.")                                           \
    X(STRANGE, "{subject} is no file, or too large to be ours", "")                            \
    X(NO_MEMORY, "no memory to read the files into", "")

enum installed_note {
#define X(name, text, action) INSTALLED_##name,
    INSTALLED_NOTES(X)
#undef X
};

#define INSTALLED_MAX 8u /* the program, and seven others */
#define INSTALLED_BYTES_MAX (INT64_C(1) << 30)
#define INSTALLED_PENDING_MS                                                                   \
    (10u * 60u * 1000u) /* an upgrade may take so long to restart us                           \
                         */

struct installed_file {
    const char *path;
    bool vital; /* a key: what is wrong in it is fatal */
};

/* A file as it was read first. */
struct installed_base {
    bool known;
    struct stat stat;
    uint8_t digest[32];
};

struct installed_state {
    struct installed_base bases[INSTALLED_MAX];
    bool pending;
    uint64_t pending_since_ms;
};

extern const struct reference reference_installed;

#endif
