#ifndef OSTRAKON_HEALTH_REFERENCES_BLOCK_DEVICES_H
#define OSTRAKON_HEALTH_REFERENCES_BLOCK_DEVICES_H

#include "listing.h"

/* Which block devices a path lies on: the one that is mounted, and all beneath it: of a
 * partition its disk, of a volume or an array the devices that it is made of. */

#define BLOCK_DEVICES_MAX 16u

struct block_device {
    char name[LISTING_NAME_BYTES]; /* "sda1", as the kernel calls it in its log */
    bool disk;                     /* hardware, or what a hypervisor shows for it */
};

struct block_devices {
    uint32_t count;
    struct block_device list[BLOCK_DEVICES_MAX]; /* the mounted one first */
};

/* False: the path is on none that the kernel would name (a network's file system, one in
 * memory), or /sys does not show it. `source` is overwritten. */
bool block_devices_of(const struct seams *seams, const char *path, struct source *source,
                      struct block_devices *out) __attribute__((warn_unused_result));

bool block_devices_have(const struct block_devices *d, const char *name, size_t size_bytes);

#endif
