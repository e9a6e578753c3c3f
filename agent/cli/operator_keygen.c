/* The key of an operator. */
#include <errno.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "agent/keyfile.h"
#include "document.h"
#include "operator.h"

struct key_options {
    struct invocation *invocation;
    const char *path;
};

static error_t on_key_option(int key, char *argument, struct argp_state *state)
{
    struct key_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case ARGP_KEY_ARG:
        if (options->path != NULL) {
            argp_error(state, "%s: one word too many", argument);
        }
        options->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->path == NULL) {
            argp_error(state, "FILE is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_key(const struct key_options *options, const char *hex)
{
    if (!options->invocation->json) {
        printf("made %s\n\nkey: %s\n\n", options->path, hex);
        printf("Give this line, which is no secret, to whoever founds the cluster:\n"
               "  ostrakon cluster init --operator NAME,KEY ...\n"
               "The file is secret: whoever has it admits and removes members.\n");
        return;
    }
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "key", hex);
    cJSON_AddStringToObject(document, "key_file", options->path);
    document_print(document);
}

int operator_keygen_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .parser = on_key_option,
        .args_doc = "FILE",
        .doc = "Make the key of an operator, and print its public half.",
        .children = children,
    };
    struct key_options options = {.invocation = invocation};
    uint8_t key[KEYFILE_KEY_BYTES];
    char error[KEYFILE_ERROR_BYTES];
    char hex[IDENTITY_HEX_SIZE_BYTES];
    command_parse(&argp, argc, argv, 0, &options);
    if (!keyfile_create(options.path, key, error)) {
        return complain(exit_code_of(errno), "", "%s", error);
    }
    identity_hex(key, hex);
    print_key(&options, hex);
    return 0;
}
