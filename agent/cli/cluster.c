#include "command.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "agent/config.h"
#include "document.h"
#include "draft.h"

/* `ostrakon cluster init`: writes the founding document. What is drafted from the options goes
 * through the same reader as every cluster.yaml, so that no file is written that it would
 * refuse. */

enum { KEY_NAME = 'n', KEY_MEMBER = 'm', KEY_TIMING = 't', KEY_OUTPUT = 'o' };
enum { KEY_FOUNDED = 0x100, KEY_AUDIT, KEY_MALFUNCTIONING, KEY_OPERATOR, KEY_SERVICE };

#define OUTPUT_DEFAULT "cluster.yaml"

struct options {
    struct invocation *invocation;
    const char *output;
    struct draft draft;
};

static const struct argp_option own_options[] = {
    {"name", KEY_NAME, "NAME", 0, "the cluster's name", 0},
    {"member", KEY_MEMBER, "NAME,ROLE,ADDRESS,KEYS", 0,
     "a member, once for each; ROLE is node or witness, ADDRESS is numeric like "
     "192.0.2.1:7100 or [2001:db8::1]:7100, KEYS is TRANSPORT,VOTE as keygen prints them, or "
     "the directory that keygen wrote to, or a file with the output of keygen --json",
     0},
    {"operator", KEY_OPERATOR, "NAME,KEY", 0,
     "a person whose key admits, removes and drains members; may be repeated", 0},
    {"service-name", KEY_SERVICE, "NAME,OWNER[,shared]", 0,
     "a name under which the service is reached, and the member whose it is; `shared` where "
     "two "
     "holders at once do no harm; may be repeated",
     0},
    {"timing", KEY_TIMING, "KEY=VALUE", 0,
     "other than the default, such as tick_ms=1000; may be repeated", 0},
    {"founded", KEY_FOUNDED, "TIME", 0, "when, like 2026-11-22T06:30:00Z (default: now)", 0},
    {"audit", KEY_AUDIT, "off", 0, "windows may settle without an auditor", 0},
    {"malfunctioning-max", KEY_MALFUNCTIONING, "COUNT", 0,
     "reckon with at most so many lying members", 0},
    {"output", KEY_OUTPUT, "FILE", 0,
     "where to write (default " OUTPUT_DEFAULT "); - is standard output", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    struct draft *draft = &options->draft;
    const char *problem = NULL;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case KEY_NAME:
        draft->name = argument;
        return 0;
    case KEY_MEMBER:
        problem = draft_member(draft, argument);
        break;
    case KEY_TIMING:
        problem = draft_timing(draft, argument);
        break;
    case KEY_OPERATOR:
        problem = draft_operator(draft, argument);
        break;
    case KEY_SERVICE:
        problem = draft_name(draft, argument);
        break;
    case KEY_FOUNDED:
        draft->founded = argument;
        return 0;
    case KEY_AUDIT:
        draft->audit = argument;
        return 0;
    case KEY_MALFUNCTIONING:
        draft->malfunctioning_max = argument;
        return 0;
    case KEY_OUTPUT:
        options->output = argument;
        return 0;
    case ARGP_KEY_END:
        if (draft->name == NULL || draft->member_count == 0) {
            argp_error(state, "--name and at least one --member are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (problem != NULL && exit_code_of(draft->reason) == EXIT_NOT_PERMITTED) {
        argp_failure(state, EXIT_NOT_PERMITTED, 0, "%s: %s", argument, problem);
    } else if (problem != NULL) {
        argp_error(state, "%s: %s", argument, problem);
    }
    return 0;
}

static void print_json(const struct founding *f, const char *id, const char *path)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "cluster", f->name);
    cJSON_AddStringToObject(document, "cluster_id", id);
    cJSON_AddStringToObject(document, "file", path);
    cJSON *members = cJSON_AddArrayToObject(document, "members");
    for (uint32_t i = 0; i < f->member_count; i++) {
        cJSON_AddItemToArray(members, cJSON_CreateString(f->members[i].name));
    }
    document_print(document);
}

static void print_result(const struct founding *f, const char *id, const char *path)
{
    uint32_t witnesses = 0;
    for (uint32_t i = 0; i < f->member_count; i++) {
        witnesses += f->members[i].role == ROLE_WITNESS;
    }
    printf("wrote %s: %s, %u members, %u of them witnesses\n", path, f->name, f->member_count,
           witnesses);
    printf("cluster id: %s\n", id);
    draft_budget_print(f);
    printf("\nCopy it to every member, write its node.yaml there, and run:\n"
           "  ostrakon init --config node.yaml\n");
}

/* Another file is another cluster: afterwards it is too late. */
static void warn_of_no_operator(void)
{
    (void)complain(EXIT_WELL,
                   "Make a key with ostrakon operator keygen FILE, and found it with "
                   "--operator NAME,KEY",
                   "warning: no --operator is given: nobody could ever bring in a new member, "
                   "or one that was neutered");
}

static int found(const struct options *options)
{
    struct founding f;
    char id[2 * HASH_BYTES + 1];
    const char *path = options->output == NULL ? OUTPUT_DEFAULT : options->output;
    const int code = draft_write(&options->draft, path, &f);
    if (code != 0) {
        return code;
    }
    const struct hash hash = founding_id(&f);
    sodium_bin2hex(id, sizeof id, hash.bytes, sizeof hash.bytes);
    if (f.operator_count == 0) {
        warn_of_no_operator();
    }
    if (options->invocation->json && strcmp(path, "-") != 0) {
        print_json(&f, id, path);
    } else if (strcmp(path, "-") != 0) {
        print_result(&f, id, path);
    }
    return 0;
}

static int cluster_init_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc = "Write cluster.yaml, which founds a cluster, after checking it.\v"
               "  ostrakon cluster init --name demo \\\n"
               "    --member atlas,node,192.0.2.1:7100,keys/atlas \\\n"
               "    --member helios,node,192.0.2.2:7100,keys/helios \\\n"
               "    --member argus,witness,192.0.2.4:7100,keys/argus",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    command_parse(&argp, argc, argv, 0, &options);
    return found(&options);
}

static const struct subcommand cluster_commands[] = {
    {"init", "write cluster.yaml, which founds a cluster", cluster_init_run},
    {"checkpoint", "tell which block was decided, for one who cannot know", checkpoint_run},
    {"rebuild", "go on with the survivors of a quorum that is gone for good", rebuild_run},
};

int cluster_run(struct invocation *invocation, int argc, char **argv)
{
    return group_run("ostrakon cluster", cluster_commands, 3, invocation, argc, argv);
}
