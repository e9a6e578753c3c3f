#include "disk_probe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define MAGIC UINT64_C(0x65626f72706b7473)
#define FILE_BYTES ((off_t)DISK_SLOTS * DISK_BLOCK_BYTES)
#define SEED_BYTES 32u
#define HEAD_BYTES (3 * sizeof(uint64_t))
#define BODY_AT (HEAD_BYTES + SEED_BYTES)
#define BODY_BYTES (DISK_BLOCK_BYTES - BODY_AT - DISK_DIGEST_BYTES)
#define AGAIN 3u

static_assert(SEED_BYTES == randombytes_SEEDBYTES, "the seed is what libsodium expands");

void disk_block_make(uint8_t block[static DISK_BLOCK_BYTES], uint64_t sequence, uint32_t slot,
                     const uint8_t seed[static SEED_BYTES])
{
    const uint64_t head[] = {MAGIC, sequence, slot};
    memcpy(block, head, HEAD_BYTES);
    memcpy(block + HEAD_BYTES, seed, SEED_BYTES);
    randombytes_buf_deterministic(block + BODY_AT, BODY_BYTES, seed);
    crypto_generichash(block + DISK_BLOCK_BYTES - DISK_DIGEST_BYTES, DISK_DIGEST_BYTES, block,
                       DISK_BLOCK_BYTES - DISK_DIGEST_BYTES, NULL, 0);
}

void disk_block_digest(const uint8_t block[static DISK_BLOCK_BYTES],
                       uint8_t digest[static DISK_DIGEST_BYTES])
{
    crypto_generichash(digest, DISK_DIGEST_BYTES, block, DISK_BLOCK_BYTES, NULL, 0);
}

bool disk_block_is(const uint8_t block[static DISK_BLOCK_BYTES],
                   const uint8_t digest[static DISK_DIGEST_BYTES])
{
    uint8_t own[DISK_DIGEST_BYTES];
    disk_block_digest(block, own);
    return memcmp(own, digest, sizeof own) == 0;
}

/* What a block says that it is; 0 if it is none. */
static uint64_t sequence_of(const uint8_t block[static DISK_BLOCK_BYTES])
{
    uint64_t head[3];
    memcpy(head, block, HEAD_BYTES);
    return head[0] == MAGIC ? head[1] : 0;
}

static bool failed(struct disk_result *out, const char *call, int error)
{
    out->outcome = DISK_OUTCOME_ERROR;
    out->call = call;
    out->error = error;
    return false;
}

static int open_as(struct disk_probe *p, int flags)
{
    const struct seams *s = &p->seams;
    char path[DISK_PATH_BYTES];
    flags |= O_RDWR | O_CLOEXEC;
    if (!p->nameless) {
        return s->open(s->self, p->path, flags | O_CREAT, 0600);
    }
    int file = s->open(s->self, p->path, flags | O_TMPFILE, 0600);
    if (file == -EOPNOTSUPP || file == -EISDIR) { /* a file system that knows no such thing */
        snprintf(path, sizeof path, "%.4000s/probe.%d", p->path, (int)getpid());
        file = s->open(s->self, path, flags | O_CREAT | O_EXCL, 0600);
        if (file >= 0) {
            unlink(path);
        }
    }
    return file;
}

static bool open_file(struct disk_probe *p, int direct, struct disk_result *out)
{
    const struct seams *s = &p->seams;
    p->direct = direct != 0;
    p->file = open_as(p, direct);
    if (p->file == -EINVAL && direct != 0) {
        return open_file(p, 0, out);
    }
    if (p->file < 0) {
        return failed(out, "open", -p->file);
    }
    p->open = true;
    memset(p->slot_sequence, 0, sizeof p->slot_sequence);
    const int error = s->allocate(s->self, p->file, FILE_BYTES);
    return error == 0 || failed(out, "allocate", -error);
}

void disk_probe_close(struct disk_probe *p)
{
    if (p->open) {
        close(p->file);
        p->open = false;
    }
}

