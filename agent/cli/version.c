#include "command.h"

#include <stdio.h>

#include "agent/version.h"

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

int version_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .parser = on_option,
        .doc = "Which ostrakon this is. Does not ask the agent.",
        .children = children,
    };
    command_parse(&argp, argc, argv, 0, invocation);
    printf(invocation->json ? "{\"version\":\"%s\"}\n" : "ostrakon %s\n", OSTRAKON_VERSION);
    return EXIT_WELL;
}
