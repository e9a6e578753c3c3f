#include "jws.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "scribe.h"
#include "strict.h"

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static_assert(sodium_base64_ENCODED_LEN(JWS_PAYLOAD_MAX, VARIANT) <= JWS_PAYLOAD_TEXT_BYTES,
              "a payload's text");
static_assert(sodium_base64_ENCODED_LEN(JWS_HEADER_MAX, VARIANT) <= JWS_HEADER_TEXT_BYTES,
              "a header's text");
static_assert(JWS_INPUT_MAX <= SIGNER_BODY_MAX, "it is signed as a statement");
static_assert(JWS_TEXT_MAX >= JWS_PAYLOAD_TEXT_BYTES +
                                  JWS_SIGNATURES_MAX * (JWS_HEADER_TEXT_BYTES + 128u) + 64u,
              "all signatures have room");

static const char *const types[] = {
#define X(name, text) [JWS_##name] = text,
    JWS_TYPES(X)
#undef X
};

/* The protected header in base64url, with a terminating zero. Returns its size, 0 if it cannot
 * be said. */
static size_t header_text(enum jws_type type, const char *signer, uint32_t need,
                          char out[static JWS_HEADER_TEXT_BYTES])
{
    char header[JWS_HEADER_MAX];
    struct scribe s = scribe_of(header, sizeof header);
    scribe_text(&s, "{\"alg\":\"EdDSA\",\"typ\":");
    scribe_word(&s, types[type]);
    scribe_text(&s, ",\"kid\":");
    scribe_word(&s, signer);
    scribe_text(&s, ",\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":");
    scribe_number(&s, need);
    scribe_text(&s, "}}");
    const size_t size_bytes = scribe_done(&s);
    if (size_bytes == 0) {
        return 0;
    }
    sodium_bin2base64(out, JWS_HEADER_TEXT_BYTES, (const uint8_t *)header, size_bytes, VARIANT);
    return strlen(out);
}

size_t jws_input(enum jws_type type, const char *signer, uint32_t need, const char *payload,
                 size_t payload_bytes, uint8_t out[static JWS_INPUT_MAX])
{
    char header[JWS_HEADER_TEXT_BYTES];
    char text[JWS_PAYLOAD_TEXT_BYTES];
    const size_t header_bytes = header_text(type, signer, need, header);
    if (header_bytes == 0 || payload_bytes > JWS_PAYLOAD_MAX) {
        return 0;
    }
    sodium_bin2base64(text, sizeof text, (const uint8_t *)payload, payload_bytes, VARIANT);
    const size_t text_bytes = strlen(text);
    memcpy(out, header, header_bytes);
    out[header_bytes] = '.';
    memcpy(out + header_bytes + 1, text, text_bytes);
    return header_bytes + 1 + text_bytes;
}

size_t jws_assemble(enum jws_type type, uint32_t need, const char *payload,
                    size_t payload_bytes, const struct jws_share *shares, uint32_t count,
                    char out[static JWS_TEXT_MAX])
{
    char header[JWS_HEADER_TEXT_BYTES];
    struct scribe s = scribe_of(out, JWS_TEXT_MAX);
    if (payload_bytes > JWS_PAYLOAD_MAX || count > JWS_SIGNATURES_MAX) {
        return 0;
    }
    scribe_text(&s, "{\"payload\":");
    scribe_base64(&s, (const uint8_t *)payload, payload_bytes);
    scribe_text(&s, ",\"signatures\":[");
    for (uint32_t i = 0; i < count; i++) {
        if (header_text(type, shares[i].signer, need, header) == 0) {
            return 0;
        }
        scribe_text(&s, i == 0 ? "{\"protected\":" : ",{\"protected\":");
        scribe_word(&s, header);
        scribe_text(&s, ",\"signature\":");
        scribe_base64(&s, shares[i].signature, sizeof shares[i].signature);
        scribe_text(&s, "}");
    }
    scribe_text(&s, "]}");
    return scribe_done(&s);
}

/* Base64url of at most `room_bytes`. */
static bool decode(const char *text, void *out, size_t room_bytes, size_t *size_bytes)
{
    const char *end = NULL;
    const size_t text_bytes = strlen(text);
    return sodium_base642bin(out, room_bytes, text, text_bytes, NULL, size_bytes, &end,
                             VARIANT) == 0 &&
           end == text + text_bytes;
}

static bool understand(struct jws_signature *s, enum jws_type type, const cJSON *header)
{
    static const char *const algorithms[] = {"EdDSA", "Ed25519"}; /* RFC 8037, RFC 9864 */
    uint32_t algorithm;
    uint64_t need;
    const cJSON *crit = strict_field(header, "crit");
    const cJSON *first = cJSON_GetArrayItem(crit, 0);
    const cJSON *ours = strict_field(header, "ostrakon");
    if (!strict_object(header, 5) || !strict_choice(header, "alg", algorithms, 2, &algorithm) ||
        !strict_is(header, "typ", types[type]) || !cJSON_IsArray(crit) ||
        cJSON_GetArraySize(crit) != 1 || !cJSON_IsString(first) ||
        strcmp(first->valuestring, "ostrakon") != 0 || !strict_object(ours, 1) ||
        !strict_number(ours, "need", UINT32_MAX, &need) ||
        !strict_word(header, "kid", s->signer, sizeof s->signer)) {
        return false;
    }
    s->need = (uint32_t)need;
    return true;
}

static bool read_signature(struct jws_signature *s, enum jws_type type, const cJSON *item)
{
    char header[JWS_HEADER_MAX];
    size_t header_bytes = 0;
    *s = (struct jws_signature){.understood = false};
    if (!strict_object(item, 2) ||
        !strict_word(item, "protected", s->header, sizeof s->header) ||
        !decode(s->header, header, sizeof header, &header_bytes) ||
        !strict_base64(strict_field(item, "signature"), s->signature, sizeof s->signature)) {
        return false;
    }
    cJSON *parsed = strict_parse(header, header_bytes);
    s->understood = understand(s, type, parsed);
    cJSON_Delete(parsed);
    return true;
}

static bool read_whole(struct jws *j, enum jws_type type, const cJSON *whole)
{
    const cJSON *signatures = strict_field(whole, "signatures");
    const int count = cJSON_GetArraySize(signatures);
    if (!strict_object(whole, 2) || !cJSON_IsArray(signatures) || count < 1 ||
        count > (int)JWS_SIGNATURES_MAX ||
        !strict_word(whole, "payload", j->payload_text, sizeof j->payload_text) ||
        !decode(j->payload_text, j->payload, sizeof j->payload, &j->payload_bytes)) {
        return false;
    }
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, signatures)
    {
        if (!read_signature(&j->signatures[j->count], type, item)) {
            return false;
        }
        j->count++;
    }
    return true;
}

