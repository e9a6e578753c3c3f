/* Tokens and whom to believe about them: /v1/token, /v1/trust, /.well-known/jwks.json. */
#include <string.h>

#include <sodium.h>

#include "agent/api_parts.h"

#define KEY_CHARS                                                                              \
    sodium_base64_ENCODED_LEN(PUBLIC_KEY_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)

static void send_credential(struct http_request *request, const struct credential *c,
                            const char *title, const char *detail)
{
    if (c->height == 0) {
        const struct api_problem problem = {
            .status = 503, .title = title, .detail = detail, .retry_after_s = 1};
        api_problem_send(request, &problem);
        return;
    }
    const struct http_answer answer = {
        .status = 200,
        .content_type = "application/jose+json",
        .body = c->text,
        .body_bytes = c->size_bytes,
        .fields = {{"Cache-Control", "no-store"}},
    };
    http_reply(request, &answer);
}

/* Bound to a key, and still nothing that strangers should have. */
void api_token(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    if (request->uid == UINT32_MAX) {
        const struct api_problem problem = {
            .status = 403,
            .title = "Only by the local socket",
            .detail = "A member's token is told to its own machine's programs.",
        };
        api_problem_send(request, &problem);
        return;
    }
    send_credential(request, &api->agent->credentials.token, "No token",
                    "This member has no token now: ostrakon status says why.");
}

void api_trust(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    send_credential(request, &api->agent->credentials.trust, "No trust bundle",
                    "None has been co-signed since this agent started.");
}

/* Why nobody is to take keys from this agent; NULL: it may be asked. */
static const char *unable(const struct agent *a)
{
    struct trust trust;
    const char *why = credentials_unable(a);
    credentials_trust(a, &trust);
    return why == NULL && trust_is_stale(&trust, credentials_now_ms(a)) ? CREDENTIALS_STALE
                                                                        : why;
}

/* RFC 7517, of the members that are good now. Nobody has signed it, so who may not vouch for a
 * token may not do so by way of keys. Whoever checks one signature with it and is
 * content has not understood `crit`, and refuses. */
void api_jwks(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    const struct cluster *c = &api->agent->node->deciding.cluster;
    const char *why = unable(api->agent);
    if (why != NULL) {
        const struct api_problem problem = {.status = 503,
                                            .title = "This agent cannot tell",
                                            .detail = why,
                                            .retry_after_s = 1};
        api_problem_send(request, &problem);
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON *keys = cJSON_AddArrayToObject(object, "keys");
    for (uint32_t i = 0; i < c->member_count; i++) {
        char x[KEY_CHARS];
        if (c->member[i].standing != STANDING_GOOD) {
            continue;
        }
        sodium_bin2base64(x, sizeof x, c->member[i].vote_key, PUBLIC_KEY_BYTES,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        cJSON *key = cJSON_CreateObject();
        cJSON_AddStringToObject(key, "kty", "OKP");
        cJSON_AddStringToObject(key, "crv", "Ed25519");
        cJSON_AddStringToObject(key, "alg", "EdDSA");
        cJSON_AddStringToObject(key, "use", "sig");
        cJSON_AddStringToObject(key, "kid", c->member[i].name);
        cJSON_AddStringToObject(key, "x", x);
        cJSON_AddItemToArray(keys, key);
    }
    api_send(request, NULL, object);
}
