#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable.h"

bool replace_file(const char *path, const void *bytes, size_t size_bytes, mode_t mode)
{
    char fresh[REPLACE_PATH_BYTES];
    const int size = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof fresh) {
        errno = ENAMETOOLONG;
        return false;
    }
    unlink(fresh); /* of a run that ended in the middle */
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        return false;
    }
    const bool written =
        fchmod(fd, mode) == 0 && durable_write(fd, bytes, size_bytes) && fsync(fd) == 0;
    int reason = errno;
    close(fd);
    if (written && rename(fresh, path) == 0) {
        return durable_name(path);
    }
    reason = written ? errno : reason;
    unlink(fresh);
    errno = reason;
    return false;
}

bool replace_read(const char *path, void *out, size_t room_bytes, size_t *size_bytes)
{
    *size_bytes = 0;
    const int fd =
        strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    char extra;
    bool more = true;
    ssize_t got = 0;
    while (more) {
        const bool full = *size_bytes == room_bytes;
        got = read(fd, full ? &extra : (char *)out + *size_bytes,
                   full ? 1 : room_bytes - *size_bytes);
        if (got > 0 && full) {
            errno = EFBIG;
            got = -1;
        }
        more = got > 0 || (got < 0 && errno == EINTR);
        *size_bytes += got > 0 ? (size_t)got : 0;
    }
    const int reason = errno;
    close(fd);
    errno = reason;
    return got == 0;
}
