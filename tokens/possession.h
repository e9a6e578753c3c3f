#ifndef OSTRAKON_TOKENS_POSSESSION_H
#define OSTRAKON_TOKENS_POSSESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token.h"

/* Who shows a token proves that it is his: a signature by the key of its `cnf`, the member's
 * transport key, as a statement under "ostrakon/poss/1" and the token's cluster. The body:
 *
 *   16  jti of the token
 *    8  Unix seconds, big-endian: when it was made
 *   32  BLAKE2b of the audience: the name by which the asked service knows itself, or a nonce
 * of its own choosing
 *
 * As text: the seconds, a dot, the signature in base64url. A proof is good for
 * POSSESSION_SECONDS about its date and for one audience, so whoever was shown one can only
 * show it again to that same service, and not for long; a service that minds gives a nonce.
 * TLS 1.3 signs under other words with the same key (64 spaces, RFC 8446, section 4.4.3). Pure.
 */

#define POSSESSION_DOMAIN "ostrakon/poss/1"
#define POSSESSION_SECONDS 30u
#define POSSESSION_AUDIENCE_MAX 255u
#define POSSESSION_BODY_BYTES 56u
#define POSSESSION_TEXT_BYTES 112u /* with a terminating zero */

struct possession {
    uint64_t made_s;
    uint8_t signature[SIGNATURE_BYTES];
};

#define POSSESSION_VERDICTS(X)                                                                 \
    X(PROVED, "the presenter holds the token's key")                                           \
    X(MALFORMED, "no proof of this form")                                                      \
    X(UNTIMELY, "the proof was made at another time")                                          \
    X(FORGED, "the proof is not by the token's key, or not for this service")

enum possession_verdict {
#define X(name, text) POSSESSION_##name,
    POSSESSION_VERDICTS(X)
#undef X
};

const char *possession_verdict_text(enum possession_verdict verdict);

/* The body that is signed. The audience may be empty. */
void possession_body(const struct token_claims *claims, uint64_t made_s, const char *audience,
                     uint8_t out[static POSSESSION_BODY_BYTES]);

/* Both to and from text; `text` is terminated by a zero. */
void possession_text(const struct possession *p, char text[static POSSESSION_TEXT_BYTES]);
bool possession_read(struct possession *p, const char *text, size_t text_bytes)
    __attribute__((warn_unused_result));

/* `claims` must be those of a token that is good: a stranger's token names any key. */
enum possession_verdict possession_judge(const struct token_claims *claims, const char *text,
                                         size_t text_bytes, const char *audience,
                                         uint64_t now_s) __attribute__((warn_unused_result));

#endif
