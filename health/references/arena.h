#ifndef OSTRAKON_HEALTH_REFERENCES_ARENA_H
#define OSTRAKON_HEALTH_REFERENCES_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Argon2id in memory that is taken anew for each work, locked, and held while later works take
 * theirs: the kernel hands out again what was freed last, and work that frees would go over the
 * same frames for ever (references.md, R10). Held memory alternates between small pages and
 * huge ones, which come from different lists of the kernel, each time it was all replaced;
 * where nothing may be held, with each work. */

struct seams;

#define ARENA_SALT_BYTES 16u
#define ARENA_ANSWER_BYTES 32u
#define ARENAS_MAX 4u

struct arena_work {
    const void *password;
    size_t password_bytes;
    const uint8_t *salt; /* ARENA_SALT_BYTES */
    uint32_t mib;        /* a power of two */
    uint32_t passes;
};

/* What is held, the oldest first. Takes a zeroed one; one thread at a time. */
struct arenas {
    uint64_t works;
    uint32_t held;
    void *list[ARENAS_MAX];
    size_t size_bytes[ARENAS_MAX];
};

/* Does the work, in memory of its own; of what is held then, that and what was taken before,
 * the `hold` newest stay so (0 .. ARENAS_MAX). False: there is no memory. */
bool arenas_work(struct arenas *a, const struct seams *seams, const struct arena_work *work,
                 uint32_t hold, uint8_t out[static ARENA_ANSWER_BYTES])
    __attribute__((warn_unused_result));

/* Gives all back. */
void arenas_release(struct arenas *a, const struct seams *seams);

#endif
