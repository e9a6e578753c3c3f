#include "votes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "votes_slot.h"

/* What one slot came to when the store was opened. */
enum slot_state {
    SLOT_SOUND,
    SLOT_UNWRITTEN, /* zeros, as it was made */
    SLOT_LOST,
    SLOT_FOREIGN, /* sound, and of another store */
};

const char *votes_verdict_text(enum votes_verdict verdict)
{
    static const char *const texts[] = {
#define X(word, text) [VOTES_##word] = text,
        VOTES_VERDICTS(X)
#undef X
    };
    assert((size_t)verdict < sizeof texts / sizeof texts[0]);
    return texts[verdict];
}

static bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0;
}

static bool block_holds(int file, const struct votes_held *held,
                        uint8_t bytes[static VOTES_BLOCK_MAX])
{
    uint8_t checksum[VOTES_HASH_BYTES];
    if (!votes_read_all(file, bytes, held->size_bytes, votes_place_at(held->place))) {
        return false;
    }
    votes_checksum(bytes, held->size_bytes, checksum);
    return memcmp(checksum, held->checksum, sizeof checksum) == 0;
}

static enum slot_state slot_judge(const struct votes *v, uint32_t parity,
                                  const uint8_t bytes[static VOTES_SLOT_BYTES],
                                  struct votes_slot *slot)
{
    uint8_t block[VOTES_BLOCK_MAX];
    if (is_zero(bytes, VOTES_SLOT_BYTES)) {
        return SLOT_UNWRITTEN;
    }
    if (!votes_slot_decode(slot, bytes) || slot->serial % 2 != parity) {
        return SLOT_LOST;
    }
    if (memcmp(slot->store_id, v->store_id, sizeof slot->store_id) != 0) {
        return SLOT_FOREIGN;
    }
    for (uint32_t i = 0; i < slot->held_count; i++) {
        if (!block_holds(v->file, &slot->held[i], block)) {
            return SLOT_LOST;
        }
    }
    return SLOT_SOUND;
}

static void slot_adopt(struct votes *v, const struct votes_slot *slot)
{
    v->serial = slot->serial;
    v->record_bytes = slot->record_bytes;
    v->held_count = slot->held_count;
    memcpy(v->held, slot->held, sizeof v->held);
    if (slot->record_bytes > 0) {
        memmove(v->record, slot->record, slot->record_bytes); /* it may be v->record itself */
    }
}

/* Takes the newest sound slot. */
static enum votes_verdict slots_read(struct votes *v)
{
    uint8_t bytes[2][VOTES_SLOT_BYTES];
    struct votes_slot slot[2];
    enum slot_state state[2];
    for (uint32_t i = 0; i < 2; i++) {
        if (!votes_read_all(v->file, bytes[i], VOTES_SLOT_BYTES, votes_slot_at(i))) {
            v->error = errno;
            return VOTES_UNUSABLE;
        }
        state[i] = slot_judge(v, i, bytes[i], &slot[i]);
    }
    if (state[0] != SLOT_SOUND && state[1] != SLOT_SOUND) {
        const bool foreign = state[0] == SLOT_FOREIGN || state[1] == SLOT_FOREIGN;
        return foreign ? VOTES_FOREIGN : VOTES_DAMAGED;
    }
    uint32_t newest = state[0] == SLOT_SOUND ? 0 : 1;
    if (state[0] == SLOT_SOUND && state[1] == SLOT_SOUND) {
        newest = slot[0].serial > slot[1].serial ? 0 : 1;
    }
    const uint32_t other = 1 - newest;
    slot_adopt(v, &slot[newest]);
    if (state[other] == SLOT_SOUND) {
        v->other_lost = slot[other].serial + 1 != slot[newest].serial;
    } else {
        v->other_lost = state[other] != SLOT_UNWRITTEN || slot[newest].serial != 1;
    }
    return VOTES_OK;
}

static enum votes_verdict header_read(struct votes *v)
{
    uint8_t bytes[VOTES_HEADER_BYTES];
    struct stat status;
    struct votes_header header;
    struct votes_header file;
    if (fstat(v->file, &status) != 0) {
        v->error = errno;
        return VOTES_UNUSABLE;
    }
    if (!S_ISREG(status.st_mode) || status.st_size != VOTES_FILE_BYTES) {
        return VOTES_DAMAGED;
    }
    if (!votes_read_all(v->file, bytes, sizeof bytes, 0) ||
        !votes_header_of_file(&file, v->file)) {
        v->error = errno;
        return VOTES_UNUSABLE;
    }
    if (!votes_header_decode(&header, bytes)) {
        return VOTES_DAMAGED;
    }
    /* A file system that once told the birth and no longer does, or the reverse, is a change of
     * kernel and no copy. */
    const bool born_elsewhere =
        header.birth_ns != 0 && file.birth_ns != 0 && header.birth_ns != file.birth_ns;
    if (header.inode != file.inode || born_elsewhere) {
        return VOTES_FOREIGN;
    }
    memcpy(v->store_id, header.store_id, sizeof v->store_id);
    return VOTES_OK;
}

/* Writes all that counts once more, so that it is on the disk and not only in the page cache of
 * a process that died between its write and the disk's answer. Blocks stay in their places:
 * these bytes are there already, or are not durable yet and nobody has been told of them. */
