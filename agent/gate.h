#ifndef OSTRAKON_AGENT_GATE_H
#define OSTRAKON_AGENT_GATE_H

#include "agent/seal.h"
#include "tokens/signer.h"

/* The one way to a signature of this member's vote key (references.md, 5.1). The key lies in
 * memory sealed, and is whole only between gate_begin and gate_end. One thread.
 *
 * Sealed in memory alone: at rest it is vote.pem (health/README.md says why). */

/* In locked memory, between pages that nobody can read. */
struct gate_key {
    uint8_t sealed[SEAL_MASK_BYTES]; /* the seed under its mask */
    uint8_t public_key[IDENTITY_KEY_BYTES];
    struct key_pair pair; /* zero unless the gate is open */
};

struct gate_copy {
    uint8_t public_key[IDENTITY_KEY_BYTES];
};

/* All fields are the gate's. Zeroed: has no key. */
struct gate {
    struct seams seams;
    struct gate_key *key;    /* NULL: none, or no more */
    struct gate_copy *other; /* the second copy of the public key, in pages of its own */
    bool open;
    bool wiped;
    struct seal_sources sealed_with; /* only to tell what has changed */
    struct seal_sources now;         /* dead but for one call; large */
};

/* Seals the key with what is measured now. The caller wipes its seed. False, and no key: `why`
 * says what is not sound, or unknown: R05 without memory. */
bool gate_seal(struct gate *g, const struct seams *seams, const struct seal_basis *basis,
               const uint8_t seed[static IDENTITY_SEED_BYTES], struct finding *why)
    __attribute__((warn_unused_result));

/* Measures, and makes the key whole: once for all signatures of a step. About 3 ms. False, and
 * nothing is open: `why` is fatal, silent, or unknown. */
bool gate_begin(struct gate *g, const struct seal_basis *basis, struct finding *why)
    __attribute__((warn_unused_result));

/* Signs, and verifies with the other copy of the public key, and of the statement: `meant` is
 * what the second mind asked for, in memory of its own. False, and `signature` zeroed: `why` is
 * R17 where the two are not the same, as the words have changed since the minds were compared,
 * else fatal. About 80 us. */
bool gate_sign(struct gate *g, const struct statement *statement, const struct statement *meant,
               uint8_t signature[static SIGNATURE_BYTES], struct finding *why)
    __attribute__((warn_unused_result));

/* Wipes what gate_begin made; no harm if it made nothing. */
void gate_end(struct gate *g);

/* Wipes the key for good: no signature after this. True: its memory reads back as zero. */
bool gate_wipe(struct gate *g);

bool gate_has_key(const struct gate *g);

/* Takes a zeroed gate. */
void gate_finish(struct gate *g);

#endif
