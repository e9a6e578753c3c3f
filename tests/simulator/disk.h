#ifndef OSTRAKON_TESTS_SIMULATOR_DISK_H
#define OSTRAKON_TESTS_SIMULATOR_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../consensus/effects.h"
#include "blob.h"
#include "dice.h"

/* One member's disk: the vote store of two slots, the table of decided blocks, snapshots; and
 * the writes under way, which one thread does one after the other. */

#define WRITES_MAX 256u
#define BLOCKS_MAX 4096u

/* A vote record with the blocks that it names: what one slot holds. */
struct image {
    struct blob *record; /* NULL: never written */
    uint64_t serial;
    uint32_t held_count;
    struct hash hash[HELD_MAX];
    struct blob *held[HELD_MAX];
};

struct write {
    uint64_t serial;
    uint64_t done_ms; /* true time */
    bool is_vote;
    bool fails;
    bool replaces; /* a new store in place of one that was lost */
    struct image image;
    uint64_t height;
    struct blob *block;
};

struct disk {
    enum cause missing; /* why no vote store is there that is to be trusted; NONE: one is */
    bool dead;          /* in this run: a record could not be written, and none is any more */
    bool has_votes;     /* in this run: written in place, and not made anew */
    struct image slot[2];
    struct image newest; /* as last asked for: where kept blocks' bytes are */
    struct image backup; /* an old image, for roll-backs */
    uint64_t image_serial;
    uint64_t height; /* all blocks up to it are stored */
    struct blob *block[BLOCKS_MAX];
    uint64_t snapshot_height;
    struct blob *snapshot;
    uint32_t write_count;
    struct write write[WRITES_MAX];
};

/* `why` of these: NULL, or what the core did that no disk can do. */
const char *disk_persist(struct disk *d, const struct effect *e, const uint8_t *outbox,
                         uint64_t done_ms);
const char *disk_store(struct disk *d, const struct effect *e, const uint8_t *outbox,
                       uint64_t done_ms);
/* When the last of the writes under way will be done; 0: none is. */
uint64_t disk_busy_until_ms(const struct disk *d);
/* The oldest write ends: it is durable, or (false) the vote store has failed under it. */
bool disk_complete(struct disk *d, uint64_t *serial);
/* The newest record under way will fail. */
void disk_fail(struct disk *d);
/* A record could not be written, or will not be. */
bool disk_is_failing(const struct disk *d);

struct crash_losses {
    uint32_t untold;
    uint32_t torn;
    uint32_t lost;
};
/* Some of the writes under way came through, one may be torn, the rest is lost. */
struct crash_losses disk_crash(struct disk *d, struct dice *dice, uint32_t tear_per_10000);

/* The slot that a start finds: the newest that is whole. NULL: none ever written. */
const struct image *disk_newest(const struct disk *d);
void disk_lose_votes(struct disk *d, enum cause why);
void disk_keep_backup(struct disk *d);
/* False: there is no older image to go back to. */
bool disk_roll_back(struct disk *d);
/* All above that height. */
void disk_lose_blocks(struct disk *d, uint64_t height);
void disk_keep_snapshot(struct disk *d, uint64_t height, const uint8_t *bytes,
                        size_t size_bytes);
/* Of one with no write under way (asserted): what is on it, on another that was never used. */
void disk_copy(struct disk *to, const struct disk *from);
void disk_finish(struct disk *d);

#endif
