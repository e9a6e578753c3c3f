#include "../../tokens/trust.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "tokens_fixture.h"

static const uint32_t all[] = {0, 1, 2, 3, 4};

static struct tokens_fixture f;
static struct token_claims claims;
static struct trust_account account;

static enum token_verdict judge(void)
{
    return trust_judge_token(&f.trust, f.text, f.text_bytes, TOKENS_NOW_MS, true, &claims,
                             &account);
}

#define ASSERT_TOKEN(expected)                                                                 \
    do {                                                                                       \
        const enum token_verdict verdict = judge();                                            \
        cr_assert(eq(int, verdict, TOKEN_IS_##expected), "%s", token_verdict_text(verdict));   \
    } while (0)

/* Every subset of the five, each as often as once or twice: valid is what has four distinct. */
Test(trust, counts_distinct_members)
{
    tokens_prepare(&f);
    for (uint32_t set = 1; set < 32; set++) {
        for (uint32_t doubled = 0; doubled < 2; doubled++) {
            uint32_t signers[10];
            uint32_t count = 0;
            uint32_t distinct = 0;
            for (uint32_t i = 0; i < TOKENS_COUNT; i++) {
                distinct += set >> i & 1;
                for (uint32_t k = 0; k <= doubled && (set >> i & 1) != 0; k++) {
                    signers[count++] = i;
                }
            }
            tokens_make(&f, signers, count);
            cr_assert(
                eq(int, judge(), distinct >= TOKENS_NEED ? TOKEN_IS_VALID : TOKEN_IS_TOO_FEW));
            cr_assert(eq(u32, account.good, distinct));
            cr_assert(eq(u32, account.need, TOKENS_NEED));
            cr_assert(eq(u32, account.count, count));
        }
    }
}

Test(trust, tells_of_each_signature_what_became_of_it)
{
    tokens_prepare(&f);
    const uint32_t signers[] = {0, 0, 2, 1, 3, 4};
    tokens_make(&f, signers, 6);
    f.trust.members[2].standing = TRUST_LOCKED_OUT;
    f.trust.members[2].term = 12;
    snprintf(f.trust.members[3].name, JWS_KID_BYTES, "argos");
    memcpy(f.trust.members[4].vote_key, f.vote[9].public_key, IDENTITY_KEY_BYTES);
    ASSERT_TOKEN(TOO_FEW);
    static const enum share_verdict expected[] = {SHARE_GOOD, SHARE_TWICE,    SHARE_REMOVED,
                                                  SHARE_GOOD, SHARE_STRANGER, SHARE_FORGED};
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert(eq(int, account.shares[i].verdict, expected[i]), "%u: %s", i,
                  share_verdict_text(account.shares[i].verdict));
    }
    cr_assert(zero(int, strcmp(account.shares[2].signer, "selene")));
    cr_assert(eq(int, account.shares[2].standing, TRUST_LOCKED_OUT));
    cr_assert(eq(u32, account.shares[2].term, 12));
    cr_assert(eq(u32, account.good, 2));
}

Test(trust, looks_at_no_more_signatures_than_needed_where_nobody_wants_the_account)
{
    tokens_prepare(&f);
    tokens_make(&f, all, TOKENS_COUNT);
    cr_assert(eq(int,
                 trust_judge_token(&f.trust, f.text, f.text_bytes, TOKENS_NOW_MS, false,
                                   &claims, &account),
                 TOKEN_IS_VALID));
    cr_assert(eq(int, account.shares[3].verdict, SHARE_GOOD));
    cr_assert(eq(int, account.shares[4].verdict, SHARE_UNREAD));
    cr_assert(zero(int, strcmp(account.shares[4].signer, "themis")));
}

Test(trust, dies_with_its_subjects_standing_term_key_and_role)
{
    tokens_prepare(&f);
    tokens_make(&f, all, TOKENS_COUNT);
    struct trust_member *helios = &f.trust.members[1];
    const struct trust_member before = *helios;
    ASSERT_TOKEN(VALID);
    cr_assert(zero(int, strcmp(claims.subject, "helios")));

    for (uint32_t standing = TRUST_SUSPENDED; standing < TRUST_STANDING_COUNT; standing++) {
        helios->standing = (enum trust_standing)standing;
        ASSERT_TOKEN(REMOVED);
    }
    *helios = before;
    helios->term = 4; /* removed and reinstated, or the key replaced */
    ASSERT_TOKEN(OLD_TERM);
    helios->term = 2; /* the bundle is the older one */
    ASSERT_TOKEN(OLD_TERM);
    *helios = before;
    helios->transport_key[0] ^= 1;
    ASSERT_TOKEN(OTHER_KEY);
    *helios = before;
    helios->role = TOKEN_WITNESS;
    ASSERT_TOKEN(OTHER_ROLE);
    *helios = before;
    snprintf(helios->name, sizeof helios->name, "icarus");
    ASSERT_TOKEN(STRANGER);
    *helios = before;
    f.trust.cluster_id[0] ^= 1;
    ASSERT_TOKEN(OTHER_CLUSTER);
}

Test(trust, holds_a_token_good_from_five_seconds_before_to_the_end_of_its_time)
{
    static const struct {
        int64_t off_s;
        enum token_verdict verdict;
    } cases[] = {
        {-6, TOKEN_IS_TOO_EARLY}, {-5, TOKEN_IS_VALID},     {0, TOKEN_IS_VALID},
        {3599, TOKEN_IS_VALID},   {3600, TOKEN_IS_EXPIRED}, {INT32_MAX, TOKEN_IS_EXPIRED},
    };
    tokens_prepare(&f);
    tokens_make(&f, all, TOKENS_COUNT);
    f.trust.time_ms += 10000000; /* a newer bundle, so that not it is what is stale */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t now_ms = (uint64_t)(1795845600 + cases[i].off_s) * 1000;
        f.trust.time_ms = now_ms;
        const enum token_verdict verdict =
            trust_judge_token(&f.trust, f.text, f.text_bytes, now_ms, true, &claims, &account);
        cr_assert(eq(int, verdict, cases[i].verdict), "%ld s", (long)cases[i].off_s);
    }
}

