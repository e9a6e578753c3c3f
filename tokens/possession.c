#include "possession.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "scribe.h"

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define AUDIENCE_BYTES 32u
#define SECONDS_MAX (UINT64_C(1) << 53)

static_assert(TOKEN_JTI_BYTES + 8 + AUDIENCE_BYTES == POSSESSION_BODY_BYTES, "the body");
static_assert(20 + 1 + sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, VARIANT) <=
                  POSSESSION_TEXT_BYTES,
              "the text");

const char *possession_verdict_text(enum possession_verdict verdict)
{
    static const char *const texts[] = {
#define X(name, text) [POSSESSION_##name] = text,
        POSSESSION_VERDICTS(X)
#undef X
    };
    assert((size_t)verdict < sizeof texts / sizeof texts[0]);
    return texts[verdict];
}

void possession_body(const struct token_claims *claims, uint64_t made_s, const char *audience,
                     uint8_t out[static POSSESSION_BODY_BYTES])
{
    memcpy(out, claims->jti, TOKEN_JTI_BYTES);
    for (uint32_t i = 0; i < 8; i++) {
        out[TOKEN_JTI_BYTES + i] = (uint8_t)(made_s >> (56 - 8 * i));
    }
    const int failed = crypto_generichash(out + TOKEN_JTI_BYTES + 8, AUDIENCE_BYTES,
                                          (const uint8_t *)audience, strlen(audience), NULL, 0);
    assert(failed == 0); /* it has no way to fail */
}

void possession_text(const struct possession *p, char text[static POSSESSION_TEXT_BYTES])
{
    struct scribe s = scribe_of(text, POSSESSION_TEXT_BYTES);
    scribe_number(&s, p->made_s);
    scribe_text(&s, ".");
    const size_t size_bytes = scribe_done(&s);
    sodium_bin2base64(text + size_bytes, POSSESSION_TEXT_BYTES - size_bytes, p->signature,
                      SIGNATURE_BYTES, VARIANT);
}

bool possession_read(struct possession *p, const char *text, size_t text_bytes)
{
    size_t at = 0;
    uint64_t seconds = 0;
    *p = (struct possession){.made_s = 0};
    while (at < text_bytes && text[at] >= '0' && text[at] <= '9' && seconds < SECONDS_MAX) {
        seconds = 10 * seconds + (uint64_t)(text[at] - '0');
        at++;
    }
    if (at == 0 || (at > 1 && text[0] == '0') || at >= text_bytes || text[at] != '.') {
        return false;
    }
    const char *end = NULL;
    size_t got_bytes = 0;
    p->made_s = seconds;
    return sodium_base642bin(p->signature, SIGNATURE_BYTES, text + at + 1, text_bytes - at - 1,
                             NULL, &got_bytes, &end, VARIANT) == 0 &&
           got_bytes == SIGNATURE_BYTES && end == text + text_bytes;
}

enum possession_verdict possession_judge(const struct token_claims *claims, const char *text,
                                         size_t text_bytes, const char *audience,
                                         uint64_t now_s)
{
    struct possession p;
    uint8_t body[POSSESSION_BODY_BYTES];
    if (!possession_read(&p, text, text_bytes)) {
        return POSSESSION_MALFORMED;
    }
    const uint64_t off_s = p.made_s > now_s ? p.made_s - now_s : now_s - p.made_s;
    if (off_s > POSSESSION_SECONDS) {
        return POSSESSION_UNTIMELY;
    }
    possession_body(claims, p.made_s, audience, body);
    const struct statement statement = {
        .domain = POSSESSION_DOMAIN,
        .cluster_id = claims->cluster_id,
        .body = body,
        .body_size_bytes = sizeof body,
    };
    return signature_verify(claims->key, &statement, p.signature) ? POSSESSION_PROVED
                                                                  : POSSESSION_FORGED;
}
