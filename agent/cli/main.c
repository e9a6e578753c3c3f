#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "agent/config_report.h"
#include "agent/text.h"
#include "agent/version.h"

const char *argp_program_version = "ostrakon " OSTRAKON_VERSION;

static const struct subcommand commands[] = {
    {"status", "is it all right, what happened, what to do", status_run},
    {"explain", "what happened to a member, and what brings it back", explain_run},
    {"log", "what was decided and noticed", log_run},
    {"watch", "the same as it happens, until Ctrl-C", watch_run},
    {"keygen", "make the two keys of a member", keygen_run},
    {"cluster", "init, checkpoint, rebuild: found a cluster, vouch for it, go on", cluster_run},
    {"init", "make this node's empty vote record and database", init_run},
    {"clear", "the way back of a neutered member: examine it, make it a new key", clear_run},
    {"operator", "admit, remove, drain, pause: what an operator signs", operator_run},
    {"token", "show, inspect, verify, prove, vouch: a member's credential", token_run},
    {"doctor", "examine this machine, without the agent", doctor_run},
    {"audit", "check everything that was decided once more, from the stored log", audit_run},
    {"version", "which ostrakon this is", version_run},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct argp_option shared_options[] = {
    {"config", 'c', "FILE", 0, "this node's node.yaml; tells where the agent's socket is", 0},
    {"socket", 's', "PATH", 0, "the agent's socket (default " SOCKET_DEFAULT ")", 0},
    {"json", 'j', NULL, 0, "one JSON object instead of text", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

enum { KEY_HELP = '?', KEY_USAGE = 0x100 };

static error_t on_shared_option(int key, char *argument, struct argp_state *state)
{
    struct invocation *invocation = state->input;
    switch (key) {
    case 'c':
        invocation->config = argument;
        return 0;
    case 's':
        invocation->socket = argument;
        return 0;
    case 'j':
        invocation->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp shared_argp = {
    .options = shared_options,
    .parser = on_shared_option,
};

enum exit_code exit_code_of(int error_number)
{
    const bool forbidden =
        error_number == EACCES || error_number == EPERM || error_number == EROFS;
    return forbidden ? EXIT_NOT_PERMITTED : EXIT_CONFIGURATION;
}

enum exit_code exit_code_of_unread(const char *path)
{
    return exit_code_of(access(path, R_OK) == 0 ? 0 : errno);
}

int exit_code_of_report(const struct config_report *report)
{
    if (report->fault_count == 0) {
        return EXIT_WELL;
    }
    return report->forbidden ? EXIT_NOT_PERMITTED : EXIT_CONFIGURATION;
}

int complain(enum exit_code code, const char *next, const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("ostrakon: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (next[0] != '\0') {
        fprintf(stderr, "          %s\n", next);
    }
    return (int)code;
}

void command_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input)
{
    const error_t unread = argp_parse(argp, argc, argv, flags, NULL, input);
    if (unread != 0) {
        exit(complain(EXIT_UNKNOWN, "", "the words of the command cannot be read: %s",
                      strerror(unread)));
    }
}

static int complain_of_command(const char *prefix, const char *given,
                               const struct subcommand *known, uint32_t count)
{
    const char *words[COMMANDS];
    char list[256] = "Known are: ";
    char shown[64];
    char next[128];
    for (uint32_t i = 0; i < count; i++) {
        words[i] = known[i].name;
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", known[i].name);
    }
    if (given == NULL) {
        return complain(EXIT_USAGE, list, "a command is needed: %s COMMAND", prefix);
    }
    text_escape(given, strlen(given), shown, sizeof shown);
    const char *nearest = text_nearest(given, words, count);
    if (nearest == NULL) {
        return complain(EXIT_USAGE, list, "unknown command \"%s\"", shown);
    }
    snprintf(next, sizeof next, "Did you mean: %s %s", prefix, nearest);
    return complain(EXIT_USAGE, next, "unknown command \"%s\"", shown);
}

static int print_group(const char *prefix, const struct subcommand *known, uint32_t count)
{
    int width = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int length = (int)strlen(known[i].name);
        width = length > width ? length : width;
    }
    printf("Usage: %s COMMAND [OPTION...]\n\n", prefix);
    for (uint32_t i = 0; i < count; i++) {
        printf("  %-*s  %s\n", width, known[i].name, known[i].summary);
    }
    puts("\nEach has its own --help.");
    return EXIT_WELL;
}

static int command_run(const char *prefix, const struct subcommand *known, uint32_t count,
                       struct invocation *invocation, int argc, char **argv)
{
    for (uint32_t i = 0; argc > 1 && i < count; i++) {
        if (strcmp(argv[1], known[i].name) == 0) {
            char name[64];
            snprintf(name, sizeof name, "%s %s", prefix, known[i].name);
            argv[1] = name;
            return known[i].run(invocation, argc - 1, argv + 1);
        }
    }
    return complain_of_command(prefix, argc > 1 ? argv[1] : NULL, known, count);
}

struct opening {
    struct invocation *invocation;
    int command; /* index of the first word that is no option */
    bool help;   /* of a group; the first parser has argp's own */
};

/* Stops at the command, whose own parser takes the rest. */
static error_t on_option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    struct opening *opening = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = opening->invocation;
        return 0;
    case KEY_HELP:
    case KEY_USAGE:
        opening->help = true;
        return 0;
    case ARGP_KEY_ARG:
        opening->command = state->next - 1;
        state->next = state->argc;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int group_run(const char *prefix, const struct subcommand *known, uint32_t count,
              struct invocation *invocation, int argc, char **argv)
{
    const struct argp_option helps[] = {
        {"help", KEY_HELP, NULL, 0, NULL, 0},
        {"usage", KEY_USAGE, NULL, 0, NULL, 0},
        {NULL, 0, NULL, 0, NULL, 0},
    };
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {.options = helps, .parser = on_option, .children = children};
    struct opening opening = {.invocation = invocation, .command = argc};
    command_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, &opening);
    if (opening.help) {
        return print_group(prefix, known, count);
    }
    const int before = opening.command - 1; /* stands for the program's name */
    return command_run(prefix, known, count, invocation, argc - before, argv + before);
}

static char *command_list(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC) {
        return (char *)(uintptr_t)text;
    }
    char *list = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&list, &size_bytes);
    if (out == NULL) {
        return NULL;
    }
    fputs("Commands:\n", out);
    for (uint32_t i = 0; i < COMMANDS; i++) {
        fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\nEach has its own --help. Exit codes: 0 all is well, 1 degraded, 2 critical, 3 the "
          "agent could not be asked, 64 wrong usage, 77 not permitted, 78 configuration.",
          out);
    fclose(out);
    return list;
}

/* Who wrote to a full disk is not told that all is well. A reader that left has had enough. */
static int say_all(int code)
{
    const bool failed = fflush(stdout) != 0 || ferror(stdout);
    return failed && code == EXIT_WELL && errno != EPIPE
               ? complain(EXIT_CONFIGURATION, "", "the output cannot be written: %s",
                          strerror(errno))
               : code;
}

int main(int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .parser = on_option,
        .args_doc = "COMMAND [OPTION...]",
        .doc = "Asks and looks after the Ostrakon agent of this node.\v ",
        .children = children,
        .help_filter = command_list,
    };
    struct invocation invocation = {0};
    struct opening opening = {.invocation = &invocation, .command = argc};
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return complain(EXIT_UNKNOWN, "", "libsodium or libcurl does not start");
    }
    command_parse(&argp, argc, argv, ARGP_IN_ORDER, &opening);
    const int before = opening.command - 1; /* stands for the program's name */
    const int code =
        command_run("ostrakon", commands, COMMANDS, &invocation, argc - before, argv + before);
    curl_global_cleanup();
    return say_all(code);
}
