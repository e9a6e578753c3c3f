#include "../../tokens/possession.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tokens_fixture.h"

#define NOW_S (TOKENS_NOW_MS / 1000)

struct proof {
    struct tokens_fixture f;
    struct token_claims claims;
    char text[POSSESSION_TEXT_BYTES];
};

static void prove(struct proof *p, const struct key_pair *pair, const char *audience)
{
    uint8_t body[POSSESSION_BODY_BYTES];
    struct possession possession = {.made_s = NOW_S};
    possession_body(&p->claims, NOW_S, audience, body);
    const struct statement statement = {.domain = POSSESSION_DOMAIN,
                                        .cluster_id = p->claims.cluster_id,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    signer_sign(pair, &statement, possession.signature);
    possession_text(&possession, p->text);
}

static void prepare(struct proof *p)
{
    tokens_prepare(&p->f);
    const struct token_issue issue = tokens_issue(&p->f);
    p->claims = token_claims_of(&issue);
    prove(p, &p->f.transport[1], "db");
}

static enum possession_verdict judge(const struct proof *p, const char *audience,
                                     uint64_t now_s)
{
    return possession_judge(&p->claims, p->text, strlen(p->text), audience, now_s);
}

Test(possession, is_proved_by_the_tokens_key_to_one_service_for_half_a_minute)
{
    struct proof p;
    prepare(&p);
    cr_assert(eq(int, judge(&p, "db", NOW_S), POSSESSION_PROVED));
    cr_assert(eq(int, judge(&p, "db", NOW_S - 30), POSSESSION_PROVED));
    cr_assert(eq(int, judge(&p, "db", NOW_S + 30), POSSESSION_PROVED));
    cr_assert(eq(int, judge(&p, "db", NOW_S - 31), POSSESSION_UNTIMELY));
    cr_assert(eq(int, judge(&p, "db", NOW_S + 31), POSSESSION_UNTIMELY));
    cr_assert(eq(int, judge(&p, "cache", NOW_S), POSSESSION_FORGED));
    cr_assert(eq(int, judge(&p, "", NOW_S), POSSESSION_FORGED));
}

Test(possession, is_not_proved_by_another_key_nor_for_another_token)
{
    struct proof p;
    prepare(&p);
    prove(&p, &p.f.transport[0], "db");
    cr_assert(eq(int, judge(&p, "db", NOW_S), POSSESSION_FORGED), "another member");
    prove(&p, &p.f.vote[1], "db");
    cr_assert(eq(int, judge(&p, "db", NOW_S), POSSESSION_FORGED), "its vote key");
    prove(&p, &p.f.transport[1], "db");
    p.claims.jti[0] ^= 1;
    cr_assert(eq(int, judge(&p, "db", NOW_S), POSSESSION_FORGED), "another token");
}

Test(possession, is_refused_with_any_byte_of_its_text_changed_or_cut)
{
    struct proof p;
    prepare(&p);
    const size_t size_bytes = strlen(p.text);
    for (size_t at = 0; at < size_bytes; at++) {
        p.text[at] ^= 1;
        cr_assert(ne(int, judge(&p, "db", NOW_S), POSSESSION_PROVED), "byte %zu", at);
        p.text[at] ^= 1;
        cr_assert(eq(int, possession_judge(&p.claims, p.text, at, "db", NOW_S),
                     POSSESSION_MALFORMED));
    }
}

Test(possession, is_read_in_one_form_only)
{
    static const char *const bad[] = {
        "", ".", "1", "1.", "1.AAAA", "01.", "-1.", "99999999999999999999999999.", "x", " 1.",
    };
    struct possession possession;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert(not(possession_read(&possession, bad[i], strlen(bad[i]))), "%s", bad[i]);
    }
}
