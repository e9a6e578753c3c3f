#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "agent/config.h"
#include "agent/config_value.h"
#include "client.h"
#include "document.h"
#include "fields.h"
#include "moment.h"
#include "page.h"

/* `ostrakon log` and `ostrakon watch`: the audit events, a line each:
 *
 *   14:03:11.482  48213  OST-2101  helios locked out: wrong challenge answer
 *
 * Lines are not wrapped, so that grep finds whole ones. /v1/log answers {"items": [{id, height,
 * time, level, code, event, member, message}], "next": cursor}; `next` is what to give as
 * `after` for what comes later. */

#define LIMIT_MAX 1000u
#define LOG_LIMIT 50u
#define WATCH_LIMIT 10u
#define WATCH_WAIT_S 30L /* as in the request below */
#define PAUSE_LEAST_MS 500u
#define PAUSE_MOST_MS 8000u
#define CURSOR_BYTES 128u
#define PATH_BYTES 1024u
#define MESSAGE_BYTES 1024u
#define DAY_MS 86400000u
#define YEAR_2000_MS 946684800000u

enum { KEY_MEMBER = 'm', KEY_CODE = 'e', KEY_LIMIT = 'n', KEY_SINCE = 'S' };

struct options {
    struct invocation *invocation;
    char since[MOMENT_BYTES];
    const char *member;
    const char *code;
    uint32_t limit;
};

