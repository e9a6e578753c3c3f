#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "document.h"
#include "past.h"
#include "rebuild.h"

/* `ostrakon cluster rebuild`: the founding document of a cluster that goes on where another
 * one, whose quorum is gone for good, has ended (standing.md, section 6.1). All of it follows
 * from the last block that this member has and from whom a person chooses, so it is the same
 * whichever survivor of that height writes it. */

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"
#define OUTPUT_DEFAULT "cluster.rebuilt.yaml"

enum { OPTION_MEMBER = 'm', OPTION_OUTPUT = 'o', OPTION_YES = 'y', OPTION_OPERATOR = 0x100 };

static const struct argp_option own_options[] = {
    {"member", OPTION_MEMBER, "NAME", 0, "a survivor that goes on, once for each", 0},
    {"operator", OPTION_OPERATOR, "NAME,KEY", 0,
     "who the operators are from now on, once for each (default: as they were)", 0},
    {"output", OPTION_OUTPUT, "FILE", 0,
     "where to write (default " OUTPUT_DEFAULT "); - is standard output, and nothing else then",
     0},
    {"yes", OPTION_YES, NULL, 0, "write it; without this, only tell what would be", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct rebuild_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        options->output = OUTPUT_DEFAULT;
        return 0;
    case OPTION_MEMBER:
        if (options->count == MEMBERS_MAX) {
            argp_error(state, "--member %s: too many members", argument);
        }
        options->members[options->count++] = argument;
        return 0;
    case OPTION_OPERATOR:
        if (options->operator_count == OPERATORS_MAX || strchr(argument, ',') == NULL) {
            argp_error(state, "--operator %s: expected NAME,KEY, at most %u times", argument,
                       OPERATORS_MAX);
        }
        options->operators[options->operator_count++] = argument;
        return 0;
    case OPTION_OUTPUT:
        options->output = argument;
        return 0;
    case OPTION_YES:
        options->yes = true;
        return 0;
    case ARGP_KEY_END:
        if (options->count == 0) {
            argp_error(state, "--member NAME is needed, once for each survivor");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What a member has seen must not grow meanwhile, nor may it sign anything more. */
static int take_lock(struct rebuild *r)
{
    char path[CONFIG_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s/lock", r->config.data_dir);
    r->lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (r->lock < 0 && errno != ENOENT) {
        return complain(exit_code_of(errno), "", "%s cannot be opened: %s", path,
                        strerror(errno));
    }
    if (r->lock >= 0 && flock(r->lock, LOCK_EX | LOCK_NB) != 0) {
        return complain(EXIT_CONFIGURATION, "Stop it here and on the other survivors first",
                        "an agent runs on %s", r->config.data_dir);
    }
    return 0;
}

static uint32_t find(const struct cluster *c, const char *name)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (strcmp(c->member[i].name, name) == 0) {
            return i;
        }
    }
    return MEMBER_NONE;
}

/* Only who could be trusted with a vote: everybody else comes back by an operator's admit. */
static int choose(struct rebuild *r)
{
    const struct cluster *c = &r->past;
    for (uint32_t k = 0; k < r->options->count; k++) {
        const char *name = r->options->members[k];
        const uint32_t i = find(c, name);
        if (i == MEMBER_NONE) {
            return complain(EXIT_USAGE, "", "%s is no member of %s", name, c->name);
        }
        if ((r->chosen >> i & 1) != 0) {
            return complain(EXIT_USAGE, "", "%s is given twice", name);
        }
        const enum standing standing = c->member[i].standing;
        if (standing != STANDING_GOOD && standing != STANDING_SUSPENDED) {
            return complain(EXIT_CONFIGURATION,
                            "Rebuild without it; an operator may admit it afterwards",
                            "%s is %s: it cannot be one of the first members", name,
                            standing_text(standing));
        }
        r->chosen |= 1u << i;
    }
    return 0;
}

static void print_plan(const struct rebuild *r)
{
    const struct cluster *c = &r->past;
    const struct founding_rebuilt *n = &r->draft.rebuilt;
    char from[MOMENT_BYTES];
    char id[2 * HASH_BYTES + 1];
    moment_iso(n->next_window * c->timing.window_s * 1000, from);
    sodium_bin2hex(id, sizeof id, c->id.bytes, sizeof c->id.bytes);
    printf("%s, as %s has it: height %" PRIu64 " of %s\n", c->name, r->config.name, n->height,
           r->founded);
    printf("cluster id: %s, which ends\n   members:", id);
    for (uint32_t i = 0; i < r->draft.member_count; i++) {
        printf(" %s", r->draft.members[i].name);
    }
    printf(", of %" PRIu32 "\n   windows: from %s on, as all before are settled\n",
           c->member_count, from);
    printf("    fences: above %" PRIu64 "; terms: %" PRIu32
           ", so no token or command of before "
           "counts\n",
           n->fence, n->term);
    if (c->audit_required && r->draft.member_count == 1) {
        printf(
            "    audit: off, as one member alone has nobody to audit it; tell the sink, too\n");
    }
    printf("operators:");
    for (uint32_t i = 0; i < r->draft.operator_count; i++) {
        const char *name = r->draft.operators[i];
        printf("%s %.*s", i == 0 ? "" : ",", (int)strcspn(name, ","), name);
    }
    printf("%s\n", r->draft.operator_count == 0 ? " none" : "");
}

static void print_warning(void)
{
    printf("\nOnly where the others are gone for good, or stay off until a person has dealt "
           "with them.\nIf a quorum of the old members still lives, or comes back, there are "
           "two clusters: each\nhas a leader, each removes members, and names may be held "
           "twice. The sink refuses the old\none's grants once a leader of the new one has "
           "been there; nothing else stops it.\n"
           "Write it on the survivor with the greatest height: what only another one has seen "
           "is\nforgotten.\n\n"
           "Nothing is written yet. If that is what you want, say it again with --yes\n");
}

static void print_result(const struct rebuild *r, const char *id)
{
    printf("\nwrote %s\ncluster id: %s\n", r->options->output, id);
    draft_budget_print(&r->result);
    printf("\nPut this one file in place of cluster.yaml on each of these members, compare the "
           "id there\n(ostrakond --check node.yaml), and start their agents: each sets its old "
           "data aside.\n");
}

static void print_json(const struct rebuild *r, const char *id)
{
    const struct founding_rebuilt *n = &r->draft.rebuilt;
    char number[32];
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "cluster", r->past.name);
    cJSON_AddStringToObject(document, "cluster_id", id);
    if (r->options->yes) {
        cJSON_AddStringToObject(document, "file", r->options->output);
    } else {
        cJSON_AddNullToObject(document, "file"); /* nothing is written */
    }
    cJSON_AddNumberToObject(document, "height", (double)n->height);
    cJSON_AddNumberToObject(document, "next_window", (double)n->next_window);
    snprintf(number, sizeof number, "%" PRIu64, n->fence);
    cJSON_AddStringToObject(document, "fence", number);
    cJSON_AddNumberToObject(document, "term", n->term);
    cJSON *members = cJSON_AddArrayToObject(document, "members");
    for (uint32_t i = 0; i < r->draft.member_count; i++) {
        cJSON_AddItemToArray(members, cJSON_CreateString(r->draft.members[i].name));
    }
    document_print(document);
}

static int rebuild(struct rebuild *r)
{
    char why[PAST_ERROR_BYTES];
    char id[2 * HASH_BYTES + 1];
    int code = take_lock(r);
    if (code != 0) {
        return code;
    }
    if (!past_read(&r->config, &r->past, why)) {
        char path[CONFIG_PATH_BYTES + 16];
        snprintf(path, sizeof path, "%s/ostrakon.db", r->config.data_dir);
        return complain(exit_code_of_unread(path), "Try another survivor", "%s: %s", path, why);
    }
    code = choose(r);
    if (code != 0) {
        return code;
    }
    rebuild_draft(r);
    const bool json = r->options->invocation->json;
    const bool alone = r->options->yes && strcmp(r->options->output, "-") == 0;
    code = r->options->yes ? 0 : draft_judge(&r->draft, &r->result); /* else as it is written */
    if (code != 0) {
        return code;
    }
    if (!json && !alone) {
        print_plan(r);
    }
    if (r->options->yes) {
        code = draft_write(&r->draft, r->options->output, &r->result);
    } else if (!json) {
        print_warning();
    }
    if (code != 0 || alone || (!r->options->yes && !json)) {
        return code != 0 || alone ? code : EXIT_DEGRADED;
    }
    const struct hash hash = founding_id(&r->result);
    sodium_bin2hex(id, sizeof id, hash.bytes, sizeof hash.bytes);
    if (json) {
        print_json(r, id);
    } else {
        print_result(r, id);
    }
    return r->options->yes ? 0 : EXIT_DEGRADED;
}

int rebuild_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc =
            "Write the cluster.yaml of a cluster that goes on with the survivors of a quorum "
            "that is gone for good, from what this node has stored (--config, "
            "default " CONFIG_DEFAULT "). Its agent must be stopped.\v"
            "Exit codes: 0 written, 1 told only, 64 wrong usage, 77, 78.",
        .children = children,
    };
    struct rebuild_options options = {.invocation = invocation};
    command_parse(&argp, argc, argv, 0, &options);
    struct config_report report = {0};
    struct rebuild *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return complain(EXIT_UNKNOWN, "", "out of memory");
    }
    r->options = &options;
    r->lock = -1;
    const char *config = invocation->config == NULL ? CONFIG_DEFAULT : invocation->config;
    int code = EXIT_WELL;
    if (node_config_read(config, &r->config, &report)) {
        code = rebuild(r);
    } else {
        fputs(report.text, stderr);
        code = exit_code_of_report(&report);
    }
    if (r->lock >= 0) {
        close(r->lock);
    }
    free(r);
    return code;
}
