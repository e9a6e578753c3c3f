#ifndef OSTRAKON_CONSENSUS_SOLUTION_H
#define OSTRAKON_CONSENSUS_SOLUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "../tokens/signer.h"
#include "codec.h"
#include "hash.h"

/* Is a member's arithmetic right (standing.md, section 5)? It is set a task
 * (health/challenge.h): memory-hard work over a number. The solution is the same on every sound
 * machine, whatever the number, and signed together with all that it follows from: nobody but
 * its author can make it a wrong one. */

#define SOLUTION_DOMAIN "ostrakon/work/1"
#define SOLUTION_SIGNED_BYTES (1u + 4u + 4u + 2u * HASH_BYTES)

struct solution {
    uint32_t author;
    uint32_t term;    /* the author's */
    uint32_t version; /* of the protocol: says how much work it is */
    struct hash nonce;
    struct hash result;
    uint8_t signature[SIGNATURE_BYTES];
};

void solution_signed_bytes(const struct solution *s, uint8_t out[static SOLUTION_SIGNED_BYTES]);
/* Costs one verification (about 50 us). Says nothing of whether the result is right. */
bool solution_verify(const struct solution *s, const struct hash *cluster_id,
                     const uint8_t vote_key[static IDENTITY_KEY_BYTES])
    __attribute__((warn_unused_result));
void solution_read(struct reader *r, struct solution *s);
void solution_write(struct writer *w, const struct solution *s);

#endif
