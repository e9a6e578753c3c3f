#ifndef OSTRAKON_AGENT_SEAL_H
#define OSTRAKON_AGENT_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health/reference.h"
#include "health/references/code_core.h"
#include "health/references/cryptography.h"
#include "health/references/fill.h"
#include "health/references/seams.h"

/* What the vote key is sealed with (references.md, R05): a mask made of everything that a
 * signature rests on, measured afresh each time. Whatever of it has changed gives another mask,
 * and so another key, whose signatures nobody takes; no decision stands between, which damaged
 * code could take wrongly. Guards against corruption, not against an intruder. */

#define SEAL_MASK_BYTES 32u
#define SEAL_DIGEST_BYTES 32u

/* What the caller has. Borrowed for the call. */
struct seal_basis {
    const uint8_t *cluster_id; /* 32 bytes */
    uint32_t member;
    const void *configuration; /* in force; the same bytes at each call */
    size_t configuration_bytes;
    /* What the checks of the state have just come to, of the node and its twin (R01 to R03). */
    enum reference_result node;
    enum reference_result twin;
};

/* What was measured. */
struct seal_sources {
    struct code_core code;               /* R06 */
    struct answers answers;              /* R16 */
    uint8_t fill[FILL_ANSWER_BYTES];     /* R11, 1 MiB */
    uint8_t identity[SEAL_DIGEST_BYTES]; /* of the basis */
    enum reference_result node;          /* as in the basis */
    enum reference_result twin;          /* likewise */
};

/* Measures all of it; about 3 ms. False: R11 had no memory, which `why` says (unknown). */
bool seal_measure(const struct seams *seams, const struct seal_basis *basis,
                  struct seal_sources *out, struct finding *why)
    __attribute__((warn_unused_result));

/* The first 32 bytes of BLAKE2b-512 over the sources. The caller wipes them. */
void seal_mask(const struct seal_sources *s, uint8_t mask[static SEAL_MASK_BYTES]);

/* Whether a key may be sealed with these: the answers are the published ones, the state is
 * sound, no code is left out. */
bool seal_is_sound(const struct seal_sources *s, struct finding *why)
    __attribute__((warn_unused_result));

/* A key came out wrong: which of its sources is to blame; if none, R05. Fatal, but for R06
 * under a debugger, which is silent. */
void seal_blame(const struct seams *seams, const struct seal_sources *before,
                const struct seal_sources *now, struct finding *why);

#endif