Test(trust, is_stale_when_older_than_the_time_to_live)
{
    tokens_prepare(&f);
    const uint64_t end_ms = TOKENS_TIME_MS + 3600 * 1000;
    cr_assert(not(trust_is_stale(&f.trust, end_ms - 1)));
    cr_assert(trust_is_stale(&f.trust, end_ms));
    tokens_make(&f, all, TOKENS_COUNT);
    cr_assert(eq(
        int, trust_judge_token(&f.trust, f.text, f.text_bytes, end_ms, true, &claims, &account),
        TOKEN_IS_STALE));
}

/* No bit of a token with just enough signatures can be another. */
Test(trust, refuses_a_token_with_any_bit_flipped)
{
    tokens_prepare(&f);
    tokens_make(&f, all, TOKENS_NEED);
    ASSERT_TOKEN(VALID);
    for (size_t at = 0; at < f.text_bytes; at++) {
        for (uint32_t bit = 0; bit < 8; bit++) {
            f.text[at] ^= (char)(1 << bit);
            cr_assert(ne(int,
                         trust_judge_token(&f.trust, f.text, f.text_bytes, TOKENS_NOW_MS, false,
                                           &claims, &account),
                         TOKEN_IS_VALID),
                      "bit %u of byte %zu", bit, at);
            f.text[at] ^= (char)(1 << bit);
        }
    }
    ASSERT_TOKEN(VALID);
}

/* A liar's own key under other headers and other names: it counts for one, or for none. */
Test(trust, counts_one_liar_for_one_however_it_signs)
{
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"typ\":\"ostrakon-token+jwt\",\"kid\":\"helios\","
        "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":1}}",
        "{\"alg\":\"EdDSA\",\"typ\":\"ostrakon-token+jwt\",\"kid\":\"helios\","
        "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":2}}",
        "{\"alg\":\"Ed25519\",\"typ\":\"ostrakon-token+jwt\",\"kid\":\"helios\","
        "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":4}}",
        "{\"alg\":\"EdDSA\",\"typ\":\"ostrakon-token+jwt\",\"kid\":\"atlas\","
        "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":4}}",
        "{\"alg\":\"EdDSA\",\"typ\":\"ostrakon-token+jwt\",\"kid\":\"operator\","
        "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":4}}",
        "{\"alg\":\"EdDSA\",\"kid\":\"helios\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"ostrakon-trust+jwt\",\"kid\":\"helios\","
        "\"crit\":[\"ostrakon\"],\"ostrakon\":{\"need\":4}}",
    };
    char payload[TOKEN_PAYLOAD_MAX + 1] = {0};
    char payload_text[1024];
    tokens_prepare(&f);
    const struct token_issue issue = tokens_issue(&f);
    struct token_claims wanted = token_claims_of(&issue);
    wanted.expires_s += 86400;
    const size_t payload_bytes = token_payload(&wanted, payload);
    sodium_bin2base64(payload_text, sizeof payload_text, (uint8_t *)payload, payload_bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *at = f.text + sprintf(f.text, "{\"payload\":\"%s\",\"signatures\":[", payload_text);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char share[1024];
        tokens_forge(headers[i], payload, &f.vote[1], share);
        at += sprintf(at, "%s%s", i == 0 ? "" : ",", share);
    }
    f.text_bytes = (size_t)(at - f.text + sprintf(at, "]}"));
    ASSERT_TOKEN(TOO_FEW);
    cr_assert(eq(u32, account.good, 1));
}

