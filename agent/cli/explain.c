#include "command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/config.h"
#include "agent/config_value.h"
#include "client.h"
#include "fields.h"
#include "moment.h"
#include "page.h"

/* `ostrakon explain MEMBER`: what has happened to it, in order, and what brings it back; of the
 * agent's documents on the member, its record, and the events of the log about it. */

#define LOG_PATH "/v1/log?limit=1000&member="
#define EVENTS_SHOWN 25u
#define BEFORE_MS 120000u /* what led to a standing is from so long before */
#define PATH_BYTES 160u
#define TEXT_BYTES 512u
#define TIME_COLUMNS 10u /* "14:03:11  " */
#define STEP_COLUMNS 3u

struct explanation {
    const char *name;
    struct page page;
    struct answer member; /* /v1/members/NAME */
    struct answer record; /* /v1/members/NAME/record */
    struct answer log;    /* /v1/log?member=NAME */
    uint64_t seen_ms;
    uint64_t since_ms;
    char standing[32];
    char cause[32];
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

static int ask(struct explanation *e, const char *socket)
{
    static const struct {
        const char *before;
        const char *after;
    } paths[] = {{"/v1/members/", ""}, {"/v1/members/", "/record"}, {LOG_PATH, ""}};
    struct answer *const answers[] = {&e->member, &e->record, &e->log};
    for (uint32_t i = 0; i < 3; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s%.31s%s", paths[i].before, e->name, paths[i].after);
        const int code = client_get(socket, path, 0, answers[i]);
        if (code != 0) {
            return code;
        }
    }
    const cJSON *member = field_of(e->member.document, "member");
    field_shown(member, "standing", e->standing, sizeof e->standing);
    field_shown(member, "cause", e->cause, sizeof e->cause);
    (void)field_time(member, "since", &e->since_ms);
    (void)field_time(e->member.document, "seen_at", &e->seen_ms);
    return e->standing[0] != '\0' ? 0
                                  : complain(EXIT_UNKNOWN, "",
                                             "the agent on this node answers in a way that "
                                             "this ostrakon does not understand");
}

static bool is(const char *text, const char *wanted)
{
    return strcmp(text, wanted) == 0;
}

/* Notable, and not older than what led to its standing. */
static bool is_told(const struct explanation *e, const cJSON *item)
{
    uint64_t time_ms = 0;
    const char *level = field_text(item, "level");
    const bool loud = level != NULL && !is(level, "debug") && !is(level, "info");
    return loud && field_time(item, "time", &time_ms) &&
           (is(e->standing, "good") || time_ms + BEFORE_MS >= e->since_ms);
}

/* The newest of those that are told, oldest first; how many in `*count`. */
static void pick(const struct explanation *e, const cJSON *picked[static EVENTS_SHOWN],
                 uint32_t *count, uint32_t *left_out)
{
    const cJSON *item = NULL;
    uint32_t all = 0;
    cJSON_ArrayForEach(item, field_of(e->log.document, "items"))
    {
        if (is_told(e, item)) {
            picked[all++ % EVENTS_SHOWN] = item;
        }
    }
    *count = all < EVENTS_SHOWN ? all : EVENTS_SHOWN;
    *left_out = all - *count;
    const cJSON *ring[EVENTS_SHOWN];
    memcpy(ring, picked, sizeof ring);
    for (uint32_t i = 0; i < *count; i++) {
        picked[i] = ring[(*left_out + i) % EVENTS_SHOWN];
    }
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
    const cJSON *picked[EVENTS_SHOWN] = {NULL};
    uint32_t count = 0;
    uint32_t left_out = 0;
    pick(e, picked, &count, &left_out);
    fprintf(e->page.out, "\nWHAT HAPPENED\n");
    if (count == 0) {
        fprintf(e->page.out, "nothing of note that this agent still has\n");
    }
    for (uint32_t i = 0; i < count; i++) {
        print_event(e, picked[i]);
    }
    if (left_out > 0) {
        fprintf(e->page.out, "%u older: ostrakon log --member %s --limit 1000\n", left_out,
                e->name);
    }
}

#define STEPS_MAX 6u

/* What is to be done, and what comes by itself, in order. */
struct steps {
    uint32_t count;
    char text[STEPS_MAX][TEXT_BYTES];
};

static void add(struct steps *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct steps *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (s->count < STEPS_MAX) {
        vsnprintf(s->text[s->count++], TEXT_BYTES, format, arguments);
    }
    va_end(arguments);
}

static void add_record(const struct explanation *e, struct steps *s)
{
    uint64_t have = 0;
    uint64_t want = 0;
    uint64_t tick_ms = 0;
    char duration[MOMENT_BYTES];
    if (!field_number(e->record.document, "record_ticks", &want) ||
        !field_number(e->record.document, "tick_ms", &tick_ms)) {
        return;
    }
    if (!is(e->standing, "good") || !field_number(e->record.document, "perfect_ticks", &have)) {
        have = 0;
    }
    if (have < want) {
        add(s, "%" PRIu64 " perfect ticks in a row, %s at least: then it has a ballot%s",
            want - have, duration_text((want - have) * tick_ms, duration),
            is(e->standing, "good") ? "" : " again");
    }
}

static void steps_of(const struct explanation *e, struct steps *s)
{
    const bool proof = is(e->cause, "proof");
    const bool neutered = is(e->standing, "neutered");
    if (is(e->standing, "left")) {
        return;
    }
    if (neutered || is(e->standing, "locked_out")) {
        add(s, "on %s: ostrakon doctor --thorough, which tests all free memory", e->name);
    }
    if (neutered || proof) {
        add(s, "on %s: ostrakon clear%s, which refuses unless that passes", e->name,
            neutered ? "" : " --new-key");
        add(s, "at any member, by an operator: the ostrakon operator admit that it prints");
    }
    if (!is(e->standing, "good")) {
        add(s, "its appeal, by itself: the electors examine it, and vote");
    }
    add_record(e, s);
}

static void print_steps(const struct explanation *e, const struct steps *s)
{
    if (is(e->standing, "left")) {
        fprintf(e->page.out, "\nIt was removed for good: nothing brings it back.\n");
        return;
    }
    if (s->count > 0) {
        fprintf(e->page.out, "\n%s\n",
                is(e->standing, "good") ? "WHAT IT STILL NEEDS" : "WHAT BRINGS IT BACK");
    }
    for (uint32_t i = 0; i < s->count; i++) {
        fprintf(e->page.out, "%u  ", i + 1);
        page_wrap(&e->page, STEP_COLUMNS, STEP_COLUMNS, s->text[i]);
    }
}

static const char *cause_words(const char *cause)
{
    static const char *const words[][2] = {
        {"admitted", "an operator admitted it with a new key"},
        {"unreachable", "the others voted: it could not be reached"},
        {"wrong", "the others voted: what it signed was wrong"},
        {"proof", "proof, which needed nobody's word: anyone can check it again"},
        {"resigned", "it found itself unfit, and said so itself"},
        {"removed", "an operator removed it"},
    };
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is(cause, words[i][0])) {
            return words[i][1];
        }
    }
    return cause;
}

