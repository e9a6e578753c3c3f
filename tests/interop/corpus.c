/* Writes tokens and trust bundles, good and bad, for others' libraries to judge.
 *
 *   interop_corpus DIRECTORY
 *
 * A cluster of five of whom four must sign; the tokens are of helios. Keys and times are fixed,
 * so the files are the same each time: tests/cli/documents holds some of them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "../../tokens/trust.h"

#define MEMBERS 5u
#define NEED 4u
#define TIME_MS UINT64_C(1795845600123) /* 2026-11-28T06:00:00.123Z */
#define TEXT_BYTES 8192u
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* One signature under a header of any kind. */
struct signing {
    const char *kid;
    const char *header; /* NULL: ours */
    const char *beside; /* what stands before "protected", unsigned; may be "" */
    const struct key_pair *pair;
};

static const char *directory;
static struct key_pair vote[MEMBERS];
static struct key_pair transport[MEMBERS];
static struct trust trust;

static void pair_of(struct key_pair *pair, uint8_t kind, uint8_t member)
{
    const uint8_t seed[IDENTITY_SEED_BYTES] = {kind, member, 7};
    key_pair_from_seed(pair, seed);
}

static void found(void)
{
    static const char *const names[MEMBERS] = {"atlas", "helios", "selene", "argus", "themis"};
    struct key_pair operator_pair;
    trust = (struct trust){.height = 48213,
                           .time_ms = TIME_MS,
                           .ttl_s = 3600,
                           .need = NEED,
                           .count = MEMBERS,
                           .operator_count = 1};
    memset(trust.cluster_id, 0xc1, sizeof trust.cluster_id);
    for (uint8_t i = 0; i < MEMBERS; i++) {
        struct trust_member *m = &trust.members[i];
        pair_of(&vote[i], 1, i);
        pair_of(&transport[i], 2, i);
        snprintf(m->name, sizeof m->name, "%s", names[i]);
        m->term = 3;
        m->role = i < 3 ? TOKEN_NODE : TOKEN_WITNESS;
        memcpy(m->vote_key, vote[i].public_key, sizeof m->vote_key);
        memcpy(m->transport_key, transport[i].public_key, sizeof m->transport_key);
    }
    pair_of(&operator_pair, 3, 0);
    memcpy(trust.operators[0], operator_pair.public_key, sizeof trust.operators[0]);
}

static void write_file(const char *name, const char *text, size_t text_bytes, mode_t mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w");
    if (out == NULL || fwrite(text, 1, text_bytes, out) != text_bytes || fclose(out) != 0 ||
        chmod(path, mode) != 0) {
        perror(path);
        exit(1);
    }
}

static void base64(const char *text, char out[static TEXT_BYTES])
{
    sodium_bin2base64(out, TEXT_BYTES, (const uint8_t *)text, strlen(text), VARIANT);
}

/* `signed_payload` is what the signers saw, `payload` what the file says. */
static void write_jws(const char *name, const char *payload, const char *signed_payload,
                      const char *type, const struct signing *signings, uint32_t count)
{
    static char text[4 * TEXT_BYTES];
    char payload_text[TEXT_BYTES];
    base64(payload, payload_text);
    char *at = text + sprintf(text, "{\"payload\":\"%s\",\"signatures\":[", payload_text);
    for (uint32_t i = 0; i < count; i++) {
        char header[512];
        char header_text[TEXT_BYTES];
        char input[2 * TEXT_BYTES];
        char signature_text[128];
        uint8_t signature[SIGNATURE_BYTES];
        snprintf(header, sizeof header,
                 "{\"alg\":\"EdDSA\",\"typ\":\"%s\",\"kid\":\"%s\",\"crit\":[\"ostrakon\"],"
                 "\"ostrakon\":{\"need\":%u}}",
                 type, signings[i].kid, NEED);
        base64(signings[i].header == NULL ? header : signings[i].header, header_text);
        base64(signed_payload, payload_text);
        snprintf(input, sizeof input, "%s.%s", header_text, payload_text);
        crypto_sign_detached(signature, NULL, (const uint8_t *)input, strlen(input),
                             signings[i].pair->secret_key);
        sodium_bin2base64(signature_text, sizeof signature_text, signature, sizeof signature,
                          VARIANT);
        at += sprintf(at, "%s{%s\"protected\":\"%s\",\"signature\":\"%s\"}", i == 0 ? "" : ",",
                      signings[i].beside == NULL ? "" : signings[i].beside, header_text,
                      signature_text);
    }
    strcpy(at, "]}");
    write_file(name, text, strlen(text), 0644);
}

static struct signing signing_of(uint32_t member)
{
    return (struct signing){.kid = trust.members[member].name, .pair = &vote[member]};
}

