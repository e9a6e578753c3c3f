#include "agent/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/agent.h"

#define READS_A_TURN 32u /* messages of a hook taken in before the loop goes round */
#define FACTS 8u

static void on_grant_ready(void *context, unsigned events);
static void on_revoke_ready(void *context, unsigned events);

static void fill_facts(const struct agent *a, const char *event, const struct work *work,
                       struct hook_fact facts[static FACTS], char fence[static 24])
{
    const uint64_t now_ms = clock_monotonic_ms();
    snprintf(fence, 24, "%" PRIu64, work->fence);
    facts[0] = (struct hook_fact){.name = "event", .text = event};
    facts[1] = (struct hook_fact){.name = "role",
                                  .text = work->role == WORK_LEADER ? "leader" : "auditor"};
    facts[2] = (struct hook_fact){.name = "cluster", .text = a->config.founding.name};
    facts[3] = (struct hook_fact){.name = "member", .text = a->config.name};
    facts[4] = (struct hook_fact){.name = "fence", .text = fence};
    facts[5] = (struct hook_fact){.name = "first_window", .number = work->first_window};
    facts[6] = (struct hook_fact){.name = "last_window", .number = work->last_window};
    facts[7] = (struct hook_fact){
        .name = "deadline_ms",
        .number = work->until_ms > now_ms ? work->until_ms - now_ms : 0,
    };
}

/* Starts a hook with the facts of the work. False if it could not be: said in the journal. */
static bool start(struct agent *a, struct hook *hook, const struct hook_command *command,
                  const char *event, uint64_t lease_ms)
{
    const char *argv[HOOK_WORDS_MAX + 1];
    struct hook_fact facts[FACTS + 1];
    char fence[24];
    hook_argv(command, argv);
    fill_facts(a, event, &a->worker.work, facts, fence);
    facts[FACTS] =
        (struct hook_fact){.name = "window_s", .number = a->config.founding.timing.window_s};
    const struct hook_options options = {
        .argv = argv, .facts = facts, .fact_count = FACTS + 1, .lease_ms = lease_ms};
    const int error = hook_start(hook, &options);
    if (error != 0) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-6002", "hook_failed", a->config.name,
                     "hook %s: %s could not be started: %s", event, argv[0], strerror(error));
    }
    return error == 0;
}

static void tell_ended(struct agent *a, bool clean)
{
    struct input in = {.kind = INPUT_WORK_ENDED, .clean = clean};
    agent_step(a, &in);
}

void worker_start(struct agent *a, const struct work *work)
{
    struct worker *w = &a->worker;
    const uint64_t now_ms = clock_monotonic_ms();
    w->work = *work;
    w->revoking = false;
    if (a->config.grant.count == 0) {
        return; /* no hook: nothing to do here, and the deadline passes the windows on */
    }
    const uint64_t lease_ms = work->until_ms > now_ms ? work->until_ms - now_ms : 0;
    if (!start(a, &w->grant, &a->config.grant, "grant", lease_ms)) {
        w->gone = true;
        w->gone_clean = false;
        return;
    }
    w->grant_watch = loop_watch_create(a->loop, hook_fd(&w->grant), on_grant_ready, a);
    loop_watch_set(w->grant_watch, LOOP_READ);
}

void worker_live(struct agent *a, uint64_t until_ms)
{
    struct worker *w = &a->worker;
    const uint64_t now_ms = clock_monotonic_ms();
    const uint64_t end_ms = until_ms < w->work.until_ms ? until_ms : w->work.until_ms;
    if (w->grant.running) {
        hook_live(&w->grant, end_ms > now_ms ? end_ms - now_ms : 0);
    }
}

void worker_stop(struct agent *a)
{
    a->worker.revoking = true;
    if (a->worker.grant.running) {
        hook_kill(&a->worker.grant);
    } else {
        a->worker.gone = true; /* nothing runs: it has ended already */
        a->worker.gone_clean = true;
    }
}

void worker_finish(struct agent *a)
{
    struct worker *w = &a->worker;
    loop_watch_destroy(w->grant_watch);
    loop_watch_destroy(w->revoke_watch);
    w->grant_watch = NULL;
    w->revoke_watch = NULL;
    hook_finish(&w->grant);
    hook_finish(&w->revoke);
}

