#ifndef OSTRAKON_HEALTH_REFERENCES_RANDOMNESS_H
#define OSTRAKON_HEALTH_REFERENCES_RANDOMNESS_H

#include "health/reference.h"

/* R35: the kernel's random numbers. A nonce that repeats breaks many schemes, and a virtual
 * machine that was resumed from a snapshot repeats its own: so a digest of the first draw is
 * kept in the data directory, for the next start to compare its own first draw with. */

#define RANDOMNESS_NOTES(X)                                                                    \
    X(FRESH, "draws differ from each other and from the last start's", "")                     \
    X(UNSTORED, "draws differ from each other; none of the last start to compare with", "")    \
    X(REPEATED, "two draws of 32 bytes are equal",                                             \
      "Stop this machine: its random numbers repeat, and with them keys and nonces.")          \
    X(SAME, "two draws of 8 bytes in a row are {got#}",                                        \
      "Stop this machine: its random numbers repeat, and with them keys and nonces.")          \
    X(STUCK, "32 bytes drawn are all {got#}",                                                  \
      "Stop this machine: its random numbers are stuck, and with them keys and nonces.")       \
    X(RESTORED, "the first draw is that of the last start: this machine was restored",         \
      "Reseed it, by booting it anew, before it makes another key.")                           \
    X(SHORT, "getrandom gave {got} of 32 bytes", "")                                           \
    X(BLOCKED, "getrandom is not ready: the kernel has no entropy yet", "")                    \
    X(REFUSED, "getrandom failed: {error}", "")

enum randomness_note {
#define X(name, text, action) RANDOMNESS_##name,
    RANDOMNESS_NOTES(X)
#undef X
};

#define DRAW_BYTES 32u

/* Of one draw of 64 bits and the one before it, as each step of the agent makes one: the same
 * twice is no chance (1 in 2^64). False, and `out` is fatal: it repeats. */
bool randomness_differs(uint64_t drawn, uint64_t last, struct finding *out)
    __attribute__((warn_unused_result));

struct randomness_state {
    bool drawn;
    uint8_t last[DRAW_BYTES]; /* digest of the last draw */
};

extern const struct reference reference_randomness;

#endif
