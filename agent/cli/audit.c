#include "command.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "agent/config.h"
#include "agent/store.h"
#include "agent/words.h"
#include "audit_sink.h"
#include "consensus/certificate.h"
#include "consensus/message.h"

/* `ostrakon audit`: everything that was decided, checked once more and without the agent. From
 * the founding document on: each block follows from the one before, a quorum of the voters of
 * its height has signed it, each command in it is its author's, and the state that all of that
 * leads to is the one that the next block names. With --sink, what is settled is what is
 * published.
 *
 * A database that was begun anew has no first blocks; then the oldest snapshot is taken on
 * trust, and the page says so. */

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"
#define PROBLEM_BYTES 512u
#define SHOWN_MAX 20u

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
    char *end = NULL;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case 'H':
        options->height = strtoull(argument, &end, 10);
        if (*end != '\0' || options->height == 0 || argument[0] == '-') {
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

struct audit {
    struct node_config config;
    struct cluster cluster;
    struct message message;
    struct notes notes;
    struct store *store;
    struct audit_sink *sink; /* NULL: none was named */
    uint64_t shown;          /* the height that is to be shown; 0: none */
    uint64_t from;           /* the first height that was checked */
    uint64_t trusted;        /* the height of the snapshot it began with; 0: the founding */
    uint64_t to;
    uint64_t commands;
    uint64_t signatures; /* in certificates */
    uint64_t settled;
    uint64_t published;
    uint64_t oldest_settled;
    uint32_t problems;
    cJSON *list; /* of problems */
};

static void find(struct audit *a, uint64_t height, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct audit *a, uint64_t height, const char *format, ...)
{
    char text[PROBLEM_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    a->problems++;
    if (a->problems > SHOWN_MAX) {
        return;
    }
    cJSON *one = cJSON_CreateObject();
    cJSON_AddNumberToObject(one, "height", (double)height);
    cJSON_AddStringToObject(one, "text", text);
    cJSON_AddItemToArray(a->list, one);
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
        find(a, height, "the stored bytes are no decided block");
        return false;
    }
    if (!hash_equal(&block->hash, &finalization->block) ||
        !certificate_verify(finalization, &context)) {
        find(a, height, "no quorum of the voters of this height has signed it");
        return false;
    }
    const enum block_verdict verdict = cluster_check(&a->cluster, block);
    if (verdict != BLOCK_GOOD) {
        find(a, height, "%s", block_verdict_text(verdict));
        return verdict != BLOCK_WRONG_HEIGHT && verdict != BLOCK_WRONG_PARENT;
    }
    a->signatures += finalization->count;
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
        find(a, height, "window %" PRIu64 " is settled, and published with another digest, %s",
             window, found);
        break;
    case PUBLISHED_NOT:
        find(a, height, "window %" PRIu64 " is settled, and not published in the sink", window);
        break;
    case PUBLISHED_UNREADABLE:
        find(a, height, "the sink cannot be read for window %" PRIu64, window);
        break;
    }
}

static void show_block(const struct audit *a, const struct block *b)
{
    char time[WORDS_ISO_BYTES];
    words_iso(b->header.time_ms, time);
    printf("block %" PRIu64 ", %s, proposed by %s, %u commands\n", b->header.height, time,
           words_member(&a->cluster, b->header.proposer), b->command_count);
    printf("  decided by");
    for (uint32_t i = 0; i < a->message.decided.finalization.count; i++) {
        printf(" %s", words_member(&a->cluster, a->message.decided.finalization.signer[i]));
    }
    printf(", in view %u\n", a->message.decided.finalization.view);
    for (uint32_t i = 0; i < a->notes.count; i++) {
        struct words words;
        words_of(&a->notes.list[i], &a->cluster, &words);
        printf("  %s  %s\n", words.code, words.message);
    }
}

static bool replay_block(struct audit *a, uint64_t height)
{
    struct store_block stored = {.decided = NULL};
    struct block block;
    if (store_block_read(a->store, height, &stored) != STORE_ANSWER_DONE) {
        find(a, height, "the block is missing or damaged in the database");
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
            show_block(a, &block);
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
        find(a, lowest,
             "the database begins at height %" PRIu64 " and has no snapshot to begin "
             "with",
             lowest);
    }
    return found;
}

static void compare_rest(struct audit *a)
{
    if (a->sink == NULL || a->problems > 0 || a->trusted != 0 || a->oldest_settled == 0) {
        return;
    }
    const uint64_t count = audit_sink_count(a->sink, a->cluster.windows.next) -
                           audit_sink_count(a->sink, a->oldest_settled);
    if (count != a->settled) {
        find(a, a->to,
             "the sink has published %" PRIu64 " windows of the %" PRIu64 " that are "
             "settled",
             count, a->settled);
    }
}

