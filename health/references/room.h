#ifndef OSTRAKON_HEALTH_REFERENCES_ROOM_H
#define OSTRAKON_HEALTH_REFERENCES_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* How much memory the memory tests may hold without being missed by anybody. */

struct reference_context;

struct room {
    bool known;      /* false: /proc/meminfo tells nothing, and the rest is 0 */
    bool pressed;    /* others need memory now: hold nothing */
    uint64_t free;   /* bytes that could be had without swapping, the group's limit kept */
    uint64_t window; /* bytes to hold for a while: the least of ROOM_WINDOW_MAX, 2 % of the
                      * machine's memory, and 5 % of the control group's limit */
};

#define ROOM_WINDOW_MAX (UINT64_C(256) << 20)
#define ROOM_PRESSURE_MAX 100u /* hundredths of a percent of time waiting, over 10 s */

/* Reads /proc/meminfo, /proc/pressure/memory where there is one, and the limits of the control
 * groups that this process is in. Uses the context's source. */
struct room room_now(struct reference_context *context);

#endif
