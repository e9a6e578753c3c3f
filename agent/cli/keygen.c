#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "agent/config.h"
#include "agent/keyfile.h"
#include "document.h"

struct options {
    struct invocation *invocation;
    const char *directory;
};

struct pair {
    char transport_path[CONFIG_PATH_BYTES];
    char vote_path[CONFIG_PATH_BYTES];
    char transport[2 * KEYFILE_KEY_BYTES + 1];
    char vote[2 * KEYFILE_KEY_BYTES + 1];
};

static const struct argp_option own_options[] = {
    {"dir", 'd', "DIR", 0, "where they go: the member's data directory; made if missing", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case 'd':
        options->directory = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->directory == NULL) {
            argp_error(state, "--dir DIR is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int paths_of(const char *directory, struct pair *pair)
{
    const size_t size = strlen(directory);
    const char *slash = size > 0 && directory[size - 1] == '/' ? "" : "/";
    if (size == 0 || size + sizeof "/" KEYFILE_TRANSPORT > CONFIG_PATH_BYTES) {
        return complain(EXIT_USAGE, "", "--dir: expected a path of 1 to %zu bytes",
                        CONFIG_PATH_BYTES - sizeof "/" KEYFILE_TRANSPORT);
    }
    snprintf(pair->transport_path, CONFIG_PATH_BYTES, "%.1000s%s%s", directory, slash,
             KEYFILE_TRANSPORT);
    snprintf(pair->vote_path, CONFIG_PATH_BYTES, "%.1000s%s%s", directory, slash, KEYFILE_VOTE);
    return 0;
}

/* Both or none: half a pair would only stand in the way of the next try. */
static int make(struct pair *pair)
{
    uint8_t key[KEYFILE_KEY_BYTES];
    char error[KEYFILE_ERROR_BYTES];
    const char *const paths[] = {pair->transport_path, pair->vote_path};
    char *const texts[] = {pair->transport, pair->vote};
    for (uint32_t i = 0; i < 2; i++) {
        struct stat s;
        if (lstat(paths[i], &s) == 0) {
            return complain(EXIT_CONFIGURATION,
                            "To replace it, move it away first; the cluster knows this member "
                            "by it",
                            "%s is there already, and a key is never overwritten", paths[i]);
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (!keyfile_create(paths[i], key, error)) {
            const int reason = errno;
            if (i == 1) {
                unlink(paths[0]);
            }
            return complain(exit_code_of(reason), "", "%s", error);
        }
        sodium_bin2hex(texts[i], 2 * sizeof key + 1, key, sizeof key);
    }
    return 0;
}

static void print_json(const struct pair *pair)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "transport_key", pair->transport);
    cJSON_AddStringToObject(document, "vote_key", pair->vote);
    cJSON_AddStringToObject(document, "transport_key_file", pair->transport_path);
    cJSON_AddStringToObject(document, "vote_key_file", pair->vote_path);
    document_print(document);
}

int keygen_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc = "Make the two keys of a member, transport.pem and vote.pem, and print their "
               "public halves.",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    struct pair pair = {0};
    command_parse(&argp, argc, argv, 0, &options);
    int code = paths_of(options.directory, &pair);
    if (code != 0) {
        return code;
    }
    if (mkdir(options.directory, 0700) != 0 && errno != EEXIST) {
        return complain(exit_code_of(errno), "", "%s cannot be made: %s", options.directory,
                        strerror(errno));
    }
    code = make(&pair);
    if (code == 0 && invocation->json) {
        print_json(&pair);
    } else if (code == 0) {
        printf("made %s\n and %s\n\n", pair.transport_path, pair.vote_path);
        printf("transport_key: %s\n     vote_key: %s\n\n", pair.transport, pair.vote);
        printf("Give these two lines, which are no secret, to whoever founds the cluster:\n"
               "  ostrakon cluster init --help\n"
               "The two files are secret: whoever has them is this member.\n");
    }
    return code;
}
