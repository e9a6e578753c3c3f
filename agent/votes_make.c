#include "votes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "aside.h"
#include "durable.h"
#include "votes_slot.h"

/* Zeros over all of it: blocks that are only reserved would need the file system's own space
 * for bookkeeping when they are first written. */
static bool file_fill(int file)
{
    static const uint8_t zeros[VOTES_BLOCK_MAX];
    const int refused = posix_fallocate(file, 0, VOTES_FILE_BYTES);
    if (refused != 0) {
        errno = refused;
        return false;
    }
    for (off_t at = 0; at < VOTES_FILE_BYTES; at += VOTES_BLOCK_MAX) {
        const off_t left = VOTES_FILE_BYTES - at;
        const size_t size_bytes = left < VOTES_BLOCK_MAX ? (size_t)left : VOTES_BLOCK_MAX;
        if (!votes_write_all(file, zeros, size_bytes, at)) {
            return false;
        }
    }
    return true;
}

static bool header_make(struct votes *v)
{
    uint8_t bytes[VOTES_HEADER_BYTES];
    struct votes_header header;
    if (!votes_header_of_file(&header, v->file)) {
        return false;
    }
    randombytes_buf(header.store_id, sizeof header.store_id);
    memcpy(v->store_id, header.store_id, sizeof v->store_id);
    votes_header_encode(&header, bytes);
    return votes_write_all(v->file, bytes, sizeof bytes, 0);
}

/* The blocks that a dead store holds, into a new one. */
static bool blocks_copy(struct votes *v, const struct votes *from)
{
    uint8_t *const block = malloc(VOTES_BLOCK_MAX);
    bool good = block != NULL;
    for (uint32_t i = 0; good && i < from->held_count; i++) {
        struct votes_held *const held = &v->held[i];
        *held = from->held[i];
        held->place = i;
        errno = EIO;
        good = votes_block(from, i, block) &&
               votes_write_all(v->file, block, held->size_bytes, votes_place_at(i)) &&
               fdatasync(v->file) == 0 &&
               votes_check(v, block, held->size_bytes, votes_place_at(i));
    }
    v->held_count = good ? from->held_count : 0;
    free(block);
    return good;
}

/* A whole store with its first record at `path`, durable but for its name. `from`: whose blocks
 * the record may name; NULL: nobody's. */
static bool store_make(const char *path, const struct votes *from,
                       const struct votes_write *first)
{
    struct votes *const v = calloc(1, sizeof *v);
    if (v == NULL) {
        return false;
    }
    /* Never truncated: after a crash of an earlier attempt it may be another name of a store.
     */
    unlink(path);
    v->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool made = v->file >= 0 && votes_check_open(v) && file_fill(v->file) &&
                      header_make(v) && (from == NULL || blocks_copy(v, from)) &&
                      votes_write(v, first) && fsync(v->file) == 0;
    const int error = errno;
    votes_finish(v);
    free(v);
    if (!made) {
        unlink(path);
    }
    errno = error;
    return made;
}

static bool new_name(const char *path, char name[ASIDE_NAME_MAX])
{
    const int size = snprintf(name, ASIDE_NAME_MAX, "%s.new", path);
    errno = ENAMETOOLONG;
    return size > 0 && size < ASIDE_NAME_MAX;
}

enum votes_verdict votes_create(const char *path)
{
    char fresh[ASIDE_NAME_MAX];
    const struct votes_write empty = {0};
    if (!new_name(path, fresh) || !store_make(fresh, NULL, &empty)) {
        return VOTES_UNUSABLE;
    }
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
        const int error = errno;
        unlink(fresh);
        errno = error;
        return error == EEXIST ? VOTES_PRESENT : VOTES_UNUSABLE;
    }
    return durable_name(path) ? VOTES_OK : VOTES_UNUSABLE;
}

enum votes_verdict votes_replace(struct votes *v, const char *path,
                                 const struct votes_write *first)
{
    char fresh[ASIDE_NAME_MAX];
    /* Dying between the two renames leaves no store: the amnesia begins anew, as it should. */
    if (!new_name(path, fresh) || !store_make(fresh, NULL, first) || !aside_put(path, "lost") ||
        rename(fresh, path) != 0 || !durable_name(path)) {
        v->error = errno;
        return VOTES_UNUSABLE;
    }
    return votes_open(v, path);
}

/* Dying between the two renames leaves no store, which is an amnesia: the disk has just failed,
 * so that what it holds of this member's votes is not sure anyway. */
bool votes_renew(struct votes *v, const char *path, const struct votes_write *w)
{
    char fresh[ASIDE_NAME_MAX];
    assert(v->dead && v->file >= 0);
    const bool made = new_name(path, fresh) && store_make(fresh, v, w) &&
                      aside_put(path, "dead") && rename(fresh, path) == 0 && durable_name(path);
    const int error = errno;
    votes_finish(v);
    v->error = error;
    return made && votes_open(v, path) == VOTES_OK;
}