bool jws_read(struct jws *j, enum jws_type type, const char *text, size_t size_bytes)
{
    j->count = 0;
    j->payload_bytes = 0;
    if (size_bytes > JWS_TEXT_MAX) {
        return false;
    }
    cJSON *whole = strict_parse(text, size_bytes);
    const bool good = read_whole(j, type, whole);
    cJSON_Delete(whole);
    return good;
}

static bool is_space(char letter)
{
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

size_t jws_unwrap(const char *text, size_t text_bytes, char out[static JWS_TEXT_MAX])
{
    while (text_bytes > 0 && is_space(text[text_bytes - 1])) {
        text_bytes--;
    }
    while (text_bytes > 0 && is_space(text[0])) {
        text++;
        text_bytes--;
    }
    size_t size_bytes = 0;
    if (text_bytes > 0 && text[0] == '{') {
        if (text_bytes > JWS_TEXT_MAX) {
            return 0;
        }
        memcpy(out, text, text_bytes);
        return text_bytes;
    }
    const char *end = NULL;
    return sodium_base642bin((uint8_t *)out, JWS_TEXT_MAX, text, text_bytes, NULL, &size_bytes,
                             &end, VARIANT) == 0 &&
                   end == text + text_bytes
               ? size_bytes
               : 0;
}

bool jws_verify(const struct jws *j, uint32_t index,
                const uint8_t public_key[static IDENTITY_KEY_BYTES])
{
    static const uint8_t nobody[SIGNER_CLUSTER_BYTES] = {0}; /* not part of what is signed */
    uint8_t input[JWS_INPUT_MAX];
    assert(index < j->count);
    const size_t header_bytes = strlen(j->signatures[index].header);
    const size_t payload_bytes = strlen(j->payload_text);
    memcpy(input, j->signatures[index].header, header_bytes);
    input[header_bytes] = '.';
    memcpy(input + header_bytes + 1, j->payload_text, payload_bytes);
    const struct statement statement = {
        .domain = SIGNER_JWS,
        .cluster_id = nobody,
        .body = input,
        .body_size_bytes = header_bytes + 1 + payload_bytes,
    };
    return signature_verify(public_key, &statement, j->signatures[index].signature);
}
