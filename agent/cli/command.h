#ifndef OSTRAKON_AGENT_CLI_COMMAND_H
#define OSTRAKON_AGENT_CLI_COMMAND_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit codes, chosen so that `ostrakon status` is a monitoring plugin as it stands. */
enum exit_code {
    EXIT_WELL = 0,
    EXIT_DEGRADED = 1, /* it works, somebody should look */
    EXIT_CRITICAL = 2,
    EXIT_UNKNOWN = 3, /* the local agent could not be asked */
    EXIT_USAGE = 64,
    EXIT_NOT_PERMITTED = 77,
    EXIT_CONFIGURATION = 78,
};

/* Not permitted, or a fault of what the machine is like. */
enum exit_code exit_code_of(int error_number);

/* The same of a file that could not be opened for reading, by those who do not tell why. */
enum exit_code exit_code_of_unread(const char *path);

/* The same of a configuration that was refused; 0 if it was not. */
struct config_report;
int exit_code_of_report(const struct config_report *report);

#define SOCKET_DEFAULT "/run/ostrakon/agent.sock"

/* What every command is told. Borrowed from the argument list. */
struct invocation {
    const char *config; /* node.yaml, or NULL */
    const char *socket; /* or NULL */
    bool json;
};

/* The options that all commands share, to be a child of each one's argp; its input is the
 * invocation. */
extern const struct argp shared_argp;

/* One word after `ostrakon`. argv[0] is what messages begin with, "ostrakon status"; the answer
 * is the exit code. */
struct subcommand {
    const char *name;
    const char *summary;
    int (*run)(struct invocation *invocation, int argc, char **argv);
};

/* Runs the command of a group, `prefix`, that is the first word of `argv` that is no option,
 * telling the nearest known word for an unknown one. The options that all share may come before
 * that word as well as after it. `argv[0]` is the prefix. */
int group_run(const char *prefix, const struct subcommand *known, uint32_t count,
              struct invocation *invocation, int argc, char **argv);

int status_run(struct invocation *invocation, int argc, char **argv);
int log_run(struct invocation *invocation, int argc, char **argv);
int watch_run(struct invocation *invocation, int argc, char **argv);
int keygen_run(struct invocation *invocation, int argc, char **argv);
int cluster_run(struct invocation *invocation, int argc, char **argv);
int checkpoint_run(struct invocation *invocation, int argc, char **argv);
int rebuild_run(struct invocation *invocation, int argc, char **argv);
int init_run(struct invocation *invocation, int argc, char **argv);
int audit_run(struct invocation *invocation, int argc, char **argv);
int operator_run(struct invocation *invocation, int argc, char **argv);
int explain_run(struct invocation *invocation, int argc, char **argv);
int clear_run(struct invocation *invocation, int argc, char **argv);
int doctor_run(struct invocation *invocation, int argc, char **argv);
int token_run(struct invocation *invocation, int argc, char **argv);
int version_run(struct invocation *invocation, int argc, char **argv);

/* Reads the words of a command into what the parser's `input` is. Ends the program where there
 * is no memory for that: it would go by other words than it was told. */
void command_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input);

/* Two lines to standard error: what failed, where and why; and the next step, unless it is
 * empty. Returns `code`. */
int complain(enum exit_code code, const char *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
