/* What the disk gives back of the vote store, past the page cache, which would show what was
 * written whatever became of it (references.md, R08). */
#include "votes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "votes_slot.h"

#define BLOCK_BYTES 4096 /* offsets and sizes of direct reads are multiples of it */

static_assert(VOTES_SLOTS_AT % BLOCK_BYTES == 0 && VOTES_SLOT_BYTES % BLOCK_BYTES == 0 &&
                  VOTES_PLACES_AT % BLOCK_BYTES == 0 && VOTES_BLOCK_MAX % BLOCK_BYTES == 0,
              "all parts of the store begin at a block");
static_assert(VOTES_SLOT_BYTES <= VOTES_BLOCK_MAX, "any part fits the room");

/* By the open descriptor: what has the path now may be another file. Memory of mmap's is
 * aligned as the disk wants it. */
bool votes_check_open(struct votes *v)
{
    char path[32];
    void *room =
        mmap(NULL, VOTES_BLOCK_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) {
        return false;
    }
    v->room = room;
    snprintf(path, sizeof path, "/proc/self/fd/%d", v->file);
    v->direct = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
    return true;
}

void votes_check_finish(struct votes *v)
{
    if (v->direct > 0) {
        close(v->direct);
    }
    v->direct = -1;
    if (v->room != NULL) {
        munmap(v->room, VOTES_BLOCK_MAX);
    }
    v->room = NULL;
}

/* Into the room. A file system that knows no direct reads, or none of this size, is asked to
 * forget what it has cached. */
static bool read_disk(struct votes *v, size_t size_bytes, off_t at)
{
    const size_t whole = (size_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    if (v->direct > 0) {
        if (votes_read_all(v->direct, v->room, whole, at)) {
            return true;
        }
        if (errno != EINVAL) {
            return false;
        }
        close(v->direct);
        v->direct = -1;
    }
    (void)posix_fadvise(v->file, at, (off_t)whole, POSIX_FADV_DONTNEED);
    return votes_read_all(v->file, v->room, size_bytes, at);
}

bool votes_check(struct votes *v, const uint8_t *bytes, size_t size_bytes, off_t at)
{
    if (!read_disk(v, size_bytes, at)) {
        return false;
    }
    if (memcmp(v->room, bytes, size_bytes) != 0) {
        v->wrong = true;
        errno = EIO;
        return false;
    }
    return true;
}

/* The two slots hold the newest record and the one before: opening wrote both. */
static bool slot_is_sound(struct votes *v, uint64_t serial)
{
    struct votes_slot slot;
    return votes_slot_decode(&slot, v->room) && slot.serial == serial &&
           memcmp(slot.store_id, v->store_id, sizeof slot.store_id) == 0;
}

static bool block_is_sound(const struct votes *v, const struct votes_held *held)
{
    uint8_t checksum[VOTES_HASH_BYTES];
    votes_checksum(v->room, held->size_bytes, checksum);
    return memcmp(checksum, held->checksum, sizeof checksum) == 0;
}

enum votes_scrubbed votes_scrub(struct votes *v, uint32_t step)
{
    struct votes_header header;
    bool sound;
    assert(v->file >= 0 && !v->dead);
    if (step >= VOTES_SCRUB_BLOCKS + v->held_count) {
        return VOTES_SCRUB_DONE;
    }
    if (step == 0) {
        if (!read_disk(v, BLOCK_BYTES, 0)) {
            return VOTES_SCRUB_FAILED;
        }
        sound = votes_header_decode(&header, v->room) &&
                memcmp(header.store_id, v->store_id, sizeof header.store_id) == 0;
    } else if (step < VOTES_SCRUB_BLOCKS) {
        const uint64_t serial = v->serial - (step - 1);
        if (!read_disk(v, VOTES_SLOT_BYTES, votes_slot_at(serial))) {
            return VOTES_SCRUB_FAILED;
        }
        sound = slot_is_sound(v, serial);
    } else {
        const struct votes_held *held = &v->held[step - VOTES_SCRUB_BLOCKS];
        if (!read_disk(v, held->size_bytes, votes_place_at(held->place))) {
            return VOTES_SCRUB_FAILED;
        }
        sound = block_is_sound(v, held);
    }
    v->wrong |= !sound;
    return sound ? VOTES_SCRUB_SOUND : VOTES_SCRUB_WRONG;
}
