#include "../../tokens/jws.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "tokens_fixture.h"

static const uint32_t all[] = {0, 1, 2, 3, 4};

/* The letters were made with Python's base64. */
Test(jws, signs_what_rfc_7515_says)
{
    static const char expected[] =
        "eyJhbGciOiJFZERTQSIsInR5cCI6Im9zdHJha29uLXRva2VuK2p3dCIsImtpZCI6ImF0bGFzIiwiY3JpdCI6"
        "WyJvc3RyYWtvbiJdLCJvc3RyYWtvbiI6eyJuZWVkIjo0fX0.e30";
    uint8_t input[JWS_INPUT_MAX];
    const size_t size_bytes = jws_input(JWS_TOKEN, "atlas", 4, "{}", 2, input);
    cr_assert(eq(sz, size_bytes, strlen(expected)));
    cr_assert(zero(int, memcmp(input, expected, size_bytes)), "%.*s", (int)size_bytes,
              (const char *)input);
}

Test(jws, is_read_as_it_was_assembled)
{
    static struct tokens_fixture f;
    static struct jws j;
    tokens_prepare(&f);
    tokens_make(&f, all, TOKENS_COUNT);
    cr_assert(jws_read(&j, JWS_TOKEN, f.text, f.text_bytes));
    cr_assert(eq(u32, j.count, TOKENS_COUNT));
    for (uint32_t i = 0; i < j.count; i++) {
        cr_assert(j.signatures[i].understood);
        cr_assert(zero(int, strcmp(j.signatures[i].signer, f.trust.members[i].name)));
        cr_assert(eq(u32, j.signatures[i].need, TOKENS_NEED));
        for (uint32_t k = 0; k < TOKENS_COUNT; k++) {
            cr_assert(eq(int, jws_verify(&j, i, f.vote[k].public_key), i == k));
        }
    }
}

/* What one signs for a token is nothing under a bundle, nor under another name or need. */
Test(jws, binds_a_signature_to_type_name_and_need)
{
    uint8_t inputs[4][JWS_INPUT_MAX];
    size_t sizes[4];
    sizes[0] = jws_input(JWS_TOKEN, "atlas", 4, "{}", 2, inputs[0]);
    sizes[1] = jws_input(JWS_TRUST, "atlas", 4, "{}", 2, inputs[1]);
    sizes[2] = jws_input(JWS_TOKEN, "helios", 4, "{}", 2, inputs[2]);
    sizes[3] = jws_input(JWS_TOKEN, "atlas", 5, "{}", 2, inputs[3]);
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t k = 0; k < i; k++) {
            cr_assert(sizes[i] != sizes[k] || memcmp(inputs[i], inputs[k], sizes[i]) != 0);
        }
    }
}

Test(jws, has_room_for_all_at_their_longest)
{
    static struct jws_share shares[JWS_SIGNATURES_MAX + 1];
    static char payload[JWS_PAYLOAD_MAX + 1];
    static char text[JWS_TEXT_MAX];
    static uint8_t input[JWS_INPUT_MAX];
    static struct jws j;
    memset(payload, 'x', sizeof payload);
    for (uint32_t i = 0; i <= JWS_SIGNATURES_MAX; i++) {
        shares[i].signer = "a-name-of-thirty-one-characters";
    }
    cr_assert(gt(
        sz, jws_input(JWS_TOKEN, shares[0].signer, UINT32_MAX, payload, JWS_PAYLOAD_MAX, input),
        0));
    const size_t size_bytes = jws_assemble(JWS_TOKEN, UINT32_MAX, payload, JWS_PAYLOAD_MAX,
                                           shares, JWS_SIGNATURES_MAX, text);
    cr_assert(gt(sz, size_bytes, 0));
    cr_assert(jws_read(&j, JWS_TOKEN, text, size_bytes));
    cr_assert(eq(u32, j.count, JWS_SIGNATURES_MAX));
    cr_assert(
        zero(sz, jws_assemble(JWS_TOKEN, 4, payload, 2, shares, JWS_SIGNATURES_MAX + 1, text)));
    cr_assert(
        zero(sz, jws_assemble(JWS_TOKEN, 4, payload, JWS_PAYLOAD_MAX + 1, shares, 1, text)));
    cr_assert(zero(sz, jws_input(JWS_TOKEN, "atlas", 4, payload, JWS_PAYLOAD_MAX + 1, input)));
}

