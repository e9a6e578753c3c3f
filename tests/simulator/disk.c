#include "disk.h"

#include <assert.h>
#include <string.h>

static void image_drop(struct image *image)
{
    blob_drop(image->record);
    for (uint32_t i = 0; i < image->held_count; i++) {
        blob_drop(image->held[i]);
    }
    *image = (struct image){.record = NULL};
}

static struct image image_copy(const struct image *image)
{
    struct image copy = *image;
    (void)blob_hold(copy.record);
    for (uint32_t i = 0; i < copy.held_count; i++) {
        (void)blob_hold(copy.held[i]);
    }
    return copy;
}

static void image_set(struct image *to, const struct image *from)
{
    const struct image copy = image_copy(from);
    image_drop(to);
    *to = copy;
}

static struct blob *image_find(const struct image *image, const struct hash *hash)
{
    for (uint32_t i = 0; i < image->held_count; i++) {
        if (memcmp(&image->hash[i], hash, sizeof *hash) == 0) {
            return image->held[i];
        }
    }
    return NULL;
}

const char *disk_persist(struct disk *d, const struct effect *e, const uint8_t *outbox,
                         uint64_t done_ms)
{
    const struct persist *p = &e->persist;
    if (d->write_count == WRITES_MAX) {
        return "more writes under way than any queue holds";
    }
    struct image image = {.serial = ++d->image_serial, .held_count = p->held_count};
    image.record = blob_of(outbox + p->record.offset, p->record.size_bytes);
    for (uint32_t i = 0; i < p->held_count; i++) {
        const bool brought = p->block.size_bytes > 0 &&
                             memcmp(&p->held[i], &p->block_hash, sizeof p->block_hash) == 0;
        image.hash[i] = p->held[i];
        image.held[i] = brought ? blob_of(outbox + p->block.offset, p->block.size_bytes)
                                : blob_hold(image_find(&d->newest, &p->held[i]));
        if (image.held[i] == NULL) {
            image.held_count = i;
            image_drop(&image);
            return "a record names a block whose bytes were never given";
        }
    }
    image_set(&d->newest, &image);
    d->write[d->write_count++] = (struct write){.serial = e->serial,
                                                .done_ms = done_ms,
                                                .is_vote = true,
                                                .replaces = !d->has_votes,
                                                .image = image};
    d->has_votes = true;
    return NULL;
}

const char *disk_store(struct disk *d, const struct effect *e, const uint8_t *outbox,
                       uint64_t done_ms)
{
    if (d->write_count == WRITES_MAX) {
        return "more writes under way than any queue holds";
    }
    uint64_t height = d->height;
    for (uint32_t i = 0; i < d->write_count; i++) {
        height = d->write[i].is_vote ? height : d->write[i].height;
    }
    if (e->height != height + 1 || e->height >= BLOCKS_MAX) {
        return "a block was stored that does not follow the last one stored";
    }
    d->write[d->write_count++] = (struct write){
        .serial = e->serial,
        .done_ms = done_ms,
        .height = e->height,
        .block = blob_of(outbox + e->body.offset, e->body.size_bytes),
    };
    return NULL;
}

uint64_t disk_busy_until_ms(const struct disk *d)
{
    return d->write_count == 0 ? 0 : d->write[d->write_count - 1].done_ms;
}

static void land(struct disk *d, const struct write *w)
{
    if (!w->is_vote) {
        assert(w->height == d->height + 1);
        d->block[w->height] = blob_hold(w->block);
        d->height = w->height;
        return;
    }
    if (w->replaces) {
        image_drop(&d->slot[0]);
        image_drop(&d->slot[1]);
        d->missing = CAUSE_NONE;
    }
    image_set(&d->slot[w->image.serial % 2], &w->image);
}

static void take_first(struct disk *d)
{
    image_drop(&d->write[0].image);
    blob_drop(d->write[0].block);
    d->write_count--;
    memmove(&d->write[0], &d->write[1], d->write_count * sizeof d->write[0]);
}

/* A record that failed may have spoilt the slot that it was to go to. */
static void spoil(struct disk *d, const struct write *w)
{
    if (!d->dead && !w->replaces) {
        image_drop(&d->slot[w->image.serial % 2]);
    }
    d->dead = true;
}

