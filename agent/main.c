/* ostrakond: the agent as a daemon. It stays in the foreground; whoever starts it looks after
 * it. */
#include <argp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <curl/curl.h>
#include <sodium.h>

#include "agent/agent.h"
#include "agent/version.h"

const char *argp_program_version = "ostrakond " OSTRAKON_VERSION;

struct arguments {
    const char *config;
    const char *check;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Run with this node.yaml (default /etc/ostrakon/node.yaml)", 0},
    {"check", 'C', "FILE", 0, "Check a node.yaml and all that it names, and exit: 0 or 78", 0},
    {0},
};

static error_t on_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 'C':
        arguments->check = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const char *path, char **arguments)
{
    struct agent *a = calloc(1, sizeof *a);
    struct config_report *report = calloc(1, sizeof *report);
    char error[AGENT_ERROR_BYTES] = "out of memory";
    int exit_code = CONFIG_EXIT;
    if (a == NULL || report == NULL) {
        fprintf(stderr, "ostrakond: %s\n", error);
        goto out;
    }
    a->lock = -1;
    a->neuter.arguments = arguments;
    const bool read = node_config_read(path, &a->config, report);
    fputs(report->text, stderr);
    if (!read) {
        goto out;
    }
    if (agent_open(a, error)) {
        exit_code = agent_run(a);
    } else {
        fprintf(stderr, "ostrakond: %s\n", error);
    }
    agent_finish(a);
out:
    free(a);
    free(report);
    return exit_code;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = on_option,
        .doc = "The agent that runs on every node of a cluster: votes, elects, and starts the "
               "worker that processes the statistics.",
    };
    struct arguments arguments = {.config = "/etc/ostrakon/node.yaml"};
    const error_t unread = argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (unread != 0) { /* else it would go by another file than it was told to */
        fprintf(stderr, "ostrakond: %s\n", strerror(unread));
        return CONFIG_EXIT;
    }
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        fprintf(stderr, "ostrakond: libsodium or libcurl does not start\n");
        return EXIT_FAILURE;
    }
    if (arguments.check != NULL) {
        return config_check(arguments.check, stdout, stderr);
    }
    mallopt(M_ARENA_MAX, 1); /* two threads that rarely meet need no heap each */
    prctl(PR_SET_DUMPABLE, 0);
    const int exit_code = run(arguments.config, argv);
    curl_global_cleanup();
    return exit_code;
}
