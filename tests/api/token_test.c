/* Tokens by real HTTP: who is let in by /v1/token/verify, who is not, and what is told. */
#include <stdio.h>

#include <sodium.h>

#include "tests/api/asking.h"
#include "tokens/possession.h"

#define ALL ((1u << SCENE_MEMBERS) - 1)
#define TTL_MS (3600u * 1000u)

static char field[128];
static char bearer[2 * JWS_TEXT_MAX];

static void begin_issued(void)
{
    begin();
    scene_issue(&w.agent);
}

TestSuite(token, .init = begin_issued, .fini = end);

static const char *word_of(const char *text, size_t size_bytes)
{
    sodium_bin2base64(bearer, sizeof bearer, (const uint8_t *)text, size_bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return bearer;
}

static const char *token_of(uint32_t member, uint32_t signers)
{
    char text[JWS_TEXT_MAX];
    const size_t size_bytes = scene_token(&w.agent, member, signers, text);
    cr_assert(gt(sz, size_bytes, 0));
    return word_of(text, size_bytes);
}

static void show(const char *word)
{
    world_wish(&w, &x, &(struct wish){.path = "/v1/token/verify", .bearer = word});
}

static void expect_field(const char *name, const char *wanted)
{
    cr_expect(exchange_field(&x, name, field), "%s", name);
    cr_expect(strcmp(field, wanted) == 0, "%s: %s", name, field);
}

static void expect_refusal(const char *reason)
{
    cr_expect(eq(i64, x.status, 401), "%s", reason);
    expect_field("X-Ostrakon-Reason", reason);
    cr_expect(exchange_field(&x, "WWW-Authenticate", field));
    cr_expect(strncmp(field, "Bearer realm=\"prod-eu\"", 22) == 0, "%s", field);
}

Test(token, of_a_member_in_good_standing_is_let_in_and_named)
{
    show(token_of(HELIOS, ALL));
    cr_assert(eq(i64, x.status, 200));
    expect_field("X-Ostrakon-Member", "helios");
    expect_field("X-Ostrakon-Role", "node");
    expect_field("X-Ostrakon-Term", "1");
    expect_field("X-Ostrakon-Possession", "not shown");
    show(token_of(THEMIS, 0xf));
    cr_assert(eq(i64, x.status, 200), "by four of five");
    expect_field("X-Ostrakon-Role", "witness");
}

Test(token, that_is_not_shown_is_asked_for)
{
    get("/v1/token/verify");
    expect_refusal("no token was shown");
    expect_field("WWW-Authenticate", "Bearer realm=\"prod-eu\"");
}

Test(token, with_too_few_signatures_or_none_of_its_own_is_refused)
{
    show(token_of(HELIOS, 0x7));
    expect_refusal("too few good signatures");
    expect_field("WWW-Authenticate", "Bearer realm=\"prod-eu\", error=\"invalid_token\", "
                                     "error_description=\"too few good signatures\"");
    char *word = (char *)(uintptr_t)token_of(HELIOS, ALL);
    word[40] = word[40] == 'A' ? 'B' : 'A';
    show(word);
    cr_expect(eq(i64, x.status, 401));
    show("rubbish");
    expect_refusal("this is no token");
}

Test(token, is_dead_at_the_height_of_its_members_removal_and_the_others_live_on)
{
    char removed[JWS_TEXT_MAX];
    char others[JWS_TEXT_MAX];
    const size_t removed_bytes = scene_token(&w.agent, HELIOS, ALL, removed);
    const size_t others_bytes = scene_token(&w.agent, SELENE, ALL, others);
    scene_remove(&w.agent, HELIOS);
    show(word_of(removed, removed_bytes));
    expect_refusal("its subject is not in good standing");
    show(word_of(others, others_bytes));
    cr_expect(eq(i64, x.status, 200), "four signers are left");
    w.d->cluster.member[HELIOS].standing = STANDING_GOOD;
    show(word_of(removed, removed_bytes));
    expect_refusal("it is of another term of its subject");
}

static void expect_shrug(const char *reason)
{
    show(token_of(HELIOS, ALL));
    cr_expect(eq(i64, x.status, 503), "%s", reason);
    cr_expect(exchange_field(&x, "Retry-After", field));
    expect_field("X-Ostrakon-Reason", reason);
}

Test(token, is_not_judged_by_who_is_not_good_or_may_be_corrupt_or_is_behind)
{
    w.d->silent = true;
    expect_shrug("This agent signs nothing now, as it may be unfit, and vouches for nobody.");
    w.d->silent = false;
    w.d->simplex.needs = CHECKPOINT_NEED_AWAY;
    expect_shrug("This agent waits for a checkpoint, and may have missed a removal.");
    w.d->simplex.needs = CHECKPOINT_NEED_NONE;
    w.d->simplex.catching_up = true;
    expect_shrug("This agent is behind the others, and may have missed a removal.");
    w.d->simplex.catching_up = false;
    const char *missed =
        "This agent was started or stood still, and may have missed a removal.";
    w.d->missed = 1;
    expect_shrug(missed);
    w.d->missed = 0;
    w.d->now_ms -= 5000; /* it woke, and has made no step since */
    expect_shrug(missed);
    w.d->now_ms += 5000;
    w.d->options.neutered = true;
    expect_shrug("This agent is neutered: it vouches for nobody.");
    w.d->options.neutered = false;
    w.d->cluster.member[ATLAS].standing = STANDING_LOCKED_OUT;
    expect_shrug("This agent's member is not in good standing: it vouches for nobody.");
}

Test(token, is_judged_without_a_quorum_until_what_is_known_is_older_than_tokens_live)
{
    w.d->quorum_heard = false;
    show(token_of(HELIOS, ALL));
    cr_expect(eq(i64, x.status, 200));
    w.d->cluster.time_ms -= TTL_MS;
    expect_shrug("Nothing has been decided for longer than tokens live.");
}

Test(token, is_refused_where_it_stands_twice_as_the_service_may_read_the_other)
{
    struct wish wish = {.path = "/v1/token/verify",
                        .bearer = token_of(HELIOS, ALL),
                        .another = "authorization: Bearer x"};
    world_wish(&w, &x, &wish);
    expect_refusal("Authorization stands in the request more than once");
    wish.audience = "shop";
    wish.another = "x-ostrakon-audience: shop";
    world_wish(&w, &x, &wish);
    expect_refusal("X-Ostrakon-Audience stands in the request more than once");
    wish.another = "Cookie: Authorization";
    world_wish(&w, &x, &wish);
    cr_expect(eq(i64, x.status, 200));
}

static void prove(uint32_t member, const char *audience,
                  char text[static POSSESSION_TEXT_BYTES])
{
    uint8_t seed[IDENTITY_SEED_BYTES];
    uint8_t body[POSSESSION_BODY_BYTES];
    struct possession p = {.made_s = clock_unix_ms() / 1000};
    struct key_pair pair;
    memset(seed, (int)member + 1, sizeof seed);
    key_pair_from_seed(&pair, seed);
    possession_body(&w.agent.credentials.claims, p.made_s, audience, body);
    const struct statement statement = {.domain = POSSESSION_DOMAIN,
                                        .cluster_id = w.d->cluster.id.bytes,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    signer_sign(&pair, &statement, p.signature);
    possession_text(&p, text);
}

static void show_proved(uint32_t prover, const char *audience, const char *path)
{
    char proof[POSSESSION_TEXT_BYTES];
    prove(prover, audience, proof);
    world_wish(&w, &x,
               &(struct wish){.path = path, .bearer = token_of(ATLAS, ALL), .proof = proof});
}

Test(token, is_taken_of_who_proves_its_key_to_this_service_and_of_nobody_else)
{
    show_proved(ATLAS, "billing", "/v1/token/verify?audience=billing");
    cr_expect(eq(i64, x.status, 200));
    expect_field("X-Ostrakon-Possession", "proved");
    show_proved(HELIOS, "billing", "/v1/token/verify?audience=billing");
    expect_refusal("the proof is not by the token's key, or not for this service");
    show_proved(ATLAS, "cache", "/v1/token/verify?audience=billing");
    expect_refusal("the proof is not by the token's key, or not for this service");
    world_wish(&w, &x,
               &(struct wish){.path = "/v1/token/verify?proof=required",
                              .bearer = token_of(ATLAS, ALL)});
    expect_refusal("no proof was shown that the presenter holds its key");
    get("/v1/token/verify?proof=perhaps");
    cr_expect(eq(i64, x.status, 400));
}

static const char *const methods[] = {"GET",    "HEAD",    "POST",  "PUT",
                                      "DELETE", "OPTIONS", "PATCH", "TRACE"};

/* As Envoy's ext_authz sends it: our path before the other request's, and of that one the
 * method, Host and query. */
static void show_as_envoy(const char *method, const char *path, const char *word)
{
    world_wish(
        &w, &x,
        &(struct wish){
            .path = path, .method = method, .bearer = word, .host = "shop.example:8443"});
}

Test(token, is_judged_whatever_the_method_and_host_of_the_request_that_a_proxy_asks_about)
{
    static const char *const paths[] = {"/v1/token/verify", "/v1/token/verify/",
                                        "/v1/token/verify/cart/7?proof=x&proof=y&%zz"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
            show_as_envoy(methods[i], paths[k], token_of(HELIOS, ALL));
            cr_expect(eq(i64, x.status, 200), "%s %s", methods[i], paths[k]);
            expect_field("X-Ostrakon-Member", "helios");
            show_as_envoy(methods[i], paths[k], token_of(HELIOS, 0x7));
            expect_refusal("too few good signatures");
            show_as_envoy(methods[i], paths[k], NULL);
            expect_refusal("no token was shown");
        }
    }
    w.d->silent = true;
    show_as_envoy("PATCH", "/v1/token/verify/x", token_of(HELIOS, ALL));
    cr_expect(eq(i64, x.status, 503));
}

Test(token, verdicts_alone_are_open_to_foreign_hosts_and_methods)
{
    static const char *const paths[] = {"/v1/status", "/v1/token", "/v1/token/verifying",
                                        "/v1/trust"};
    for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
        show_as_envoy("GET", paths[k], NULL);
        cr_expect(eq(i64, x.status, 421), "%s", paths[k]);
        world_wish(&w, &x, &(struct wish){.path = paths[k], .method = "DELETE"});
        cr_expect(eq(i64, x.status, 405), "%s", paths[k]);
    }
}

