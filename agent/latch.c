#include "agent/latch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "consensus/codec.h"

#define MAGIC "ostrakon/latch/1"
#define DIGESTED_BYTES (LATCH_BYTES - 32u)

static_assert(sizeof MAGIC == 17, "16 characters");
static_assert(143 + LATCH_RESIGNATION_MAX <= DIGESTED_BYTES, "a resignation fits");

static void digest(const uint8_t bytes[static LATCH_BYTES], uint8_t out[static 32])
{
    crypto_generichash(out, 32, bytes, DIGESTED_BYTES, NULL, 0);
}

static void write_finding(struct writer *w, const struct finding *f)
{
    write_uint(w, f->id, 4);
    write_uint(w, (uint32_t)f->result, 4);
    write_uint(w, f->flags, 4);
    write_uint(w, f->hold_s, 4);
    write_uint(w, f->evidence.address, 8);
    write_uint(w, f->evidence.expected, 8);
    write_uint(w, f->evidence.got, 8);
    write_uint(w, f->evidence.count, 8);
    write_uint(w, f->evidence.core, 4);
    write_uint(w, f->evidence.note, 4);
    write_bytes(w, f->evidence.subject, EVIDENCE_SUBJECT_BYTES);
}

static void read_finding(struct reader *r, struct finding *f)
{
    f->id = (uint32_t)read_uint(r, 4);
    f->result = (enum reference_result)read_uint(r, 4);
    f->flags = (uint32_t)read_uint(r, 4);
    f->hold_s = (uint32_t)read_uint(r, 4);
    f->evidence.address = read_uint(r, 8);
    f->evidence.expected = read_uint(r, 8);
    f->evidence.got = read_uint(r, 8);
    f->evidence.count = read_uint(r, 8);
    f->evidence.core = (uint32_t)read_uint(r, 4);
    f->evidence.note = (uint32_t)read_uint(r, 4);
    read_bytes(r, f->evidence.subject, EVIDENCE_SUBJECT_BYTES);
    f->evidence.subject[EVIDENCE_SUBJECT_BYTES - 1] = '\0';
}

void latch_encode(const struct latch *l, uint8_t out[static LATCH_BYTES])
{
    struct writer w = writer_of(out, DIGESTED_BYTES);
    memset(out, 0, LATCH_BYTES);
    write_bytes(&w, MAGIC, 16);
    write_bytes(&w, l->cluster_id, sizeof l->cluster_id);
    write_uint(&w, l->member, 4);
    write_uint(&w, l->time_ms, 8);
    write_finding(&w, &l->finding);
    write_uint(&w, l->cause_class, 1);
    write_uint(&w, l->resignation_bytes, 2);
    write_bytes(&w, l->resignation, l->resignation_bytes);
    digest(out, out + DIGESTED_BYTES);
}

static bool has_sound_cause(const struct latch *l)
{
    const uint32_t id = l->finding.id;
    return l->cause_class == LATCH_REPLACED ? id == 0 : id >= 1 && id <= REFERENCES_MAX;
}

bool latch_decode(const uint8_t bytes[static LATCH_BYTES], const uint8_t cluster_id[static 32],
                  uint32_t member, struct latch *out)
{
    uint8_t expected[32];
    char magic[16];
    struct reader r = reader_of(bytes, DIGESTED_BYTES);
    memset(out, 0, sizeof *out);
    read_bytes(&r, magic, sizeof magic);
    read_bytes(&r, out->cluster_id, sizeof out->cluster_id);
    out->member = (uint32_t)read_uint(&r, 4);
    out->time_ms = read_uint(&r, 8);
    read_finding(&r, &out->finding);
    out->cause_class = (uint8_t)read_uint(&r, 1);
    out->resignation_bytes = (uint16_t)read_uint(&r, 2);
    if (out->resignation_bytes > LATCH_RESIGNATION_MAX) {
        return false;
    }
    read_bytes(&r, out->resignation, out->resignation_bytes);
    digest(bytes, expected);
    return memcmp(expected, bytes + DIGESTED_BYTES, sizeof expected) == 0 &&
           memcmp(magic, MAGIC, sizeof magic) == 0 &&
           memcmp(out->cluster_id, cluster_id, sizeof out->cluster_id) == 0 &&
           out->member == member && has_sound_cause(out);
}

