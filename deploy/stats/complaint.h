#ifndef STATS_COMPLAINT_H
#define STATS_COMPLAINT_H

#include <stdint.h>

/* Words on stderr about lines that somebody else wrote: some a second, since a file of rubbish
 * must not fill a disk; of the rest, how many there were. */

#define COMPLAINTS_PER_SECOND 10

struct complaints {
    int64_t second;
    uint64_t said; /* in that second */
    uint64_t kept; /* back, since the last that was said */
};

void complain(struct complaints *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says how many were kept back, if any. */
void complaints_end(struct complaints *c);

#endif