Test(token, of_a_request_behind_envoy_is_proved_to_the_audience_that_the_proxy_names)
{
    char proof[POSSESSION_TEXT_BYTES];
    prove(ATLAS, "shop", proof);
    struct wish wish = {.path = "/v1/token/verify/cart?audience=shop",
                        .method = "POST",
                        .bearer = token_of(ATLAS, ALL),
                        .proof = proof,
                        .host = "shop.example",
                        .audience = "shop"};
    world_wish(&w, &x, &wish);
    cr_expect(eq(i64, x.status, 200));
    expect_field("X-Ostrakon-Possession", "proved");
    wish.audience = NULL; /* what the client writes into its query does not count */
    world_wish(&w, &x, &wish);
    expect_refusal("the proof is not by the token's key, or not for this service");
}

Test(token, of_this_member_is_told_by_the_local_socket_alone)
{
    get("/v1/token");
    cr_assert(eq(i64, x.status, 403));
    world_wish(&w, &x, &(struct wish){.path = "/v1/token", .local = true});
    cr_assert(eq(i64, x.status, 200));
    expect_field("Content-Type", "application/jose+json");
    cr_assert(eq(sz, x.body_bytes, w.agent.credentials.token.size_bytes));
    cr_assert(memcmp(x.body, w.agent.credentials.token.text, x.body_bytes) == 0);
    w.agent.credentials.token.height = 0;
    world_wish(&w, &x, &(struct wish){.path = "/v1/token", .local = true});
    cr_assert(eq(i64, x.status, 503));
}