/* `watch` has all but the first. */
static const struct argp_option own_options[] = {
    {"since", KEY_SINCE, "TIME", 0,
     "only from then on: 2026-11-22T06:30:00Z, or an age: 90s, 10m, 2h, 7d", 0},
    {"member", KEY_MEMBER, "NAME", 0, "only what concerns this member", 0},
    {"code", KEY_CODE, "OST-NNNN", 0, "only this code", 0},
    {"limit", KEY_LIMIT, "COUNT", 0, "the newest so many to begin with, 1 to 1000", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static bool is_code(const char *text)
{
    return strlen(text) == 8 && strncmp(text, "OST-", 4) == 0 &&
           strspn(text + 4, "0123456789") == 4;
}

/* Nothing was noted before the year 2000, nor is that a time for the agent: an age that goes
 * back further means all there is. */
static void set_since(struct options *options, const char *text, const struct argp_state *state)
{
    uint64_t value_ms = 0;
    if (duration_parse(text, &value_ms)) {
        const uint64_t now_ms = moment_now_ms();
        value_ms = now_ms > value_ms + YEAR_2000_MS ? now_ms - value_ms : YEAR_2000_MS;
    } else if (!value_time(text, &value_ms)) {
        argp_error(state,
                   "--since %s: expected a time like 2026-11-22T06:30:00Z, or an age "
                   "like 90s, 10m, 2h, 7d",
                   text);
    }
    moment_iso(value_ms, options->since);
}

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    char name[NAME_SIZE_BYTES];
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->invocation;
        return 0;
    case KEY_SINCE:
        set_since(options, argument, state);
        return 0;
    case KEY_MEMBER:
        options->member = argument;
        if (!value_name(argument, name)) {
            argp_error(state, "--member %s: expected the name of a member", argument);
        }
        return 0;
    case KEY_CODE:
        options->code = argument;
        if (!is_code(argument)) {
            argp_error(state, "--code %s: expected a code like OST-3002", argument);
        }
        return 0;
    case KEY_LIMIT:
        if (!value_number(argument, 1, LIMIT_MAX, &options->limit)) {
            argp_error(state, "--limit %s: expected a number from 1 to %u", argument,
                       LIMIT_MAX);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* All values are of a restricted alphabet, but for the cursor, which is the agent's. */
static void path_add(char path[static PATH_BYTES], const char *key, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    const size_t used = strlen(path);
    snprintf(path + used, PATH_BYTES - used, "%s%s=%s", strchr(path, '?') == NULL ? "?" : "&",
             key, escaped == NULL ? "" : escaped);
    curl_free(escaped);
}

static void path_of(const struct options *options, char path[static PATH_BYTES])
{
    char limit[16];
    snprintf(path, PATH_BYTES, "/v1/log");
    snprintf(limit, sizeof limit, "%u", options->limit);
    path_add(path, "limit", limit);
    if (options->since[0] != '\0') {
        path_add(path, "since", options->since);
    }
    if (options->member != NULL) {
        path_add(path, "member", options->member);
    }
    if (options->code != NULL) {
        path_add(path, "code", options->code);
    }
}

/* The day of the last line, at first that of the agent: a line of another has a date line
 * before it. Heights are as wide as the widest so far. */
struct printer {
    uint64_t day;
    uint32_t height_columns;
    bool json;
};

static void print_item(struct printer *p, const cJSON *item)
{
    char moment[MOMENT_BYTES] = "-";
    char height[24] = "-";
    char code[32];
    char message[MESSAGE_BYTES];
    uint64_t number = 0;
    uint64_t time_ms = 0;
    if (field_time(item, "time", &time_ms)) {
        if (time_ms / DAY_MS != p->day) {
            moment_iso(time_ms, moment);
            printf("%.10s UTC\n", moment);
            p->day = time_ms / DAY_MS;
        }
        moment_text(time_ms, time_ms, MOMENT_MILLISECOND, moment);
    }
    if (field_number(item, "height", &number)) {
        snprintf(height, sizeof height, "%" PRIu64, number);
    }
    field_shown(item, "code", code, sizeof code);
    field_shown(item, "message", message, sizeof message);
    printf("%-12s  %*s  %-8s  %s\n", moment, (int)p->height_columns, height, code, message);
}

static void widen(struct printer *p, const cJSON *item)
{
    uint64_t height = 0;
    char text[24];
    if (field_number(item, "height", &height)) {
        const int size = snprintf(text, sizeof text, "%" PRIu64, height);
        p->height_columns =
            (uint32_t)size > p->height_columns ? (uint32_t)size : p->height_columns;
    }
}

static void print_items(struct printer *p, const cJSON *document)
{
    const cJSON *items = field_of(document, "items");
    const cJSON *item = NULL;
    uint64_t seen_ms = 0;
    if (p->day == 0 && field_time(document, "seen_at", &seen_ms)) {
        p->day = seen_ms / DAY_MS;
    }
    cJSON_ArrayForEach(item, items)
    {
        widen(p, item);
    }
    cJSON_ArrayForEach(item, items)
    {
        if (p->json) {
            document_print_line(item);
        } else {
            print_item(p, item);
        }
    }
    fflush(stdout);
}

static struct printer printer_of(const struct options *options)
{
    return (struct printer){.height_columns = 5, .json = options->invocation->json};
}

static const struct argp_child shared_child[] = {{&shared_argp, 0, NULL, 0},
                                                 {NULL, 0, NULL, 0}};

int log_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .doc = "What was decided and noticed, oldest first. Times are UTC; a height of - "
               "concerns this agent alone.",
        .children = shared_child,
    };
    struct options options = {.invocation = invocation, .limit = LOG_LIMIT};
    command_parse(&argp, argc, argv, 0, &options);
    char socket[CONFIG_SOCKET_BYTES];
    char path[PATH_BYTES];
    struct answer answer = {0};
    int code = client_socket(invocation, socket, sizeof socket);
    if (code == 0) {
        path_of(&options, path);
        code = client_get(socket, path, 0, &answer);
    }
    if (code == 0 && invocation->json) {
        printf("%s\n", answer.text);
    } else if (code == 0) {
        struct printer printer = printer_of(&options);
        print_items(&printer, answer.document);
    }
    answer_finish(&answer);
    return code;
}

/* Waits until somebody listens at the socket, looking once in so long. */
static void await(const char *path, uint32_t pause_ms)
{
    const struct timespec pause = {.tv_sec = pause_ms / 1000,
                                   .tv_nsec = pause_ms % 1000 * 1000000L};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (bool connected = false; !connected;) {
        nanosleep(&pause, NULL);
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        connected =
            fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
        if (fd >= 0) {
            close(fd);
        }
    }
}

/* A number or a text; only the agent knows what it means. */
static void set_cursor(char cursor[static CURSOR_BYTES], const cJSON *document)
{
    uint64_t number = 0;
    const char *text = field_text(document, "next");
    cursor[0] = '\0';
    if (text != NULL) {
        snprintf(cursor, CURSOR_BYTES, "%s", text);
    } else if (field_number(document, "next", &number)) {
        snprintf(cursor, CURSOR_BYTES, "%" PRIu64, number);
    }
}

/* The first that fails is complained of, those after it are not. */
static int ask(const char *socket, const char *path, bool waits, bool quiet,
               struct answer *answer)
{
    const long wait_s = waits ? WATCH_WAIT_S : 0;
    if (quiet) {
        return client_look(socket, path, wait_s, answer) ? 0 : EXIT_UNKNOWN;
    }
    return client_get(socket, path, wait_s, answer);
}

/* Until it is interrupted. An agent that goes away, or cannot answer, is said so once, and
 * waited for, ever longer: one watches just when agents are restarted. */
static int watch(const struct options *options, const char *socket)
{
    struct printer printer = printer_of(options);
    char cursor[CURSOR_BYTES] = "";
    char path[PATH_BYTES];
    uint32_t pause_ms = 0; /* 0: it has answered */
    for (;;) {
        struct answer answer = {0};
        path_of(options, path);
        if (cursor[0] != '\0') {
            path_add(path, "after", cursor);
            path_add(path, "wait_s", "30");
        }
        const int code = ask(socket, path, cursor[0] != '\0', pause_ms > 0, &answer);
        if (code == 0) {
            pause_ms = 0;
            print_items(&printer, answer.document);
            set_cursor(cursor, answer.document);
        }
        answer_finish(&answer);
        if (code == 0 && cursor[0] == '\0') {
            return complain(EXIT_UNKNOWN, "",
                            "the agent on this node tells no cursor to go on "
                            "from");
        }
        if (code != 0 && (cursor[0] == '\0' || code != EXIT_UNKNOWN)) {
            return code;
        }
        if (code != 0) {
            pause_ms = pause_ms == 0 ? PAUSE_LEAST_MS : 2 * pause_ms;
            pause_ms = pause_ms < PAUSE_MOST_MS ? pause_ms : PAUSE_MOST_MS;
            await(socket, pause_ms);
        }
    }
}

int watch_run(struct invocation *invocation, int argc, char **argv)
{
    const struct argp argp = {
        .options = own_options + 1,
        .parser = on_option,
        .doc = "What is decided and noticed, as it happens, until Ctrl-C. With --json, one "
               "object a line.",
        .children = shared_child,
    };
    struct options options = {.invocation = invocation, .limit = WATCH_LIMIT};
    command_parse(&argp, argc, argv, 0, &options);
    char socket[CONFIG_SOCKET_BYTES];
    const int code = client_socket(invocation, socket, sizeof socket);
    return code == 0 ? watch(&options, socket) : code;
}
