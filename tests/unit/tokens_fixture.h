#ifndef OSTRAKON_TESTS_UNIT_TOKENS_FIXTURE_H
#define OSTRAKON_TESTS_UNIT_TOKENS_FIXTURE_H

#include "../../tokens/trust.h"

/* A cluster of five, all good: atlas, helios, selene, argus, themis; four must sign. */
#define TOKENS_COUNT 5u
#define TOKENS_NEED 4u
#define TOKENS_TIME_MS UINT64_C(1795845600123) /* 2026-11-28 06:00:00 UTC */
#define TOKENS_NOW_MS (TOKENS_TIME_MS + 60000)

struct tokens_fixture {
    struct key_pair vote[TRUST_MEMBERS_MAX];
    struct key_pair transport[TRUST_MEMBERS_MAX];
    struct trust trust;
    char text[JWS_TEXT_MAX]; /* what was assembled last */
    size_t text_bytes;
};

void tokens_prepare(struct tokens_fixture *f);

/* The token of helios, by that bundle's block. */
struct token_issue tokens_issue(const struct tokens_fixture *f);

/* The signatures of members: `signers` is a list of indexes. Fills in `text`. */
void tokens_sign(struct tokens_fixture *f, enum jws_type type, const char *payload,
                 size_t payload_bytes, const uint32_t *signers, uint32_t count);

/* The token of helios under these signatures; the same for the bundle. */
void tokens_make(struct tokens_fixture *f, const uint32_t *signers, uint32_t count);
void tokens_make_trust(struct tokens_fixture *f, const struct trust *trust,
                       const uint32_t *signers, uint32_t count);

/* Signs anything under a key, header and all, as a liar could: `share` is one of the list of
 * signatures. */
void tokens_forge(const char *header, const char *payload, const struct key_pair *pair,
                  char share[static 1024]);

#endif
