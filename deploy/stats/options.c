#include "options.h"

#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "instant.h"
#include "row.h"
#include "sink.h"
#include "traffic.h"

bool number_parse(const char *text, int64_t least, int64_t most, int64_t *out)
{
    char *end = NULL;

    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < least ||
        value > most) {
        return false;
    }
    *out = value;
    return true;
}

static int64_t number(struct argp_state *state, const char *option, const char *text,
                      int64_t least, int64_t most)
{
    int64_t value = least;

    if (!number_parse(text, least, most, &value)) {
        argp_error(state, "%s: \"%s\" is not a whole number from %lld to %lld", option, text,
                   (long long)least, (long long)most);
    }
    return value;
}

static void until(struct argp_state *state, const char *option, const char *text,
                  struct options *o)
{
    if (!instant_parse(text, &o->until_ms) &&
        !number_parse(text, 0, SINK_NUMBER_MAX, &o->until_window)) {
        argp_error(state,
                   "%s: \"%s\" is neither a time, such as 2026-11-22T14:00:00Z, nor the number "
                   "of a window, from 0 to %lld",
                   option, text, (long long)SINK_NUMBER_MAX);
    }
}

static void add_file(struct argp_state *state, const char *name, struct options *o)
{
    if (o->file_count == OPTIONS_FILES_MAX) {
        argp_error(state, "more than %d files", OPTIONS_FILES_MAX);
    }
    o->files[o->file_count++] = name;
}

enum key {
    KEY_SINK = 256,
    KEY_NODE,
    KEY_LOG,
    KEY_JSON,
    KEY_WINDOW_S,
    KEY_AUDIT,
    KEY_FENCE,
    KEY_ROWS,
    KEY_SECONDS,
    KEY_CUSTOMERS,
    KEY_SEED,
    KEY_UNTIL,
    KEY_SETTLED_UNTIL,
};

static void audit(struct argp_state *state, const char *text, struct options *o)
{
    if (strcmp(text, "required") != 0 && strcmp(text, "off") != 0) {
        argp_error(state, "--audit: \"%s\" is neither \"required\" nor \"off\"", text);
    }
    o->endorsers = strcmp(text, "off") == 0 ? 1 : 2;
}

static void on_log(struct argp_state *state, char *text, struct options *o)
{
    o->log = text;
    add_file(state, text, o);
}

