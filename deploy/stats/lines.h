#ifndef STATS_LINES_H
#define STATS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "row.h"

/* A file or pipe, line by line, in memory that does not grow however long a line is.
 *
 *     while (!l->is_at_end) {
 *         if (!lines_fill(l)) { errno says why }
 *         while ((kind = lines_next(l, &line, &size_bytes)) != LINE_NONE) { ... }
 *     }
 */

#define LINES_BUFFER_BYTES 65536

/* What lines_next found. */
enum line_kind {
    LINE_NONE,       /* fill again; at the end, all has been handed out */
    LINE_READY,      /* a line that ended in a newline */
    LINE_TOO_LONG,   /* it had more than ROW_LINE_BYTES_MAX bytes, and they are gone */
    LINE_UNFINISHED, /* the last bytes of the file, without a newline */
};

struct lines {
    int fd;          /* the caller's, and stays his */
    bool is_at_end;  /* the file has been read to its end */
    uint64_t number; /* of the line handed out last, from 1 */
    uint64_t offset; /* in the file, of the byte after it */

    bool is_skipping; /* inside a line that is too long */
    size_t start, end;
    char bytes[LINES_BUFFER_BYTES + 1];
};

void lines_init(struct lines *l, int fd);

/* Blocks until there is more to read, or the end. Call it when lines_next answered LINE_NONE.
 * Answers false, with errno, when the file cannot be read. A signal's interruption is not that:
 * there is merely nothing new. */
bool lines_fill(struct lines *l) __attribute__((warn_unused_result));

/* *line lies in `l` until the next call, ends in a NUL instead of its newline, and may be
 * written to. It is set with LINE_READY and LINE_UNFINISHED only. */
enum line_kind lines_next(struct lines *l, char **line, size_t *size_bytes);

#endif
