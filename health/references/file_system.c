#include "file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mount.h"
#include "references.h"

#define MIB (UINT64_C(1024) * 1024)

static void judge_room(const struct statvfs *s, struct finding *out)
{
    const uint64_t unit_bytes = s->f_frsize;
    const uint64_t free_mib = unit_bytes * s->f_bavail / MIB;
    const uint64_t percent_mib =
        unit_bytes * s->f_blocks / MIB * FILE_SYSTEM_FREE_PERCENT / 100;
    const uint64_t least_mib =
        percent_mib > FILE_SYSTEM_FREE_MIB ? percent_mib : FILE_SYSTEM_FREE_MIB;
    out->evidence.got = free_mib;
    out->evidence.expected = least_mib;
    finding_set(out, RESULT_OK, FILE_SYSTEM_ROOM);
    if (free_mib < least_mib) {
        finding_set(out, RESULT_DEGRADED, FILE_SYSTEM_LITTLE);
    } else if (s->f_files != 0 && s->f_favail < FILE_SYSTEM_INODES) {
        /* Those that count no inodes have 0 of 0. */
        out->evidence.got = s->f_favail;
        finding_set(out, RESULT_DEGRADED, FILE_SYSTEM_INODES_LEFT);
    }
    if ((s->f_flag & ST_RDONLY) != 0) {
        finding_subject(out, "the file system");
        finding_set(out, RESULT_SILENT, FILE_SYSTEM_READ_ONLY);
    }
}

static bool is_read_only(const struct mount *m)
{
    /* What ext4 says since Linux 6.14 when it stops by itself. */
    static const char *const stopped[] = {"ro", "emergency_ro", "shutdown"};
    for (size_t i = 0; i < sizeof stopped / sizeof stopped[0]; i++) {
        if (option_has(m->options, stopped[i]) || option_has(m->super_options, stopped[i])) {
            return true;
        }
    }
    return false;
}

/* `path` is the real one of the data directory. */
static void judge_mount(struct reference_context *context, const char *path,
                        struct finding *out)
{
    struct file_system_state *state = &context->file_system;
    struct mount m = {0};
    const enum source_verdict verdict =
        source_read(&context->seams, "/proc/self/mountinfo", &context->source);
    const bool there = verdict != SOURCE_MISSING && verdict != SOURCE_FORBIDDEN;
    state->mounts_there = state->started ? state->mounts_there : there;
    state->started = true;
    if (!state->mounts_there) {
        return;
    }
    if (verdict != SOURCE_READ || mount_of(&context->source, path, &m) != FIELD_FOUND) {
        finding_worsen(out, RESULT_UNKNOWN, FILE_SYSTEM_UNREADABLE);
    } else if (is_read_only(&m) && finding_worsen(out, RESULT_SILENT, FILE_SYSTEM_READ_ONLY)) {
        char point[PATH_MAX];
        snprintf(point, sizeof point, "%.*s", (int)m.point.size_bytes, m.point.at);
        finding_subject(out, point);
    }
}

static bool reserve_path(const struct reference_context *context, char out[static PATH_MAX])
{
    const int size_bytes = snprintf(out, PATH_MAX, "%s/" RESERVE_FILE, context->data_directory);
    return size_bytes > 0 && size_bytes < PATH_MAX;
}

/* 0, or a negative errno. Written with what it already has, if it has been there. */
static int reserve_make(struct reference_context *context, const char *path)
{
    const struct seams *s = &context->seams;
    const int file = s->open(s->self, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return file;
    }
    int error = s->allocate(s->self, file, RESERVE_BYTES);
    if (error == 0) {
        error = s->sync(s->self, file);
    }
    close(file);
    context->file_system.reserve_filled |= error == 0;
    return error;
}

static void judge_reserve(struct reference_context *context, struct finding *out)
{
    const struct seams *s = &context->seams;
    char path[PATH_MAX];
    struct stat file = {0};
    if (context->observer || !reserve_path(context, path)) {
        return;
    }
    /* One that was copied may have holes; a file system that compresses keeps them, so they are
     * filled once only. */
    const bool whole =
        s->stat(s->self, path, &file) == 0 && file.st_size >= RESERVE_BYTES &&
        (context->file_system.reserve_filled || file.st_blocks * 512 >= file.st_size / 2);
    const int error = whole ? 0 : reserve_make(context, path);
    if (error != 0 && finding_worsen(out, RESULT_DEGRADED, FILE_SYSTEM_NO_RESERVE)) {
        out->evidence.expected = RESERVE_BYTES;
        out->evidence.got = (uint64_t)-error;
    }
}

static void refuse(int error, struct finding *out)
{
    const bool passing = error == EINTR || error == ENOMEM;
    out->evidence.got = (uint64_t)error;
    finding_set(out, passing ? RESULT_UNKNOWN : RESULT_SILENT,
                passing ? FILE_SYSTEM_UNABLE : FILE_SYSTEM_REFUSED);
}

/* What is open there goes on where it was, and is gone with the next start. */
static bool has_moved(struct file_system_state *state, const struct stat *now)
{
    if (state->inode == 0) {
        state->device = now->st_dev;
        state->inode = now->st_ino;
    }
    return now->st_dev != state->device || now->st_ino != state->inode;
}

static void run(struct reference_context *context, struct finding *out)
{
    const struct seams *s = &context->seams;
    struct statvfs room = {0};
    struct stat directory = {0};
    char real[PATH_MAX];
    if (!reference_is_there(context, context->data_directory != NULL, FILE_SYSTEM_NO_DIRECTORY,
                            out)) {
        return;
    }
    int error = s->statvfs(s->self, context->data_directory, &room);
    error = error != 0 ? error : s->stat(s->self, context->data_directory, &directory);
    if (error != 0) {
        refuse(-error, out);
        return;
    }
    if (realpath(context->data_directory, real) == NULL) {
        refuse(errno, out);
        return;
    }
    if (has_moved(&context->file_system, &directory)) {
        finding_set(out, RESULT_SILENT, FILE_SYSTEM_MOVED);
        out->flags = FINDING_PERSON;
        return;
    }
    judge_room(&room, out);
    judge_mount(context, real, out);
    judge_reserve(context, out);
}

/* A full file system, and one that is mounted read-only. */
static bool negative(struct reference_context *context)
{
    const struct statvfs full = {.f_frsize = 4096, .f_blocks = 1u << 20, .f_files = 5000};
    struct finding seen;
    struct mount m = {0};
    struct source *s = &context->source;
    strcpy(s->text, "36 35 98:0 / / rw,noatime - ext4 /dev/sda1 rw\n"
                    "37 36 98:1 / /data rw,noatime shared:1 - ext4 /dev/sdb1 ro,errors=x\n");
    s->size_bytes = (uint32_t)strlen(s->text);
    finding_begin(&seen, 25);
    judge_room(&full, &seen);
    return seen.result == RESULT_DEGRADED && mount_of(s, "/data/x", &m) == FIELD_FOUND &&
           is_read_only(&m) && mount_of(s, "/database", &m) == FIELD_FOUND && !is_read_only(&m);
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    FILE_SYSTEM_NOTES(X)
#undef X
};

const struct reference reference_file_system = {
    .id = 25,
    .period_ms = 5000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
