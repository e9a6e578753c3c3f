#ifndef OSTRAKON_AGENT_ABORTS_H
#define OSTRAKON_AGENT_ABORTS_H

#include <stdbool.h>
#include <stdint.h>

/* How often an agent has died of damage of its own: a failed assertion, or a fault of memory or
 * arithmetic (DESIGN, 6). Each is marked in a file by the handler of its signal, so that the
 * next start can tell that it is not the first; and so is that its two minds differed (twin.h).
 * One per process; main thread. */

#define ABORTS_FILE "aborts"
#define ABORTS_RECENT_MS (60u * 60u * 1000u)
#define ABORTS_LATCH 3u /* as many as are recent set the latch */
#define ABORTS_DIFFERED_MS (24u * 60u * 60u * 1000u)
#define ABORTS_ERROR_BYTES 1200u

struct aborts_found {
    uint32_t deaths;      /* within ABORTS_RECENT_MS */
    uint32_t differences; /* within ABORTS_DIFFERED_MS */
};

/* Opens the file, or makes it, forgets those that are no longer recent at `unix_ms`, and counts
 * the others: a mark that cannot be read is a death, too. False: `error` is a sentence. */
bool aborts_open(const char *path, uint64_t unix_ms, struct aborts_found *found,
                 char error[static ABORTS_ERROR_BYTES]) __attribute__((warn_unused_result));

/* From now on marks the signals of damage; their end of the process stays what it was.
 * `on_poisoned` is called first, in the handler, if the kernel takes away a page of this
 * process whose memory is broken (R13): nothing but what a signal handler may. */
void aborts_watch(void (*on_poisoned)(void *context), void *context);

/* Marks that its two minds differ. False: that is not on the disk. */
bool aborts_mark_difference(void) __attribute__((warn_unused_result));

/* Forgets all marks: they were acted upon. */
void aborts_forget(void);

/* Marks nothing any more. Twice is harmless. */
void aborts_finish(void);

#endif