Test(token, bundle_and_keys_are_told_to_everybody)
{
    struct trust trust;
    struct trust_account account;
    const struct trust_pin pin = {.held = NULL};
    get("/v1/trust");
    cr_assert(eq(i64, x.status, 200));
    cr_assert(eq(int, (int)trust_judge(&trust, &pin, x.body, x.body_bytes, &account),
                 (int)TRUST_IS_ACCEPTED));
    cr_assert(eq(u64, trust.height, SCENE_HEIGHT));

    w.d->cluster.member[SELENE].standing = STANDING_SUSPENDED;
    get("/.well-known/jwks.json");
    cr_assert(eq(i64, x.status, 200));
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "keys")), SCENE_MEMBERS - 1));
    cr_expect(strcmp(exchange_text(&x, "keys.1.kid"), "helios") == 0);
    cr_expect(strcmp(exchange_text(&x, "keys.1.crv"), "Ed25519") == 0);
}

Test(token, keys_are_not_told_by_who_vouches_for_nobody)
{
    w.d->cluster.member[ATLAS].standing = STANDING_SUSPENDED;
    world_get(&w, &x, "/.well-known/jwks.json");
    cr_expect(eq(i64, x.status, 503));
    cr_expect(exchange_field(&x, "Retry-After", field));
    w.d->cluster.member[ATLAS].standing = STANDING_GOOD;
    w.d->cluster.time_ms -= TTL_MS;
    world_get(&w, &x, "/.well-known/jwks.json");
    cr_expect(eq(i64, x.status, 503));
}

