/* The guard beside the agent: started with it, told once a second that the agent turns and what
 * its state is, started anew when it is gone (references.md, R36). */
#include "agent/agent.h"
#include "agent/latch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "health/self.h"

#define AGAIN_MS 10000u /* before one that could not be started is tried again */
#define GUARD_ID 36u

static void take_finding(struct agent *a, const struct finding *f)
{
    struct input in = {.kind = INPUT_FINDING, .finding = f};
    agent_step(a, &in);
}

static void take_ok(struct agent *a)
{
    struct finding f;
    finding_begin(&f, GUARD_ID);
    finding_set(&f, RESULT_OK, SELF_NOTES);
    take_finding(a, &f);
}

static void take_bad(struct agent *a, enum self_note note)
{
    const struct finding f = self_finding(note);
    take_finding(a, &f);
}

static bool start(struct agent *a)
{
    char here[CONFIG_PATH_BYTES + 16];
    char there[CONFIG_PATH_BYTES + 16];
    snprintf(here, sizeof here, "%s/" LATCH_FILE, a->config.data_dir);
    snprintf(there, sizeof there, "%s/" LATCH_FILE, a->config.latch_dir);
    const struct guard_options options = {
        .latches = {here, there},
        .watchdog = a->config.watchdog[0] == '\0' ? NULL : a->config.watchdog,
    };
    const int error = guard_start(&a->guard, &options);
    if (error != 0 && a->guard_error != error) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-7205", "guard_missing", agent_name(a),
                     "ostrakon-guard cannot be started: %s", strerror(error));
    }
    a->guard_error = error;
    return error == 0;
}

/* The digests of all pages of the deciding state stand for it. */
static bool beat(struct agent *a)
{
    uint8_t root[GUARD_DIGEST_BYTES];
    const struct digests *d = &a->node->digests;
    crypto_generichash(root, sizeof root, (const uint8_t *)d->page, sizeof d->page, NULL, 0);
    return guard_beat(&a->guard, a->signs, root);
}

static void look_after(struct agent *a, uint64_t now_ms)
{
    const bool was_there = a->guard.process != 0;
    if (was_there && beat(a)) {
        if (!a->guard_told) {
            take_ok(a);
            a->guard_told = true;
        }
        return;
    }
    a->guard_told = false;
    if (was_there) {
        journal_sayf(&a->journal, WORDS_ERROR, "OST-7204", "guard_gone", agent_name(a),
                     "the guard process is gone, and is started anew");
        take_bad(a, SELF_GUARD_GONE);
        a->guard_again_ms = now_ms;
    }
    if (now_ms < a->guard_again_ms) {
        return;
    }
    a->guard_again_ms = now_ms + AGAIN_MS;
    if (!start(a)) {
        take_bad(a, SELF_GUARD_MISSING);
    }
}

static void on_guard_time(void *context)
{
    struct agent *a = context;
    const uint64_t now_ms = clock_monotonic_ms();
    look_after(a, now_ms);
    loop_timer_set(a->guard_timer, now_ms + GUARD_BEAT_MS);
}

void agent_guard_open(struct agent *a)
{
    a->guard_timer = loop_timer_create(a->loop, on_guard_time, a);
    loop_timer_set(a->guard_timer, 0);
}

void agent_guard_finish(struct agent *a)
{
    loop_timer_destroy(a->guard_timer);
    guard_finish(&a->guard);
}
