#include "agent/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/worker_report.h"

#define READS_A_TURN 32u /* messages of a hook taken in before the loop goes round */
#define FACTS 9u
#define FENCE_BYTES 24u

/* What a run may have written into the log, and how many reports are taken from it: a hook in a
 * loop must not keep the disk from the votes. */
#define LINES_LOGGED 50u
#define MISREPORTS_LOGGED 5u
#define REPORTS_TAKEN 256u

static void on_grant_ready(void *context, unsigned events);
static void on_revoke_ready(void *context, unsigned events);

static void fill_facts(const struct agent *a, const char *event,
                       struct hook_fact facts[static FACTS], char fence[static FENCE_BYTES])
{
    const struct work *work = &a->worker.work;
    const uint64_t now_ms = clock_monotonic_ms();
    const uint64_t left_ms = work->until_ms > now_ms ? work->until_ms - now_ms : 0;
    const char *role = work->role == WORK_LEADER ? "leader" : "auditor";
    snprintf(fence, FENCE_BYTES, "%" PRIu64, work->fence);
    facts[0] = (struct hook_fact){.name = "event", .text = event};
    facts[1] = (struct hook_fact){.name = "role", .text = role};
    facts[2] = (struct hook_fact){.name = "cluster", .text = a->config.founding.name};
    facts[3] = (struct hook_fact){.name = "member", .text = a->config.name};
    facts[4] = (struct hook_fact){.name = "fence", .text = fence};
    facts[5] = (struct hook_fact){.name = "first_window", .number = work->first_window};
    facts[6] = (struct hook_fact){.name = "last_window", .number = work->last_window};
    facts[7] =
        (struct hook_fact){.name = "window_s", .number = a->config.founding.timing.window_s};
    facts[8] = (struct hook_fact){.name = "deadline_ms", .number = left_ms};
}

bool worker_run_start(struct agent *a, struct worker_run *run, const char *event,
                      const struct hook_command *command, struct hook_options options,
                      void (*on_ready)(void *context, unsigned events))
{
    const char *argv[HOOK_WORDS_MAX + 1];
    hook_argv(command, argv);
    options.argv = argv;
    *run = (struct worker_run){.event = event, .started_ms = clock_monotonic_ms()};
    const int error = hook_start(&run->hook, &options);
    if (error != 0) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-6002", "hook_failed", agent_name(a),
                     "hook %s on %s: %.120s could not be started: %s", event, agent_name(a),
                     argv[0], strerror(error));
        return false;
    }
    run->watch = loop_watch_create(a->loop, hook_fd(&run->hook), on_ready, a);
    loop_watch_set(run->watch, LOOP_READ);
    return true;
}

/* Starts a hook with the facts of the work. */
static bool start(struct agent *a, struct worker_run *run, const char *event,
                  const struct hook_command *command, uint64_t lease_ms,
                  void (*on_ready)(void *context, unsigned events))
{
    struct hook_fact facts[FACTS];
    char fence[FENCE_BYTES];
    fill_facts(a, event, facts, fence);
    const struct hook_options options = {
        .facts = facts, .fact_count = FACTS, .lease_ms = lease_ms};
    return worker_run_start(a, run, event, command, options, on_ready);
}

/* Without a hook there is nothing to do here: the deadline passes the windows on. */
static bool has_hook(struct agent *a)
{
    struct worker *w = &a->worker;
    if (a->config.grant.count == 0 && !w->lack_is_said) {
        w->lack_is_said = true;
        journal_sayf(&a->journal, WORDS_WARNING, "OST-6005", "hook_missing", agent_name(a),
                     "%s is to process windows and has no grant hook: name one in node.yaml",
                     agent_name(a));
    }
    return a->config.grant.count > 0;
}

void worker_start(struct agent *a, const struct work *work)
{
    struct worker *w = &a->worker;
    const uint64_t now_ms = clock_monotonic_ms();
    const uint64_t lease_ms = work->until_ms > now_ms ? work->until_ms - now_ms : 0;
    w->work = *work;
    w->revoking = false;
    if (has_hook(a) &&
        !start(a, &w->grant, "grant", &a->config.grant, lease_ms, on_grant_ready)) {
        w->gone = true;
        w->gone_clean = false;
    }
}

void worker_live(struct agent *a, uint64_t until_ms)
{
    const struct worker *w = &a->worker;
    const uint64_t now_ms = clock_monotonic_ms();
    const uint64_t end_ms = until_ms < w->work.until_ms ? until_ms : w->work.until_ms;
    if (w->grant.hook.running) {
        hook_live(&w->grant.hook, end_ms > now_ms ? end_ms - now_ms : 0);
    }
}

void worker_stop(struct agent *a)
{
    struct worker *w = &a->worker;
    w->revoking = true;
    if (w->grant.hook.running) {
        hook_kill(&w->grant.hook);
    } else {
        w->gone = true; /* nothing runs: it has ended already */
        w->gone_clean = true;
    }
}

void worker_run_finish(struct worker_run *run)
{
    loop_watch_destroy(run->watch);
    run->watch = NULL;
    hook_finish(&run->hook);
}

void worker_finish(struct agent *a)
{
    worker_run_finish(&a->worker.grant);
    worker_run_finish(&a->worker.revoke);
}

