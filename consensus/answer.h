#ifndef OSTRAKON_CONSENSUS_ANSWER_H
#define OSTRAKON_CONSENSUS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../tokens/signer.h"
#include "codec.h"
#include "hash.h"

/* Is a member there (standing.md, section 5)? Whoever misses its heartbeats sends it a number
 * that nobody could know, and has all other voters send it one of their own. What comes back
 * signed shows that it lives, by whatever way it came.
 *
 * A relay's number follows from the asker's and the relay's index, so that the member asked can
 * neither tell for whom it answers nor be shown an answer that was given before. */

#define ANSWER_DOMAIN "ostrakon/reply/1"
#define ANSWER_SIGNED_BYTES (1u + HASH_BYTES)

struct answer {
    uint32_t author;
    struct hash nonce;
    uint8_t signature[SIGNATURE_BYTES];
};

/* The number under which that member asks for whoever drew `nonce`. */
struct hash answer_relayed(const struct hash *nonce, uint32_t relay);

/* All that is signed, behind domain and cluster. */
void answer_signed_bytes(const struct answer *a, uint8_t out[static ANSWER_SIGNED_BYTES]);

/* Costs one verification (about 50 us). */
bool answer_verify(const struct answer *a, const struct hash *cluster_id,
                   const uint8_t vote_key[static IDENTITY_KEY_BYTES])
    __attribute__((warn_unused_result));

void answer_read(struct reader *r, struct answer *a);
void answer_write(struct writer *w, const struct answer *a);

#endif
