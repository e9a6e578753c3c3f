#include "agent/name_hooks.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/agent.h"

#define FENCE_BYTES 24u

static void on_ready(void *context, unsigned events);

static uint32_t bit(uint32_t name)
{
    return UINT32_C(1) << name;
}

static void note_end(struct agent *a, uint32_t name, bool clean)
{
    a->name_hooks.ended |= bit(name);
    a->name_hooks.clean &= ~bit(name);
    a->name_hooks.clean |= clean ? bit(name) : 0;
}

static bool start(struct agent *a, const struct naming *naming,
                  const struct hook_command *command, const char *event)
{
    struct name_hook *own = &a->name_hooks.name[naming->name];
    const struct cluster *c = &a->node->deciding.cluster;
    const struct service_name *s = &c->names[naming->name];
    char fence[FENCE_BYTES];
    snprintf(fence, sizeof fence, "%" PRIu64, naming->fence);
    snprintf(own->words, sizeof own->words, "%s of %s", event, s->name);
    const struct hook_fact facts[] = {
        {.name = "event", .text = event},
        {.name = "cluster", .text = c->name},
        {.name = "member", .text = a->config.name},
        {.name = "name", .text = s->name},
        {.name = "owner", .text = agent_founded_name(a, s->owner)},
        {.name = "fence", .text = fence},
        {.name = "deadline_ms", .number = HOOK_SHORT_MS},
    };
    return worker_run_start(a, &own->run, own->words, command,
                            (struct hook_options){.facts = facts,
                                                  .fact_count = sizeof facts / sizeof facts[0],
                                                  .lease_ms = HOOK_SHORT_MS},
                            on_ready);
}

void name_hooks_run(struct agent *a, const struct effect *e)
{
    const struct naming *naming = &e->naming;
    const struct hook_command *command =
        naming->takes ? &a->config.takeover : &a->config.release;
    a->name_hooks.name[naming->name].serial = e->serial;
    if (command->count == 0) {
        note_end(a, naming->name, true);
    } else if (!start(a, naming, command, naming->takes ? "takeover" : "release")) {
        note_end(a, naming->name, false);
    }
}

bool name_hooks_take(struct agent *a, struct input *in)
{
    struct name_hooks *own = &a->name_hooks;
    if (own->ended == 0) {
        return false;
    }
    const uint32_t name = (uint32_t)__builtin_ctz(own->ended);
    own->ended &= ~bit(name);
    *in = (struct input){.kind = INPUT_NAMED,
                         .serial = own->name[name].serial,
                         .clean = (own->clean & bit(name)) != 0};
    return true;
}

static void on_ready(void *context, unsigned events)
{
    (void)events;
    struct agent *a = context;
    struct input in;
    for (uint32_t i = 0; i < SERVICE_NAMES_MAX; i++) {
        struct worker_run *run = &a->name_hooks.name[i].run;
        if (run->hook.running && worker_run_read(a, run)) {
            note_end(a, i, run->clean);
        }
    }
    while (name_hooks_take(a, &in)) {
        agent_step(a, &in);
    }
}

void name_hooks_finish(struct agent *a)
{
    for (uint32_t i = 0; i < SERVICE_NAMES_MAX; i++) {
        worker_run_finish(&a->name_hooks.name[i].run);
    }
}
