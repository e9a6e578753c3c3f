#ifndef OSTRAKON_TOKENS_JWS_H
#define OSTRAKON_TOKENS_JWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer.h"

/* One payload under the signatures of several members: a JWS in the general JSON serialization
 * (RFC 7515, section 7.2.1), each signature under a protected header of its own:
 *
 *   {"alg":"EdDSA","typ":"ostrakon-token+jwt","kid":"atlas","crit":["ostrakon"],
 *    "ostrakon":{"need":4}}
 *
 * Others' libraries are content with one good signature. `crit` makes those refuse that do not
 * know how many distinct members must have signed; what counts is the number in the verifier's
 * own trust bundle, not this one. Pure; what reads allocates around JSON, and frees. */

#define JWS_KID_BYTES 32u /* a member's name, with its terminating zero */
#define JWS_SIGNATURES_MAX 20u
#define JWS_PAYLOAD_MAX 4608u
#define JWS_HEADER_MAX 191u
#define JWS_PAYLOAD_TEXT_BYTES 6145u /* in base64url, with a terminating zero */
#define JWS_HEADER_TEXT_BYTES 256u
#define JWS_INPUT_MAX (JWS_PAYLOAD_TEXT_BYTES + JWS_HEADER_TEXT_BYTES)
#define JWS_TEXT_MAX (16u * 1024u)

#define JWS_TYPES(X)                                                                           \
    X(TOKEN, "ostrakon-token+jwt")                                                             \
    X(TRUST, "ostrakon-trust+jwt")

enum jws_type {
#define X(name, text) JWS_##name,
    JWS_TYPES(X)
#undef X
};

/* What one signer signs: the JWS signing input, to be signed as a statement under SIGNER_JWS.
 * Returns its size; 0 if the payload is larger than JWS_PAYLOAD_MAX or the name no plain word.
 */
size_t jws_input(enum jws_type type, const char *signer, uint32_t need, const char *payload,
                 size_t payload_bytes, uint8_t out[static JWS_INPUT_MAX]);

/* A signature over jws_input of the same type, need and payload. */
struct jws_share {
    const char *signer; /* borrowed */
    uint8_t signature[SIGNATURE_BYTES];
};

/* The whole, on one line, not terminated. Returns its size; 0 as above, or for more than
 * JWS_SIGNATURES_MAX shares. Checks no signature. */
size_t jws_assemble(enum jws_type type, uint32_t need, const char *payload,
                    size_t payload_bytes, const struct jws_share *shares, uint32_t count,
                    char out[static JWS_TEXT_MAX]);

struct jws_signature {
    char signer[JWS_KID_BYTES]; /* "" where the header is not understood */
    uint32_t need;              /* as this signer says */
    bool understood;            /* the header is one of ours, and of the type asked for */
    char header[JWS_HEADER_TEXT_BYTES]; /* in base64url, as it was signed */
    uint8_t signature[SIGNATURE_BYTES];
};

struct jws {
    char payload_text[JWS_PAYLOAD_TEXT_BYTES]; /* likewise */
    char payload[JWS_PAYLOAD_MAX];
    size_t payload_bytes;
    uint32_t count;
    struct jws_signature signatures[JWS_SIGNATURES_MAX];
};

/* Reads what a stranger sent. False: no JWS of this form, or larger than JWS_TEXT_MAX. A
 * signature whose header is not understood (other algorithm, type or `crit`) stays in the list,
 * and counts for nothing. Verifies none. About 10 us and 2 us a signature; `j` is 18 KiB. */
bool jws_read(struct jws *j, enum jws_type type, const char *text, size_t size_bytes)
    __attribute__((warn_unused_result));

/* Out of the form that it has in a header, where braces and quotes do not belong: base64url of
 * the whole; also takes the whole as it is, and white space around either. Returns the size; 0
 * if it is neither or does not fit. */
size_t jws_unwrap(const char *text, size_t text_bytes, char out[static JWS_TEXT_MAX]);

/* True if the signature is one of the key over this payload and its header. About 50 us. */
bool jws_verify(const struct jws *j, uint32_t index,
                const uint8_t public_key[static IDENTITY_KEY_BYTES])
    __attribute__((warn_unused_result));

#endif
