#include <criterion/criterion.h>
#include <string.h>

#include "consensus/command.h"

static const struct hash cluster_id = {{1, 2, 3}};

static struct key_pair key_of(uint8_t byte)
{
    const uint8_t seed[IDENTITY_SEED_BYTES] = {byte};
    struct key_pair pair;
    key_pair_from_seed(&pair, seed);
    return pair;
}

static struct prove sample_proof(void)
{
    struct prove p = {.subject = 4, .term = 2, .kind = PROOF_PAIR};
    for (uint32_t i = 0; i < 2; i++) {
        p.votes[i] = (struct vote){.kind = VOTE_NOTARIZE,
                                   .signer = 4,
                                   .height = 12,
                                   .view = 3,
                                   .claim = VIEW_NONE,
                                   .parent = {{7}},
                                   .block = {{(uint8_t)(1 + i)}}};
    }
    return p;
}

static struct operator_command admission(void)
{
    return (struct operator_command){.seq = 3,
                                     .not_after_ms = 1800000000000u,
                                     .operation = OPERATION_ADMIT,
                                     .member = 4,
                                     .term = 2,
                                     .transport_key = {1},
                                     .vote_key = {2},
                                     .role = ROLE_WITNESS,
                                     .address = "127.0.0.1:7106",
                                     .name = "hera"};
}

static struct release sample_release(void)
{
    struct release r = {.incarnation = 0x0123456789abcdefu, .height = 9, .names = 0x8001};
    r.fence[0] = 3;
    r.fence[15] = 1;
    return r;
}

static struct command sample(enum command_kind kind)
{
    struct command c = {.kind = kind, .author = 2, .term = 7};
    switch (kind) {
    case COMMAND_ATTEST:
        c.attest = (struct attest){
            .incarnation = 0xfedcba9876543210u,
            .seq = 3,
            .tick = 40,
            .height = 1000,
            .digest = {{9}},
            .own = (uint64_t)1 << 63,
            .serve = 5,
            .score = 100,
            .silent = 1u << 15,
            .wrong = 3,
            .version_low = 1,
            .version_high = 2,
            .ranked = 3,
            .ranking = {4, 0, 15},
            .configuration = {7},
            .certificate_count = 2,
            .certificates = {{"web", {1}, 1900000000}, {"mail", {2}, 1800000000}},
        };
        break;
    case COMMAND_RESULT:
        c.result = (struct result){.first_window = 30000000, .count = 2};
        c.result.digests[0].bytes[15] = 1;
        c.result.digests[1].bytes[0] = 0xff;
        break;
    case COMMAND_DISPUTE:
        c.dispute = (struct dispute){.fence = 88, .window = 30000000, .own = {{0, 0, 3}}};
        break;
    case COMMAND_FAIL:
        c.fail = (struct fail){88, 1 << 20, "exit code 3: sink refused"};
        break;
    case COMMAND_RESIGN:
        c.resign = (struct resign){.class = RESIGN_DISK, .reference = 24};
        break;
    case COMMAND_OPERATOR:
        c.author = MEMBERS_MAX + 1;
        c.by_operator = admission();
        break;
    case COMMAND_BALLOT:
        c.ballot = (struct ballot){.subjects = 0x8003, .yes = 0x8001};
        c.ballot.motion[0] = 1000;
        c.ballot.motion[1] = 999;
        c.ballot.motion[15] = 1001;
        break;
    case COMMAND_APPEAL:
        break;
    case COMMAND_PROVE:
        c.prove = sample_proof();
        break;
    case COMMAND_RELEASE:
        c.release = sample_release();
        break;
    }
    return c;
}

static const enum command_kind kinds[] = {
    COMMAND_ATTEST,   COMMAND_RESULT, COMMAND_DISPUTE, COMMAND_FAIL,  COMMAND_RESIGN,
    COMMAND_OPERATOR, COMMAND_BALLOT, COMMAND_APPEAL,  COMMAND_PROVE, COMMAND_RELEASE};
