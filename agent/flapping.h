#ifndef OSTRAKON_AGENT_FLAPPING_H
#define OSTRAKON_AGENT_FLAPPING_H

#include <stdbool.h>
#include <stdint.h>

/* How often a thing that comes and goes is told: at most FLAPPING_TOLD_MAX times a minute, and
 * then once more when the minute is over, so that the last word is never a state that has
 * passed. (One report a minute, as for other peer-caused noise, would leave a member that went,
 * came, and went for good written down as there.) Pure; any thread, as long as one at a time.
 */

#define FLAPPING_TOLD_MAX 6u
#define FLAPPING_MS 60000u

/* All zero is a fresh one. The fields are flapping.c's. */
struct flapping {
    uint64_t since_ms;   /* start of the minute that is counted */
    uint32_t told;       /* in it */
    uint32_t suppressed; /* changes left out since the last that was told */
};

/* It has changed. True: tell it, and that `*suppressed` changes were left out before. Times
 * never go back. */
bool flapping_change(struct flapping *f, uint64_t now_ms, uint32_t *suppressed);

/* To be asked now and then. True: the minute is over and changes were left out: tell how it
 * stands now, and how many they were. */
bool flapping_settle(struct flapping *f, uint64_t now_ms, uint32_t *suppressed);

#endif
