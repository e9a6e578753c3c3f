#include "listing.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool below_root(const struct seams *seams, const char *path, char out[static PATH_MAX])
{
    assert(strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0);
    const int size_bytes = snprintf(out, PATH_MAX, "%s%s", seams->root, path);
    return size_bytes > 0 && size_bytes < PATH_MAX;
}

static enum source_verdict verdict_of(int error)
{
    const bool missing = error == ENOENT || error == ENOTDIR || error == ENODEV;
    const bool forbidden = error == EACCES || error == EPERM;
    return missing ? SOURCE_MISSING : forbidden ? SOURCE_FORBIDDEN : SOURCE_FAILED;
}

static enum source_verdict directory_open(const struct seams *seams, const char *path,
                                          DIR **out)
{
    char whole[PATH_MAX];
    *out = below_root(seams, path, whole) ? opendir(whole) : NULL;
    return *out == NULL ? verdict_of(errno) : SOURCE_READ;
}

/* The next name without a dot before it; NULL at the end, with errno 0, or on failure. */
static const char *name_next(DIR *directory)
{
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(directory);
    } while (entry != NULL && entry->d_name[0] == '.');
    return entry == NULL ? NULL : entry->d_name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void listing_add(struct listing *l, const char *name)
{
    const size_t size_bytes = strlen(name) + 1;
    if (l->count == LISTING_MAX || size_bytes > LISTING_NAME_BYTES) {
        l->cut = true;
    } else {
        memcpy(l->names[l->count++], name, size_bytes);
    }
}

enum source_verdict listing_read(const struct seams *seams, const char *path,
                                 const char *prefix, struct listing *out)
{
    DIR *directory;
    const char *name;
    out->count = 0;
    out->cut = false;
    enum source_verdict verdict = directory_open(seams, path, &directory);
    if (verdict != SOURCE_READ) {
        return verdict;
    }
    while ((name = name_next(directory)) != NULL) {
        if (strncmp(name, prefix, strlen(prefix)) == 0) {
            listing_add(out, name);
        }
    }
    if (errno != 0) {
        verdict = verdict_of(errno);
        out->count = 0;
    }
    closedir(directory);
    qsort(out->names, out->count, LISTING_NAME_BYTES, by_name);
    return verdict;
}

enum source_verdict listing_count(const struct seams *seams, const char *path, uint64_t *out)
{
    DIR *directory;
    *out = 0;
    enum source_verdict verdict = directory_open(seams, path, &directory);
    if (verdict != SOURCE_READ) {
        return verdict;
    }
    while (name_next(directory) != NULL) {
        (*out)++;
    }
    if (errno != 0) {
        verdict = verdict_of(errno);
    }
    closedir(directory);
    return verdict;
}

/* Takes the last part off the path. */
static bool last_part(char *path, char out[static LISTING_NAME_BYTES])
{
    char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const size_t size_bytes = strlen(name) + 1;
    if (size_bytes > LISTING_NAME_BYTES) {
        return false;
    }
    memcpy(out, name, size_bytes);
    *(slash == NULL ? path : slash) = '\0';
    return true;
}

bool link_read(const struct seams *seams, const char *path,
               char name[static LISTING_NAME_BYTES], char parent[static LISTING_NAME_BYTES])
{
    char whole[PATH_MAX];
    char target[PATH_MAX];
    name[0] = parent[0] = '\0';
    if (!below_root(seams, path, whole)) {
        return false;
    }
    const ssize_t size_bytes = readlink(whole, target, sizeof target - 1);
    if (size_bytes <= 0) {
        return false;
    }
    target[size_bytes] = '\0';
    return last_part(target, name) && name[0] != '\0' && last_part(target, parent);
}