#define KINDS (sizeof kinds / sizeof kinds[0])

static size_t signed_sample(enum command_kind kind, uint8_t bytes[static COMMAND_BYTES_MAX])
{
    const struct key_pair pair = key_of(1);
    struct command c = sample(kind);
    command_sign(&c, &cluster_id, &pair);
    return command_encode(&c, bytes);
}

static bool is_accepted(const uint8_t *bytes, size_t size_bytes)
{
    const struct key_pair pair = key_of(1);
    struct command c;
    return command_decode(&c, bytes, size_bytes) &&
           command_verify(&c, &cluster_id, pair.public_key);
}

Test(command, of_every_kind_comes_back_and_verifies)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        uint8_t again[COMMAND_BYTES_MAX];
        const size_t size_bytes = signed_sample(kinds[i], bytes);
        struct command c;

        cr_assert(command_decode(&c, bytes, size_bytes), "kind %u", kinds[i]);
        cr_assert(c.kind == kinds[i] && c.term == 7);
        cr_assert(c.author == (c.kind == COMMAND_OPERATOR ? MEMBERS_MAX + 1 : 2));
        cr_assert(command_encode(&c, again) == size_bytes);
        cr_assert(memcmp(bytes, again, size_bytes) == 0);
        cr_assert(is_accepted(bytes, size_bytes));
    }
}

Test(command, comes_back_value_by_value)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct command c;

    cr_assert(command_decode(&c, bytes, signed_sample(COMMAND_ATTEST, bytes)));
    cr_assert(c.attest.incarnation == 0xfedcba9876543210u && c.attest.seq == 3);
    cr_assert(c.attest.tick == 40 && c.attest.height == 1000 && c.attest.digest.bytes[0] == 9);
    cr_assert(c.attest.own == (uint64_t)1 << 63 && c.attest.serve == 5 &&
              c.attest.score == 100);
    cr_assert(c.attest.silent == 1u << 15 && c.attest.wrong == 3);
    cr_assert(c.attest.version_low == 1 && c.attest.version_high == 2);
    cr_assert(c.attest.ranked == 3 && c.attest.ranking[0] == 4 && c.attest.ranking[2] == 15);

    cr_assert(command_decode(&c, bytes, signed_sample(COMMAND_RESULT, bytes)));
    cr_assert(c.result.first_window == 30000000 && c.result.count == 2);
    cr_assert(c.result.digests[1].bytes[0] == 0xff);

    cr_assert(command_decode(&c, bytes, signed_sample(COMMAND_FAIL, bytes)));
    cr_assert(c.fail.fence == 88 && c.fail.sink_fence == 1 << 20);
    cr_assert_str_eq(c.fail.reason, "exit code 3: sink refused");
}

Test(command, does_not_verify_with_any_bit_flipped)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        const size_t size_bytes = signed_sample(kinds[i], bytes);
        for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_not(is_accepted(bytes, size_bytes), "kind %u, bit %zu", kinds[i], bit);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

Test(command, does_not_decode_cut_at_any_byte_or_with_one_more)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX + 1] = {0};
        const size_t size_bytes = signed_sample(kinds[i], bytes);
        struct command c;
        for (size_t cut = 0; cut < size_bytes; cut++) {
            cr_assert_not(command_decode(&c, bytes, cut), "kind %u, %zu bytes", kinds[i], cut);
        }
        cr_assert_not(command_decode(&c, bytes, size_bytes + 1));
    }
}

Test(command, is_bound_to_its_cluster_and_its_author)
{
    const struct key_pair own = key_of(1);
    const struct key_pair other = key_of(2);
    const struct hash elsewhere = {{1, 2, 4}};
    struct command c = sample(COMMAND_RESULT);
    command_sign(&c, &cluster_id, &own);

    cr_assert(command_verify(&c, &cluster_id, own.public_key));
    cr_assert_not(command_verify(&c, &elsewhere, own.public_key));
    cr_assert_not(command_verify(&c, &cluster_id, other.public_key));
    c.term++;
    cr_assert_not(command_verify(&c, &cluster_id, own.public_key));
}

