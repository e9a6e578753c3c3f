#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/config.h"
#include "health/references/burst.h"
#include "health/references/references.h"
#include "moment.h"
#include "page.h"

/* `ostrakon doctor`: all references of this machine, once, in words. Asks no agent and leaves
 * no trace on the disk, so it may run beside the daemon, or where the daemon does not start. */

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"
#define RESULT_COLUMNS 8u
#define TITLE_COLUMNS 12u
#define TEXT_COLUMN (2u + RESULT_COLUMNS + 2u + TITLE_COLUMNS + 2u)
#define TEXT_BYTES 256u
#define PROGRESS_COLUMNS 24

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

static void choose(struct options *options, const char *name, struct argp_state *state)
{
    for (uint32_t i = 0; i < reference_count; i++) {
        if (strcasecmp(name, reference_facts(references[i]->id)->name) == 0) {
            options->chosen |= UINT64_C(1) << (references[i]->id - 1);
            return;
        }
    }
    argp_error(state, "there is no reference %s to run; names are R06, R10, ...", name);
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

/* What was found, and who was examined. */
struct examination {
    char name[256]; /* the member's, or the machine's where no configuration is */
    struct node_config config;
    uint32_t findings; /* that are neither ok nor absent */
    bool fatal;
    cJSON *list; /* NULL: in words */
    struct page page;
    struct reference_context context;
};

static void watch(struct examination *e, const char *path, bool vital)
{
    e->context.files[e->context.file_count++] = (struct installed_file){path, vital};
}

/* 0, or an exit code after a complaint. Without a configuration the machine alone is examined.
 */
static int configure(struct examination *e, const char *given)
{
    const char *path = given == NULL ? CONFIG_DEFAULT : given;
    struct config_report report = {0};
    if (given == NULL && access(path, F_OK) != 0) {
        if (gethostname(e->name, sizeof e->name - 1) != 0) {
            strcpy(e->name, "this machine");
        }
        return 0;
    }
    if (!node_config_read(path, &e->config, &report)) {
        fputs(report.text, stderr);
        return EXIT_CONFIGURATION;
    }
    snprintf(e->name, sizeof e->name, "%s", e->config.name);
    node_config_references(&e->config, &e->context);
    watch(e, path, false);
    watch(e, e->config.cluster_path, false);
    watch(e, e->config.transport_key_path, true);
    watch(e, e->config.vote_key_path, true);
    return 0;
}

static void print_words(const struct examination *e, const struct finding *f, const char *text,
                        const char *action)
{
    const bool well = f->result == RESULT_OK || f->result == RESULT_ABSENT;
    char word[16];
    snprintf(word, sizeof word, "%s", result_text(f->result));
    for (char *c = word; !well && *c != '\0'; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    }
    fprintf(e->page.out, "  %-*s  %-*s  ", (int)RESULT_COLUMNS, word, (int)TITLE_COLUMNS,
            reference_facts(f->id)->title);
    page_wrap(&e->page, TEXT_COLUMN, TEXT_COLUMN, text);
    if (!well && action[0] != '\0') {
        fprintf(e->page.out, "%*s", (int)TEXT_COLUMN, "");
        page_wrap(&e->page, TEXT_COLUMN, TEXT_COLUMN, action);
    }
}

static void add_json(cJSON *list, const struct finding *f, const char *text, const char *action)
{
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "reference", reference_facts(f->id)->name);
    cJSON_AddStringToObject(one, "title", reference_facts(f->id)->title);
    cJSON_AddStringToObject(one, "result", result_text(f->result));
    cJSON_AddStringToObject(one, "text", text);
    cJSON_AddStringToObject(one, "action", action);
    cJSON_AddItemToArray(list, one);
}

/* An unknown that spares others is no finding. */
static bool is_well(const struct finding *f)
{
    return f->result == RESULT_OK || f->result == RESULT_ABSENT ||
           (f->result == RESULT_UNKNOWN && (f->flags & FINDING_EXCUSED) != 0);
}