Test(token, is_in_the_status_with_its_end_and_not_with_its_bytes)
{
    get("/v1/status");
    cr_assert(eq(dbl, exchange_number(&x, "token.height"), SCENE_HEIGHT));
    cr_assert(eq(dbl, exchange_number(&x, "token.signers"), SCENE_MEMBERS));
    cr_assert(eq(sz, strlen(exchange_text(&x, "token.expires_at")),
                 strlen("2026-11-21T14:03:11.482Z")));
    cr_assert(strstr(x.body, "signatures") == NULL);
}

Test(token, of_a_removed_member_is_said_to_fool_who_is_cut_off_until_it_ends)
{
    scene_remove(&w.agent, HELIOS);
    get("/v1/members/helios");
    cr_assert(strncmp(exchange_text(&x, "member.notes.0"),
                      "token: a verifier that is cut off may take it until 20", 54) == 0,
              "%s", exchange_text(&x, "member.notes.0"));
    char until[128];
    struct member *m = &w.d->cluster.member[HELIOS];
    snprintf(until, sizeof until, "%s", exchange_text(&x, "member.notes.0"));
    m->since_ms += 600000; /* admitted, and not yet reinstated: it gets none meanwhile */
    m->cause = STANDING_CAUSE_ADMITTED;
    get("/v1/members/helios");
    expect_text("member.notes.0", until);
    m->good_until_ms -= TTL_MS;
    get("/v1/members/helios");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "member.notes")), 0));
}

Test(token, of_who_was_never_good_fools_nobody)
{
    scene_remove(&w.agent, HELIOS);
    w.d->cluster.member[HELIOS].good_until_ms = 0;
    get("/v1/members/helios");
    cr_assert(eq(int, cJSON_GetArraySize(exchange_at(&x, "member.notes")), 0));
}

Test(token, is_laid_down_when_its_member_is_removed)
{
    credentials_watch(&w.agent);
    cr_assert(eq(u64, w.agent.credentials.token.height, SCENE_HEIGHT));
    scene_remove(&w.agent, ATLAS);
    credentials_watch(&w.agent);
    cr_assert(eq(u64, w.agent.credentials.token.height, 0));
    cr_assert(eq(u64, w.agent.credentials.trust.height, SCENE_HEIGHT));
}