/* Whether a signature under this header is understood, as a token's. */
static bool understands(const char *header)
{
    static struct tokens_fixture f;
    static struct jws j;
    char share[1024];
    char text[2048];
    tokens_prepare(&f);
    tokens_forge(header, "{}", &f.vote[0], share);
    const int size =
        snprintf(text, sizeof text, "{\"payload\":\"e30\",\"signatures\":[%s]}", share);
    cr_assert(jws_read(&j, JWS_TOKEN, text, (size_t)size), "%s", header);
    cr_assert(j.signatures[0].understood || j.signatures[0].signer[0] == '\0');
    return j.signatures[0].understood;
}

#define TYP "\"typ\":\"ostrakon-token+jwt\""
#define CRIT "\"crit\":[\"ostrakon\"]"
#define NEED "\"ostrakon\":{\"need\":4}"
#define KID "\"kid\":\"atlas\""

Test(jws, understands_headers_in_any_order_under_both_names_of_the_algorithm)
{
    cr_assert(understands("{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT "," NEED "}"));
    cr_assert(understands("{\"alg\":\"Ed25519\"," TYP "," KID "," CRIT "," NEED "}"));
    cr_assert(understands("{ " NEED ", " CRIT ", " KID ", " TYP ", \"alg\":\"EdDSA\" }"));
}

Test(jws, understands_no_other_header)
{
    static const char *const headers[] = {
        "{}",
        "[]",
        "eyJ",
        "{\"alg\":\"none\"," TYP "," KID "," CRIT "," NEED "}",
        "{\"alg\":\"HS256\"," TYP "," KID "," CRIT "," NEED "}",
        "{\"alg\":\"eddsa\"," TYP "," KID "," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\",\"typ\":\"ostrakon-trust+jwt\"," KID "," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"," KID "," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\"," KID "," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP ",\"kid\":7," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP ",\"kid\":\"\"," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP ",\"kid\":\"a-name-that-is-longer-than-any-can-be\"," CRIT
        "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID ",\"crit\":[]," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID ",\"crit\":[\"exp\"]," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID ",\"crit\":[\"ostrakon\",\"exp\"]," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID ",\"crit\":[\"ostrakon\",\"ostrakon\"]," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID ",\"crit\":\"ostrakon\"," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT ",\"ostrakon\":{}}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT ",\"ostrakon\":4}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT ",\"ostrakon\":{\"need\":4294967296}}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT ",\"ostrakon\":{\"need\":4,\"any\":1}}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT "," NEED ",\"jwk\":{}}",
        "{\"alg\":\"EdDSA\"," TYP "," KID "," CRIT "," NEED ",\"b64\":0}",
        "{\"alg\":\"EdDSA\",\"alg\":\"none\"," TYP "," KID "," CRIT "," NEED "}",
        "{\"alg\":\"EdDSA\"," TYP "," KID ",\"kid\":\"selene\"," CRIT "," NEED "}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        cr_assert(not(understands(headers[i])), "%s", headers[i]);
    }
}

static bool reads(const char *text)
{
    static struct jws j;
    return jws_read(&j, JWS_TOKEN, text, strlen(text));
}

#define HALF "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SIGNATURE HALF HALF /* 86 letters: 64 bytes */
#define SHARE "{\"protected\":\"e30\",\"signature\":\"" SIGNATURE "\"}"

Test(jws, reads_no_other_form)
{
    static const char *const bad[] = {
        "",
        "e30.e30.AAAA",
        "{\"payload\":\"e30\",\"signatures\":[]}",
        "{\"payload\":\"e30\",\"signatures\":{}}",
        "{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"" SIGNATURE "\"}",
        "{\"payload\":\"e30=\",\"signatures\":[" SHARE "]}",
        "{\"payload\":\"e31\",\"signatures\":[" SHARE "]}", /* bits left over */
        "{\"payload\":\"e 30\",\"signatures\":[" SHARE "]}",
        "{\"payload\":7,\"signatures\":[" SHARE "]}",
        "{\"payload\":\"e30\",\"signatures\":[" SHARE "],\"extra\":1}",
        "{\"payload\":\"e30\",\"payload\":\"e30\",\"signatures\":[" SHARE "]}",
        "{\"payload\":\"e30\",\"signatures\":[" SHARE "]}{}",
        "{\"payload\":\"e30\",\"signatures\":[{\"protected\":\"e30\",\"signature\":\"AAAA\"}]}",
        "{\"payload\":\"e30\",\"signatures\":[{\"header\":{},\"protected\":\"e30\","
        "\"signature\":\"" SIGNATURE "\"}]}", /* unsigned, and may be anything */
        "{\"payload\":\"e30\",\"signatures\":[{\"signature\":\"" SIGNATURE "\"}]}",
        "{\"Payload\":\"e30\",\"signatures\":[" SHARE "]}",
    };
    cr_assert(reads("{\"payload\":\"e30\",\"signatures\":[" SHARE "]}"));
    cr_assert(reads("{\"signatures\": [" SHARE "],\n \"payload\": \"e30\"}\n"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert(not(reads(bad[i])), "%s", bad[i]);
    }
}

Test(jws, reads_no_more_than_a_token_can_have)
{
    static char text[4 * JWS_TEXT_MAX];
    static struct jws j;
    char *at = text + sprintf(text, "{\"payload\":\"e30\",\"signatures\":[" SHARE);
    for (uint32_t i = 1; i < JWS_SIGNATURES_MAX; i++) {
        at += sprintf(at, "," SHARE);
    }
    strcpy(at, "]}");
    cr_assert(reads(text));
    strcpy(at, "," SHARE "]}");
    cr_assert(not(reads(text)), "one more");
    memset(text, ' ', sizeof text);
    cr_assert(not(jws_read(&j, JWS_TOKEN, text, sizeof text)));
}

Test(jws, is_unwrapped_as_it_is_or_out_of_base64url)
{
    static const struct {
        const char *text;
        const char *whole; /* "": none */
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1}"},
        {" {} \r\n", "{}"},
        {"eyJhIjoxfQ", "{\"a\":1}"},
        {"\teyJhIjoxfQ\n", "{\"a\":1}"},
        {"eyJhIjoxfQ==", ""},
        {"eyJhIjoxfR", ""},
        {"eyJh IjoxfQ", ""},
        {"", ""},
        {" ", ""},
        {"\"{}\"", ""},
    };
    static char out[JWS_TEXT_MAX];
    static char large[2 * JWS_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t size_bytes = jws_unwrap(cases[i].text, strlen(cases[i].text), out);
        cr_assert(eq(sz, size_bytes, strlen(cases[i].whole)), "%s", cases[i].text);
        cr_assert(zero(int, memcmp(out, cases[i].whole, size_bytes)), "%s", cases[i].text);
    }
    memset(large, 'A', sizeof large);
    cr_assert(zero(sz, jws_unwrap(large, sizeof large, out)));
    large[0] = '{';
    cr_assert(zero(sz, jws_unwrap(large, JWS_TEXT_MAX + 1, out)));
    cr_assert(eq(sz, jws_unwrap(large, JWS_TEXT_MAX, out), JWS_TEXT_MAX));
}

/* Cut anywhere, or with a byte put in its place: never a crash, never a signature that holds
 * over anything else. Every bit flip of a token is trust_test's. */
Test(jws, survives_every_cut_and_every_byte_in_each_place)
{
    static struct tokens_fixture f;
    static struct jws j;
    tokens_prepare(&f);
    tokens_make(&f, all, 1);
    for (size_t cut = 0; cut < f.text_bytes; cut++) {
        cr_assert(not(jws_read(&j, JWS_TOKEN, f.text, cut)), "%zu bytes", cut);
    }
    for (size_t at = 0; at < f.text_bytes; at += 7) {
        const char was = f.text[at];
        for (uint32_t byte = 0; byte < 256; byte++) {
            f.text[at] = (char)byte;
            if (f.text[at] != was && jws_read(&j, JWS_TOKEN, f.text, f.text_bytes)) {
                cr_assert(eq(u32, j.count, 1));
                cr_assert(
                    not(j.signatures[0].understood && jws_verify(&j, 0, f.vote[0].public_key)),
                    "byte %u at %zu", byte, at);
            }
        }
        f.text[at] = was;
    }
}
