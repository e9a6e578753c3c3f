#ifndef OSTRAKON_AGENT_COURIER_H
#define OSTRAKON_AGENT_COURIER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/loop.h"

/* A thread that puts files into their places, since a disk may take seconds: each whole or not
 * at all, durable when it is told so (replace.h). What is handed in for a place while something
 * waits for it takes its place. Loop's thread, all of it. */

#define COURIER_PATH_BYTES 1024u
#define COURIER_FILE_MAX (16u * 1024u)

enum courier_place { COURIER_TOKEN, COURIER_TRUST, COURIER_PLACES };

struct courier;

/* What became of the last errand to a place. */
struct courier_receipt {
    enum courier_place place;
    bool removed; /* else written */
    int error;    /* errno; 0: done */
};

/* NULL: no memory, or no thread (errno). */
struct courier *courier_create(struct loop *loop,
                               void (*on_done)(void *context, const struct courier_receipt *r),
                               void *context) __attribute__((warn_unused_result));

/* Copies both. At most COURIER_FILE_MAX bytes (asserted). */
void courier_write(struct courier *c, enum courier_place place, const char *path, mode_t mode,
                   const void *bytes, size_t size_bytes);

/* A file that is not there counts as removed. */
void courier_remove(struct courier *c, enum courier_place place, const char *path);

/* Does what waits, and ends the thread; receipts that are due are not given. Accepts NULL. */
void courier_destroy(struct courier *c);

#endif
