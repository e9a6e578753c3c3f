#ifndef OSTRAKON_AGENT_TASK_WORK_H
#define OSTRAKON_AGENT_TASK_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "health/references/arena.h"
#include "health/references/seams.h"

/* The work over a task's number (health/challenge.h): Argon2id, 16 MiB, one pass, 12 to 100 ms.
 * The same on every sound machine. */

#define TASK_BYTES 32u /* of a number, and of a result */
#define TASK_MIB 16u

/* Blocks for as long as it takes. Any thread. False: no memory. */
bool task_work(const uint8_t nonce[static TASK_BYTES], uint8_t result[static TASK_BYTES])
    __attribute__((warn_unused_result));

/* The same in memory of the caller's arenas, of which up to `hold` are held afterwards. */
bool task_work_in(struct arenas *arenas, uint32_t hold, const struct seams *seams,
                  const uint8_t nonce[static TASK_BYTES], uint8_t result[static TASK_BYTES])
    __attribute__((warn_unused_result));

#endif
