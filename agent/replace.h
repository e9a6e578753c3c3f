#ifndef OSTRAKON_AGENT_REPLACE_H
#define OSTRAKON_AGENT_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REPLACE_PATH_BYTES 1100u

/* Puts a whole file in the place of another, so that whoever opens it sees the old or the new
 * one, never a part; made under `path`.new beside it. Durable when this returns true; false
 * with errno, and the old one stands. Blocks on the disk. Any thread, one at a time for a path.
 */
bool replace_file(const char *path, const void *bytes, size_t size_bytes, mode_t mode)
    __attribute__((warn_unused_result));

/* Reads a file of at most `room_bytes`. False with errno; EFBIG: it has more. */
bool replace_read(const char *path, void *out, size_t room_bytes, size_t *size_bytes)
    __attribute__((warn_unused_result));

#endif