static error_t on_number(int key, char *text, struct argp_state *state, struct options *o)
{
    switch (key) {
    case KEY_WINDOW_S:
        o->window_s = number(state, "--window-s", text, 1, 86400);
        return 0;
    case KEY_FENCE:
        o->fence = number(state, "--fence", text, 0, SINK_NUMBER_MAX);
        return 0;
    case KEY_ROWS:
        o->rows_per_s = number(state, "--rows-per-s", text, 0, TRAFFIC_ROWS_PER_S_MAX);
        return 0;
    case KEY_SECONDS:
        o->seconds = number(state, "--seconds", text, 0, INT32_MAX);
        return 0;
    case KEY_CUSTOMERS:
        o->customers = number(state, "--customers", text, 1, 100000);
        return 0;
    case KEY_SEED:
        o->seed = number(state, "--seed", text, 0, INT64_MAX);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t on_option(int key, char *text, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_SINK:
        o->sink = text;
        return 0;
    case KEY_NODE:
        o->node = text;
        return 0;
    case KEY_LOG:
        on_log(state, text, o);
        return 0;
    case KEY_JSON:
        o->is_json = true;
        return 0;
    case KEY_AUDIT:
        audit(state, text, o);
        return 0;
    case KEY_UNTIL:
        until(state, "--until", text, o);
        return 0;
    case KEY_SETTLED_UNTIL:
        until(state, "--settled-until", text, o);
        return 0;
    case ARGP_KEY_ARG:
        add_file(state, text, o);
        return 0;
    default:
        return on_number(key, text, state, o);
    }
}

static const struct argp_option option_sink = {
    "sink", KEY_SINK, "SINK", 0, "The database: a file, or postgresql://...", 0};
static const struct argp_option option_json = {
    "json", KEY_JSON, 0, 0, "One JSON object on standard output", 0};

static const struct argp_option init_options[] = {
    {"window-s", KEY_WINDOW_S, "S", 0, "Length of a window, as in cluster.yaml (60)", 0},
    {"audit", KEY_AUDIT, "required|off", 0,
     "Whether two members must have endorsed what is published (required)", 0},
    {"fence", KEY_FENCE, "F", 0, "The highest fence that the cluster has given out (0)", 0},
    {0},
};
static const struct argp_option ingest_options[] = {
    {"node", KEY_NODE, "NAME", 0, "Whose rows these are; rows of other nodes are refused", 0},
    {0},
};
static const struct argp_option traffic_options[] = {
    {"node", KEY_NODE, "NAME", 0, "The node that answers these queries", 0},
    {"log", KEY_LOG, "FILE", 0, "Where each row is written before it is inserted", 0},
    {"rows-per-s", KEY_ROWS, "R", 0, "How many, 0 to 20000 (20)", 0},
    {"seconds", KEY_SECONDS, "S", 0, "How long; 0 until SIGTERM (0)", 0},
    {"customers", KEY_CUSTOMERS, "N", 0, "How many customers ask (12)", 0},
    {"seed", KEY_SEED, "SEED", 0, "The same customers and verdicts again (1)", 0},
    {0},
};
static const struct argp_option no_options[] = {{0}};
static const struct argp_option totals_options[] = {
    {"until", KEY_UNTIL, "TIME", 0,
     "Only windows that ended by then (ISO 8601, Z); or the number of the last one", 0},
    {0},
};
static const struct argp_option verify_options[] = {
    {"log", KEY_LOG, "FILE...", 0, "What `traffic` wrote; more may follow", 0},
    {"settled-until", KEY_SETTLED_UNTIL, "K", 0,
     "The last window that counts as published; or a time by which it ended. A row up to "
     "there that is not published makes the exit code 1",
     0},
    {0},
};

static const struct command {
    const char *name;
    int (*run)(const struct options *);
    const struct argp_option *options;
    const char *arguments;
    const char *about;
} commands[] = {
    {"init", command_init, init_options, "",
     "Makes the sink. An existing one is left alone, and refused."},
    {"ingest", command_ingest, ingest_options, "[FILE|-]",
     "Inserts rows from JSON lines: time, customer, verdict, and node and id unless left out. "
     "Each "
     "is inserted once, however often this is run on the same file. Exit code 1: some lines "
     "were "
     "refused."},
    {"traffic", command_traffic, traffic_options, "",
     "Makes up queries of one node, writes them to a log, and inserts them."},
    {"work", command_work, no_options, "",
     "The worker: started by the agent as its grant hook, reads OSTRAKON_* and reports "
     "results."},
    {"totals", command_totals, totals_options, "", "What is published, per customer."},
    {"verify", command_verify, verify_options, "[LOG...]",
     "Compares the sink with what the traffic logs say. Exit code 0 only if each row is in the "
     "sink exactly once, 1 if not. How many are not published yet is said; they are wrong only "
     "where --settled-until says that they should be."},
    {"status", command_status, no_options, "",
     "How the sink stands: what is open, published, staged, late, doubled, malformed."},
};

#define COMMANDS (sizeof commands / sizeof *commands)
#define OPTIONS_MAX 12

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void check(const struct options *o)
{
    const char *missing = NULL;
    const bool is_traffic = strcmp(o->command, "traffic") == 0;
    const bool takes_words =
        strcmp(o->command, "ingest") == 0 || strcmp(o->command, "verify") == 0;

    if (o->sink == NULL) {
        missing = "--sink is needed";
    } else if (is_traffic && (o->node == NULL || o->log == NULL)) {
        missing = "--node NAME and --log FILE are needed";
    } else if (o->node != NULL && !row_name_is_valid(o->node)) {
        missing = "--node must be 1 to 64 letters, digits, dots, hyphens or underscores";
    } else if (strcmp(o->command, "verify") == 0 && o->file_count == 0) {
        missing = "--log FILE is needed";
    } else if (strcmp(o->command, "ingest") == 0 && o->file_count > 1) {
        missing = "one FILE at a time";
    } else if (!takes_words && o->file_count > (is_traffic ? 1 : 0)) {
        missing = "there is a word too many";
    }
    if (missing != NULL) {
        fprintf(stderr, "ostrakon-stats %s: %s; see ostrakon-stats %s --help\n", o->command,
                missing, o->command);
        exit(EXIT_USAGE);
    }
}

static void parse_command(const struct command *command, int argc, char **argv,
                          struct options *out)
{
    struct argp_option options[OPTIONS_MAX] = {option_sink, option_json};
    char name[64];
    size_t count = 2;

    for (const struct argp_option *o = command->options; o->name != NULL; o++) {
        assert(count < OPTIONS_MAX - 1);
        options[count++] = *o;
    }
    const struct argp argp = {options, on_option, command->arguments, command->about, 0, 0, 0};
    (void)snprintf(name, sizeof name, "ostrakon-stats %s", command->name);
    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, out);
    argv[0] = NULL;
    check(out);
}

static void usage(FILE *where)
{
    fprintf(where,
            "Usage: ostrakon-stats COMMAND --sink FILE|postgresql://... [OPTION...]\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *about = commands[i].about;
        fprintf(where, "  %-8s %.*s\n", commands[i].name, (int)strcspn(about, ".:,"), about);
    }
    fprintf(where, "\nostrakon-stats COMMAND --help tells more.\n");
}

/* How many letters of `word` are in the command at their places: enough to find a slip. */
static size_t likeness(const char *word, const char *command)
{
    size_t same = 0;

    for (size_t i = 0; word[i] != '\0' && command[i] != '\0'; i++) {
        same += word[i] == command[i] ? 1 : 0;
    }
    return same;
}

static _Noreturn void refuse_command(const char *word)
{
    const char *nearest = commands[0].name;

    for (size_t i = 1; i < COMMANDS; i++) {
        if (likeness(word, commands[i].name) > likeness(word, nearest)) {
            nearest = commands[i].name;
        }
    }
    fprintf(stderr, "ostrakon-stats: there is no command \"%s\"; did you mean \"%s\"?\n", word,
            nearest);
    exit(EXIT_USAGE);
}

void options_parse(int argc, char **argv, struct options *out)
{
    *out = (struct options){
        .window_s = 60,
        .endorsers = 2,
        .rows_per_s = 20,
        .customers = 12,
        .seed = 1,
        .until_ms = INT64_MAX,
        .until_window = INT64_MAX,
    };
    if (argc < 2) {
        usage(stderr);
        exit(EXIT_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        exit(EXIT_WELL);
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL) {
        refuse_command(argv[1]);
    }
    out->command = command->name;
    out->run = command->run;
    parse_command(command, argc - 1, argv + 1, out);
}

int64_t options_last_window(const struct options *o, int64_t window_s)
{
    const int64_t by_time =
        o->until_ms == INT64_MAX ? INT64_MAX : o->until_ms / 1000 / window_s - 1;

    return by_time < o->until_window ? by_time : o->until_window;
}
