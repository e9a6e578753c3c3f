#ifndef OSTRAKON_HEALTH_REFERENCES_FILL_H
#define OSTRAKON_HEALTH_REFERENCES_FILL_H

#include "arena.h"
#include "health/reference.h"

/* R11: Argon2id of a fixed password, with memory filled and read in an order that depends on
 * the data. One wrong bit, wherever in it and whenever, gives another answer; so does one wrong
 * product of 64 bits.
 *
 * Small answers are computed in memory that is held for the next ones (arena.h), so that each
 * goes over other frames; which ones, the kernel decides. */

struct seams;

#define FILL_NOTES(X)                                                                          \
    X(RIGHT, "{count} MiB filled and the known answer found", "")                              \
    X(WRONG, "{count} MiB filled give {got#} ... instead of {expected#} ...",                  \
      "Take this machine out of the cluster: memory or processor is wrong.")                   \
    X(NO_MEMORY, "{count} MiB could not be had to fill", "")

enum fill_note {
#define X(name, text, action) FILL_##name,
    FILL_NOTES(X)
#undef X
};

/* Answers by memory and passes, and every how many runs they are asked for. The values are
 * those of the command `argon2` (20171227, -id -v 13 -p 1), and of libsodium. */
#define FILL_SIZES(X)                                                                          \
    X(SMALL, 1, 1, 1)                                                                          \
    X(MIDDLE, 16, 1, 30)                                                                       \
    X(LARGE, 64, 3, 360)

enum fill_size {
#define X(name, mib, passes, every) FILL_##name,
    FILL_SIZES(X)
#undef X
};

#define FILL_ANSWER_BYTES ARENA_ANSWER_BYTES

struct fill_state {
    uint64_t runs;
    struct arenas arenas;
};

/* Computes the answer now; false without memory. For the gate too (references.md, R05). */
bool fill_compute(const struct seams *seams, enum fill_size size,
                  uint8_t out[static FILL_ANSWER_BYTES]) __attribute__((warn_unused_result));

/* R11 of such an answer: ok or fatal. */
void fill_judge(enum fill_size size, const uint8_t answer[static FILL_ANSWER_BYTES],
                struct finding *out);

/* One answer of that size, as a finding. */
void fill_run(const struct seams *seams, enum fill_size size, struct finding *out);

void fill_finish(struct fill_state *state, const struct seams *seams);

extern const struct reference reference_fill;

#endif