bool disk_complete(struct disk *d, uint64_t *serial)
{
    assert(d->write_count > 0);
    const struct write *w = &d->write[0];
    const bool fails = w->is_vote && (w->fails || d->dead);
    *serial = w->serial;
    if (fails) {
        spoil(d, w);
    } else {
        land(d, w);
    }
    take_first(d);
    return !fails;
}

void disk_fail(struct disk *d)
{
    assert(d->write_count > 0);
    d->write[d->write_count - 1].fails = true;
}

bool disk_is_failing(const struct disk *d)
{
    bool failing = d->dead;
    for (uint32_t i = 0; i < d->write_count; i++) {
        failing = failing || d->write[i].fails;
    }
    return failing;
}

struct crash_losses disk_crash(struct disk *d, struct dice *dice, uint32_t tear_per_10000)
{
    struct crash_losses losses = {0};
    while (d->write_count > 0 && dice_chance(dice, 4000)) {
        uint64_t serial = 0;
        losses.untold += disk_complete(d, &serial);
    }
    if (d->write_count > 0 && dice_chance(dice, tear_per_10000)) {
        const struct write *w = &d->write[0];
        if (w->is_vote && !w->replaces) { /* the slot being written, the older one, is gone */
            image_drop(&d->slot[w->image.serial % 2]);
        }
        losses.torn++;
        take_first(d);
    }
    while (d->write_count > 0) {
        losses.lost++;
        take_first(d);
    }
    image_drop(&d->newest);
    const struct image *newest = disk_newest(d);
    d->image_serial = 0;
    if (newest != NULL) {
        d->image_serial = newest->serial;
        d->newest = image_copy(newest);
    }
    d->has_votes = d->missing == CAUSE_NONE;
    d->dead = false;
    return losses;
}

const struct image *disk_newest(const struct disk *d)
{
    const struct image *newest = NULL;
    for (uint32_t i = 0; i < 2; i++) {
        const struct image *slot = &d->slot[i];
        if (slot->record != NULL && (newest == NULL || slot->serial > newest->serial)) {
            newest = slot;
        }
    }
    return newest;
}

void disk_lose_votes(struct disk *d, enum cause why)
{
    image_drop(&d->slot[0]);
    image_drop(&d->slot[1]);
    image_drop(&d->newest);
    d->has_votes = false;
    d->missing = why;
}

void disk_keep_backup(struct disk *d)
{
    const struct image *newest = disk_newest(d);
    if (newest != NULL && d->missing == CAUSE_NONE) {
        image_set(&d->backup, newest);
    }
}

bool disk_roll_back(struct disk *d)
{
    const struct image *newest = disk_newest(d);
    if (d->missing != CAUSE_NONE || newest == NULL || d->backup.record == NULL ||
        d->backup.serial >= newest->serial) {
        return false;
    }
    image_drop(&d->slot[0]);
    image_drop(&d->slot[1]);
    image_set(&d->slot[d->backup.serial % 2], &d->backup);
    image_set(&d->newest, &d->backup);
    d->image_serial = d->backup.serial;
    return true;
}

void disk_lose_blocks(struct disk *d, uint64_t height)
{
    for (; d->height > height; d->height--) {
        blob_drop(d->block[d->height]);
        d->block[d->height] = NULL;
    }
    if (d->snapshot_height > height) {
        blob_drop(d->snapshot);
        d->snapshot = NULL;
        d->snapshot_height = 0;
    }
}

void disk_keep_snapshot(struct disk *d, uint64_t height, const uint8_t *bytes,
                        size_t size_bytes)
{
    blob_drop(d->snapshot);
    d->snapshot = blob_of(bytes, size_bytes);
    d->snapshot_height = height;
}

void disk_copy(struct disk *to, const struct disk *from)
{
    assert(from->write_count == 0);
    *to = *from;
    to->slot[0] = image_copy(&from->slot[0]);
    to->slot[1] = image_copy(&from->slot[1]);
    to->newest = image_copy(&from->newest);
    to->backup = image_copy(&from->backup);
    (void)blob_hold(to->snapshot);
    for (uint32_t i = 0; i < BLOCKS_MAX; i++) {
        (void)blob_hold(to->block[i]);
    }
}

void disk_finish(struct disk *d)
{
    while (d->write_count > 0) {
        take_first(d);
    }
    disk_lose_blocks(d, 0);
    disk_lose_votes(d, CAUSE_NONE);
    image_drop(&d->backup);
}
