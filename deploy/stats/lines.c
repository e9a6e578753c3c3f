#include "lines.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

void lines_init(struct lines *l, int fd)
{
    l->fd = fd;
    l->is_at_end = false;
    l->number = 0;
    l->offset = 0;
    l->is_skipping = false;
    l->start = 0;
    l->end = 0;
}

bool lines_fill(struct lines *l)
{
    memmove(l->bytes, l->bytes + l->start, l->end - l->start);
    l->end -= l->start;
    l->start = 0;
    assert(l->end < LINES_BUFFER_BYTES);

    const ssize_t got = read(l->fd, l->bytes + l->end, LINES_BUFFER_BYTES - l->end);
    if (got < 0) {
        return errno == EINTR;
    }
    l->is_at_end = got == 0;
    l->end += (size_t)got;
    return true;
}

/* Takes `size_bytes` from the front, `ending` of them a newline. */
static enum line_kind take(struct lines *l, size_t size_bytes, size_t ending, char **line,
                           size_t *line_bytes)
{
    const bool is_long = l->is_skipping || size_bytes - ending > ROW_LINE_BYTES_MAX;

    *line = l->bytes + l->start;
    *line_bytes = size_bytes - ending;
    l->start += size_bytes;
    l->offset += size_bytes;
    l->number++;
    l->is_skipping = false;
    if (is_long) {
        return LINE_TOO_LONG;
    }
    (*line)[*line_bytes] = '\0';
    return ending == 0 ? LINE_UNFINISHED : LINE_READY;
}

enum line_kind lines_next(struct lines *l, char **line, size_t *size_bytes)
{
    const size_t left = l->end - l->start;
    const char *newline = memchr(l->bytes + l->start, '\n', left);

    if (newline != NULL) {
        const size_t size = (size_t)(newline - (l->bytes + l->start)) + 1;
        return take(l, size, 1, line, size_bytes);
    }
    if (l->is_at_end && (left > 0 || l->is_skipping)) {
        return take(l, left, 0, line, size_bytes);
    }
    if (left > ROW_LINE_BYTES_MAX) {
        l->is_skipping = true;
        l->offset += left;
        l->start = l->end;
    }
    return LINE_NONE;
}