static void tell(struct examination *e, const struct finding *f,
                 const struct reference_note *note)
{
    char text[TEXT_BYTES];
    char action[TEXT_BYTES];
    finding_text(f, note->text, text, sizeof text);
    finding_text(f, note->action, action, sizeof action);
    e->findings += !is_well(f);
    e->fatal |= f->result == RESULT_FATAL || !result_is_known(f->result);
    if (e->list == NULL) {
        print_words(e, f, text, action);
    } else {
        add_json(e->list, f, text, action);
    }
}

static void examine_one(struct examination *e, const struct reference *r)
{
    struct finding f;
    if (r->negative(&e->context)) {
        reference_run(r, &e->context, &f);
        tell(e, &f, reference_note(r, &f));
    } else {
        finding_begin(&f, r->id);
        finding_set(&f, RESULT_FATAL, NOTE_FOOLED);
        tell(e, &f, reference_note(r, &f));
    }
}

/* A line on the terminal that grows, with how long it will take from how long it has taken. */
struct progress {
    uint64_t begun_ms;
    uint64_t shown_ms;
};

static void show_progress(void *self, uint64_t done_bytes, uint64_t all_bytes)
{
    struct progress *p = self;
    char left[MOMENT_BYTES];
    char bar[PROGRESS_COLUMNS + 1];
    const uint64_t now_ms = moment_now_ms();
    if (now_ms - p->shown_ms < 200) {
        return;
    }
    const double share = (double)done_bytes / (double)all_bytes;
    const double taken_ms = (double)(now_ms - p->begun_ms);
    const uint32_t filled = (uint32_t)(share * PROGRESS_COLUMNS);
    p->shown_ms = now_ms;
    memset(bar, '.', PROGRESS_COLUMNS);
    memset(bar, '#', filled);
    bar[PROGRESS_COLUMNS] = '\0';
    fprintf(stderr, "\r  memory [%s] %" PRIu64 " of %" PRIu64 " MiB, %s left \x1b[K", bar,
            done_bytes >> 20, all_bytes >> 20,
            duration_text((uint64_t)(taken_ms / share - taken_ms), left));
}

static void examine_thoroughly(struct examination *e)
{
    struct finding f;
    struct progress progress = {.begun_ms = moment_now_ms()};
    struct burst_plan plan = burst_thorough();
    const bool terminal = isatty(STDERR_FILENO) == 1;
    plan.progress = terminal ? show_progress : NULL;
    plan.self = &progress;
    burst_run(&e->context, &plan, &f);
    if (terminal) {
        fputs("\r\x1b[K", stderr);
    }
    tell(e, &f, reference_note(reference_find(f.id), &f));
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
    char *text = cJSON_PrintUnformatted(document);
    if (text != NULL) {
        printf("%s\n", text);
    }
    cJSON_free(text);
    cJSON_Delete(document);
}

static int examine(struct examination *e, const struct options *options)
{
    const bool json = options->invocation->json;
    const uint64_t chosen = options->chosen;
    char moment[MOMENT_BYTES];
    const uint64_t now_ms = moment_now_ms();
    e->list = json ? cJSON_CreateArray() : NULL;
    e->page = page_stdout();
    if (!json) {
        printf("%s, %s UTC\n", e->name, moment_text(now_ms, now_ms, MOMENT_SECOND, moment));
    }
    for (uint32_t i = 0; i < reference_count; i++) {
        if (chosen == 0 || (chosen >> (references[i]->id - 1) & 1) != 0) {
            examine_one(e, references[i]);
        }
    }
    if (options->thorough) {
        examine_thoroughly(e);
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
               "remembers wrongly, 78 configuration.",
        .children = children,
    };
    struct options options = {.invocation = invocation, .root = ""};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct examination *e = calloc(1, sizeof *e);
    if (e == NULL) {
        return complain(EXIT_UNKNOWN, "", "no memory");
    }
    e->context.seams = seams_of_machine();
    e->context.seams.root = options.root;
    e->context.observer = true;
    e->context.whole = true;
    int code = configure(e, invocation->config);
    if (code == 0) {
        code = examine(e, &options);
    }
    references_finish(&e->context);
    free(e);
    return code;
}
