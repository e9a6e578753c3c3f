#ifndef OSTRAKON_HEALTH_REFERENCES_DISK_WORKER_H
#define OSTRAKON_HEALTH_REFERENCES_DISK_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "disk_probe.h"

/* A thread that runs the probe, and may be stuck in it for as long as the disk is. */

struct disk_worker;

/* NULL: no memory or no thread. */
struct disk_worker *disk_worker_create(const struct seams *seams, const char *data_directory,
                                       bool nameless);

/* Starts a probe. Not while one is under way or its result not taken (asserted). */
void disk_worker_start(struct disk_worker *w);

enum disk_work {
    DISK_WORK_NONE,
    DISK_WORK_BUSY,
    DISK_WORK_DONE, /* disk_worker_take gives the result */
};

/* Waits at most so long for a probe that is under way. */
enum disk_work disk_worker_wait(struct disk_worker *w, uint32_t most_ms);

/* The result, once DONE. `direct`: it was read past the page cache. */
void disk_worker_result(struct disk_worker *w, struct disk_result *out, bool *direct);
/* From now on NONE. */
void disk_worker_take(struct disk_worker *w);

/* Takes NULL. See disk_finish. */
void disk_worker_destroy(struct disk_worker *w);

#endif