static bool read_slot(struct disk_probe *p, uint32_t slot, struct disk_result *out)
{
    const struct seams *s = &p->seams;
    if (!p->direct) {
        posix_fadvise(p->file, 0, 0, POSIX_FADV_DONTNEED);
    }
    memset(p->back, 0, sizeof p->back);
    const ssize_t done =
        s->pread(s->self, p->file, p->back, DISK_BLOCK_BYTES, (off_t)slot * DISK_BLOCK_BYTES);
    return done == (ssize_t)DISK_BLOCK_BYTES ||
           failed(out, "read", done < 0 ? (int)-done : EIO);
}

static bool write_slot(struct disk_probe *p, uint32_t slot, struct disk_result *out)
{
    const struct seams *s = &p->seams;
    const ssize_t done =
        s->pwrite(s->self, p->file, p->block, DISK_BLOCK_BYTES, (off_t)slot * DISK_BLOCK_BYTES);
    if (done != (ssize_t)DISK_BLOCK_BYTES) {
        return failed(out, "write", done < 0 ? (int)-done : EIO);
    }
    const int error = s->sync(s->self, p->file);
    return error == 0 || failed(out, "sync", -error);
}

static uint32_t differing(const uint8_t *a, const uint8_t *b)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < DISK_BLOCK_BYTES; i++) {
        count += a[i] != b[i];
    }
    return count;
}

/* Reads a slot until it is what it should be, at most 1 + AGAIN times, always in the same
 * place. False: it never was, or could not be read. */
static bool read_right(struct disk_probe *p, uint32_t slot, struct disk_result *out)
{
    for (uint32_t i = 0; i <= AGAIN; i++) {
        if (!read_slot(p, slot, out)) {
            return false;
        }
        if (disk_block_is(p->back, p->slot_digest[slot])) {
            out->outcome = i == 0 ? out->outcome : DISK_OUTCOME_PASSING;
            return true;
        }
        out->slot = slot;
        out->expected = p->slot_sequence[slot];
        out->got = sequence_of(p->back);
        out->different_bytes = differing(p->back, p->block);
    }
    return false;
}

static bool step(struct disk_probe *p, struct disk_result *out)
{
    uint8_t random[SEED_BYTES + 1];
    const struct seams *s = &p->seams;
    const ssize_t drawn = s->random(s->self, random, sizeof random, GRND_NONBLOCK);
    if (drawn != (ssize_t)sizeof random) {
        return failed(out, "random", drawn < 0 ? (int)-drawn : EAGAIN);
    }
    const uint32_t slot = (uint32_t)(++p->sequence % DISK_SLOTS);
    const uint32_t other = (slot + 1 + random[SEED_BYTES] % (DISK_SLOTS - 1)) % DISK_SLOTS;
    disk_block_make(p->block, p->sequence, slot, random);
    p->slot_sequence[slot] = p->sequence;
    disk_block_digest(p->block, p->slot_digest[slot]);
    if (!write_slot(p, slot, out)) {
        return false;
    }
    if (!read_right(p, slot, out)) {
        out->outcome = out->call == NULL ? DISK_OUTCOME_WRONG : out->outcome;
        return false;
    }
    if (p->slot_sequence[other] != 0 && !read_right(p, other, out)) {
        out->outcome = out->call == NULL ? DISK_OUTCOME_CHANGED : out->outcome;
        return false;
    }
    return true;
}

static bool is_gone(const struct disk_probe *p)
{
    struct stat s;
    return !p->nameless && fstat(p->file, &s) == 0 && s.st_nlink == 0;
}

void disk_probe_run(struct disk_probe *p, struct disk_result *out)
{
    const struct seams *s = &p->seams;
    memset(out, 0, sizeof *out);
    if (!p->open && !open_file(p, O_DIRECT, out)) {
        disk_probe_close(p);
        return;
    }
    if (is_gone(p)) {
        out->outcome = DISK_OUTCOME_GONE;
        disk_probe_close(p);
        return;
    }
    const uint64_t begun_ns = s->clock_ns(s->self, SEAM_MONOTONIC);
    bool done = step(p, out);
    if (!done && out->error == EINVAL && p->direct) {
        /* Opened past the cache, but not to be used so. */
        disk_probe_close(p);
        memset(out, 0, sizeof *out);
        done = open_file(p, 0, out) && step(p, out);
    }
    out->took_ms = (s->clock_ns(s->self, SEAM_MONOTONIC) - begun_ns) / 1000000;
    if (!done && out->outcome == DISK_OUTCOME_ERROR) {
        disk_probe_close(p);
    }
}
