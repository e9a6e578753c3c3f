/* `ostrakon token prove`: the proof that goes beside a token. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/config_value.h"
#include "agent/keyfile.h"
#include "moment.h"
#include "token.h"

enum { KEY_KEY = 'k', KEY_AUDIENCE = 'a', KEY_AT = 256 };

struct options {
    struct invocation *invocation;
    const char *file;
    const char *key;
    const char *audience;
    uint64_t now_ms;
};

static const struct argp_option own_options[] = {
    {"key", KEY_KEY, "FILE", 0, "the member's transport.pem", 0},
    {"audience", KEY_AUDIENCE, "NAME", 0, "the service it is for, or the nonce it gave", 0},
    {"at", KEY_AT, "TIME", OPTION_HIDDEN, "made then", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o->invocation;
        return 0;
    case KEY_KEY:
        o->key = argument;
        return 0;
    case KEY_AUDIENCE:
        o->audience = argument;
        return 0;
    case KEY_AT:
        return value_time(argument, &o->now_ms) ? 0 : EINVAL;
    case ARGP_KEY_ARG:
        if (o->file != NULL) {
            argp_error(state, "one FILE at a time");
        }
        o->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->file == NULL || o->key == NULL) {
            argp_error(state, "a FILE and --key FILE are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The key must be the token's: another's proof would only be refused elsewhere. */
static int prove(const struct options *o, const struct token_claims *claims,
                 const struct keyfile *key, struct possession *out)
{
    uint8_t body[POSSESSION_BODY_BYTES];
    struct key_pair pair;
    if (memcmp(key->public_key, claims->key, sizeof claims->key) != 0) {
        return complain(EXIT_CONFIGURATION, "", "%s is not the key that %s is bound to", o->key,
                        o->file);
    }
    out->made_s = o->now_ms / 1000;
    possession_body(claims, out->made_s, o->audience, body);
    const struct statement statement = {.domain = POSSESSION_DOMAIN,
                                        .cluster_id = claims->cluster_id,
                                        .body = body,
                                        .body_size_bytes = sizeof body};
    key_pair_from_seed(&pair, key->seed);
    signer_sign(&pair, &statement, out->signature);
    key_pair_wipe(&pair);
    return 0;
}

static int prove_file(const struct options *o, struct possession *out)
{
    struct token_file file;
    struct token_claims claims;
    struct jws jws;
    struct keyfile key;
    char error[KEYFILE_ERROR_BYTES];
    const int code = token_file_read(&file, o->file);
    if (code != 0) {
        return code;
    }
    if (!jws_read(&jws, JWS_TOKEN, file.text, file.text_bytes) ||
        !token_read(&claims, jws.payload, jws.payload_bytes)) {
        return complain(EXIT_CONFIGURATION, "", "%s: %s", o->file,
                        token_verdict_text(TOKEN_IS_MALFORMED));
    }
    if (!keyfile_read(o->key, &key, error)) {
        return complain(exit_code_of(errno), "", "%s", error);
    }
    const int proved = prove(o, &claims, &key, out);
    keyfile_finish(&key);
    return proved;
}

int token_prove_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .args_doc = "FILE",
        .doc = "Prove that you hold the key of a token. The word is good for half a minute:\n\n"
               "  X-Ostrakon-Proof: WORD",
        .children = children,
    };
    struct options options = {
        .invocation = invocation, .audience = "", .now_ms = moment_now_ms()};
    struct possession possession = {.made_s = 0};
    char text[POSSESSION_TEXT_BYTES];
    command_parse(&argp, argc, argv, 0, &options);
    const int code = prove_file(&options, &possession);
    if (code != 0) {
        return code;
    }
    possession_text(&possession, text);
    printf(invocation->json ? "{\"proof\":\"%s\"}\n" : "%s\n", text);
    return EXIT_WELL;
}