static void write_bundles(void)
{
    char payload[JWS_PAYLOAD_MAX + 1] = {0};
    struct signing all[MEMBERS];
    for (uint32_t i = 0; i < MEMBERS; i++) {
        all[i] = signing_of(i);
    }
    trust_payload(&trust, payload);
    write_jws("trust.json", payload, payload, "ostrakon-trust+jwt", all, MEMBERS);
    write_jws("trust_few.json", payload, payload, "ostrakon-trust+jwt", all, NEED - 1);
    struct trust next = trust;
    next.height += 7;
    next.time_ms += 60000;
    next.need = 3;
    next.members[1].standing = TRUST_LOCKED_OUT;
    next.members[1].term++;
    memset(payload, 0, sizeof payload);
    trust_payload(&next, payload);
    write_jws("trust_next.json", payload, payload, "ostrakon-trust+jwt", all, MEMBERS);
}

#define TYPE "\"typ\":\"ostrakon-token+jwt\""
#define NEEDED "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":4}"

/* Three good signatures, and then what is to pass for a fourth. */
static void write_with(const char *name, const char *payload, struct signing fourth)
{
    const struct signing signings[] = {signing_of(0), signing_of(2), signing_of(3), fourth};
    write_jws(name, payload, payload, "ostrakon-token+jwt", signings, 4);
}

static void write_tokens(const char *payload)
{
    const struct signing all[] = {signing_of(0), signing_of(1), signing_of(2), signing_of(3),
                                  signing_of(4)};
    const char *type = "ostrakon-token+jwt";
    char altered[TOKEN_PAYLOAD_MAX + 1] = {0};
    strcpy(altered, payload);
    memcpy(strstr(altered, "\"role\":\"node\"") - 2, "9", 1); /* the term */
    write_jws("all.json", payload, payload, type, all, 5);
    write_jws("enough.json", payload, payload, type, all, 4);
    write_jws("few.json", payload, payload, type, all, 3);
    write_jws("altered.json", altered, payload, type, all, 5);
    write_jws("type.json", payload, payload, "JWT", all, 5);
    write_with("twice.json", payload, signing_of(0));
    write_with("other_key.json", payload, (struct signing){.kid = "themis", .pair = &vote[3]});
    write_with("stranger.json", payload, (struct signing){.kid = "icarus", .pair = &vote[3]});
    write_with("transport_key.json", payload,
               (struct signing){.kid = "themis", .pair = &transport[4]});
    write_with(
        "one_type.json", payload,
        (struct signing){
            .header = "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"themis\"," NEEDED "}",
            .pair = &vote[4]});
    write_with("crit.json", payload,
               (struct signing){.header = "{\"alg\":\"EdDSA\"," TYPE ",\"kid\":\"themis\","
                                          "\"crit\":[\"ostrakon\",\"tomorrow\"],"
                                          "\"ostrakon\":{\"need\":4},\"tomorrow\":1}",
                                .pair = &vote[4]});
    write_with("no_crit.json", payload,
               (struct signing){.header = "{\"alg\":\"EdDSA\"," TYPE ",\"kid\":\"themis\"}",
                                .pair = &vote[4]});
    /* one who has signed, under a name outside what is signed */
    write_with("beside.json", payload,
               (struct signing){.header = "{\"alg\":\"EdDSA\"," TYPE "," NEEDED "}",
                                .beside = "\"header\":{\"kid\":\"argus\"},",
                                .pair = &vote[3]});
}

/* The member's transport key as `ostrakon keygen` writes one (PKCS#8, RFC 8410). */
static void write_key(const char *name, uint8_t kind, uint8_t member)
{
    uint8_t der[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    char body[80];
    char text[160];
    der[16] = kind;
    der[17] = member;
    der[18] = 7;
    sodium_bin2base64(body, sizeof body, der, sizeof der, sodium_base64_VARIANT_ORIGINAL);
    const int size =
        snprintf(text, sizeof text,
                 "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", body);
    write_file(name, text, (size_t)size, 0600);
}

int main(int argc, char **argv)
{
    char payload[TOKEN_PAYLOAD_MAX + 1] = {0};
    if (argc != 2 || sodium_init() < 0) {
        return 64;
    }
    directory = argv[1];
    found();
    struct token_issue issue = {.height = trust.height,
                                .time_ms = trust.time_ms,
                                .ttl_s = trust.ttl_s,
                                .term = 3,
                                .role = TOKEN_NODE};
    memcpy(issue.cluster_id, trust.cluster_id, sizeof issue.cluster_id);
    strcpy(issue.subject, "helios");
    memcpy(issue.key, transport[1].public_key, sizeof issue.key);
    const struct token_claims claims = token_claims_of(&issue);
    const size_t payload_bytes = token_payload(&claims, payload);
    assert(payload_bytes > 0);
    write_bundles();
    write_tokens(payload);
    write_key("helios.pem", 2, 1);
    write_key("atlas.pem", 2, 0);
    write_key("operator.pem", 3, 0);
    for (uint8_t i = 0; i < MEMBERS; i++) {
        char name[64];
        snprintf(name, sizeof name, "vote_%s.pem", trust.members[i].name);
        write_key(name, 1, i);
    }
    write_file("payload.json", payload, payload_bytes, 0644);
    return 0;
}
