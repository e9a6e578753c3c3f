#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config_value.h"
#include "agent/text.h"
#include "audit_parts.h"
#include "command.h"
#include "consensus/certificate.h"

/* `ostrakon audit`: everything that was decided, checked once more and without the agent. From
 * the founding document on: each block follows from the one before, a quorum of the voters of
 * its height has signed it, each command in it is its author's, and the state that all of that
 * leads to is the one that the next block names. With --sink, what is settled is what is
 * published.
 *
 * A database that was begun anew has no first blocks; then the oldest snapshot is taken on
 * trust, and the page says so. */

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"

struct options {
    struct invocation *invocation;
    const char *sink;
    uint64_t height; /* 0: all */
};

static const struct argp_option own_options[] = {
    {"height", 'H', "HEIGHT", 0, "show this block: its commands, what it decided, who signed",
     0},
    {"sink", 'k', "FILE", 0, "compare the settled windows with this SQLite sink", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case 'H':
        if (!value_count(argument, &options->height) || options->height == 0) {
            argp_error(state, "--height %s: expected a height from 1 on", argument);
        }
        return 0;
    case 'k':
        options->sink = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The block of `height`, against the state before it. False: nothing after it can be checked.
 */
static bool check_block(struct audit *a, uint64_t height, const struct store_block *stored,
                        struct block *block)
{
    struct message *m = &a->message;
    const struct certificate_context context = certificate_context_of(&a->cluster);
    const struct certificate *finalization = &m->decided.finalization;
    if (!message_decode(m, stored->decided, stored->decided_bytes) ||
        m->kind != MESSAGE_DECIDED ||
        !block_decode(block, m->decided.block.bytes, m->decided.block.size_bytes)) {
        audit_find(a, height, "the stored bytes are no decided block");
        return false;
    }
    if (!hash_equal(&block->hash, &finalization->block) ||
        !certificate_verify(finalization, &context)) {
        audit_find(a, height, "no quorum of the voters of this height has signed it");
        return false;
    }
    const enum block_verdict verdict = cluster_check(&a->cluster, block);
    if (verdict != BLOCK_GOOD) {
        audit_find(a, height, "%s", block_verdict_text(verdict));
        return verdict != BLOCK_WRONG_HEIGHT && verdict != BLOCK_WRONG_PARENT;
    }
    a->signatures += finalization->count;
    audit_check_proofs(a, height, block);
    return true;
}

static void compare_window(struct audit *a, uint64_t height, uint64_t window)
{
    const struct settled_window *s = &a->cluster.windows.settled[window % SETTLED_KEPT];
    char found[2 * DIGEST_BYTES + 1];
    a->settled++;
    a->oldest_settled = a->oldest_settled == 0 ? window : a->oldest_settled;
    if (a->sink == NULL || s->window != window) {
        return;
    }
    switch (audit_sink_compare(a->sink, window, &s->digest, found)) {
    case PUBLISHED_SAME:
        a->published++;
        break;
    case PUBLISHED_OTHER:
        audit_find(a, height,
                   "window %" PRIu64 " is settled, and published with another digest, %s",
                   window, found);
        break;
    case PUBLISHED_ROWS:
        audit_find(a, height,
                   "window %" PRIu64
                   " is settled and published, and its rows in the sink are others: "
                   "they come to %s",
                   window, found);
        break;
    case PUBLISHED_NOT:
        audit_find(a, height, "window %" PRIu64 " is settled, and not published in the sink",
                   window);
        break;
    case PUBLISHED_UNREADABLE:
        audit_find(a, height, "the sink cannot be read for window %" PRIu64, window);
        break;
    }
}

static bool replay_block(struct audit *a, uint64_t height)
{
    struct store_block stored = {.decided = NULL};
    struct block block;
    if (store_block_read(a->store, height, &stored) != STORE_ANSWER_DONE) {
        audit_find(a, height, "the block is missing or damaged in the database");
        return false;
    }
    const bool good = check_block(a, height, &stored, &block);
    if (good) {
        const uint64_t before = a->cluster.windows.next;
        a->notes = (struct notes){.count = 0};
        cluster_apply(&a->cluster, &block, &a->notes);
        a->commands += block.command_count;
        for (uint64_t k = before; k < a->cluster.windows.next; k++) {
            compare_window(a, height, k);
        }
        if (height == a->shown) {
            audit_show_block(a, &block);
        }
        a->to = height;
    }
    store_block_finish(&stored);
    return good;
}

/* Where there are no first blocks: the oldest snapshot. False: there is nothing to begin with.
 */
static bool begin(struct audit *a, uint64_t height)
{
    uint64_t lowest = 0;
    uint8_t *state = NULL;
    uint32_t size_bytes = 0;
    cluster_found(&a->cluster, &a->config.founding);
    if (store_lowest(a->store, &lowest) != STORE_ANSWER_DONE || lowest <= 1) {
        a->from = 1;
        return true;
    }
    uint64_t at = height;
    bool found = false;
    while (store_snapshot_read(a->store, at, &a->trusted, &state, &size_bytes) ==
               STORE_ANSWER_DONE &&
           a->trusted + 1 >= lowest) {
        found = cluster_decode(&a->cluster, state, size_bytes);
        free(state);
        state = NULL;
        at = a->trusted - 1;
        a->from = a->trusted + 1;
    }
    free(state);
    a->trusted = a->cluster.height;
    if (!found) {
        audit_find(a, lowest,
                   "the database begins at height %" PRIu64 " and has no snapshot to begin "
                   "with",
                   lowest);
    }
    return found;
}

static void check_fence(struct audit *a)
{
    char why[AUDIT_SINK_ERROR_BYTES];
    if (a->sink != NULL && !audit_sink_fenced(a->sink, why)) {
        audit_find(a, a->to, "%s", why);
    }
}

/* Settled windows are without gaps. What is published outside them is none of this log's: of a
 * cluster before, not settled yet, or nobody's. */
static void compare_rest(struct audit *a)
{
    if (a->sink == NULL || a->problems > 0 || a->trusted != 0 || a->oldest_settled == 0) {
        return;
    }
    const uint64_t before = audit_sink_count(a->sink, a->oldest_settled);
    const uint64_t until = audit_sink_count(a->sink, a->cluster.windows.next);
    const uint64_t all = audit_sink_count(a->sink, INT64_MAX);
    if (before == UINT64_MAX || until == UINT64_MAX || all == UINT64_MAX ||
        until - before != a->settled) {
        audit_find(a, a->to,
                   "the sink has published %" PRIu64 " windows of the %" PRIu64 " that are "
                   "settled",
                   until - before, a->settled);
        return;
    }
    a->published_before = before;
    a->published_after = all - until;
}

static void replay(struct audit *a)
{
    uint64_t height = 0;
    const enum store_answer answer = store_height(a->store, &height);
    if (answer == STORE_ANSWER_ABSENT) {
        return; /* nothing was decided yet */
    }
    if (answer != STORE_ANSWER_DONE) {
        audit_find(a, 0, "the blocks cannot be read: the database is damaged, or the disk");
        return;
    }
    if (!begin(a, height)) {
        return;
    }
    for (uint64_t h = a->from; h <= height && replay_block(a, h); h++) {
    }
    compare_rest(a);
    check_fence(a);
}

static int open_all(struct audit *a, const struct options *options)
{
    char path[CONFIG_PATH_BYTES + 16];
    char why[AUDIT_SINK_ERROR_BYTES];
    struct config_report report = {0};
    const char *config =
        options->invocation->config == NULL ? CONFIG_DEFAULT : options->invocation->config;
    if (!node_config_read(config, &a->config, &report)) {
        fputs(report.text, stderr);
        return exit_code_of_report(&report);
    }
    snprintf(path, sizeof path, "%s/ostrakon.db", a->config.data_dir);
    const struct hash id = founding_id(&a->config.founding);
    static_assert(AUDIT_SINK_ERROR_BYTES >= STORE_TEXT_MAX, "either may be told");
    a->store = store_open_reading(path, id.bytes, why);
    if (a->store == NULL) {
        char shown[sizeof why];
        text_escape(why, strlen(why), shown, sizeof shown);
        return complain(exit_code_of_unread(path), "", "%s cannot be read: %s", path, shown);
    }
    if (options->sink != NULL) {
        a->sink = audit_sink_open(options->sink, why);
        if (a->sink == NULL) {
            return complain(exit_code_of_unread(options->sink),
                            "It wants the file of an SQLite sink",
                            "the sink cannot be read: %s", why);
        }
    }
    return 0;
}

int audit_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc =
            "Check once more everything that the cluster decided, from what this node has "
            "stored: each block, its certificate, its commands and the state they lead to. "
            "Asks no agent, writes nothing, and may run beside one.\v"
            "Exit codes: 0 all of it holds, 2 it does not, 64 wrong usage, 77 not permitted, "
            "78 configuration.",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    command_parse(&argp, argc, argv, 0, &options);
    struct audit *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return complain(EXIT_UNKNOWN, "", "no memory");
    }
    a->list = cJSON_CreateArray();
    a->shown = options.height;
    a->json = invocation->json;
    int code = open_all(a, &options);
    if (code == 0) {
        replay(a);
        if (invocation->json) {
            audit_print_json(a);
        } else {
            audit_print_words(a);
        }
        code = a->problems == 0 ? EXIT_WELL : EXIT_CRITICAL;
        if (code == EXIT_WELL && (a->shown > a->to || (a->shown != 0 && a->shown < a->from))) {
            code = complain(EXIT_USAGE, "",
                            "height %" PRIu64 " was not reached: checked were %" PRIu64
                            " to %" PRIu64,
                            a->shown, a->from, a->to);
        }
    }
    audit_sink_close(a->sink);
    store_destroy(a->store);
    cJSON_Delete(a->list);
    cJSON_Delete(a->block);
    free(a);
    return code;
}