/* Bytes by their place: author 0, term 1..4, kind 5, then the body. */
static bool decodes_with(enum command_kind kind, size_t at, const uint8_t *with, size_t size)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct command c;
    const size_t size_bytes = signed_sample(kind, bytes);
    memcpy(bytes + at, with, size);
    return command_decode(&c, bytes, size_bytes);
}

Test(command, has_no_author_beyond_the_largest_roster_and_no_unknown_kind)
{
    for (uint32_t value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        cr_assert(decodes_with(COMMAND_FAIL, 0, &byte, 1) == (value < MEMBERS_MAX));
        cr_assert(decodes_with(COMMAND_FAIL, 5, &byte, 1) == (value == COMMAND_FAIL));
    }
}

Test(command, attests_only_what_makes_sense)
{
    static const uint8_t zeros[8] = {0};
    enum { INCARNATION = 6, SEQ = 14, TICK = 22, SCORE = 86, LOW = 91, RANKED = 99 };
    const uint8_t low[] = {0, 0, 0, 3};

    cr_assert_not(decodes_with(COMMAND_ATTEST, INCARNATION, zeros, 8));
    cr_assert_not(decodes_with(COMMAND_ATTEST, SEQ, zeros, 8));
    cr_assert_not(decodes_with(COMMAND_ATTEST, TICK, zeros, 8));
    cr_assert_not(decodes_with(COMMAND_ATTEST, LOW, low, 4), "above its highest version");
    cr_assert(decodes_with(COMMAND_ATTEST, LOW, (const uint8_t[]){0, 0, 0, 2}, 4));
    for (uint32_t value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        cr_assert(decodes_with(COMMAND_ATTEST, SCORE, &byte, 1) == (value <= 100));
        cr_assert(decodes_with(COMMAND_ATTEST, RANKED, &byte, 1) == (value == 3));
    }
    cr_assert(decodes_with(COMMAND_ATTEST, RANKED + 1, (const uint8_t[]){4, 0, 1}, 3));
    cr_assert_not(decodes_with(COMMAND_ATTEST, RANKED + 1, (const uint8_t[]){4, 0, 4}, 3));
    cr_assert_not(decodes_with(COMMAND_ATTEST, RANKED + 1, (const uint8_t[]){4, 0, 16}, 3));
}

Test(command, attests_certificates_by_purpose)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct command c;
    enum { CERTIFICATES = 111, FIRST = 112, SECOND = FIRST + 40 };

    cr_assert(command_decode(&c, bytes, signed_sample(COMMAND_ATTEST, bytes)));
    cr_assert(c.attest.configuration[0] == 7 && c.attest.certificate_count == 2);
    cr_assert_str_eq(c.attest.certificates[1].purpose, "mail");
    cr_assert(c.attest.certificates[1].fingerprint[0] == 2);
    cr_assert(c.attest.certificates[1].not_after_s == 1800000000);
    cr_assert(bytes[CERTIFICATES] == 2);
    cr_assert_not(decodes_with(COMMAND_ATTEST, CERTIFICATES, (const uint8_t[]){5}, 1));
    cr_assert_not(decodes_with(COMMAND_ATTEST, SECOND, (const uint8_t *)"web\0", 5), "twice");
    cr_assert_not(decodes_with(COMMAND_ATTEST, FIRST, (const uint8_t *)"\0\0\0", 3), "unnamed");
    cr_assert_not(decodes_with(COMMAND_ATTEST, FIRST, (const uint8_t *)"\x1b", 1));
}

