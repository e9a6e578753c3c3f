#include "token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/config_value.h"
#include "agent/text.h"
#include "moment.h"

/* `ostrakon token`: looks at tokens, here, without asking anybody but for the trust bundle. */

enum { KEY_BUNDLE = 'b', KEY_KEEP = 'k', KEY_OPERATOR = 256, KEY_AT, KEY_PROOF, KEY_AUDIENCE };

struct options {
    struct invocation *invocation;
    const char *file;
    struct bundle_source source;
    const char *proof;
    const char *audience;
    uint64_t now_ms;
};

static void take_operator(struct options *o, const char *text, const struct argp_state *state)
{
    if (o->source.operator_count == TRUST_OPERATORS_MAX) {
        argp_error(state, "--operator: at most %u of them", TRUST_OPERATORS_MAX);
    }
    if (!identity_read(o->source.operators[o->source.operator_count++], text, strlen(text))) {
        argp_error(state, "--operator %s: expected a public key, 64 hexadecimal digits", text);
    }
}

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o->invocation;
        return 0;
    case KEY_BUNDLE:
        o->source.bundle = argument;
        return 0;
    case KEY_KEEP:
        o->source.kept = argument;
        return 0;
    case KEY_OPERATOR:
        take_operator(o, argument, state);
        return 0;
    case KEY_AT:
        if (!value_time(argument, &o->now_ms)) {
            argp_error(state, "--at %s: expected a time like 2026-11-22T06:30:00Z", argument);
        }
        return 0;
    case KEY_PROOF:
        o->proof = argument;
        return 0;
    case KEY_AUDIENCE:
        o->audience = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (o->file != NULL) {
            argp_error(state, "one FILE at a time");
        }
        o->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->file == NULL) {
            argp_error(state, "a FILE is needed, - for standard input");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option no_options[] = {{NULL, 0, NULL, 0, NULL, 0}};

static const struct argp_option inspect_options[] = {
    {"at", KEY_AT, "TIME", 0, "ages as of then: 2026-11-22T06:30:00Z", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static struct options parse(struct invocation *invocation, const struct argp_option *own,
                            const char *text, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own,
        .parser = on_option,
        .args_doc = "FILE",
        .doc = text,
        .children = children,
    };
    struct options options = {.invocation = invocation, .audience = "", .now_ms = 0};
    command_parse(&argp, argc, argv, 0, &options);
    options.source.invocation = invocation;
    options.now_ms = options.now_ms == 0 ? moment_now_ms() : options.now_ms;
    return options;
}

static int complain_of_rubbish(const char *name)
{
    char shown[256];
    text_escape(name, strlen(name), shown, sizeof shown);
    return complain(EXIT_CRITICAL, "", "%s: %s", shown, token_verdict_text(TOKEN_IS_MALFORMED));
}

static int show_run(struct invocation *invocation, int argc, char **argv)
{
    char
        line[sodium_base64_ENCODED_LEN(JWS_TEXT_MAX, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    struct token_file file;
    const struct options o =
        parse(invocation, no_options,
              "Print a token as one word, as it goes into a header:\n\n"
              "  Authorization: Bearer WORD\n\nWith --json: as it is, the object itself.",
              argc, argv);
    const int code = token_file_read(&file, o.file);
    struct jws jws;
    struct token_claims claims;
    if (code != 0) {
        return code;
    }
    if (!jws_read(&jws, JWS_TOKEN, file.text, file.text_bytes) ||
        !token_read(&claims, jws.payload, jws.payload_bytes)) {
        return complain_of_rubbish(o.file);
    }
    if (invocation->json) {
        printf("%.*s\n", (int)file.text_bytes, file.text);
        return EXIT_WELL;
    }
    sodium_bin2base64(line, sizeof line, (const uint8_t *)file.text, file.text_bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    puts(line);
    return EXIT_WELL;
}

static int inspect_run(struct invocation *invocation, int argc, char **argv)
{
    struct token_file file;
    const struct options o =
        parse(invocation, inspect_options,
              "What a token says of itself and who says to have signed it. Checks nothing: see "
              "ostrakon token verify.",
              argc, argv);
    const int code = token_file_read(&file, o.file);
    if (code != 0) {
        return code;
    }
    const struct page page = page_stdout();
    const bool good = invocation->json ? token_print_claims_json(&file)
                                       : token_print_claims(&page, &file, o.now_ms);
    return good ? EXIT_WELL : complain_of_rubbish(o.file);
}

static const struct argp_option verify_options[] = {
    {"bundle", KEY_BUNDLE, "FILE", 0, "the trust bundle to judge by, not the local agent's", 0},
    {"keep", KEY_KEEP, "FILE", 0,
     "where the newest bundle ever believed is kept: an older one is refused, a newer one must "
     "be its successor, and takes its place",
     0},
    {"operator", KEY_OPERATOR, "KEY", 0,
     "while nothing is kept: only a bundle that this operator has signed; may be repeated", 0},
    {"at", KEY_AT, "TIME", 0, "judge as of then: 2026-11-22T06:30:00Z", 0},
    {"proof", KEY_PROOF, "TEXT", 0, "what the presenter proves with that he holds its key", 0},
    {"audience", KEY_AUDIENCE, "NAME", 0, "whom the proof was made for (default: nobody)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static int verify_run(struct invocation *invocation, int argc, char **argv)
{
    struct token_file file;
    struct trust trust;
    const struct options o =
        parse(invocation, verify_options,
              "Whether a token is good, with an account of each signature. Exit code 0: valid, "
              "2: refused, 3: it could not be judged, by a stale bundle say.",
              argc, argv);
    int code = token_file_read(&file, o.file);
    code = code != 0 ? code : token_bundle(&o.source, &trust);
    if (code != 0) {
        return code;
    }
    struct token_finding finding = {
        .file = &file,
        .now_ms = o.now_ms,
        .bundle_name = o.source.bundle != NULL ? o.source.bundle : "the local agent",
        .trust = &trust,
        .proof_asked = o.proof != NULL,
    };
    finding.verdict = trust_judge_token(&trust, file.text, file.text_bytes, o.now_ms, true,
                                        &finding.claims, &finding.account);
    if (finding.verdict == TOKEN_IS_VALID && o.proof != NULL && o.audience != NULL) {
        finding.proof = possession_judge(&finding.claims, o.proof, strlen(o.proof), o.audience,
                                         o.now_ms / 1000);
    }
    const struct page page = page_stdout();
    if (invocation->json) {
        token_print_json(&finding);
    } else {
        token_print(&page, &finding);
    }
    return (int)token_exit_code(&finding);
}

static const struct subcommand commands[] = {
    {"show", "a token as one word, for a header", show_run},
    {"inspect", "what a token says, unchecked", inspect_run},
    {"verify", "whether a token is good, and why", verify_run},
    {"prove", "show that you hold a token's key", token_prove_run},
    {"vouch", "sign a trust bundle as an operator", token_vouch_run},
};

int token_run(struct invocation *invocation, int argc, char **argv)
{
    return group_run("ostrakon token", commands, sizeof commands / sizeof commands[0],
                     invocation, argc, argv);
}
