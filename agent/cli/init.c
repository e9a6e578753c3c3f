#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "agent/config.h"
#include "agent/store.h"
#include "agent/votes.h"
#include "document.h"
#include "hand_over.h"

/* `ostrakon init`: makes the vote record and the database of this node, both empty. Nothing
 * else ever makes an empty vote record: a node that has lost its own must not vote as if it had
 * never done so, and only a person can know that it has not. */

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"

struct paths {
    char votes[CONFIG_PATH_BYTES + 16];
    char database[CONFIG_PATH_BYTES + 16];
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static bool is_absent(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* After the faults themselves, what to do about them. */
static void advise_on_keys(const char *path, const struct node_config *c, bool forbidden,
                           struct config_report *report)
{
    const struct config_place place = {path, 0, 0};
    if (is_absent(c->transport_key_path) && is_absent(c->vote_key_path)) {
        config_fault(report, place, "",
                     "the keys are not made yet; they are with: ostrakon keygen --dir %s",
                     c->data_dir);
    } else if (forbidden) {
        config_fault(report, place, "",
                     "the keys are not for this user; run it as root, or as the agent's user");
    }
}

/* The report says what is wrong, all of it. */
static int read_config(const char *path, struct node_config *c)
{
    struct config_report report = {0};
    struct keyfile transport = {0};
    struct keyfile vote = {0};
    if (node_config_read(path, c, &report)) {
        node_config_check(c, &report);
        const bool forbidden_before = report.forbidden;
        report.forbidden = false;
        if (!node_keys_read(c, &transport, &vote, &report)) {
            advise_on_keys(path, c, report.forbidden, &report);
        }
        report.forbidden |= forbidden_before;
    }
    keyfile_finish(&transport);
    keyfile_finish(&vote);
    fputs(report.text, stderr);
    return exit_code_of_report(&report);
}

static int refuse_present(const struct paths *paths)
{
    const char *const both[] = {paths->votes, paths->database};
    struct stat s;
    for (uint32_t i = 0; i < 2; i++) {
        if (lstat(both[i], &s) == 0) {
            return complain(EXIT_CONFIGURATION,
                            "An emptied vote record would have this member contradict itself",
                            "%s is there already: this node was initialised before", both[i]);
        }
    }
    return 0;
}

/* The vote record first, and whole or not at all: an agent without a database makes one, but
 * one without a vote record must take it for lost. */
static int make(const struct paths *paths, const struct hash *id)
{
    struct store_opening opening = {0};
    const enum votes_verdict verdict = votes_create(paths->votes);
    if (verdict != VOTES_OK) {
        return complain(exit_code_of(errno), "", "%s cannot be made: %s", paths->votes,
                        verdict == VOTES_UNUSABLE ? strerror(errno)
                                                  : votes_verdict_text(verdict));
    }
    struct store *store = store_open(paths->database, id->bytes, &opening);
    const int reason = errno;
    const bool is_made = store != NULL && opening.verdict == STORE_MADE;
    store_destroy(store);
    if (!is_made) {
        unlink(paths->database); /* neither was there before */
        unlink(paths->votes);
        return complain(exit_code_of(reason), "", "%s cannot be made: %s", paths->database,
                        opening.why);
    }
    return 0;
}

static int make_and_give(const struct paths *paths, const struct hash *id,
                         const struct node_config *c)
{
    int code = make(paths, id);
    if (code != 0) {
        return code;
    }
    code = hand_over(paths->votes, c);
    code = code != 0 ? code : hand_over(paths->database, c);
    if (code != 0) {
        unlink(paths->database);
        unlink(paths->votes);
    }
    return code;
}

static void print_json(const struct node_config *c, const struct paths *paths, const char *id)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "cluster", c->founding.name);
    cJSON_AddStringToObject(document, "cluster_id", id);
    cJSON_AddStringToObject(document, "member", c->name);
    cJSON_AddStringToObject(document, "votes", paths->votes);
    cJSON_AddStringToObject(document, "database", paths->database);
    document_print(document);
}

int init_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .parser = on_option,
        .doc = "Make this node's empty vote record and database, after checking its "
               "configuration and keys (--config, default " CONFIG_DEFAULT "). Once in a "
               "member's life: it refuses where one of them is.",
        .children = children,
    };
    struct node_config c;
    struct paths paths;
    command_parse(&argp, argc, argv, 0, invocation);
    const char *config = invocation->config == NULL ? CONFIG_DEFAULT : invocation->config;
    int code = read_config(config, &c);
    if (code != 0) {
        return code;
    }
    const struct hash hash = founding_id(&c.founding);
    char id[2 * HASH_BYTES + 1];
    sodium_bin2hex(id, sizeof id, hash.bytes, sizeof hash.bytes);
    snprintf(paths.votes, sizeof paths.votes, "%s/votes", c.data_dir);
    snprintf(paths.database, sizeof paths.database, "%s/ostrakon.db", c.data_dir);
    code = refuse_present(&paths);
    if (code == 0) {
        code = make_and_give(&paths, &hash, &c);
    }
    if (code == 0 && invocation->json) {
        print_json(&c, &paths, id);
    } else if (code == 0) {
        printf("made %s\n and %s\n\n%s is a member of %s\ncluster id: %s\n\nStart it with:\n"
               "  ostrakond --config %s\n",
               paths.votes, paths.database, c.name, c.founding.name, id, config);
    }
    return code;
}
