/* /v1/token/verify: for nginx auth_request, Envoy ext_authz and whoever else lets a status code
 * decide. 200: the bearer is a member in good standing; 401: it is not, or has not shown it;
 * 503: this agent cannot tell. To be asked is the agent beside the resource, never the
 * bearer's.
 *
 * Envoy puts our path before that of the request which it asks about, and sends that request's
 * method, Host and query: so these say nothing to us below /v1/token/verify/. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/api_parts.h"

#define BEARER "Bearer "
#define CHALLENGE_BYTES 256u
#define NUMBER_BYTES 24u

/* What became of one request. */
struct judgement {
    const char *audience; /* whom a proof must be for; borrowed from the request */
    bool proof_wanted;
    struct token_claims claims;
    enum token_verdict verdict;
    bool proof_shown;
    enum possession_verdict proof;
};

/* A field that stands there twice: the service behind may go by the other one. NULL: none. */
static const char *ambiguous(const struct http_request *request)
{
#define TWICE(name)                                                                            \
    {                                                                                          \
        name, name " stands in the request more than once"                                     \
    }
    static const struct http_field fields[] = {
        TWICE("Authorization"), TWICE("X-Ostrakon-Proof"), TWICE("X-Ostrakon-Audience")};
#undef TWICE
    for (uint32_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (http_header_is_ambiguous(request, fields[i].name)) {
            return fields[i].value;
        }
    }
    return NULL;
}

/* `reason` NULL: no token was shown, which is no error of the token's (RFC 6750, section 3). */
static void refuse(const struct agent *a, struct http_request *request, const char *reason)
{
    char challenge[CHALLENGE_BYTES];
    snprintf(challenge, sizeof challenge, "Bearer realm=\"%s\"%s%s%s", a->config.founding.name,
             reason == NULL ? "" : ", error=\"invalid_token\", error_description=\"",
             reason == NULL ? "" : reason, reason == NULL ? "" : "\"");
    const char *detail = reason == NULL ? "no token was shown" : reason;
    const struct api_problem problem = {
        .status = 401,
        .title = "Refused",
        .detail = detail,
        .fields = {{"WWW-Authenticate", challenge}, {"X-Ostrakon-Reason", detail}},
    };
    api_problem_send(request, &problem);
}

static void shrug(struct http_request *request, const char *why)
{
    const struct api_problem problem = {
        .status = 503,
        .title = "This agent cannot tell",
        .detail = why,
        .retry_after_s = 1,
        .fields = {{"X-Ostrakon-Reason", why}},
    };
    api_problem_send(request, &problem);
}

static void accept(struct http_request *request, const struct judgement *j)
{
    char term[NUMBER_BYTES];
    char expires[NUMBER_BYTES];
    snprintf(term, sizeof term, "%" PRIu32, j->claims.term);
    snprintf(expires, sizeof expires, "%" PRIu64, j->claims.expires_s);
    const struct http_answer answer = {
        .status = 200,
        .content_type = "text/plain; charset=utf-8",
        .body = "good\n",
        .body_bytes = strlen("good\n"),
        .fields = {{"Cache-Control", "no-store"},
                   {"X-Ostrakon-Member", j->claims.subject},
                   {"X-Ostrakon-Role", token_role_texts[j->claims.role]},
                   {"X-Ostrakon-Term", term},
                   {"X-Ostrakon-Expires", expires},
                   {"X-Ostrakon-Possession", j->proof_shown ? "proved" : "not shown"}},
    };
    http_reply(request, &answer);
}

static void judge(const struct agent *a, struct http_request *request, const char *bearer,
                  struct judgement *j)
{
    struct trust trust;
    struct trust_account account;
    char text[JWS_TEXT_MAX];
    const uint64_t now_ms = credentials_now_ms(a);
    const char *proof = http_header(request, "X-Ostrakon-Proof");
    const size_t size_bytes = jws_unwrap(bearer, strlen(bearer), text);
    credentials_trust(a, &trust);
    j->verdict =
        trust_judge_token(&trust, text, size_bytes, now_ms, false, &j->claims, &account);
    j->proof_shown = proof != NULL;
    if (j->verdict == TOKEN_IS_VALID && j->proof_shown) {
        j->proof =
            possession_judge(&j->claims, proof, strlen(proof), j->audience, now_ms / 1000);
    }
}

/* Where the service asks for it, a token without a proof is not enough: it may be stolen. */
static bool is_query_good(struct http_request *request, struct judgement *j)
{
    const char *wish = http_query(request, "proof");
    const char *audience = http_query(request, "audience");
    const char *wrong = wish != NULL && strcmp(wish, "required") != 0
                            ? "proof= takes the word required."
                        : audience != NULL && strlen(audience) > POSSESSION_AUDIENCE_MAX
                            ? "The audience is longer than 255 bytes."
                            : NULL;
    if (wrong != NULL) {
        api_problem_send(request, &(struct api_problem){
                                      .status = 400, .title = "Bad query", .detail = wrong});
    }
    j->audience = audience == NULL ? "" : audience;
    j->proof_wanted = wish != NULL;
    return wrong == NULL;
}

static void answer(const struct agent *a, struct http_request *request, struct judgement *j)
{
    const char *unable = credentials_unable(a);
    const char *header = http_header(request, "Authorization");
    if (unable != NULL) {
        shrug(request, unable);
        return;
    }
    const char *twice = ambiguous(request);
    if (twice != NULL) {
        refuse(a, request, twice);
        return;
    }
    if (header == NULL || strncasecmp(header, BEARER, strlen(BEARER)) != 0) {
        refuse(a, request, NULL);
        return;
    }
    judge(a, request, header + strlen(BEARER), j);
    if (j->verdict == TOKEN_IS_STALE) {
        shrug(request, CREDENTIALS_STALE);
    } else if (j->verdict != TOKEN_IS_VALID) {
        refuse(a, request, token_verdict_text(j->verdict));
    } else if (j->proof_shown && j->proof != POSSESSION_PROVED) {
        refuse(a, request, possession_verdict_text(j->proof));
    } else if (!j->proof_shown && j->proof_wanted) {
        refuse(a, request, "no proof was shown that the presenter holds its key");
    } else {
        accept(request, j);
    }
}

void api_verify(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    struct judgement j = {.verdict = TOKEN_IS_MALFORMED};
    if (is_query_good(request, &j)) {
        answer(api->agent, request, &j);
    }
}

void api_verify_path(struct api *api, struct http_request *request, const char *name)
{
    (void)name; /* the other request's path */
    const char *audience = http_header(request, "X-Ostrakon-Audience");
    struct judgement j = {.verdict = TOKEN_IS_MALFORMED,
                          .audience = audience == NULL ? "" : audience};
    if (strlen(j.audience) > POSSESSION_AUDIENCE_MAX) {
        api_problem_send(
            request, &(struct api_problem){.status = 400,
                                           .title = "Bad audience",
                                           .detail = "The audience is longer than 255 bytes."});
        return;
    }
    answer(api->agent, request, &j);
}
