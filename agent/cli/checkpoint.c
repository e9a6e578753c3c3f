#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/config.h"
#include "agent/config_value.h"
#include "client.h"
#include "document.h"
#include "fields.h"

/* `ostrakon cluster checkpoint`: which block was decided, for the node.yaml of a member that
 * cannot know it by itself (protocol.md, section 7, case 31). */

struct options {
    struct invocation *invocation;
    uint64_t height; /* 0: the newest */
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || !value_count(argument, &options->height) ||
            options->height == 0 || options->height > CHECKPOINT_HEIGHT_MAX) {
            argp_error(state, "%s: expected the height of a block, from 1", argument);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Nobody can vouch for the others who needs somebody to do so. */
static bool asks_itself(const cJSON *status)
{
    const cJSON *reason;
    cJSON_ArrayForEach(reason, field_of(status, "reasons"))
    {
        const char *code = field_text(reason, "code");
        if (code != NULL && (strcmp(code, "OST-1204") == 0 || strcmp(code, "OST-1205") == 0)) {
            return true;
        }
    }
    return false;
}

/* As node.yaml must have it. */
static bool is_hash(const char *text)
{
    uint8_t bytes[HASH_BYTES];
    return text != NULL && value_key(text, bytes);
}

static void print(const struct options *options, const char *id, uint64_t height,
                  const char *hash)
{
    if (options->invocation->json) {
        cJSON *document = cJSON_CreateObject();
        cJSON_AddStringToObject(document, "cluster_id", id);
        cJSON_AddNumberToObject(document, "height", (double)height);
        cJSON_AddStringToObject(document, "hash", hash);
        document_print(document);
    } else {
        printf("checkpoint: {cluster_id: %s, height: %" PRIu64 ", hash: %s}\n", id, height,
               hash);
    }
}

static int read_block(const struct options *options, const cJSON *status, uint64_t asked,
                      const struct answer *answer)
{
    const cJSON *block = field_of(answer->document, "block");
    const char *hash = field_text(block, "hash");
    const char *id = field_text(status, "cluster_id");
    uint64_t height = 0;
    if (!field_number(block, "height", &height) || height != asked || !is_hash(hash) ||
        !is_hash(id)) {
        return complain(EXIT_UNKNOWN, "",
                        "the agent's answer is not the block of height %" PRIu64, asked);
    }
    print(options, id, height, hash);
    return EXIT_WELL;
}

static int tell(const struct options *options, const char *socket, const cJSON *status)
{
    struct answer answer = {.text = NULL};
    char path[64];
    uint64_t height = options->height;
    if (height == 0 && (!field_number(status, "height", &height) || height == 0)) {
        return complain(EXIT_DEGRADED, "", "nothing has been decided yet");
    }
    snprintf(path, sizeof path, "/v1/blocks/%" PRIu64, height);
    int code = client_get(socket, path, 0, &answer);
    code = code != 0 ? code : read_block(options, status, height, &answer);
    answer_finish(&answer);
    if (code == 0 && asks_itself(status)) {
        return complain(EXIT_DEGRADED,
                        "Ask a member that needs none; where all were off, look at this one's "
                        "log, and say with this line that what it has is the history",
                        "this member waits for a checkpoint itself, or contradicts the one it "
                        "has");
    }
    return code;
}

int checkpoint_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .parser = on_option,
        .args_doc = "[HEIGHT]",
        .doc =
            "Which block was decided last, or at that height, as a line for the node.yaml of "
            "a member that joins or was away for 30 days. Ask a member that is well.",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    command_parse(&argp, argc, argv, 0, &options);
    char socket[CONFIG_SOCKET_BYTES];
    struct answer status = {.text = NULL};
    int code = client_socket(invocation, socket, sizeof socket);
    code = code != 0 ? code : client_get(socket, "/v1/status", 0, &status);
    code = code != 0 ? code : tell(&options, socket, status.document);
    answer_finish(&status);
    return code;
}
