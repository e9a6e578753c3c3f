#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "document.h"
#include "examination.h"
#include "health/references/references.h"
#include "moment.h"

/* `ostrakon doctor`: all references of this machine, once, in words. Asks no agent and leaves
 * no trace on the disk, so it may run beside the daemon, or where the daemon does not start. */

struct options {
    struct invocation *invocation;
    const char *root;
    bool thorough;
    uint64_t chosen; /* bit id - 1; 0: all */
};

enum { OPTION_ROOT = 256 };

static const struct argp_option own_options[] = {
    {"thorough", 't', NULL, 0, "then test all free memory, and every core for longer", 0},
    {"root", OPTION_ROOT, "PREFIX", OPTION_HIDDEN, "before every path in /proc and /sys", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* Each with a blank before it, in the order of the catalogue. */
static const char *list_all(char names[static REFERENCES_MAX * 5 + 1])
{
    size_t used = 0;
    names[0] = '\0';
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if (reference_find(id) != NULL) {
            used += (size_t)snprintf(names + used, REFERENCES_MAX * 5 + 1 - used, " %s",
                                     reference_facts(id)->name);
        }
    }
    return names;
}

static void choose(struct options *options, const char *name, struct argp_state *state)
{
    for (uint32_t i = 0; i < reference_count; i++) {
        if (strcasecmp(name, reference_facts(references[i]->id)->name) == 0) {
            options->chosen |= UINT64_C(1) << (references[i]->id - 1);
            return;
        }
    }
    char names[REFERENCES_MAX * 5 + 1];
    argp_error(state, "there is no reference %s to run; there are%s", name, list_all(names));
}

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case OPTION_ROOT:
        options->root = argument;
        return 0;
    case 't':
        options->thorough = true;
        return 0;
    case ARGP_KEY_ARG:
        choose(options, argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_json(const struct examination *e, uint64_t now_ms, int code)
{
    char moment[MOMENT_BYTES];
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "name", e->name);
    cJSON_AddStringToObject(document, "time", moment_iso(now_ms, moment));
    cJSON_AddNumberToObject(document, "findings", e->findings);
    cJSON_AddNumberToObject(document, "exit_code", code);
    cJSON_AddItemToObject(document, "references", e->list);
    document_print(document);
}

static int examine(struct examination *e, const struct options *options)
{
    const bool json = options->invocation->json;
    char moment[MOMENT_BYTES];
    const uint64_t now_ms = moment_now_ms();
    e->list = json ? cJSON_CreateArray() : NULL;
    if (!json) {
        printf("%s, %s UTC\n", e->name, moment_text(now_ms, now_ms, MOMENT_SECOND, moment));
    }
    examination_run(e, options->chosen);
    if (options->thorough) {
        examination_run_burst(e, 0);
    }
    const int code = e->fatal ? EXIT_CRITICAL : e->findings > 0 ? EXIT_DEGRADED : EXIT_WELL;
    if (json) {
        print_json(e, now_ms, code);
    } else {
        printf("%u finding%s; exit code %d\n", e->findings, e->findings == 1 ? "" : "s", code);
    }
    return code;
}

int doctor_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .args_doc = "[REFERENCE...]",
        .doc = "Examines this machine by all references, or by those that are named (R10). "
               "Asks no agent, and writes nothing to the data directory.\v"
               "Exit codes: 0 all is well, 1 something is not, 2 this machine computes or "
               "remembers wrongly, 77 not permitted, 78 configuration.",
        .children = children,
    };
    struct options options = {.invocation = invocation, .root = ""};
    command_parse(&argp, argc, argv, 0, &options);
    struct examination *e = examination_create(options.root);
    if (e == NULL) {
        return complain(EXIT_UNKNOWN, "", "no memory");
    }
    int code = examination_configure(e, invocation->config);
    if (code == 0) {
        code = examine(e, &options);
    }
    examination_destroy(e);
    return code;
}
