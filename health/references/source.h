#ifndef OSTRAKON_HEALTH_REFERENCES_SOURCE_H
#define OSTRAKON_HEALTH_REFERENCES_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "seams.h"

/* The one way in which references read /proc and /sys. A file is read whole into a fixed buffer
 * or not at all, and its text is taken to be hostile: a container's file system, a driver's bug
 * or a test may put anything there. */

#define SOURCE_BYTES_MAX (256u * 1024u)

#define SOURCE_VERDICTS(X)                                                                     \
    X(READ, "read")                                                                            \
    X(MISSING, "is not there")                                                                 \
    X(FORBIDDEN, "may not be read")                                                            \
    X(FAILED, "cannot be read now")                                                            \
    X(TOO_LONG, "is longer than any real one")                                                 \
    X(GARBAGE, "is not text")

enum source_verdict {
#define X(name, text) SOURCE_##name,
    SOURCE_VERDICTS(X)
#undef X
};

struct source {
    uint32_t size_bytes;
    char text[SOURCE_BYTES_MAX + 1]; /* ends in zero, and has none before */
};

/* Reads `path`, which begins with /proc/ or /sys/ (asserted), below the seams' root. With any
 * verdict but READ the text is empty. FAILED is whatever may pass: EIO, EAGAIN, EMFILE. */
enum source_verdict source_read(const struct seams *seams, const char *path, struct source *out)
    __attribute__((warn_unused_result));

/* Opens one to be read, without waiting: a descriptor, or -1 and errno. Also for paths below
 * /dev/, from which a stream is read. */
int source_open(const struct seams *seams, const char *path);

const char *source_verdict_text(enum source_verdict verdict);

enum field {
    FIELD_FOUND,
    FIELD_MISSING,
    FIELD_GARBAGE, /* there, but not what it should be: not to be believed */
};

/* The number after `key` ("HardwareCorrupted:") where a line begins with it: blanks, decimal
 * digits, and `unit` (" kB"; "" for none) up to the line's end. A key that two lines have is
 * garbage. Linear in the text. */
enum field source_field(const struct source *s, const char *key, const char *unit,
                        uint64_t *out) __attribute__((warn_unused_result));

/* The whole text is one number, with at most one newline behind it. */
bool source_number(const struct source *s, uint64_t *out) __attribute__((warn_unused_result));

/* Decimal digits at `*at`, which is moved behind them; no sign, no blanks, below 2^64. */
bool number_scan(const char **at, uint64_t *out) __attribute__((warn_unused_result));

#endif
