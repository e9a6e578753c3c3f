/* `ostrakon token vouch`: an operator's signature under a trust bundle, for verifiers that hold
 * none yet and pin operators (`token verify --operator`). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/keyfile.h"
#include "token.h"

struct options {
    struct invocation *invocation;
    const char *file;
    const char *key;
};

static const struct argp_option own_options[] = {
    {"key", 'k', "FILE", 0, "the operator's key", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o->invocation;
        return 0;
    case 'k':
        o->key = argument;
        return 0;
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

static bool is_operator(const struct trust *trust, const struct keyfile *key)
{
    for (uint32_t i = 0; i < trust->operator_count; i++) {
        if (memcmp(trust->operators[i], key->public_key, sizeof trust->operators[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The same signatures, and the operator's. Returns the size; 0: there is no room. */
static size_t add_signature(const struct trust *trust, const struct jws *j,
                            const struct keyfile *key, char out[static JWS_TEXT_MAX])
{
    struct jws_share shares[JWS_SIGNATURES_MAX];
    struct key_pair pair;
    uint8_t input[JWS_INPUT_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < j->count; i++) {
        if (j->signatures[i].understood &&
            strcmp(j->signatures[i].signer, TRUST_OPERATOR) != 0) {
            shares[count].signer = j->signatures[i].signer;
            memcpy(shares[count++].signature, j->signatures[i].signature, SIGNATURE_BYTES);
        }
    }
    if (count == JWS_SIGNATURES_MAX) {
        return 0;
    }
    const struct statement statement = {.domain = SIGNER_JWS,
                                        .cluster_id = trust->cluster_id,
                                        .body = input,
                                        .body_size_bytes =
                                            jws_input(JWS_TRUST, TRUST_OPERATOR, trust->need,
                                                      j->payload, j->payload_bytes, input)};
    key_pair_from_seed(&pair, key->seed);
    signer_sign(&pair, &statement, shares[count].signature);
    key_pair_wipe(&pair);
    shares[count++].signer = TRUST_OPERATOR;
    return jws_assemble(JWS_TRUST, trust->need, j->payload, j->payload_bytes, shares, count,
                        out);
}

/* What was made must be what a verifier with this pin believes. */
static int vouch(const struct options *o, const struct token_file *file,
                 const struct keyfile *key)
{
    struct jws j;
    struct trust trust;
    struct trust_account account;
    char text[JWS_TEXT_MAX];
    const struct trust_pin nobody = {.held = NULL};
    const struct trust_pin pin = {.operator_count = 1, .operators = &key->public_key};
    const enum trust_verdict verdict =
        trust_judge(&trust, &nobody, file->text, file->text_bytes, &account);
    if (verdict != TRUST_IS_ACCEPTED) {
        return complain(EXIT_UNKNOWN, "", "%s is not believed: %s", o->file,
                        trust_verdict_text(verdict));
    }
    if (!is_operator(&trust, key)) {
        return complain(EXIT_CONFIGURATION, "", "%s is the key of no operator of this cluster",
                        o->key);
    }
    const bool read = jws_read(&j, JWS_TRUST, file->text, file->text_bytes);
    const size_t size_bytes = read ? add_signature(&trust, &j, key, text) : 0;
    if (size_bytes == 0 ||
        trust_judge(&trust, &pin, text, size_bytes, &account) != TRUST_IS_ACCEPTED) {
        return complain(EXIT_UNKNOWN, "", "%s cannot be signed", o->file);
    }
    printf("%.*s\n", (int)size_bytes, text);
    return EXIT_WELL;
}

int token_vouch_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .args_doc = "FILE",
        .doc = "Print a trust bundle with an operator's signature beside the members'. A "
               "verifier that holds none yet believes it by the operator's public key:\n\n"
               "  ostrakon token verify TOKEN --bundle FILE --keep KEPT --operator KEY",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    struct token_file file;
    struct keyfile key;
    char error[KEYFILE_ERROR_BYTES];
    command_parse(&argp, argc, argv, 0, &options);
    int code = token_file_read(&file, options.file);
    if (code == 0 && !keyfile_read(options.key, &key, error)) {
        return complain(exit_code_of(errno), "", "%s", error);
    }
    if (code == 0) {
        code = vouch(&options, &file, &key);
        keyfile_finish(&key);
    }
    return code;
}
