#include "agent/task_work.h"

#define PASSES 1u

bool task_work_in(struct arenas *arenas, uint32_t hold, const struct seams *seams,
                  const uint8_t nonce[static TASK_BYTES], uint8_t result[static TASK_BYTES])
{
    static const uint8_t salt[ARENA_SALT_BYTES] = "ostrakon/task/1";
    const struct arena_work work = {.password = nonce,
                                    .password_bytes = TASK_BYTES,
                                    .salt = salt,
                                    .mib = TASK_MIB,
                                    .passes = PASSES};
    return arenas_work(arenas, seams, &work, hold, result);
}

bool task_work(const uint8_t nonce[static TASK_BYTES], uint8_t result[static TASK_BYTES])
{
    const struct seams seams = seams_of_machine();
    struct arenas none = {.held = 0};
    return task_work_in(&none, 0, &seams, nonce, result);
}
