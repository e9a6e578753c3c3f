#ifndef OSTRAKON_AGENT_DURABLE_H
#define OSTRAKON_AGENT_DURABLE_H

/* What it takes for a file to be there after a power cut, beside fsync. System calls only, so
 * that a handler of signals may use both; they block on the disk. False with errno. */

#include <stdbool.h>
#include <stddef.h>

#define DURABLE_PATH_MAX 4096

/* Writes all of it, in however many pieces. */
bool durable_write(int file, const void *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* Waits until the directory of `path` has durably the entries that it has now: a new file, or a
 * new name of one, is durable only when its directory is. */
bool durable_name(const char *path) __attribute__((warn_unused_result));

#endif