static void on_report_line(struct agent *a, const char *line)
{
    struct worker_run *run = &a->worker.grant;
    struct input in = {.kind = INPUT_REPORT, .report = {.fence = a->worker.work.fence}};
    if (!worker_report_read(line, &in.report)) {
        run->misreports++;
        journal_sayf(&a->journal,
                     run->misreports <= MISREPORTS_LOGGED ? WORDS_WARNING : WORDS_DEBUG,
                     "OST-6003", "hook_misreport", agent_name(a),
                     "hook grant on %s: no report (result, dispute or fail): %.120s",
                     agent_name(a), line);
    } else if (++run->reports <= REPORTS_TAKEN) {
        agent_step(a, &in);
    }
}

static void on_log_line(struct agent *a, struct worker_run *run, const char *line)
{
    run->lines++;
    journal_sayf(&a->journal, run->lines <= LINES_LOGGED ? WORDS_INFO : WORDS_DEBUG, "OST-6004",
                 "hook_said", agent_name(a), "hook %s on %s: %.200s", run->event, agent_name(a),
                 line);
}

static uint32_t above(uint32_t count, uint32_t most)
{
    return count > most ? count - most : 0;
}

static void say_left_out(struct agent *a, const struct worker_run *run)
{
    const uint32_t lines = above(run->lines, LINES_LOGGED);
    const uint32_t misreports = above(run->misreports, MISREPORTS_LOGGED);
    const uint32_t reports = above(run->reports, REPORTS_TAKEN);
    if (lines + misreports + reports > 0) {
        journal_sayf(&a->journal, WORDS_WARNING, "OST-6003", "hook_misreport", agent_name(a),
                     "hook %s on %s: left out: lines it said %u, reports that are none %u, "
                     "reports beyond %u: %u",
                     run->event, agent_name(a), lines, misreports, REPORTS_TAKEN, reports);
    }
}

/* "ok", "exit status 3", "killed by signal 9", ... */
static void write_end(const struct hook_message *m, char *text, size_t size)
{
    switch (m->end) {
    case HOOK_END_EXITED:
        if (m->number == 0) {
            snprintf(text, size, "ok");
        } else {
            snprintf(text, size, "exit status %d%s", m->number,
                     m->number == 127 ? ": it cannot be run" : "");
        }
        break;
    case HOOK_END_SIGNAL:
        snprintf(text, size, "ended by signal %d", m->number);
        break;
    case HOOK_END_LEASE:
        snprintf(text, size, "killed, its time was over");
        break;
    case HOOK_END_KILLED:
        snprintf(text, size, "ended, it is no longer wanted");
        break;
    case HOOK_END_FAILED:
        snprintf(text, size, "some process of it cannot be killed");
        break;
    case HOOK_END_LOST:
        snprintf(text, size, "its keeper is gone, and it with it");
        break;
    }
}

static bool is_clean(const struct hook_message *m)
{
    return m->end == HOOK_END_EXITED && m->number == 0;
}

/* A lease ends when its agent was late, or with the work's own deadline, which moves the grant
 * without a word of mine: no failure of the worker. */
static bool has_failed(const struct hook_message *m)
{
    return !is_clean(m) && m->end != HOOK_END_LEASE;
}

/* Says how it ended, and gives back what it held. */
static void end(struct agent *a, struct worker_run *run, const struct hook_message *m)
{
    const bool expected = is_clean(m) || m->end == HOOK_END_KILLED;
    char how[64];
    write_end(m, how, sizeof how);
    say_left_out(a, run);
    journal_sayf(&a->journal, expected ? WORDS_INFO : WORDS_WARNING,
                 expected ? "OST-6001" : "OST-6002", expected ? "hook_ended" : "hook_failed",
                 agent_name(a), "hook %s on %s: %s, %" PRIu64 " ms", run->event, agent_name(a),
                 how, clock_monotonic_ms() - run->started_ms);
    run->clean = is_clean(m);
    worker_run_finish(run);
}

static void revoke(struct agent *a)
{
    struct worker *w = &a->worker;
    if (a->config.revoke.count == 0) {
        return;
    }
    if (w->revoke.hook.running) {
        journal_sayf(&a->journal, WORDS_WARNING, "OST-6002", "hook_failed", agent_name(a),
                     "hook revoke on %s: not started, it still runs from the time before",
                     agent_name(a));
        return;
    }
    (void)start(a, &w->revoke, "revoke", &a->config.revoke, HOOK_SHORT_MS, on_revoke_ready);
}

static void end_grant(struct agent *a, const struct hook_message *m)
{
    struct input in = {.kind = INPUT_WORK_ENDED, .clean = !has_failed(m)};
    end(a, &a->worker.grant, m);
    if (a->worker.revoking) {
        revoke(a);
    }
    agent_step(a, &in);
}

static void on_grant_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    struct hook_message m;
    for (uint32_t i = 0; i < READS_A_TURN && hook_read(&a->worker.grant.hook, &m); i++) {
        switch (m.kind) {
        case HOOK_REPORT:
            on_report_line(a, m.line);
            break;
        case HOOK_LOG:
            on_log_line(a, &a->worker.grant, m.line);
            break;
        case HOOK_END:
            end_grant(a, &m); /* which may have started the next one */
            return;
        }
    }
}

bool worker_run_read(struct agent *a, struct worker_run *run)
{
    struct hook_message m;
    for (uint32_t i = 0; i < READS_A_TURN && hook_read(&run->hook, &m); i++) {
        if (m.kind == HOOK_END) {
            end(a, run, &m);
            return true;
        }
        on_log_line(a, run, m.line);
    }
    return false;
}

static void on_revoke_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    (void)worker_run_read(a, &a->worker.revoke);
}