static void replay(struct audit *a)
{
    uint64_t height = 0;
    if (store_height(a->store, &height) != STORE_ANSWER_DONE) {
        return; /* nothing was decided yet */
    }
    if (!begin(a, height)) {
        return;
    }
    for (uint64_t h = a->from; h <= height && replay_block(a, h); h++) {
    }
    compare_rest(a);
    if (a->shown > a->to || (a->shown != 0 && a->shown < a->from)) {
        find(a, a->shown, "that height was not reached");
    }
}

static void print_words(const struct audit *a)
{
    printf("  blocks: %" PRIu64 " to %" PRIu64
           ", each signed by a quorum, each state as the next "
           "one names it\n",
           a->from, a->to);
    printf("commands: %" PRIu64 ", each signed by its author\n", a->commands);
    printf(" windows: %" PRIu64 " settled", a->settled);
    if (a->sink != NULL) {
        printf(", %" PRIu64 " of them published in the sink with the same digest",
               a->published);
    }
    printf("\n");
    const uint32_t doubtful = doubtful_count(&a->cluster, false);
    if (doubtful > 0) {
        printf("doubtful: %u windows, settled by two that were both locked out since; %u of "
               "them proved wrong\n",
               doubtful, doubtful_count(&a->cluster, true));
    }
    if (a->trusted != 0) {
        printf("    note: the blocks up to %" PRIu64 " are not in this database; its snapshot "
               "was taken on trust\n",
               a->trusted);
    }
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, a->list)
    {
        printf("   WRONG: height %.0f: %s\n",
               cJSON_GetObjectItemCaseSensitive(one, "height")->valuedouble,
               cJSON_GetObjectItemCaseSensitive(one, "text")->valuestring);
    }
    printf("  result: %s\n", a->problems == 0 ? "all of it holds" : "it does not hold");
}

static void print_json(struct audit *a)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "cluster", a->cluster.name);
    cJSON_AddNumberToObject(document, "from", (double)a->from);
    cJSON_AddNumberToObject(document, "to", (double)a->to);
    cJSON_AddNumberToObject(document, "trusted", (double)a->trusted);
    cJSON_AddNumberToObject(document, "commands", (double)a->commands);
    cJSON_AddNumberToObject(document, "signatures", (double)a->signatures);
    cJSON_AddNumberToObject(document, "settled", (double)a->settled);
    cJSON_AddNumberToObject(document, "published", (double)a->published);
    cJSON_AddNumberToObject(document, "doubtful", doubtful_count(&a->cluster, false));
    cJSON_AddNumberToObject(document, "corrected", doubtful_count(&a->cluster, true));
    cJSON_AddNumberToObject(document, "problem_count", a->problems);
    cJSON_AddItemReferenceToObject(document, "problems", a->list);
    char *text = cJSON_PrintUnformatted(document);
    if (text != NULL) {
        printf("%s\n", text);
    }
    cJSON_free(text);
    cJSON_Delete(document);
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
        return EXIT_CONFIGURATION;
    }
    snprintf(path, sizeof path, "%s/ostrakon.db", a->config.data_dir);
    const struct hash id = founding_id(&a->config.founding);
    static_assert(AUDIT_SINK_ERROR_BYTES >= STORE_TEXT_MAX, "either may be told");
    a->store = store_open_reading(path, id.bytes, why);
    if (a->store == NULL) {
        return complain(EXIT_CONFIGURATION, "", "%s cannot be read: %s", path, why);
    }
    if (options->sink != NULL) {
        a->sink = audit_sink_open(options->sink, why);
        if (a->sink == NULL) {
            return complain(EXIT_CONFIGURATION, "It wants the file of an SQLite sink",
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
        .doc = "Check once more everything that the cluster decided, from what this node has "
               "stored: each block, its certificate, its commands and the state they lead to. "
               "Asks no agent, writes nothing, and may run beside one.\v"
               "Exit codes: 0 all of it holds, 2 it does not, 78 configuration.",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct audit *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return complain(EXIT_UNKNOWN, "", "no memory");
    }
    a->list = cJSON_CreateArray();
    a->shown = options.height;
    int code = open_all(a, &options);
    if (code == 0) {
        replay(a);
        if (invocation->json) {
            print_json(a);
        } else {
            print_words(a);
        }
        code = a->problems == 0 ? EXIT_WELL : EXIT_CRITICAL;
    }
    audit_sink_close(a->sink);
    store_destroy(a->store);
    cJSON_Delete(a->list);
    free(a);
    return code;
}
