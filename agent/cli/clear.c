#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/config_value.h"
#include "agent/keyfile.h"
#include "agent/latch.h"
#include "document.h"
#include "examination.h"
#include "hand_over.h"
#include "moment.h"
#include "tokens/identity.h"

/* `ostrakon clear`: the way back of a member that was neutered. Examines the machine as a
 * whole; only if that passes, makes a new vote key, and removes both latches last: whatever is
 * cut short before that leaves a member that only follows. What it makes counts for nothing
 * until an operator admits it: the chain has another key for this member. */

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"
#define ADMIT_BYTES 256u

struct options {
    struct invocation *invocation;
    const char *root;
    bool new_key;
    uint32_t memory_mib; /* tested by the burst, at most; 0: all that is free */
};

enum { OPTION_ROOT = 256, OPTION_MEMORY, OPTION_NEW_KEY };

static const struct argp_option own_options[] = {
    {"new-key", OPTION_NEW_KEY, NULL, 0,
     "also where nothing is latched: for a member that was locked out", 0},
    {"root", OPTION_ROOT, "PREFIX", OPTION_HIDDEN, "before every path in /proc and /sys", 0},
    {"memory", OPTION_MEMORY, "MIB", OPTION_HIDDEN, "of memory tested at once, at most", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case OPTION_NEW_KEY:
        options->new_key = true;
        return 0;
    case OPTION_ROOT:
        options->root = argument;
        return 0;
    case OPTION_MEMORY:
        if (!value_number(argument, 1, UINT32_MAX, &options->memory_mib)) {
            argp_error(state, "--memory %s: expected a number of MiB", argument);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What this command finds and makes. */
struct clearing {
    const struct options *options;
    struct examination *e;
    const struct node_config *config;
    struct latch_directories at;
    bool latched;
    int lock; /* of the data directory, if no agent has it; else -1 */
    bool agent_runs;
    char key[IDENTITY_HEX_SIZE_BYTES];
    char admit[ADMIT_BYTES];
};

/* The agent's own lock, so that none starts meanwhile. Not made here: it would belong to us. */
static void take_lock(struct clearing *c)
{
    char path[CONFIG_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s/lock", c->config->data_dir);
    c->lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (c->lock >= 0 && flock(c->lock, LOCK_EX | LOCK_NB) != 0) {
        c->agent_runs = errno == EWOULDBLOCK;
        close(c->lock);
        c->lock = -1;
    }
}

/* An agent that is latched only follows, and may go on doing so. */
static int may_clear(struct clearing *c)
{
    static struct latch_reading found;
    const struct hash id = founding_id(&c->config->founding);
    const char *name = c->config->name;
    latch_read(&c->at, id.bytes, c->config->member, &found);
    c->latched = found.state != LATCH_CLEAR;
    if (c->config->founding.operator_count == 0) {
        return complain(EXIT_CONFIGURATION,
                        "The cluster was founded without operators; only ostrakon cluster "
                        "rebuild --operator names some",
                        "this cluster has no operators: nobody could bring %s back", name);
    }
    if (access(c->config->data_dir, W_OK) != 0) {
        return complain(exit_code_of(errno), "Run it as root, or as the agent's user",
                        "%s, where the latch and the vote key are: %s", c->config->data_dir,
                        strerror(errno));
    }
    if (c->latched) {
        return 0;
    }
    if (access(c->config->vote_key_path, F_OK) == 0 && !c->options->new_key) {
        return complain(
            EXIT_DEGRADED,
            "If it is to have a new vote key all the same: ostrakon clear --new-key",
            "there is nothing to clear: %s has no latch, and has its vote key", name);
    }
    if (c->agent_runs) {
        return complain(EXIT_DEGRADED, "Stop it first",
                        "the agent of %s runs, and is not latched", name);
    }
    return 0;
}

static int examine(struct clearing *c)
{
    struct examination *e = c->e;
    char moment[MOMENT_BYTES];
    const uint64_t now_ms = moment_now_ms();
    if (e->list == NULL) {
        printf("%s, %s UTC\n", e->name, moment_text(now_ms, now_ms, MOMENT_SECOND, moment));
    }
    examination_run(e, 0);
    examination_run_burst(e, (uint64_t)c->options->memory_mib << 20);
    if (e->list == NULL) {
        printf("%u finding%s\n\n", e->findings, e->findings == 1 ? "" : "s");
    }
    if (e->unfit == 0) {
        return 0;
    }
    const struct reference_facts *facts = reference_facts(e->first_unfit);
    return complain(EXIT_CRITICAL, "Repair it, then run this again",
                    "%s stays as it is: %u of these findings must not be, first of them %s %s",
                    e->name, e->unfit, facts->name, facts->title);
}

/* The old key, if any, goes first: there is never a choice of two. */
static int make_key(struct clearing *c)
{
    uint8_t key[KEYFILE_KEY_BYTES];
    char error[KEYFILE_ERROR_BYTES];
    const char *path = c->config->vote_key_path;
    if (!keyfile_remove(path, error) || !keyfile_create(path, key, error)) {
        return complain(exit_code_of(errno), "", "%s", error);
    }
    identity_hex(key, c->key);
    snprintf(c->admit, sizeof c->admit, "ostrakon operator admit %s %s --key FILE --wait",
             c->config->name, c->key);
    return hand_over(path, c->config);
}

static int unlatch(const struct clearing *c)
{
    char error[LATCH_ERROR_BYTES];
    return latch_remove(&c->at, error)
               ? 0
               : complain(exit_code_of(errno), "It only follows until that is gone, too", "%s",
                          error);
}

static void print_words(const struct clearing *c)
{
    printf("%s is cleared, and has a new vote key:\n  %s\n\n", c->config->name, c->key);
    if (c->agent_runs) {
        printf("Its agent starts anew by itself.");
    } else {
        printf("Start its agent: ostrakond --config %s\n", c->config->own_path);
    }
    printf(" It follows, and has no vote before an operator\nhas signed, at any member:\n"
           "  %s\n",
           c->admit);
}

static void print_json(struct clearing *c, int code)
{
    struct examination *e = c->e;
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "member", c->config->name);
    cJSON_AddBoolToObject(document, "cleared", code == 0);
    cJSON_AddNumberToObject(document, "findings", e->findings);
    cJSON_AddNumberToObject(document, "unfit", e->unfit);
    cJSON_AddItemToObject(document, "references", e->list);
    if (code == 0) {
        cJSON_AddStringToObject(document, "vote_key", c->key);
        cJSON_AddStringToObject(document, "next", c->admit);
    }
    e->list = NULL;
    document_print(document);
}

static int clear(struct clearing *c)
{
    const bool json = c->options->invocation->json;
    take_lock(c);
    int code = may_clear(c);
    if (code != 0) {
        return code;
    }
    c->e->list = json ? cJSON_CreateArray() : NULL;
    code = examine(c);
    code = code != 0 ? code : make_key(c);
    code = code != 0 ? code : unlatch(c);
    if (json) {
        print_json(c, code);
    } else if (code == 0) {
        print_words(c);
    }
    return code;
}

static int configure(struct examination *e, const char *given)
{
    e->spares_vote_key = true;
    const int code = examination_configure(e, given);
    if (code == 0 && e->config.name[0] == '\0') {
        return complain(EXIT_CONFIGURATION, "Say which: --config FILE",
                        CONFIG_DEFAULT " is not there");
    }
    return code;
}

int clear_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc =
            "The way back of a member that found itself unfit: examines the whole machine, as "
            "ostrakon doctor --thorough does, and only if that passes makes a new vote key "
            "and removes the latches. Then an operator admits it.\v"
            "Exit codes: 0 cleared, 1 there is nothing to clear or the agent is in the way, 2 "
            "this machine does not pass, 77 not permitted, 78 configuration.",
        .children = children,
    };
    struct options options = {.invocation = invocation, .root = ""};
    command_parse(&argp, argc, argv, 0, &options);
    struct clearing c = {
        .options = &options, .e = examination_create(options.root), .lock = -1};
    if (c.e == NULL) {
        return complain(EXIT_UNKNOWN, "", "no memory");
    }
    int code = configure(c.e, invocation->config);
    if (code == 0) {
        c.config = &c.e->config;
        c.at = (struct latch_directories){{c.config->data_dir, c.config->latch_dir}};
        code = clear(&c);
    }
    if (c.lock >= 0) {
        close(c.lock);
    }
    examination_destroy(c.e);
    return code;
}
