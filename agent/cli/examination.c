#include "examination.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "health/references/burst.h"
#include "moment.h"

#define CONFIG_DEFAULT "/etc/ostrakon/node.yaml"
#define RESULT_COLUMNS 8u
#define TITLE_COLUMNS 12u
#define TEXT_COLUMN (2u + RESULT_COLUMNS + 2u + TITLE_COLUMNS + 2u)
#define TEXT_BYTES 256u
#define PROGRESS_COLUMNS 24
#define TERMINAL_MS 200u
#define LINE_MS 30000u

struct examination *examination_create(const char *root)
{
    struct examination *e = calloc(1, sizeof *e);
    if (e != NULL) {
        e->context.seams = seams_of_machine();
        e->context.seams.root = root;
        e->context.observer = true;
        e->context.whole = true;
        e->page = page_stdout();
    }
    return e;
}

void examination_destroy(struct examination *e)
{
    if (e != NULL) {
        references_finish(&e->context);
    }
    free(e);
}

static void watch(struct examination *e, const char *path, bool vital)
{
    e->context.files[e->context.file_count++] = (struct installed_file){path, vital};
}

int examination_configure(struct examination *e, const char *given)
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
        return exit_code_of_report(&report);
    }
    snprintf(e->name, sizeof e->name, "%s", e->config.name);
    node_config_references(&e->config, &e->context);
    watch(e, path, false);
    watch(e, e->config.cluster_path, false);
    watch(e, e->config.transport_key_path, true);
    if (!e->spares_vote_key) {
        watch(e, e->config.vote_key_path, true);
    }
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
    fflush(e->page.out); /* what comes next may take minutes */
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

/* With which a member is not to get a new key: damage, silence, a fault of its own, or one of
 * the minimum set that could not be measured. What concerns the service alone keeps nobody from
 * voting. */
static bool is_unfit(const struct finding *f)
{
    const struct reference_facts *facts = reference_facts(f->id);
    switch (f->result) {
    case RESULT_OK:
    case RESULT_ABSENT:
        return false;
    case RESULT_DEGRADED:
        return facts->class == REFERENCE_OWN && (f->flags & FINDING_SERVE) == 0;
    case RESULT_UNKNOWN:
        return facts->minimum && !is_well(f);
    case RESULT_SILENT:
    case RESULT_FATAL:
        break;
    }
    return true;
}

static void tell(struct examination *e, const struct finding *f,
                 const struct reference_note *note)
{
    char text[TEXT_BYTES];
    char action[TEXT_BYTES];
    finding_text(f, note->text, text, sizeof text);
    finding_text(f, note->action, action, sizeof action);
    e->findings += !is_well(f);
    if (is_unfit(f)) {
        e->first_unfit = e->unfit == 0 ? f->id : e->first_unfit;
        e->unfit++;
    }
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

/* How long it will take, from how long it has taken: a line that grows on a terminal, a line
 * each half a minute elsewhere. */
struct progress {
    uint64_t begun_ms;
    uint64_t shown_ms; /* from `begun_ms` on */
    bool terminal;
};

static void show_progress(void *self, uint64_t done_bytes, uint64_t all_bytes)
{
    struct progress *p = self;
    char left[MOMENT_BYTES];
    char bar[PROGRESS_COLUMNS + 1];
    const uint64_t now_ms = moment_now_ms();
    if (now_ms - p->shown_ms < (p->terminal ? TERMINAL_MS : LINE_MS) || done_bytes == 0) {
        return;
    }
    const double share = (double)done_bytes / (double)all_bytes;
    const double taken_ms = (double)(now_ms - p->begun_ms);
    const uint32_t filled = (uint32_t)(share * PROGRESS_COLUMNS);
    p->shown_ms = now_ms;
    memset(bar, '.', PROGRESS_COLUMNS);
    memset(bar, '#', filled);
    bar[PROGRESS_COLUMNS] = '\0';
    duration_text((uint64_t)(taken_ms / share - taken_ms), left);
    fprintf(stderr,
            p->terminal ? "\r  memory [%s] %" PRIu64 " of %" PRIu64 " MiB, %s left \x1b[K"
                        : "  memory [%s] %" PRIu64 " of %" PRIu64 " MiB, %s left\n",
            bar, done_bytes >> 20, all_bytes >> 20, left);
}

void examination_run(struct examination *e, uint64_t chosen)
{
    for (uint32_t i = 0; i < reference_count; i++) {
        if (chosen == 0 || (chosen >> (references[i]->id - 1) & 1) != 0) {
            examine_one(e, references[i]);
        }
    }
}

void examination_run_burst(struct examination *e, uint64_t bytes_max)
{
    struct finding f;
    const uint64_t now_ms = moment_now_ms();
    const bool terminal = isatty(STDERR_FILENO) == 1;
    struct progress progress = {now_ms, now_ms, terminal};
    struct burst_plan plan = burst_thorough();
    plan.bytes = bytes_max != 0 && bytes_max < plan.bytes ? bytes_max : plan.bytes;
    plan.progress = show_progress;
    plan.self = &progress;
    burst_run(&e->context, &plan, &f);
    if (terminal) {
        fputs("\r\x1b[K", stderr);
    }
    tell(e, &f, reference_note(reference_find(f.id), &f));
}
