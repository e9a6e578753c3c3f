#include "block_devices.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "mount.h"

#define PATH_BYTES 128u /* of one below /sys, with a name in it */

bool block_devices_have(const struct block_devices *d, const char *name, size_t size_bytes)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (strlen(d->list[i].name) == size_bytes &&
            memcmp(d->list[i].name, name, size_bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* What comes beyond the bound is not watched: no data directory lies on 16 devices. */
static void add(struct block_devices *d, const char *name)
{
    if (d->count < BLOCK_DEVICES_MAX && !block_devices_have(d, name, strlen(name))) {
        struct block_device *one = &d->list[d->count++];
        memset(one, 0, sizeof *one);
        snprintf(one->name, sizeof one->name, "%s", name);
    }
}

/* File systems of their own numbering (btrfs) name a device in the table of mounts. */
static bool mounted_number(const struct seams *seams, const char *path, struct source *source,
                           dev_t *out)
{
    char real[PATH_MAX];
    char device[PATH_MAX];
    struct mount m;
    struct stat s;
    if (realpath(path, real) == NULL ||
        source_read(seams, "/proc/self/mountinfo", source) != SOURCE_READ ||
        mount_of(source, real, &m) != FIELD_FOUND || m.device.at[0] != '/' ||
        m.device.size_bytes >= sizeof device) {
        return false;
    }
    memcpy(device, m.device.at, m.device.size_bytes);
    device[m.device.size_bytes] = '\0';
    if (seams->stat(seams->self, device, &s) != 0 || !S_ISBLK(s.st_mode)) {
        return false;
    }
    *out = s.st_rdev;
    return true;
}

static bool is_there(const struct seams *seams, const char *name, const char *file,
                     struct listing *names)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/sys/class/block/%s/%s", name, file);
    return listing_read(seams, path, "", names) == SOURCE_READ;
}

/* Adds what `at` lies on. A disk of NVMe has no directory "block" above it: what is a partition
 * says so itself. */
static void descend(const struct seams *seams, uint32_t at, struct source *source,
                    struct block_devices *d)
{
    char path[PATH_BYTES];
    char name[LISTING_NAME_BYTES];
    char parent[LISTING_NAME_BYTES];
    struct listing names;
    const char *self = d->list[at].name;
    snprintf(path, sizeof path, "/sys/class/block/%s/partition", self);
    if (source_read(seams, path, source) == SOURCE_READ) {
        snprintf(path, sizeof path, "/sys/class/block/%s", self);
        if (link_read(seams, path, name, parent) && parent[0] != '\0') {
            add(d, parent);
        }
        return;
    }
    if (is_there(seams, self, "slaves", &names)) {
        for (uint32_t i = 0; i < names.count; i++) {
            add(d, names.names[i]);
        }
    }
    d->list[at].disk = is_there(seams, self, "device", &names);
}

bool block_devices_of(const struct seams *seams, const char *path, struct source *source,
                      struct block_devices *out)
{
    char link[PATH_BYTES];
    char name[LISTING_NAME_BYTES];
    char parent[LISTING_NAME_BYTES];
    struct stat s;
    out->count = 0;
    if (seams->stat(seams->self, path, &s) != 0 ||
        (major(s.st_dev) == 0 && !mounted_number(seams, path, source, &s.st_dev))) {
        return false;
    }
    snprintf(link, sizeof link, "/sys/dev/block/%u:%u", major(s.st_dev), minor(s.st_dev));
    if (!link_read(seams, link, name, parent)) {
        return false;
    }
    add(out, name);
    for (uint32_t i = 0; i < out->count; i++) {
        descend(seams, i, source, out);
    }
    return true;
}
