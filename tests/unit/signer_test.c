#include "../../tokens/signer.h"

#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

/* A vote's worth of statement, and the key of RFC 8032's TEST 1 to sign it with. */
struct fixture {
    struct key_pair pair;
    uint8_t cluster_id[SIGNER_CLUSTER_BYTES];
    uint8_t body[81];
    struct statement statement;
    uint8_t signature[SIGNATURE_BYTES];
};

static const uint8_t seed[IDENTITY_SEED_BYTES] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
    0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
    0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

static void prepare(struct fixture *f)
{
    key_pair_from_seed(&f->pair, seed);
    for (uint32_t i = 0; i < sizeof f->cluster_id; i++) {
        f->cluster_id[i] = (uint8_t)i;
    }
    for (uint32_t i = 0; i < sizeof f->body; i++) {
        f->body[i] = (uint8_t)(100 + i);
    }
    f->statement = (struct statement){.domain = "ostrakon/vote/1",
                                      .cluster_id = f->cluster_id,
                                      .body = f->body,
                                      .body_size_bytes = sizeof f->body};
    signer_sign(&f->pair, &f->statement, f->signature);
}

static bool verifies(const struct fixture *f)
{
    return signature_verify(f->pair.public_key, &f->statement, f->signature);
}

/* The expected signature was made by OpenSSL 3.0 over the 129 bytes of protocol.md, section 2.
 */
Test(signer, signs_the_bytes_that_the_protocol_says)
{
    static const char expected[] =
        "1c3ea3c07dfbe4ecd76a4c9b70a98b6aa1b0004804e9ca884b1acd3b9192032b"
        "18b767e715e9d505cdd31f80ccebc50bcb0c2c25b3cf3b3275ce0b726d2b6e0f";
    char hex[2 * SIGNATURE_BYTES + 1];
    struct fixture f;
    prepare(&f);
    sodium_bin2hex(hex, sizeof hex, f.signature, sizeof f.signature);
    cr_assert(zero(int, strcmp(hex, expected)), "%s", hex);
    cr_assert(verifies(&f));
}

/* Flips each bit of `bytes`: with none of them flipped may the signature verify. */
static void refuse_flips(struct fixture *f, uint8_t *bytes, size_t size_bytes, const char *what)
{
    for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(not(verifies(f)), "bit %zu of the %s", bit, what);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert(verifies(f));
}

Test(signer, refuses_every_single_bit_flipped)
{
    struct fixture f;
    prepare(&f);
    refuse_flips(&f, f.signature, sizeof f.signature, "signature");
    refuse_flips(&f, f.body, sizeof f.body, "body");
    refuse_flips(&f, f.cluster_id, sizeof f.cluster_id, "cluster's id");
    refuse_flips(&f, f.pair.public_key, sizeof f.pair.public_key, "public key");
}

Test(signer, refuses_the_body_cut_at_each_byte_or_longer)
{
    struct fixture f;
    prepare(&f);
    uint8_t longer[sizeof f.body + 64] = {0};
    memcpy(longer, f.body, sizeof f.body);
    f.statement.body = longer;
    for (size_t size_bytes = 0; size_bytes <= sizeof longer; size_bytes++) {
        f.statement.body_size_bytes = size_bytes;
        cr_assert(eq(int, verifies(&f), size_bytes == sizeof f.body), "%zu bytes", size_bytes);
    }
}

Test(signer, keeps_statements_of_different_kinds_apart)
{
    static const char *const domains[] = {
        "ostrakon/vote/1",  "ostrakon/vote/2", "ostrakon/vote/",
        "ostrakon/vote/11", "ostrakon/cmd/1",  "ostrakon/",
    };
    const size_t count = sizeof domains / sizeof domains[0];
    struct fixture f;
    prepare(&f);
    for (size_t signed_as = 0; signed_as < count; signed_as++) {
        f.statement.domain = domains[signed_as];
        signer_sign(&f.pair, &f.statement, f.signature);
        for (size_t read_as = 0; read_as < count; read_as++) {
            f.statement.domain = domains[read_as];
            cr_assert(eq(int, verifies(&f), signed_as == read_as), "%s as %s",
                      domains[signed_as], domains[read_as]);
        }
    }
}

/* Bytes cannot wander over a field's edge: every field before the body has a fixed size. */
Test(signer, keeps_the_fields_edges)
{
    struct fixture f;
    prepare(&f);
    uint8_t shifted[SIGNER_CLUSTER_BYTES];
    memcpy(shifted, f.cluster_id + 1, sizeof shifted - 1);
    shifted[sizeof shifted - 1] = f.body[0];
    f.statement.cluster_id = shifted;
    f.statement.body = f.body + 1;
    f.statement.body_size_bytes = sizeof f.body - 1;
    cr_assert(not(verifies(&f)));
}

/* S + L is the same number to a sloppy verifier: two signatures for one statement. */
Test(signer, refuses_a_signature_whose_s_is_not_reduced)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                      0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                      0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct fixture f;
    prepare(&f);
    uint32_t carry = 0;
    for (uint32_t i = 0; i < sizeof order; i++) {
        carry += (uint32_t)f.signature[32 + i] + order[i];
        f.signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    cr_assert(zero(u32, carry));
    cr_assert(not(verifies(&f)));
}

