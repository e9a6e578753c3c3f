#include "source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096u

const char *source_verdict_text(enum source_verdict verdict)
{
    switch (verdict) {
#define X(name, text)                                                                          \
    case SOURCE_##name:                                                                        \
        return text;
        SOURCE_VERDICTS(X)
#undef X
    }
    return "?";
}

static enum source_verdict verdict_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
        return SOURCE_MISSING;
    case EACCES:
    case EPERM:
        return SOURCE_FORBIDDEN;
    default:
        return SOURCE_FAILED;
    }
}

/* Non-blocking: a fifo where a file should be must not hold the thread up. */
int source_open(const struct seams *seams, const char *path)
{
    char whole[PATH_BYTES];
    assert(strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0 ||
           strncmp(path, "/dev/", 5) == 0);
    const int size_bytes = snprintf(whole, sizeof whole, "%s%s", seams->root, path);
    if (size_bytes < 0 || (size_t)size_bytes >= sizeof whole) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static enum source_verdict read_whole(int file, struct source *out)
{
    for (;;) {
        const size_t room = sizeof out->text - out->size_bytes;
        const ssize_t done = read(file, out->text + out->size_bytes, room);
        if (done < 0 && errno != EINTR) {
            return verdict_of(errno);
        }
        if (done == 0) {
            return SOURCE_READ;
        }
        if (done > 0) {
            out->size_bytes += (uint32_t)done;
        }
        if (out->size_bytes > SOURCE_BYTES_MAX) {
            return SOURCE_TOO_LONG;
        }
    }
}

enum source_verdict source_read(const struct seams *seams, const char *path, struct source *out)
{
    enum source_verdict verdict;
    out->size_bytes = 0;
    const int file = source_open(seams, path);
    if (file < 0) {
        verdict = verdict_of(errno);
    } else {
        verdict = read_whole(file, out);
        close(file);
    }
    if (verdict == SOURCE_READ && memchr(out->text, '\0', out->size_bytes) != NULL) {
        verdict = SOURCE_GARBAGE;
    }
    if (verdict != SOURCE_READ) {
        out->size_bytes = 0;
    }
    out->text[out->size_bytes] = '\0';
    return verdict;
}

bool number_scan(const char **at, uint64_t *out)
{
    const char *from = *at;
    uint64_t number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        const uint64_t digit = (uint64_t)(**at - '0');
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, digit, &number)) {
            return false;
        }
    }
    *out = number;
    return *at > from;
}

static const char *next_line(const char *at)
{
    const char *end = strchr(at, '\n');
    return end == NULL ? at + strlen(at) : end + 1;
}

static bool field_scan(const char *at, const char *unit, uint64_t *out)
{
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    if (!number_scan(&at, out) || strncmp(at, unit, strlen(unit)) != 0) {
        return false;
    }
    at += strlen(unit);
    return *at == '\n' || *at == '\0';
}

enum field source_field(const struct source *s, const char *key, const char *unit,
                        uint64_t *out)
{
    enum field found = FIELD_MISSING;
    for (const char *line = s->text; *line != '\0'; line = next_line(line)) {
        if (strncmp(line, key, strlen(key)) != 0) {
            continue;
        }
        if (found != FIELD_MISSING || !field_scan(line + strlen(key), unit, out)) {
            return FIELD_GARBAGE;
        }
        found = FIELD_FOUND;
    }
    return found;
}

bool source_number(const struct source *s, uint64_t *out)
{
    const char *at = s->text;
    if (!number_scan(&at, out)) {
        return false;
    }
    return at[0] == '\0' || (at[0] == '\n' && at[1] == '\0');
}
