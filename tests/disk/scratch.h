#ifndef OSTRAKON_TESTS_DISK_SCRATCH_H
#define OSTRAKON_TESTS_DISK_SCRATCH_H

/* A directory of a test's own, and what tests do to files in it. All of it aborts on failure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Made once a process, gone when it ends. */
const char *scratch(void);
/* The path of `name` in it; good until the 8th call after this. */
const char *scratch_path(const char *name);
/* Covers it with an empty file system of its own; false if this user may not. */
bool scratch_mount(size_t size_bytes);
#define SCRATCH_PATH_MAX 512
/* Files whose names begin so; `found`, if not NULL, gets the path of one. */
int scratch_count(const char *prefix, char found[SCRATCH_PATH_MAX]);

uint8_t *file_load(const char *path, size_t *size_bytes);
/* In place: the inode stays. */
void file_save(const char *path, const uint8_t *bytes, size_t size_bytes);
void file_flip(const char *path, size_t offset, int bit);
size_t file_size(const char *path);
/* Takes all the room that is left, and says how much that was. */
size_t disk_fill(const char *path);

/* Waits until `is_so` says yes; false after 10 s. */
bool wait_until(bool (*is_so)(void *context), void *context);

#endif
