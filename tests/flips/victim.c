#include "victim.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

static struct victim *self; /* agent_sign.c knows the agent alone */

static void say(struct victim *v, const uint8_t *bytes, size_t size_bytes)
{
    struct legacy *l = v->legacy;
    if (l == NULL) {
        return;
    }
    if (l->count == WORDS_MAX || size_bytes > sizeof l->bytes - l->size_bytes) {
        l->full = true;
        return;
    }
    memcpy(l->bytes + l->size_bytes, bytes, size_bytes);
    l->word[l->count] = (struct word){l->size_bytes, (uint32_t)size_bytes};
    l->size_bytes += (uint32_t)size_bytes;
    l->count++;
}

static _Noreturn void end_unfit(struct victim *v, const struct finding *f)
{
    struct legacy *l = v->legacy;
    assert(l != NULL); /* nothing was done to it yet */
    l->fatal = true;
    l->fatal_ms = v->now_ms;
    l->finding = *f;
    _exit(AGENT_EXIT_DAMAGED);
}

/* As agent_sign.c has it, where a daemon would start anew at the first time. */
void neuter_by_twin(struct agent *a, const struct finding *finding)
{
    (void)a;
    end_unfit(self, finding);
}

/* Between the two minds' agreement and the signature: here its words may be changed. */
static void pause_before_signing(struct victim *v, const struct effect *e)
{
    struct legacy *l = v->legacy;
    if (l == NULL || !l->stops_at_words || v->now_ms < l->stop_ms) {
        return;
    }
    l->stops_at_words = false;
    l->words_at = (uint64_t)(uintptr_t)(v->agent->effects->outbox + e->body.offset);
    l->words_bytes = e->body.size_bytes;
    l->now_ms = v->now_ms;
    raise(SIGSTOP);
}

static void perform(struct victim *v, const struct effect *e)
{
    const uint8_t *bytes = v->agent->effects->outbox + e->body.offset;
    switch (e->kind) {
    case EFFECT_SEND:
    case EFFECT_BROADCAST:
    case EFFECT_HEARTBEAT:
    case EFFECT_PROBE:
        say(v, bytes, e->body.size_bytes);
        break;
    case EFFECT_SIGN:
        pause_before_signing(v, e);
        agent_sign(v->agent, e);
        if (v->legacy != NULL && v->legacy->flipped_ms != 0 && !v->agent->refused) {
            v->legacy->signatures++;
        }
        break;
    case EFFECT_PERSIST:
    case EFFECT_STORE_BLOCK:
        v->stored = e->serial;
        break;
    case EFFECT_NEUTER:
        end_unfit(v, &e->finding);
    case EFFECT_HELP:
    case EFFECT_NAME:
    case EFFECT_WORK:
    case EFFECT_WORK_LEASE:
    case EFFECT_WORK_STOP:
    case EFFECT_NOTE:
    case EFFECT_RESIGNATION:
    case EFFECT_SOLVE:
    case EFFECT_BURST:
    case EFFECT_EXAMINE:
    case EFFECT_TOKEN:
    case EFFECT_TRUST:
        break;
    }
}

/* As in agent.c, which calls the machine's clocks where this has the script's. */
void agent_step_once(struct agent *a, struct input *in)
{
    struct victim *v = self;
    const struct input now = script_input(in->kind, v->now_ms);
    in->now_ms = now.now_ms;
    in->unix_ms = now.unix_ms;
    in->random = now.random;
    twin_listen(a->twin, in);
    node_step(a->node, in, a->effects);
    if (!twin_agrees(a->twin, a->effects)) {
        const struct finding found = twin_judgement(a->twin, a->effects);
        end_unfit(v, &found);
    }
    for (uint32_t i = 0; i < a->effects->count; i++) {
        perform(v, &a->effects->list[i]);
    }
    gate_end(&a->gate);
    v->timer_ms = a->effects->timer_ms;
}

static void take_in(struct victim *v, struct input in)
{
    agent_step_once(v->agent, &in);
    agent_tell_signatures(v->agent);
    while (v->stored > 0) {
        struct input told = {.kind = INPUT_STORED, .serial = v->stored};
        v->stored = 0;
        agent_step_once(v->agent, &told);
        agent_tell_signatures(v->agent);
    }
}

static void examine(struct victim *v)
{
    struct finding f;
    for (uint32_t i = 0; script_finding(i, &f); i++) {
        take_in(v, (struct input){.kind = INPUT_FINDING, .finding = &f});
    }
}

/* All that the script has for this millisecond, in the order in which it was recorded. */
static void live_one(struct victim *v)
{
    const struct script *s = v->script;
    for (; v->heard < s->count && s->heard[v->heard].at_ms <= v->now_ms; v->heard++) {
        const struct heard *h = &s->heard[v->heard];
        take_in(v, (struct input){.kind = INPUT_MESSAGE,
                                  .member = h->member,
                                  .bytes = h->bytes,
                                  .size_bytes = h->size_bytes});
    }
    if ((v->now_ms - SCRIPT_BEGIN_MS) % SCRIPT_TICK_MS == 0) {
        examine(v);
    }
    if (v->timer_ms <= v->now_ms) {
        take_in(v, (struct input){.kind = INPUT_TIMER});
    }
    v->now_ms++;
}

static void seal(struct victim *v)
{
    uint8_t seed[IDENTITY_SEED_BYTES];
    struct finding why;
    memset(seed, (int)SCRIPT_VICTIM + 1, sizeof seed);
    const bool sealed = agent_seal(v->agent, seed, &why);
    assert(sealed);
    (void)sealed;
    sodium_memzero(seed, sizeof seed);
}

void victim_make(struct victim *v, const struct script *s, uint64_t until_ms)
{
    struct agent *a = calloc(1, sizeof *a);
    const struct node_options options = script_options(s, SCRIPT_VICTIM);
    assert(a != NULL);
    *v = (struct victim){.agent = a, .script = s, .now_ms = SCRIPT_BEGIN_MS};
    self = v;
    a->config.founding = s->founding;
    a->config.member = SCRIPT_VICTIM;
    a->node = calloc(1, sizeof *a->node);
    a->effects = calloc(1, sizeof *a->effects);
    assert(a->node != NULL && a->effects != NULL);
    node_init(a->node, &options);
    seal(v);
    const struct input now = script_input(INPUT_TIMER, v->now_ms);
    node_resume(a->node, &now, NULL, 0, CAUSE_NONE, a->effects);
    a->twin = twin_create(a->node, a->effects);
    assert(a->twin != NULL);
    for (uint32_t i = 0; i < a->effects->count; i++) {
        perform(v, &a->effects->list[i]);
    }
    gate_end(&a->gate);
    take_in(v, (struct input){.kind = INPUT_TIMER});
    while (v->now_ms < until_ms) {
        live_one(v);
    }
}

void victim_live(struct victim *v, struct legacy *legacy)
{
    const uint64_t last_ms = SCRIPT_BEGIN_MS + SCRIPT_MS;
    v->legacy = legacy;
    bool stopped = legacy->stops_at_words;
    while (v->now_ms < last_ms) {
        legacy->now_ms = v->now_ms;
        if (!stopped && v->now_ms >= legacy->stop_ms) {
            stopped = true;
            raise(SIGSTOP);
        }
        const uint64_t flipped_ms = legacy->flipped_ms;
        if (flipped_ms != 0 && v->now_ms > flipped_ms + legacy->linger_ms) {
            break;
        }
        live_one(v);
    }
    _exit(EXIT_SUCCESS);
}