static void name(const char *directory, const char *file, char path[static LATCH_PATH_BYTES])
{
    snprintf(path, LATCH_PATH_BYTES, "%.1024s/%s", directory, file);
}

/* True: the file is not there. Else `bytes` holds it, or `fault` says why not. */
static bool is_absent(const char *path, uint8_t bytes[static LATCH_BYTES], const char **fault)
{
    uint8_t more = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) {
        *fault = strerror(errno);
        return errno == ENOENT;
    }
    const ssize_t size = pread(file, bytes, LATCH_BYTES, 0);
    if (size < 0) {
        *fault = strerror(errno);
    } else if (size != LATCH_BYTES || pread(file, &more, 1, LATCH_BYTES) != 0) {
        *fault = "it has not its size";
    }
    close(file);
    return false;
}

void latch_read(const struct latch_directories *at, const uint8_t cluster_id[static 32],
                uint32_t member, struct latch_reading *out)
{
    uint32_t absent = 0;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        char path[LATCH_PATH_BYTES];
        uint8_t bytes[LATCH_BYTES];
        struct latch found;
        const char *fault = NULL;
        name(at->path[i], LATCH_FILE, path);
        if (is_absent(path, bytes, &fault)) {
            absent++;
            continue;
        }
        if (fault == NULL && !latch_decode(bytes, cluster_id, member, &found)) {
            fault = "it is damaged, or of another member";
        }
        if (fault != NULL) {
            snprintf(out->fault, sizeof out->fault, "%s cannot be read: %s", path, fault);
        } else if (!out->known) {
            out->known = true;
            out->latch = found;
        }
    }
    out->state = absent == LATCH_COPIES ? LATCH_CLEAR : LATCH_SET;
}

static int make_spare(int directory)
{
    static const uint8_t zeros[LATCH_BYTES];
    const int file = openat(directory, LATCH_SPARE,
                            O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file >= 0 && (pwrite(file, zeros, sizeof zeros, 0) != (ssize_t)sizeof zeros ||
                      fsync(file) != 0 || fsync(directory) != 0)) {
        close(file);
        return -1;
    }
    return file;
}

bool latch_prepare(struct latch_files *f, const struct latch_directories *at,
                   char error[static LATCH_ERROR_BYTES])
{
    bool good = true;
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        f->spare[i] = -1;
        (void)!mkdir(at->path[i], 0700); /* there already, as a rule */
        f->directory[i] = open(at->path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->directory[i] >= 0) {
            f->spare[i] = make_spare(f->directory[i]);
        }
        if (f->spare[i] < 0) {
            snprintf(error, LATCH_ERROR_BYTES, "%.1024s/%s cannot be written: %s", at->path[i],
                     LATCH_SPARE, strerror(errno));
            good = false;
        }
    }
    return good;
}

bool latch_write(const struct latch_files *f, const uint8_t bytes[static LATCH_BYTES])
{
    bool written = false;
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        const int file = f->spare[i];
        if (file >= 0 && pwrite(file, bytes, LATCH_BYTES, 0) == (ssize_t)LATCH_BYTES &&
            fdatasync(file) == 0 &&
            renameat(f->directory[i], LATCH_SPARE, f->directory[i], LATCH_FILE) == 0) {
            written |= fsync(f->directory[i]) == 0;
        }
    }
    return written;
}

bool latch_remove(const struct latch_directories *at, char error[static LATCH_ERROR_BYTES])
{
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        char path[LATCH_PATH_BYTES];
        name(at->path[i], LATCH_FILE, path);
        const int directory = open(at->path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool gone = directory < 0 && errno == ENOENT;
        if (directory >= 0) {
            gone = (unlinkat(directory, LATCH_FILE, 0) == 0 || errno == ENOENT) &&
                   fsync(directory) == 0;
        }
        if (!gone) {
            snprintf(error, LATCH_ERROR_BYTES, "%s cannot be removed: %s", path,
                     strerror(errno));
        }
        const int reason = errno;
        if (directory >= 0) {
            close(directory);
        }
        if (!gone) {
            errno = reason;
            return false;
        }
    }
    return true;
}

void latch_files_finish(struct latch_files *f)
{
    for (uint32_t i = 0; i < LATCH_COPIES; i++) {
        if (f->directory[i] >= 0) {
            close(f->directory[i]);
        }
        if (f->spare[i] >= 0) {
            close(f->spare[i]);
        }
        f->directory[i] = -1;
        f->spare[i] = -1;
    }
}