/* The block that brought it to its standing; 0: it is not in what was read. */
static uint64_t block_of(const struct explanation *e)
{
    uint64_t height = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, field_of(e->log.document, "items"))
    {
        uint64_t at = 0;
        const char *code = field_text(item, "code");
        if (code != NULL && is(code, "OST-2101") && field_number(item, "height", &at)) {
            height = at;
        }
    }
    return height;
}

static void print_head(const struct explanation *e)
{
    char text[TEXT_BYTES];
    char role[16];
    char key[80];
    char moment[MOMENT_BYTES];
    char age[MOMENT_BYTES];
    const cJSON *member = field_of(e->member.document, "member");
    const uint64_t age_ms = e->seen_ms > e->since_ms ? e->seen_ms - e->since_ms : 0;
    field_shown(member, "role", role, sizeof role);
    field_shown(member, "vote_key", key, sizeof key);
    snprintf(text, sizeof text, "%s (%s), key %.16s", e->name, role, key);
    page_label(&e->page, "member", text);
    const uint64_t height = block_of(e);
    char block[48] = "";
    if (height != 0) {
        snprintf(block, sizeof block, ", by block %" PRIu64, height);
    }
    snprintf(text, sizeof text, "%s since %s UTC, %s ago%s", e->standing,
             moment_text(e->since_ms, e->seen_ms, MOMENT_SECOND, moment),
             duration_text(age_ms, age), block);
    page_label(&e->page, "standing", text);
    if (e->cause[0] != '\0') {
        page_label(&e->page, "cause", cause_words(e->cause));
    }
}

static void add_copy(cJSON *document, const char *name, const cJSON *item)
{
    cJSON_AddItemToObject(document, name,
                          item == NULL ? cJSON_CreateNull() : cJSON_Duplicate(item, true));
}

static void print_json(const struct explanation *e, const struct steps *s)
{
    const cJSON *picked[EVENTS_SHOWN] = {NULL};
    uint32_t count = 0;
    uint32_t left_out = 0;
    cJSON *document = cJSON_CreateObject();
    add_copy(document, "seen_by", field_of(e->member.document, "seen_by"));
    add_copy(document, "seen_at", field_of(e->member.document, "seen_at"));
    add_copy(document, "member", field_of(e->member.document, "member"));
    pick(e, picked, &count, &left_out);
    cJSON *events = cJSON_AddArrayToObject(document, "events");
    for (uint32_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(events, cJSON_Duplicate(picked[i], true));
    }
    cJSON_AddNumberToObject(document, "left_out", left_out);
    cJSON *steps = cJSON_AddArrayToObject(document, "steps");
    for (uint32_t i = 0; i < s->count; i++) {
        cJSON_AddItemToArray(steps, cJSON_CreateString(s->text[i]));
    }
    char *text = cJSON_PrintUnformatted(document);
    if (text != NULL) {
        printf("%s\n", text);
    }
    cJSON_free(text);
    cJSON_Delete(document);
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
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    char socket[CONFIG_SOCKET_BYTES];
    struct steps steps = {.count = 0};
    struct explanation e = {.name = options.member, .page = page_stdout()};
    int code = client_socket(invocation, socket, sizeof socket);
    code = code != 0 ? code : ask(&e, socket);
    if (code == 0) {
        steps_of(&e, &steps);
    }
    if (code == 0 && invocation->json) {
        print_json(&e, &steps);
    } else if (code == 0) {
        print_head(&e);
        print_events(&e);
        print_steps(&e, &steps);
    }
    answer_finish(&e.member);
    answer_finish(&e.record);
    answer_finish(&e.log);
    return code;
}
