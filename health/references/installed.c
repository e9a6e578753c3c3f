#include "installed.h"

#include <errno.h>
#include <string.h>

#include "direct.h"
#include "references.h"

/* What one reading of a file gave. */
struct reading {
    struct stat stat;
    bool direct;
    uint8_t disk[DIRECT_DIGEST_BYTES];
    uint8_t cache[DIRECT_DIGEST_BYTES];
};

static void name(struct finding *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    finding_subject(out, slash == NULL ? path : slash + 1);
}

static bool refuse(struct finding *out, enum reference_result result, uint32_t note, int error)
{
    out->evidence.got = (uint64_t)error;
    finding_set(out, result, note);
    return false;
}

/* False: `out` says why not. */
static bool read_one(const struct seams *seams, const char *path, bool direct, uint8_t *piece,
                     uint8_t digest[static DIRECT_DIGEST_BYTES], bool *was_direct,
                     struct finding *out)
{
    struct direct_file f = direct_open(seams, path, direct);
    if (f.file < 0) {
        return refuse(out, RESULT_UNKNOWN, INSTALLED_UNREADABLE, -f.file);
    }
    const bool done = direct_digest(seams, &f, piece, digest);
    *was_direct = f.direct;
    direct_close(&f);
    return done || refuse(out, RESULT_UNKNOWN, INSTALLED_UNREADABLE, EIO);
}

static bool read_file(const struct seams *seams, const char *path, uint8_t *piece,
                      struct reading *r, struct finding *out)
{
    bool cached;
    const int status = seams->stat(seams->self, path, &r->stat);
    if (status == -ENOENT || status == -ENOTDIR) {
        out->flags |= FINDING_PERSON;
        return refuse(out, RESULT_DEGRADED, INSTALLED_GONE, -status);
    }
    if (status != 0) {
        return refuse(out, RESULT_UNKNOWN, INSTALLED_UNREADABLE, -status);
    }
    if (!S_ISREG(r->stat.st_mode) || r->stat.st_size > INSTALLED_BYTES_MAX) {
        return refuse(out, RESULT_DEGRADED, INSTALLED_STRANGE, 0);
    }
    return read_one(seams, path, false, piece, r->cache, &cached, out) &&
           read_one(seams, path, true, piece, r->disk, &r->direct, out);
}

static bool is_untouched(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* `after` is the file's state behind the reading: a file that is being written now is judged
 * the next time. */
static void judge(struct installed_base *base, const struct reading *r,
                  const struct stat *after, bool vital, struct finding *out)
{
    const enum reference_result wrong = vital ? RESULT_FATAL : RESULT_DEGRADED;
    const bool at_rest = is_untouched(&r->stat, after);
    const bool as_before =
        !base->known || memcmp(base->digest, r->disk, DIRECT_DIGEST_BYTES) == 0;
    finding_set(out, RESULT_OK, INSTALLED_RIGHT);
    if (!at_rest || (!as_before && !is_untouched(&base->stat, &r->stat))) {
        out->flags |= FINDING_SERVE;
        finding_set(out, RESULT_DEGRADED, INSTALLED_NEWER);
    } else if (!as_before) {
        out->flags |= FINDING_PERSON;
        finding_set(out, wrong, INSTALLED_ROTTEN);
    } else if (r->direct && memcmp(r->disk, r->cache, DIRECT_DIGEST_BYTES) != 0) {
        out->flags |= FINDING_PERSON;
        finding_set(out, wrong, INSTALLED_CACHED);
    } else {
        /* Times may change where the bytes do not: a link was made, a mode set. */
        base->known = true;
        base->stat = r->stat;
        memcpy(base->digest, r->disk, DIRECT_DIGEST_BYTES);
    }
}

/* The program that runs was unlinked: it is replaced, and this process the old one. */
static void judge_upgrade(struct reference_context *context, const struct stat *program,
                          struct finding *out)
{
    struct installed_state *state = &context->installed;
    const uint64_t now_ms = context->seams.clock_ns(context->seams.self, SEAM_BOOT) / 1000000;
    if (program->st_nlink > 0) {
        state->pending = false;
        return;
    }
    if (!state->pending) {
        state->pending = true;
        state->pending_since_ms = now_ms;
    }
    const bool long_ago = now_ms - state->pending_since_ms >= INSTALLED_PENDING_MS;
    out->flags |= long_ago ? FINDING_SERVE : 0;
    finding_set(out, long_ago ? RESULT_DEGRADED : RESULT_OK, INSTALLED_PENDING);
}

static void examine(struct reference_context *context, uint32_t index, uint8_t *piece,
                    bool *direct, struct finding *out)
{
    static const struct installed_file program = {"/proc/self/exe", true};
    const struct installed_file *file = index == 0 ? &program : &context->files[index - 1];
    struct reading r;
    struct stat after;
    *direct = false;
    name(out, index == 0 ? "the program" : file->path);
    if (!read_file(&context->seams, file->path, piece, &r, out)) {
        return;
    }
    if (context->seams.stat(context->seams.self, file->path, &after) != 0) {
        refuse(out, RESULT_UNKNOWN, INSTALLED_UNREADABLE, EIO);
        return;
    }
    *direct = r.direct;
    judge(&context->installed.bases[index], &r, &after, file->vital, out);
    if (index == 0 && out->result == RESULT_OK) {
        judge_upgrade(context, &after, out);
    }
}

/* The worst of all files is the finding. */
static void run(struct reference_context *context, struct finding *out)
{
    const struct seams *seams = &context->seams;
    const uint32_t count = context->file_count + 1;
    uint64_t cached = 0;
    uint8_t *piece = seams->map(seams->self, DIRECT_PIECE_BYTES, false);
    if (piece == NULL) {
        finding_set(out, RESULT_UNKNOWN, INSTALLED_NO_MEMORY);
        return;
    }
    finding_set(out, RESULT_OK, INSTALLED_RIGHT);
    for (uint32_t i = 0; i < count; i++) {
        bool direct;
        struct finding one;
        finding_begin(&one, out->id);
        examine(context, i, piece, &direct, &one);
        cached += !direct;
        const bool worse = finding_worsen(out, one.result, one.evidence.note);
        if (worse || one.evidence.note == INSTALLED_PENDING) {
            *out = one;
        }
    }
    seams->unmap(seams->self, piece, DIRECT_PIECE_BYTES);
    if (out->result == RESULT_OK && out->evidence.note == INSTALLED_RIGHT) {
        memset(&out->evidence.subject, 0, sizeof out->evidence.subject);
        out->evidence.count = count;
        out->evidence.got = cached;
        out->evidence.note = cached == 0 ? INSTALLED_RIGHT : INSTALLED_WEAK;
    }
}

/* A bit turned on the disk, and one in the cache. */
static bool negative(struct reference_context *context)
{
    struct installed_base base = {.known = true};
    struct reading disk = {.direct = true, .disk = {1}, .cache = {1}};
    struct reading cache = {.direct = true, .cache = {0x80}};
    struct finding seen_disk;
    struct finding seen_cache;
    (void)context;
    finding_begin(&seen_disk, 7);
    finding_begin(&seen_cache, 7);
    judge(&base, &disk, &disk.stat, true, &seen_disk);
    judge(&base, &cache, &cache.stat, true, &seen_cache);
    return seen_disk.result == RESULT_FATAL && seen_cache.result == RESULT_FATAL;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    INSTALLED_NOTES(X)
#undef X
};

const struct reference reference_installed = {
    .id = 7,
    .period_ms = 60000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
