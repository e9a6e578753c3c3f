#ifndef OSTRAKON_TESTS_FLIPS_REGIONS_H
#define OSTRAKON_TESTS_FLIPS_REGIONS_H

#include <sys/types.h>

#include "victim.h"

/* Where bits are flipped. */
#define REGIONS(X)                                                                             \
    X(STATE, "state", true)          /* deciding state and what guards it, of node and twin */ \
    X(MOVING, "moving", false)       /* the same, while steps are under way */                 \
    X(WORDS, "words", true)          /* what is signed, after both minds agreed on it */       \
    X(KEYS, "keys", true)            /* the sealed vote key, and its public key twice */       \
    X(CODE, "code", false)           /* the program's own text */                              \
    X(CONSTANTS, "constants", false) /* its read-only data, and what the loader filled in */   \
    X(ALL, "all", false)             /* all that may be written to or executed */

enum region {
#define X(name, text, at_rest) REGION_##name,
    REGIONS(X)
#undef X
        REGION_COUNT,
};

const char *region_text(enum region region);
/* Whether bits of it are flipped between two steps only; else also while one is under way. */
bool region_rests(enum region region);

struct range {
    uint64_t from;
    uint64_t size_bytes;
};

#define RANGES_MAX 256u

struct ranges {
    uint32_t count;
    uint64_t size_bytes; /* of all */
    struct range list[RANGES_MAX];
};

/* A fork has everything where its parent has it; for ALL the victim's own mappings are read,
 * and WORDS are where it stopped. */
void ranges_of(enum region region, const struct victim *v, const struct legacy *l, pid_t pid,
               struct ranges *out);
/* The byte at this place among them. */
uint64_t ranges_at(const struct ranges *r, uint64_t place);

#endif
