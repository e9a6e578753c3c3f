#include "../../tokens/token.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tokens_fixture.h"

/* The key was made by OpenSSL, the digest of cluster, height, term and name by Python's
 * hashlib.
 */
static const char expected[] =
    "{\"iss\":\"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1\","
    "\"sub\":\"helios\",\"iat\":1795845600,\"nbf\":1795845595,\"exp\":1795849200,"
    "\"jti\":\"c7e046cb61c8eca751c9ed9483d03643\",\"term\":3,\"role\":\"node\","
    "\"cnf\":{\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"zwDV3x7nNEt25__"
    "28ngonNWOaYTHAGkP4EHp24nApJI\"}}}";

static struct token_claims claims_of_helios(void)
{
    static struct tokens_fixture f;
    tokens_prepare(&f);
    const struct token_issue issue = tokens_issue(&f);
    return token_claims_of(&issue);
}

Test(token, is_to_the_last_byte_what_the_block_says)
{
    char payload[TOKEN_PAYLOAD_MAX + 1] = {0};
    const struct token_claims claims = claims_of_helios();
    const size_t size_bytes = token_payload(&claims, payload);
    cr_assert(eq(sz, size_bytes, strlen(payload)));
    cr_assert(zero(int, strcmp(payload, expected)), "%s", payload);
}

Test(token, is_read_as_it_was_written)
{
    char payload[TOKEN_PAYLOAD_MAX];
    struct token_claims claims = claims_of_helios();
    struct token_claims read;
    for (uint32_t role = 0; role < TOKEN_ROLE_COUNT; role++) {
        claims.role = (enum token_role)role;
        claims.term = role == 0 ? 0 : UINT32_MAX;
        const size_t size_bytes = token_payload(&claims, payload);
        cr_assert(token_read(&read, payload, size_bytes));
        cr_assert(zero(int, memcmp(&read, &claims, sizeof read)));
    }
}

Test(token, is_another_for_each_height_term_subject_and_cluster)
{
    struct tokens_fixture f;
    tokens_prepare(&f);
    struct token_issue issues[5];
    struct token_claims claims[5];
    for (uint32_t i = 0; i < 5; i++) {
        issues[i] = tokens_issue(&f);
    }
    issues[1].height++;
    issues[2].term++;
    issues[3].subject[0] = 'H';
    issues[4].cluster_id[31] ^= 1;
    for (uint32_t i = 0; i < 5; i++) {
        claims[i] = token_claims_of(&issues[i]);
        for (uint32_t k = 0; k < i; k++) {
            cr_assert(ne(int, memcmp(claims[i].jti, claims[k].jti, TOKEN_JTI_BYTES), 0));
        }
    }
}

Test(token, has_room_for_the_longest_of_everything)
{
    char payload[TOKEN_PAYLOAD_MAX];
    struct token_claims claims = claims_of_helios();
    memset(claims.subject, 'w', sizeof claims.subject - 1);
    claims.issued_s = claims.not_before_s = claims.expires_s = UINT64_MAX;
    claims.term = UINT32_MAX;
    claims.role = TOKEN_WITNESS;
    cr_assert(gt(sz, token_payload(&claims, payload), 0));
}

Test(token, is_not_made_for_a_name_that_json_would_escape)
{
    static const char *const names[] = {"", "he\"lios", "he\\lios", "he\nlios",
                                        "h\xc3\xa9lios"};
    char payload[TOKEN_PAYLOAD_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct token_claims claims = claims_of_helios();
        memset(claims.subject, 0, sizeof claims.subject);
        memcpy(claims.subject, names[i], strlen(names[i]));
        cr_assert(zero(sz, token_payload(&claims, payload)), "name %zu", i);
    }
}

/* A payload with each field left out, doubled, renamed, of another kind, or too large. */
Test(token, is_of_exactly_this_form)
{
    static const struct {
        const char *old;
        const char *new;
    } changes[] = {
        {"\"term\":3", "\"term\":3,\"term\":3"},
        {"\"term\":3", "\"term\":3,\"admin\":1"},
        {"\"term\":3", "\"Term\":3"},
        {"\"term\":3,", ""},
        {"\"term\":3", "\"term\":\"3\""},
        {"\"term\":3", "\"term\":4294967296"},
        {"\"term\":3", "\"term\":3.0"},
        {"\"term\":3", "\"term\":-3"},
        {"\"node\"", "\"king\""},
        {"\"node\"", "[\"node\",\"witness\"]"},
        {"\"helios\"", "\"\""},
        {"\"helios\"", "\"a-name-that-is-longer-than-any-can-be\""},
        {"\"iat\":1795845600", "\"iat\":9007199254740993"},
        {"\"OKP\"", "\"EC\""},
        {"\"Ed25519\"", "\"Ed448\""},
        {"\"crv\"", "\"crv \""},
        {"\"kty\"", "\"d\":\"\",\"kty\""},
        {"\"c1c1", "\"C1C1"},
        {"}}}", "}}},"},
        {"}}}", "}}}x"},
        {"}}}", "}}"},
    };
    char payload[TOKEN_PAYLOAD_MAX + 1] = {0};
    struct token_claims read;
    const struct token_claims claims = claims_of_helios();
    const size_t size_bytes = token_payload(&claims, payload);
    cr_assert(token_read(&read, payload, size_bytes));
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char changed[2 * TOKEN_PAYLOAD_MAX];
        const char *at = strstr(payload, changes[i].old);
        cr_assert(at != NULL, "%s", changes[i].old);
        const int size = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - payload),
                                  payload, changes[i].new, at + strlen(changes[i].old));
        cr_assert(not(token_read(&read, changed, (size_t)size)), "%s", changed);
    }
}

Test(token, is_refused_cut_at_each_byte)
{
    char payload[TOKEN_PAYLOAD_MAX];
    struct token_claims read;
    const struct token_claims claims = claims_of_helios();
    const size_t size_bytes = token_payload(&claims, payload);
    for (size_t cut = 0; cut < size_bytes; cut++) {
        cr_assert(not(token_read(&read, payload, cut)), "%zu bytes", cut);
    }
}
