#include "agent/events.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"

/* "NAME=ADDRESS:PORT" of everybody, with blanks between. */
#define GOOD_BYTES ((NAME_SIZE_BYTES + ADDRESS_SIZE_BYTES) * MEMBERS_MAX)
#define REASON_BYTES (LATCH_ERROR_BYTES + 256u)

static void on_standing_ready(void *context, unsigned events);
static void on_neuter_ready(void *context, unsigned events);

static uint32_t bit(uint32_t member)
{
    return UINT32_C(1) << member;
}

static void write_good(const struct agent *a, char text[static GOOD_BYTES])
{
    const struct cluster *c = &a->node->deciding.cluster;
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        if (m->standing == STANDING_GOOD) {
            used += (size_t)snprintf(text + used, GOOD_BYTES - used, "%s%s=%s",
                                     used > 0 ? " " : "", agent_founded_name(a, i), m->address);
        }
    }
}

/* False: it could not be started. */
static bool start_standing(struct agent *a, uint32_t subject, bool is_removal,
                           const struct hook_command *command)
{
    struct events *own = &a->events;
    const struct cluster *c = &a->node->deciding.cluster;
    const struct member *m = &c->member[subject];
    const char *event = is_removal ? "lock_out" : "standing";
    char good[GOOD_BYTES];
    write_good(a, good);
    snprintf(own->standing_words, sizeof own->standing_words, "%s of %s", event, m->name);
    const struct hook_fact facts[] = {
        {.name = "event", .text = event},
        {.name = "cluster", .text = c->name},
        {.name = "member", .text = a->config.name},
        {.name = "subject", .text = agent_founded_name(a, subject)},
        {.name = "standing", .text = standing_text(m->standing)},
        {.name = "term", .number = m->term},
        {.name = "height", .number = c->height},
        {.name = "good", .text = good},
        {.name = "deadline_ms", .number = HOOK_SHORT_MS},
    };
    return worker_run_start(a, &own->standing, own->standing_words, command,
                            (struct hook_options){.facts = facts,
                                                  .fact_count = sizeof facts / sizeof facts[0],
                                                  .lease_ms = HOOK_SHORT_MS},
                            on_standing_ready);
}

static void keep_failed(struct events *own, uint32_t subject, bool is_removal)
{
    uint64_t wait_ms = EVENTS_AGAIN_MS;
    for (uint32_t i = 0; i < own->failures && wait_ms < EVENTS_AGAIN_MAX_MS; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms < EVENTS_AGAIN_MAX_MS ? wait_ms : EVENTS_AGAIN_MAX_MS;
    *(is_removal ? &own->lock_out_failed : &own->standing_failed) |= bit(subject);
    own->again_ms = clock_monotonic_ms() + wait_ms;
    own->failures++;
}

static void on_told(struct events *own)
{
    if (!own->standing.clean) {
        keep_failed(own, own->running, own->running_is_removal);
    } else if ((own->lock_out_failed | own->standing_failed) == 0) {
        own->failures = 0;
    }
}

static void try_again(struct events *own)
{
    if (clock_monotonic_ms() >= own->again_ms) {
        own->lock_out_due |= own->lock_out_failed;
        own->standing_due |= own->standing_failed;
        own->lock_out_failed = 0;
        own->standing_failed = 0;
    }
}

/* Of those in `due`: this member itself, or else the first. */
static uint32_t first_of(const struct agent *a, uint32_t due)
{
    const uint32_t self = a->config.member;
    return (due & bit(self)) != 0 ? self : (uint32_t)__builtin_ctz(due);
}

static void start_neuter(struct agent *a)
{
    char reason[REASON_BYTES];
    char action[LATCH_ERROR_BYTES];
    if (a->config.neuter.count == 0) {
        return;
    }
    neuter_text(a, reason, sizeof reason, action, sizeof action);
    const struct hook_fact facts[] = {
        {.name = "event", .text = "neuter"},
        {.name = "cluster", .text = a->config.founding.name},
        {.name = "member", .text = a->config.name},
        {.name = "reason", .text = reason},
        {.name = "deadline_ms", .number = HOOK_SHORT_MS},
    };
    (void)worker_run_start(a, &a->events.neuter, "neuter", &a->config.neuter,
                           (struct hook_options){.facts = facts,
                                                 .fact_count = sizeof facts / sizeof facts[0],
                                                 .lease_ms = HOOK_SHORT_MS},
                           on_neuter_ready);
}

/* Starts what is due, unless something runs. While the cluster only observes nothing is: the
 * services around it stay as they are. */
static void go_on(struct agent *a)
{
    struct events *own = &a->events;
    own->observed = a->node->deciding.cluster.observes;
    if (own->observed) {
        return;
    }
    if (own->neuter_due) {
        own->neuter_due = false;
        start_neuter(a);
    }
    while (!own->standing.hook.running && (own->lock_out_due | own->standing_due) != 0) {
        const bool is_removal = own->lock_out_due != 0;
        uint32_t *due = is_removal ? &own->lock_out_due : &own->standing_due;
        const uint32_t subject = first_of(a, *due);
        const struct hook_command *command =
            is_removal ? &a->config.lock_out : &a->config.standing;
        *due &= ~bit(subject);
        own->running = subject;
        own->running_is_removal = is_removal;
        if (command->count > 0 && !start_standing(a, subject, is_removal, command)) {
            keep_failed(own, subject, is_removal);
        }
    }
}

/* An agent whose memory is damaged must not start anything more: the next one tells all. */
static void on_standing_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    if (worker_run_read(a, &a->events.standing) && !a->neuter.begun) {
        on_told(&a->events);
        go_on(a);
    }
}

static void on_neuter_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    (void)worker_run_read(a, &a->events.neuter);
}

void events_begin(struct agent *a)
{
    struct events *own = &a->events;
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        own->seen_term[i] = c->member[i].term;
        own->standing_due |= bit(i);
    }
    own->neuter_due = neuter_is(&a->neuter);
    go_on(a);
}

void events_watch(struct agent *a)
{
    struct events *own = &a->events;
    const struct cluster *c = &a->node->deciding.cluster;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct member *m = &c->member[i];
        own->standing_due |= own->observed && !c->observes ? bit(i) : 0;
        if (m->term == own->seen_term[i]) {
            continue;
        }
        own->seen_term[i] = m->term;
        own->standing_due |= bit(i);
        own->lock_out_due &= ~bit(i);
        own->lock_out_failed &= ~bit(i);
        own->standing_failed &= ~bit(i);
        own->lock_out_due |= m->standing == STANDING_GOOD ? 0 : bit(i);
    }
    try_again(own);
    go_on(a);
}

void events_finish(struct agent *a)
{
    worker_run_finish(&a->events.neuter);
    worker_run_finish(&a->events.standing);
}