/* OpenSSL takes this for a signature of anything (libraries.md, section 4). */
Test(signer, refuses_the_forgery_under_a_key_of_small_order)
{
    struct fixture f;
    prepare(&f);
    memset(f.pair.public_key, 0, sizeof f.pair.public_key);
    f.pair.public_key[0] = 1;
    memset(f.signature, 0, sizeof f.signature);
    f.signature[0] = 1;
    cr_assert(not(verifies(&f)));
}

Test(signer, signs_a_body_of_any_size_up_to_the_largest)
{
    static uint8_t body[SIGNER_BODY_MAX + 1];
    struct fixture f;
    prepare(&f);
    f.statement.body = NULL;
    f.statement.body_size_bytes = 0;
    signer_sign(&f.pair, &f.statement, f.signature);
    cr_assert(verifies(&f));

    f.statement.body = body;
    f.statement.body_size_bytes = SIGNER_BODY_MAX;
    signer_sign(&f.pair, &f.statement, f.signature);
    cr_assert(verifies(&f));
    f.statement.body_size_bytes = SIGNER_BODY_MAX + 1;
    cr_assert(not(verifies(&f)), "longer than can have been signed");
}

Test(signer, never_signs_a_body_that_is_too_long, .signal = SIGABRT)
{
    static uint8_t body[SIGNER_BODY_MAX + 1];
    struct fixture f;
    prepare(&f);
    f.statement.body = body;
    f.statement.body_size_bytes = sizeof body;
    signer_sign(&f.pair, &f.statement, f.signature);
}

Test(signer, never_signs_under_a_domain_that_does_not_fit, .signal = SIGABRT)
{
    struct fixture f;
    prepare(&f);
    f.statement.domain = "ostrakon/vote/100";
    signer_sign(&f.pair, &f.statement, f.signature);
}

Test(signer, never_signs_without_a_domain, .signal = SIGABRT)
{
    struct fixture f;
    prepare(&f);
    f.statement.domain = "";
    signer_sign(&f.pair, &f.statement, f.signature);
}

Test(signer, never_signs_under_a_domain_that_is_not_ours, .signal = SIGABRT)
{
    struct fixture f;
    prepare(&f);
    f.statement.domain = "eyJvc3RyYWtvbg";
    signer_sign(&f.pair, &f.statement, f.signature);
}

/* RFC 8037, appendix A.4: the key of RFC 8032's TEST 1 signs "Example of Ed25519 signing". */
Test(signer, signs_a_jws_as_rfc_8037_does)
{
    static const char input[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    static const char expected[] =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
        "hVsPt9g7sVvpAr_MuM0KAg";
    char text[96];
    struct fixture f;
    prepare(&f);
    f.statement = (struct statement){.domain = SIGNER_JWS,
                                     .cluster_id = f.cluster_id,
                                     .body = (const uint8_t *)input,
                                     .body_size_bytes = strlen(input)};
    signer_sign(&f.pair, &f.statement, f.signature);
    sodium_bin2base64(text, sizeof text, f.signature, sizeof f.signature,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    cr_assert(zero(int, strcmp(text, expected)), "%s", text);
    cr_assert(verifies(&f));
    refuse_flips(&f, f.signature, sizeof f.signature, "signature");
}

/* A signature over what a vote signs, offered as one over a JWS and the other way round: the
 * very same signed bytes, split as the other kind would. */
Test(signer, keeps_statements_and_jws_apart)
{
    static const char input[] =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmcgdGhhdA";
    uint8_t signed_bytes[16 + SIGNER_CLUSTER_BYTES + sizeof(((struct fixture *)0)->body)] = {0};
    struct fixture f;
    prepare(&f);
    memcpy(signed_bytes, "ostrakon/vote/1", 15);
    memcpy(signed_bytes + 16, f.cluster_id, SIGNER_CLUSTER_BYTES);
    memcpy(signed_bytes + 48, f.body, sizeof f.body);
    cr_assert(zero(int, crypto_sign_verify_detached(f.signature, signed_bytes,
                                                    sizeof signed_bytes, f.pair.public_key)));
    f.statement.domain = SIGNER_JWS;
    f.statement.body = signed_bytes;
    f.statement.body_size_bytes = sizeof signed_bytes;
    cr_assert(not(signer_is_jws(signed_bytes, sizeof signed_bytes)));
    cr_assert(not(verifies(&f)), "a vote as a JWS");

    f.statement.body = (const uint8_t *)input;
    f.statement.body_size_bytes = strlen(input);
    signer_sign(&f.pair, &f.statement, f.signature);
    f.statement.domain = "ostrakon/vote/1";
    f.statement.cluster_id = (const uint8_t *)input + 16;
    f.statement.body = (const uint8_t *)input + 48;
    f.statement.body_size_bytes = strlen(input) - 48;
    cr_assert(not(verifies(&f)), "a JWS as a vote");
}

Test(signer, knows_a_jws_by_its_letters)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"e30.e30", true},  {"eyJ.", true},         {"", false},        {".", false},
        {"e30", false},     {"e30.e30.e30", false}, {"E30.e30", false}, {"e30.e3=", false},
        {"e30.e/0", false}, {"e30.e 0", false},     {".e30", false},    {"o30.e30", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].text;
        cr_assert(eq(int, signer_is_jws(bytes, strlen(cases[i].text)), cases[i].good), "%s",
                  cases[i].text);
    }
}

Test(signer, never_signs_as_a_jws_what_is_none, .signal = SIGABRT)
{
    struct fixture f;
    prepare(&f);
    f.statement.domain = SIGNER_JWS;
    signer_sign(&f.pair, &f.statement, f.signature);
}
