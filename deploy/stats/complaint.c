#include "complaint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "instant.h"

void complaints_end(struct complaints *c)
{
    if (c->kept > 0) {
        fprintf(stderr, "ostrakon-stats: %" PRIu64 " more of these were not shown\n", c->kept);
        c->kept = 0;
    }
}

void complain(struct complaints *c, const char *format, ...)
{
    const int64_t second = instant_monotonic_ms() / 1000;
    va_list arguments;

    if (second != c->second) {
        complaints_end(c);
        c->second = second;
        c->said = 0;
    }
    if (c->said == COMPLAINTS_PER_SECOND) {
        c->kept++;
        return;
    }
    c->said++;
    va_start(arguments, format);
    fprintf(stderr, "ostrakon-stats: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
}