Test(command, gives_no_empty_digest_no_empty_range_and_no_fence_0)
{
    static const uint8_t zeros[16] = {0};
    static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    cr_assert_not(decodes_with(COMMAND_RESULT, 15, zeros, 16), "a digest of zeros");
    cr_assert_not(decodes_with(COMMAND_RESULT, 6, ones, 8), "the range has no end");
    for (uint32_t value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        cr_assert(decodes_with(COMMAND_RESULT, 14, &byte, 1) == (value == 2));
    }
    cr_assert_not(decodes_with(COMMAND_DISPUTE, 6, zeros, 8));
    cr_assert_not(decodes_with(COMMAND_DISPUTE, 22, zeros, 16));
    cr_assert_not(decodes_with(COMMAND_FAIL, 6, zeros, 8));
    cr_assert(decodes_with(COMMAND_FAIL, 14, zeros, 8), "it found no fence in the sink");
    cr_assert_not(decodes_with(COMMAND_FAIL, 14, ones, 8), "the sink has no such number");
    cr_assert_not(decodes_with(COMMAND_FAIL, 6, ones, 8), "the one in the sink is above");
}

/* The reason is shown to people: nothing may reach their terminals but plain text. */
Test(command, gives_a_reason_in_printable_characters_and_ends_it)
{
    for (uint32_t value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        cr_assert(decodes_with(COMMAND_FAIL, 22, &byte, 1) == (value >= 0x20 && value < 0x7f));
    }
    uint8_t full[REASON_SIZE_BYTES];
    memset(full, 'x', sizeof full);
    cr_assert_not(decodes_with(COMMAND_FAIL, 22, full, sizeof full), "no end");
    full[REASON_SIZE_BYTES - 1] = 0;
    cr_assert(decodes_with(COMMAND_FAIL, 22, full, sizeof full));
    full[1] = 0;
    cr_assert_not(decodes_with(COMMAND_FAIL, 22, full, sizeof full),
                  "something behind the end");
    memset(full, 0, sizeof full);
    cr_assert(decodes_with(COMMAND_FAIL, 22, full, sizeof full), "no reason at all");
}

Test(command, fits_its_bytes_at_its_largest)
{
    const struct key_pair pair = key_of(1);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct command c = sample(COMMAND_RESULT);
    c.result.count = RESULT_WINDOWS_MAX;
    for (uint32_t i = 0; i < RESULT_WINDOWS_MAX; i++) {
        c.result.digests[i].bytes[0] = 1;
    }
    command_sign(&c, &cluster_id, &pair);

    cr_assert(is_accepted(bytes, command_encode(&c, bytes)));
}

Test(command, of_operators_is_of_no_member_and_the_other_way_round)
{
    for (uint32_t value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        const bool is_operator = value >= MEMBERS_MAX && value < AUTHORS_MAX;
        cr_assert(decodes_with(COMMAND_OPERATOR, 0, &byte, 1) == is_operator, "%u", value);
        cr_assert(decodes_with(COMMAND_RESIGN, 0, &byte, 1) == (value < MEMBERS_MAX));
        cr_assert(decodes_with(COMMAND_RESIGN, 6, &byte, 1) == (value < RESIGN_CLASS_COUNT));
        cr_assert(decodes_with(COMMAND_RESIGN, 7, &byte, 1) == (value <= 36), "a reference");
    }
}

Test(command, of_operators_is_signed_for_nothing_else)
{
    const struct key_pair key = key_of(1);
    struct command c = sample(COMMAND_OPERATOR);
    uint8_t bytes[COMMAND_BYTES_MAX];
    command_sign(&c, &cluster_id, &key);
    cr_assert(command_verify(&c, &cluster_id, key.public_key));
    const struct statement as_member = {
        .domain = COMMAND_DOMAIN,
        .cluster_id = cluster_id.bytes,
        .body = bytes,
        .body_size_bytes = command_signed_bytes(&c, bytes),
    };
    cr_assert_not(signature_verify(key.public_key, &as_member, c.signature));
}
