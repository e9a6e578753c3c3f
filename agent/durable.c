#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool durable_write(int file, const void *bytes, size_t size_bytes)
{
    const char *at = bytes;
    while (size_bytes > 0) {
        const ssize_t written = write(file, at, size_bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += written;
        size_bytes -= (size_t)written;
    }
    return true;
}

bool durable_name(const char *path)
{
    char directory[DURABLE_PATH_MAX];
    const char *const slash = strrchr(path, '/');
    const size_t size_bytes = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (size_bytes >= sizeof directory) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(directory, slash == NULL ? "." : path, size_bytes);
    directory[size_bytes] = '\0';

    const int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const bool done = fsync(file) == 0;
    const int error = errno;
    close(file);
    errno = error;
    return done;
}