/* Bundles. */

static struct trust next;
static struct trust read_trust;

static enum trust_verdict judge_bundle(const struct trust *held)
{
    const struct trust_pin pin = {.held = held};
    return trust_judge(&read_trust, &pin, f.text, f.text_bytes, &account);
}

#define ASSERT_TRUST(held, expected)                                                           \
    do {                                                                                       \
        const enum trust_verdict verdict = judge_bundle(held);                                 \
        cr_assert(eq(int, verdict, TRUST_IS_##expected), "%s", trust_verdict_text(verdict));   \
    } while (0)

Test(trust, is_read_as_it_was_written)
{
    tokens_prepare(&f);
    f.trust.members[2].standing = TRUST_NEUTERED;
    f.trust.need = 3;
    tokens_make_trust(&f, &f.trust, all, TOKENS_COUNT);
    ASSERT_TRUST(NULL, ACCEPTED);
    cr_assert(zero(int, memcmp(&read_trust, &f.trust, sizeof f.trust)));
    cr_assert(eq(u32, account.good, 4), "the neutered one's does not count");
}

Test(trust, has_room_for_sixteen_with_the_longest_names)
{
    char payload[JWS_PAYLOAD_MAX];
    tokens_prepare(&f);
    f.trust.count = TRUST_MEMBERS_MAX;
    f.trust.height = f.trust.time_ms = (UINT64_C(1) << 53) - 1;
    f.trust.ttl_s = UINT32_MAX;
    f.trust.need = 11;
    f.trust.operator_count = TRUST_OPERATORS_MAX;
    for (uint32_t i = 0; i < TRUST_MEMBERS_MAX; i++) {
        struct trust_member *m = &f.trust.members[i];
        snprintf(m->name, sizeof m->name, "a-name-of-thirty-one-charact-%02u", i);
        m->term = UINT32_MAX;
        m->role = TOKEN_WITNESS;
        m->standing = i < 11 ? TRUST_GOOD : TRUST_LOCKED_OUT;
        memcpy(m->vote_key, f.vote[i].public_key, sizeof m->vote_key);
        memcpy(m->transport_key, f.transport[i].public_key, sizeof m->transport_key);
    }
    for (uint32_t i = 0; i < TRUST_OPERATORS_MAX; i++) {
        memcpy(f.trust.operators[i], f.vote[i].public_key, IDENTITY_KEY_BYTES);
    }
    const size_t payload_bytes = trust_payload(&f.trust, payload);
    cr_assert(gt(sz, payload_bytes, 0));
    cr_assert(trust_read(&read_trust, payload, payload_bytes));
    cr_assert(zero(int, memcmp(&read_trust, &f.trust, sizeof f.trust)));
}

/* What would let one member count twice, or anybody forge, or nobody be needed. */
Test(trust, refuses_members_that_are_not_distinct_and_keys_that_are_none)
{
    for (uint32_t fault = 0; fault < 10; fault++) {
        char payload[JWS_PAYLOAD_MAX];
        tokens_prepare(&f);
        struct trust_member *m = f.trust.members;
        switch (fault) {
        case 0:
            memcpy(m[4].name, m[0].name, sizeof m[4].name);
            break;
        case 1:
            memcpy(m[4].vote_key, m[0].vote_key, sizeof m[4].vote_key);
            break;
        case 2:
            memcpy(m[4].transport_key, m[0].transport_key, sizeof m[4].transport_key);
            break;
        case 3:
            memset(m[4].vote_key, 0, sizeof m[4].vote_key);
            break;
        case 4: /* of small order */
            memset(m[4].vote_key, 0, sizeof m[4].vote_key);
            m[4].vote_key[0] = 1;
            break;
        case 5: /* not canonical: y is p + 1 */
            memset(m[4].vote_key, 0xff, sizeof m[4].vote_key);
            m[4].vote_key[0] = 0xee;
            m[4].vote_key[31] = 0x7f;
            break;
        case 6:
            memset(f.trust.operators[0], 0, IDENTITY_KEY_BYTES);
            break;
        case 7:
            f.trust.need = 2;
            break;
        case 8:
            f.trust.need = 6;
            break;
        default:
            snprintf(m[4].name, sizeof m[4].name, TRUST_OPERATOR);
        }
        const size_t payload_bytes = trust_payload(&f.trust, payload);
        cr_assert(gt(sz, payload_bytes, 0));
        cr_assert(not(trust_read(&read_trust, payload, payload_bytes)), "fault %u", fault);
    }
}

Test(trust, is_no_bundle_without_enough_of_its_own_members)
{
    tokens_prepare(&f);
    tokens_make_trust(&f, &f.trust, all, TOKENS_NEED - 1);
    ASSERT_TRUST(NULL, UNSIGNED);
    tokens_make(&f, all, TOKENS_COUNT);
    ASSERT_TRUST(NULL, MALFORMED);
    tokens_make_trust(&f, &f.trust, all, TOKENS_COUNT);
    ASSERT_TOKEN(MALFORMED);
}

Test(trust, goes_up_only)
{
    tokens_prepare(&f);
    next = f.trust;
    next.height++;
    next.members[1].standing = TRUST_LOCKED_OUT;
    next.members[1].term++;
    next.need = 3;
    const uint32_t others[] = {0, 2, 3};
    tokens_make_trust(&f, &next, others, 3);
    ASSERT_TRUST(&f.trust, ACCEPTED);
    ASSERT_TRUST(&next, ACCEPTED); /* the same again */

    tokens_make_trust(&f, &f.trust, all, TOKENS_COUNT);
    ASSERT_TRUST(&next, OLDER);
    next.height = f.trust.height;
    ASSERT_TRUST(&next, CONTRADICTS);
    next.cluster_id[0] ^= 1;
    ASSERT_TRUST(&next, OTHER_CLUSTER);
}

/* Strangers may sign a bundle of their own as often as they like. */
Test(trust, needs_more_than_half_of_those_held_good)
{
    tokens_prepare(&f);
    next = f.trust;
    next.height++;
    for (uint32_t i = 2; i < TOKENS_COUNT; i++) {
        memcpy(next.members[i].vote_key, f.vote[i + 6].public_key, IDENTITY_KEY_BYTES);
    }
    struct tokens_fixture usurper = f;
    memcpy(&usurper.vote[2], &f.vote[8], 3 * sizeof f.vote[0]);
    usurper.trust = next;
    tokens_make_trust(&usurper, &next, all, TOKENS_COUNT);
    memcpy(f.text, usurper.text, usurper.text_bytes);
    f.text_bytes = usurper.text_bytes;
    ASSERT_TRUST(NULL, ACCEPTED);
    ASSERT_TRUST(&f.trust, UNVOUCHED); /* two of five */
    cr_assert(eq(u32, account.good, 5));

    next.members[2] = f.trust.members[2];
    memcpy(&usurper.vote[2], &f.vote[2], sizeof f.vote[2]);
    tokens_make_trust(&usurper, &next, all, TOKENS_COUNT);
    memcpy(f.text, usurper.text, usurper.text_bytes);
    f.text_bytes = usurper.text_bytes;
    ASSERT_TRUST(&f.trust, ACCEPTED); /* three of five */
}

Test(trust, is_taken_first_from_a_pinned_operator)
{
    const uint32_t signers[] = {0, 1, 2, 3, 15};
    tokens_prepare(&f);
    const struct trust_pin pin = {
        .operator_count = 1,
        .operators = (const uint8_t(*)[IDENTITY_KEY_BYTES])f.trust.operators,
    };
    const struct trust_pin other = {
        .operator_count = 1,
        .operators = (const uint8_t(*)[IDENTITY_KEY_BYTES])f.vote[14].public_key,
    };
    tokens_make_trust(&f, &f.trust, signers, 5);
    cr_assert(eq(int, trust_judge(&read_trust, &pin, f.text, f.text_bytes, &account),
                 TRUST_IS_ACCEPTED));
    cr_assert(eq(int, trust_judge(&read_trust, &other, f.text, f.text_bytes, &account),
                 TRUST_IS_UNPINNED));
    tokens_make_trust(&f, &f.trust, signers, 4);
    cr_assert(eq(int, trust_judge(&read_trust, &pin, f.text, f.text_bytes, &account),
                 TRUST_IS_UNPINNED));
}
