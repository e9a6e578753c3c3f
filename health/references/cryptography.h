#ifndef OSTRAKON_HEALTH_REFERENCES_CRYPTOGRAPHY_H
#define OSTRAKON_HEALTH_REFERENCES_CRYPTOGRAPHY_H

#include "health/reference.h"

/* R16: hashes, signatures, key derivation and comparison, against answers that others have
 * published (FIPS 180-4, RFC 7693, RFC 8032, section 7.1, vectors 1 to 3). A verifier that
 * accepts everything would pass on right signatures alone, so near misses must be rejected. */

struct seams;

#define CRYPTOGRAPHY_NOTES(X)                                                                  \
    X(RIGHT, "hashes, signatures, key derivation and comparison as published", "")             \
    X(WRONG, "{subject} gives another answer than the published one",                          \
      "This machine computes wrongly: take it out, test its memory and processor.")            \
    X(REJECTED, "a right signature was rejected (vector {count})",                             \
      "This machine computes wrongly: take it out, test its memory and processor.")            \
    X(ACCEPTED, "a wrong signature was accepted (vector {count})",                             \
      "This machine computes wrongly: take it out, test its memory and processor.")

enum cryptography_note {
#define X(name, text, action) CRYPTOGRAPHY_##name,
    CRYPTOGRAPHY_NOTES(X)
#undef X
};

#define ANSWER_VECTORS 3u

/* What was computed. Of bytes and words of bytes alone, so that it may be compared and hashed
 * as it lies in memory. */
struct answers {
    uint8_t sha256[32]; /* of "abc" */
    uint8_t sha512[64];
    uint8_t blake2b[32];
    uint8_t derived[32]; /* crypto_kdf, key 00 01 .. 1f, context "ostrakon", number 7 */
    uint8_t publics[ANSWER_VECTORS][32];
    uint8_t signatures[ANSWER_VECTORS][64];
    uint8_t verified[ANSWER_VECTORS]; /* ANSWER_YES: the signature is right */
    uint8_t tampered[ANSWER_VECTORS]; /* the message has one bit more */
    uint8_t forged[ANSWER_VECTORS];   /* the signature has one bit turned */
    uint8_t compared[ANSWER_VECTORS]; /* equal, unequal in the first and in the last bit */
};

#define ANSWER_YES 0x5au
#define ANSWER_NO 0xa5u

/* Computes all of them now; they are right if they equal `answers_right`. For the gate too,
 * which mixes them into the key that it unmasks (references.md, R05). */
void answers_compute(const struct seams *seams, struct answers *out);

extern const struct answers answers_right;

/* R16 of what was computed: ok, or fatal and what is wrong. */
void answers_judge(const struct answers *a, struct finding *out);

extern const struct reference reference_cryptography;

#endif