/* "result WINDOW DIGEST", "dispute WINDOW DIGEST". */
static bool parse_digest_line(const char *rest, struct report *report)
{
    char hex[2 * DIGEST_BYTES + 2];
    char end;
    char *digits_end;
    size_t digest_bytes = 0;
    errno = 0;
    report->window = strtoull(rest, &digits_end, 10);
    if (rest[0] < '0' || rest[0] > '9' || errno != 0 ||
        sscanf(digits_end, " %33s %c", hex, &end) != 1) {
        return false;
    }
    return strlen(hex) == 2 * DIGEST_BYTES &&
           sodium_hex2bin(report->digest.bytes, DIGEST_BYTES, hex, strlen(hex), NULL,
                          &digest_bytes, NULL) == 0 &&
           digest_bytes == DIGEST_BYTES && !sodium_is_zero(report->digest.bytes, DIGEST_BYTES);
}

static void fill_reason(const char *text, char reason[static REASON_SIZE_BYTES])
{
    memset(reason, 0, REASON_SIZE_BYTES);
    for (uint32_t i = 0; i + 1 < REASON_SIZE_BYTES && text[i] != '\0'; i++) {
        reason[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    }
}

static bool parse_report(const char *line, struct report *report)
{
    if (strncmp(line, "result ", 7) == 0) {
        report->kind = REPORT_RESULT;
        return parse_digest_line(line + 7, report);
    }
    if (strncmp(line, "dispute ", 8) == 0) {
        report->kind = REPORT_DISPUTE;
        return parse_digest_line(line + 8, report);
    }
    if (strncmp(line, "fail ", 5) == 0 && line[5] != '\0') {
        report->kind = REPORT_FAIL;
        fill_reason(line + 5, report->reason);
        return true;
    }
    return false;
}

static void on_report_line(struct agent *a, const char *line)
{
    struct input in = {.kind = INPUT_REPORT, .report = {.fence = a->worker.work.fence}};
    if (parse_report(line, &in.report)) {
        agent_step(a, &in);
    } else {
        journal_sayf(&a->journal, WORDS_WARNING, "OST-6003", "hook_misreport", a->config.name,
                     "hook grant: its line is no report (result, dispute or fail): %.120s",
                     line);
    }
}

static void say_end(struct agent *a, const char *event, const struct hook_message *m)
{
    const bool well = m->end == HOOK_END_EXITED && m->number == 0;
    const bool expected = well || m->end == HOOK_END_KILLED;
    journal_sayf(&a->journal, expected ? WORDS_DEBUG : WORDS_WARNING,
                 expected ? "OST-6001" : "OST-6002", expected ? "hook_ended" : "hook_failed",
                 a->config.name, "hook %s: %s %d", event, hook_end_text(m->end), m->number);
}

static void end_grant(struct agent *a, const struct hook_message *m)
{
    struct worker *w = &a->worker;
    const bool clean = m->end == HOOK_END_EXITED && m->number == 0;
    say_end(a, "grant", m);
    loop_watch_destroy(w->grant_watch);
    w->grant_watch = NULL;
    hook_finish(&w->grant);
    if (w->revoking && a->config.revoke.count > 0 && !w->revoke.running &&
        start(a, &w->revoke, &a->config.revoke, "revoke", HOOK_SHORT_MS)) {
        w->revoke_watch = loop_watch_create(a->loop, hook_fd(&w->revoke), on_revoke_ready, a);
        loop_watch_set(w->revoke_watch, LOOP_READ);
    }
    tell_ended(a, clean);
}

static void log_line(struct agent *a, const char *event, const char *line)
{
    journal_sayf(&a->journal, WORDS_INFO, "OST-6004", "hook_said", a->config.name,
                 "hook %s: %.200s", event, line);
}

static void on_grant_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    struct hook_message m;
    for (uint32_t i = 0; i < READS_A_TURN && hook_read(&a->worker.grant, &m); i++) {
        switch (m.kind) {
        case HOOK_REPORT:
            on_report_line(a, m.line);
            break;
        case HOOK_LOG:
            log_line(a, "grant", m.line);
            break;
        case HOOK_END:
            end_grant(a, &m);
            return;
        }
    }
}

static void on_revoke_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    struct worker *w = &a->worker;
    struct hook_message m;
    for (uint32_t i = 0; i < READS_A_TURN && hook_read(&w->revoke, &m); i++) {
        if (m.kind == HOOK_END) {
            say_end(a, "revoke", &m);
            loop_watch_destroy(w->revoke_watch);
            w->revoke_watch = NULL;
            hook_finish(&w->revoke);
            return;
        }
        log_line(a, "revoke", m.line);
    }
}
