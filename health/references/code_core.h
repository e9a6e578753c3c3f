#ifndef OSTRAKON_HEALTH_REFERENCES_CODE_CORE_H
#define OSTRAKON_HEALTH_REFERENCES_CODE_CORE_H

#include "code.h"

struct seams;

/* The code that a signature rests on: every part, as R06 has them, of the program itself, of
 * libsodium, libargon2 and libc. Measured by the gate before each signature (references.md,
 * R05), where there is no time for all the other libraries. */

#define CODE_CORE_PARTS_MAX 32u

struct code_core {
    uint32_t count;
    uint32_t cut; /* parts beyond those: they are not measured */
    struct code_part parts[CODE_CORE_PARTS_MAX];
};

/* As they are in memory now; `digest` is a sum of 16 bytes. About 1 ms for 2 to 3 MiB; holds
 * the loader's lock meanwhile. */
void code_core_measure(const struct seams *seams, struct code_core *out);

/* R06 of what was measured now and before: OK, or what has changed. */
void code_core_judge(const struct seams *seams, const struct code_core *before,
                     const struct code_core *now, struct finding *out);

#endif
