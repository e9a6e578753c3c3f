#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/config.h"
#include "agent/config_value.h"
#include "client.h"
#include "fields.h"
#include "moment.h"
#include "page.h"

/* `ostrakon explain MEMBER`: what has happened to it, in order, and what brings it back, as the
 * agent's document on it has that. */

#define PATH_BYTES 160u
#define TEXT_BYTES 512u
#define TIME_COLUMNS 10u /* "14:03:11  " */
#define STEP_COLUMNS 3u

struct explanation {
    const char *name;
    const char *socket;
    struct page page;
    struct answer answer; /* /v1/members/NAME/explanation */
    const cJSON *member;
    uint64_t seen_ms;
    uint64_t since_ms;
    char standing[32];
};

struct options {
    struct invocation *invocation;
    const char *member;
};

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    char name[NAME_SIZE_BYTES];
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case ARGP_KEY_ARG:
        if (options->member != NULL || !value_name(argument, name)) {
            argp_error(state, "%s: expected the name of one member", argument);
        }
        options->member = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->member == NULL) {
            argp_error(state, "MEMBER is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is(const char *text, const char *wanted)
{
    return strcmp(text, wanted) == 0;
}

static int ask(struct explanation *e, const char *socket)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/v1/members/%.31s/explanation", e->name);
    const int code = client_get(socket, path, 0, &e->answer);
    if (code != 0) {
        return code;
    }
    e->member = field_of(e->answer.document, "member");
    field_shown(e->member, "standing", e->standing, sizeof e->standing);
    (void)field_time(e->member, "since", &e->since_ms);
    (void)field_time(e->answer.document, "seen_at", &e->seen_ms);
    const char *name = field_text(e->member, "name");
    return e->standing[0] != '\0' && name != NULL && is(name, e->name)
               ? 0
               : complain(EXIT_UNKNOWN, "",
                          "the agent on this node answers in a way that this ostrakon does not "
                          "understand");
}

static void print_event(const struct explanation *e, const cJSON *item)
{
    char moment[MOMENT_BYTES] = "-";
    char message[TEXT_BYTES];
    char text[TEXT_BYTES + 48];
    uint64_t time_ms = 0;
    uint64_t height = 0;
    if (field_time(item, "time", &time_ms)) {
        moment_text(time_ms, e->seen_ms, MOMENT_SECOND, moment);
    }
    field_shown(item, "message", message, sizeof message);
    if (field_number(item, "height", &height)) {
        snprintf(text, sizeof text, "block %" PRIu64 ": %s", height, message);
    } else {
        snprintf(text, sizeof text, "%s", message);
    }
    const int columns = fprintf(e->page.out, "%-8s  ", moment);
    page_wrap(&e->page, columns > 0 ? (uint32_t)columns : TIME_COLUMNS, TIME_COLUMNS, text);
}

static void print_events(const struct explanation *e)
{
    uint64_t left_out = 0;
    const cJSON *item = NULL;
    const cJSON *events = field_of(e->answer.document, "events");
    fprintf(e->page.out, "\nWHAT HAPPENED\n");
    if (cJSON_GetArraySize(events) == 0) {
        fprintf(e->page.out, "nothing of note that this agent still has\n");
    }
    cJSON_ArrayForEach(item, events)
    {
        print_event(e, item);
    }
    if (field_number(e->answer.document, "left_out", &left_out) && left_out > 0) {
        fprintf(e->page.out, "%" PRIu64 " older: ostrakon log --member %s --limit 1000\n",
                left_out, e->name);
    }
}

static void print_now(const struct explanation *e)
{
    char text[TEXT_BYTES];
    char action[TEXT_BYTES];
    const cJSON *fact = NULL;
    const cJSON *facts = field_of(e->answer.document, "now");
    if (cJSON_GetArraySize(facts) > 0) {
        fprintf(e->page.out, "\nNOW\n");
    }
    cJSON_ArrayForEach(fact, facts)
    {
        field_shown(fact, "text", text, sizeof text);
        page_wrap(&e->page, 0, 0, text);
        if (field_shown(fact, "action", action, sizeof action)) {
            fprintf(e->page.out, "  ");
            page_wrap(&e->page, 2, 2, action);
        }
    }
}

static void print_steps(const struct explanation *e)
{
    uint32_t number = 0;
    char text[TEXT_BYTES];
    const cJSON *step = NULL;
    const cJSON *steps = field_of(e->answer.document, "steps");
    if (is(e->standing, "left")) {
        fprintf(e->page.out, "\nIt was removed for good: nothing brings it back.\n");
        return;
    }
    if (cJSON_GetArraySize(steps) > 0) {
        fprintf(e->page.out, "\n%s\n",
                is(e->standing, "good") ? "WHAT IT STILL NEEDS" : "WHAT BRINGS IT BACK");
    }
    cJSON_ArrayForEach(step, steps)
    {
        field_shown(step, "text", text, sizeof text);
        const int columns = fprintf(e->page.out, "%-*u", (int)STEP_COLUMNS, ++number);
        page_wrap(&e->page, columns > 0 ? (uint32_t)columns : STEP_COLUMNS, STEP_COLUMNS, text);
    }
}

/* Who signed the block that it stands on, and how to look for oneself. */
static void print_check(const struct explanation *e)
{
    char text[TEXT_BYTES] = "";
    char path[PATH_BYTES];
    struct answer block;
    uint64_t height = 0;
    const cJSON *signer = NULL;
    if (!field_number(e->answer.document, "decided_height", &height)) {
        return;
    }
    snprintf(path, sizeof path, "/v1/blocks/%" PRIu64, height);
    const bool found = client_look(e->socket, path, 0, &block);
    const cJSON *certificate = found ? field_of(block.document, "certificate") : NULL;
    cJSON_ArrayForEach(signer, field_of(certificate, "signers"))
    {
        char name[NAME_SIZE_BYTES * 2];
        const size_t used = strlen(text);
        if (field_shown(signer, "member", name, sizeof name)) {
            snprintf(text + used, sizeof text - used, "%s%s", used == 0 ? "" : ", ", name);
        }
    }
    answer_finish(&block);
    fprintf(e->page.out, "\n");
    if (text[0] != '\0') {
        const int columns = fprintf(e->page.out, "Block %" PRIu64 " was signed by ", height);
        page_wrap(&e->page, columns > 0 ? (uint32_t)columns : 0, 0, text);
    }
    fprintf(e->page.out, "Check for yourself: ostrakon audit --height %" PRIu64 "\n", height);
}

static void print_head(const struct explanation *e)
{
    char text[TEXT_BYTES];
    char role[16];
    char key[80];
    char moment[MOMENT_BYTES];
    char age[MOMENT_BYTES];
    char block[48] = "";
    uint64_t height = 0;
    const uint64_t age_ms = e->seen_ms > e->since_ms ? e->seen_ms - e->since_ms : 0;
    field_shown(e->member, "role", role, sizeof role);
    field_shown(e->member, "vote_key", key, sizeof key);
    snprintf(text, sizeof text, "%s (%s), key %.16s", e->name, role, key);
    page_label(&e->page, "member", text);
    if (field_number(e->answer.document, "decided_height", &height)) {
        snprintf(block, sizeof block, ", by block %" PRIu64, height);
    }
    snprintf(text, sizeof text, "%s since %s UTC, %s ago%s", e->standing,
             moment_text(e->since_ms, e->seen_ms, MOMENT_SECOND, moment),
             duration_text(age_ms, age), block);
    page_label(&e->page, "standing", text);
    if (field_shown(e->answer.document, "cause_text", text, sizeof text)) {
        page_label(&e->page, "cause", text);
    }
}

int explain_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        .parser = on_option,
        .args_doc = "MEMBER",
        .doc = "What happened to a member, in order, and what brings it back, as the agent of "
               "this node has it.",
        .children = children,
    };
    struct options options = {.invocation = invocation};
    command_parse(&argp, argc, argv, 0, &options);
    char socket[CONFIG_SOCKET_BYTES];
    struct explanation e = {.name = options.member, .page = page_stdout()};
    int code = client_socket(invocation, socket, sizeof socket);
    e.socket = socket;
    code = code != 0 ? code : ask(&e, socket);
    if (code == 0 && invocation->json) {
        printf("%s\n", e.answer.text);
    } else if (code == 0) {
        print_head(&e);
        print_events(&e);
        print_now(&e);
        print_steps(&e);
        print_check(&e);
    }
    answer_finish(&e.answer);
    return code;
}
