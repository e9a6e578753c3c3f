#ifndef OSTRAKON_TESTS_REFERENCES_MACHINE_H
#define OSTRAKON_TESTS_REFERENCES_MACHINE_H

/* A made-up machine: a directory that stands for its /proc and /sys, another for the data
 * directory, both gone when the test's process ends. All of it aborts on failure. */

#include "health/references/references.h"

/* A context on it, as at the start of the daemon. The same one at each call, emptied. */
struct reference_context *machine(void);
/* The same as it is now. */
struct reference_context *machine_context(void);

/* Makes the file and the directories above it; a path is "/proc/meminfo". */
void machine_file(const char *path, const char *text);
void machine_bytes(const char *path, const void *bytes, size_t size_bytes);
/* A symbolic link, instead of whatever was there. */
void machine_link(const char *path, const char *target);
/* Takes away a file or a whole directory; none there is fine. */
void machine_lacks(const char *path);
/* The real path of one below the root; good until the 8th call after this. */
const char *machine_path(const char *path);

/* One run of the reference with this id. */
struct finding machine_run(uint32_t id);

/* What the finding says to people. Good until the next call. */
const char *machine_words(const struct finding *f);

#endif