static enum votes_verdict read_back(struct votes *v)
{
    uint8_t keep[VOTES_HELD_MAX][VOTES_HASH_BYTES];
    uint8_t block[VOTES_BLOCK_MAX];
    for (uint32_t i = 0; i < v->held_count; i++) {
        const struct votes_held *const held = &v->held[i];
        memcpy(keep[i], held->hash, sizeof keep[i]);
        if (!block_holds(v->file, held, block)) {
            return VOTES_DAMAGED;
        }
        if (!votes_write_all(v->file, block, held->size_bytes, votes_place_at(held->place))) {
            v->error = errno;
            return VOTES_UNUSABLE;
        }
    }
    const struct votes_write same = {
        .record = v->record,
        .record_bytes = v->record_bytes,
        .keep = keep[0],
        .keep_count = v->held_count,
    };
    return votes_write(v, &same) ? VOTES_OK : VOTES_UNUSABLE;
}

enum votes_verdict votes_open(struct votes *v, const char *path)
{
    memset(v, 0, sizeof *v);
    v->direct = -1;
    v->file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (v->file < 0) {
        v->error = errno;
        return errno == ENOENT ? VOTES_MISSING : VOTES_UNUSABLE;
    }
    enum votes_verdict verdict = VOTES_OK;
    if (flock(v->file, LOCK_EX | LOCK_NB) != 0) {
        v->error = errno;
        verdict = errno == EWOULDBLOCK ? VOTES_LOCKED : VOTES_UNUSABLE;
    }
    if (verdict == VOTES_OK) {
        verdict = header_read(v);
    }
    if (verdict == VOTES_OK && !votes_check_open(v)) {
        v->error = errno;
        verdict = VOTES_UNUSABLE;
    }
    if (verdict == VOTES_OK) {
        verdict = slots_read(v);
    }
    if (verdict == VOTES_OK) {
        verdict = read_back(v);
    }
    if (verdict != VOTES_OK) {
        votes_finish(v);
    }
    return verdict;
}

bool votes_block(const struct votes *v, uint32_t index, uint8_t out[static VOTES_BLOCK_MAX])
{
    assert(v->file >= 0);
    assert(index < v->held_count);
    return block_holds(v->file, &v->held[index], out);
}

static const struct votes_held *held_find(const struct votes *v, const uint8_t *hash)
{
    for (uint32_t i = 0; i < v->held_count; i++) {
        if (memcmp(v->held[i].hash, hash, VOTES_HASH_BYTES) == 0) {
            return &v->held[i];
        }
    }
    return NULL;
}

/* A place that neither the newest slot nor, therefore, the next one names. */
static uint32_t place_free(const struct votes *v)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < v->held_count; i++) {
        taken |= 1u << v->held[i].place;
    }
    uint32_t place = 0;
    while ((taken >> place & 1u) != 0) {
        place++;
    }
    assert(place < VOTES_PLACES); /* fewer are held than there are places */
    return place;
}

/* Fills the table of the next slot. True if the new block is to be written, as `*fresh`. */
static bool table_fill(const struct votes *v, const struct votes_write *w,
                       struct votes_slot *slot, struct votes_held *fresh)
{
    bool used = false;
    *fresh = (struct votes_held){0};
    if (w->block != NULL && held_find(v, w->block_hash) == NULL) {
        assert(w->block_bytes > 0 && w->block_bytes <= VOTES_BLOCK_MAX);
        memcpy(fresh->hash, w->block_hash, sizeof fresh->hash);
        votes_checksum(w->block, w->block_bytes, fresh->checksum);
        fresh->size_bytes = w->block_bytes;
        fresh->place = place_free(v);
    }
    for (uint32_t i = 0; i < w->keep_count; i++) {
        const uint8_t *const hash = w->keep + (size_t)i * VOTES_HASH_BYTES;
        const struct votes_held *held = held_find(v, hash);
        if (held == NULL) {
            assert(fresh->size_bytes > 0 && memcmp(fresh->hash, hash, sizeof fresh->hash) == 0);
            held = fresh;
            used = true;
        }
        slot->held[slot->held_count++] = *held;
    }
    assert(used || fresh->size_bytes == 0); /* a new block is among those kept */
    return used;
}

bool votes_write(struct votes *v, const struct votes_write *w)
{
    assert(v->file >= 0);
    assert(w->record_bytes <= VOTES_RECORD_MAX);
    assert(w->keep_count <= VOTES_HELD_MAX);
    if (v->dead) {
        return false;
    }
    struct votes_held fresh;
    struct votes_slot slot = {
        .serial = v->serial + 1,
        .record_bytes = w->record_bytes,
        .record = w->record,
    };
    memcpy(slot.store_id, v->store_id, sizeof slot.store_id);
    const bool with_block = table_fill(v, w, &slot, &fresh);
    const size_t size_bytes = votes_slot_encode(&slot, v->slot);

    v->dead = (with_block && !votes_write_all(v->file, w->block, w->block_bytes,
                                              votes_place_at(fresh.place))) ||
              !votes_write_all(v->file, v->slot, size_bytes, votes_slot_at(slot.serial)) ||
              fdatasync(v->file) != 0 ||
              (with_block &&
               !votes_check(v, w->block, w->block_bytes, votes_place_at(fresh.place))) ||
              !votes_check(v, v->slot, size_bytes, votes_slot_at(slot.serial));
    if (v->dead) {
        v->error = errno;
        return false;
    }
    slot_adopt(v, &slot);
    return true;
}

void votes_finish(struct votes *v)
{
    if (v == NULL) {
        return;
    }
    /* Zeroed, it holds no file: standard input is never a vote store. */
    if (v->file > 0) {
        close(v->file);
    }
    v->file = -1;
    votes_check_finish(v);
}
