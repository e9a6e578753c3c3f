#include "command.h"

#include <stdio.h>

#include "agent/config.h"
#include "client.h"
#include "page.h"
#include "status_page.h"

struct options {
    struct invocation *invocation;
    bool members;
};

static const struct argp_option own_options[] = {
    {"members", 'm', NULL, 0, "the table of members also when there is no quorum", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case 'm':
        options->members = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int status_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc = "Is it all right; if not, what happened, and what to do.\v"
               "Exit codes, as monitoring plugins have them: 0 all is well, 1 degraded, 2 no "
               "quorum or windows are waiting, 3 the agent could not be asked.",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    command_parse(&argp, argc, argv, 0, &options);
    char socket[CONFIG_SOCKET_BYTES];
    struct answer answer = {0};
    int code = client_socket(invocation, socket, sizeof socket);
    if (code == 0) {
        code = client_get(socket, "/v1/status", 0, &answer);
    }
    if (code == 0) {
        const struct page page = page_stdout();
        code = (int)status_exit_code(answer.document);
        if (code == EXIT_UNKNOWN) {
            complain(EXIT_UNKNOWN, "",
                     "the agent on this node answers in a way that this "
                     "ostrakon does not understand");
        } else if (invocation->json) {
            printf("%s\n", answer.text);
        } else {
            status_print(&page, answer.document, options.members);
        }
    }
    answer_finish(&answer);
    return code;
}
