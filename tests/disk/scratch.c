#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEED(fact)                                                                             \
    do {                                                                                       \
        if (!(fact)) {                                                                         \
            perror(#fact);                                                                     \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

static char directory[64];
static pid_t owner;
static bool mounted;

static int forget(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void clear(void)
{
    if (getpid() != owner) {
        return; /* a fork of the test */
    }
    if (mounted) {
        umount2(directory, MNT_DETACH);
    }
    nftw(directory, forget, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch(void)
{
    if (directory[0] == '\0') {
        snprintf(directory, sizeof directory, "/tmp/ostrakon-disk-XXXXXX");
        NEED(mkdtemp(directory) != NULL);
        owner = getpid();
        atexit(clear);
    }
    return directory;
}

const char *scratch_path(const char *name)
{
    static char paths[8][SCRATCH_PATH_MAX];
    static unsigned turn;
    char *const path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch(), name);
    return path;
}

bool scratch_mount(size_t size_bytes)
{
    char options[48];
    snprintf(options, sizeof options, "size=%zu", size_bytes);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", scratch(), "tmpfs", 0, options) != 0) {
        return false;
    }
    mounted = true;
    return true;
}

int scratch_count(const char *prefix, char found[SCRATCH_PATH_MAX])
{
    int count = 0;
    DIR *const open_directory = opendir(scratch());
    NEED(open_directory != NULL);
    for (struct dirent *e = readdir(open_directory); e != NULL; e = readdir(open_directory)) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0) {
            count++;
            if (found != NULL) {
                snprintf(found, SCRATCH_PATH_MAX, "%s", scratch_path(e->d_name));
            }
        }
    }
    closedir(open_directory);
    return count;
}

size_t file_size(const char *path)
{
    struct stat status;
    NEED(stat(path, &status) == 0);
    return (size_t)status.st_size;
}

uint8_t *file_load(const char *path, size_t *size_bytes)
{
    *size_bytes = file_size(path);
    uint8_t *const bytes = malloc(*size_bytes + 1);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    NEED(bytes != NULL && file >= 0);
    NEED(pread(file, bytes, *size_bytes, 0) == (ssize_t)*size_bytes);
    close(file);
    return bytes;
}

void file_save(const char *path, const uint8_t *bytes, size_t size_bytes)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    NEED(file >= 0 && ftruncate(file, (off_t)size_bytes) == 0);
    NEED(write(file, bytes, size_bytes) == (ssize_t)size_bytes);
    close(file);
}

void file_flip(const char *path, size_t offset, int bit)
{
    uint8_t byte;
    const int file = open(path, O_RDWR | O_CLOEXEC);
    NEED(file >= 0 && pread(file, &byte, 1, (off_t)offset) == 1);
    byte ^= (uint8_t)(1u << bit);
    NEED(pwrite(file, &byte, 1, (off_t)offset) == 1);
    close(file);
}

size_t disk_fill(const char *path)
{
    static const uint8_t zeros[4096];
    size_t filled = 0;
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    NEED(file >= 0);
    for (ssize_t put; (put = write(file, zeros, sizeof zeros)) > 0;) {
        filled += (size_t)put;
    }
    close(file);
    return filled;
}

bool wait_until(bool (*is_so)(void *context), void *context)
{
    for (int i = 0; i < 5000; i++) {
        if (is_so(context)) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return false;
}
