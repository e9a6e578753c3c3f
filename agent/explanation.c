#include "agent/explanation.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/words.h"

#define BEFORE_MS 120000u /* what led to a standing is from so long before */

const char *explanation_step_text(enum explanation_step_kind kind)
{
    static const char *const texts[] = {
#define X(word, text) [EXPLANATION_##word] = text,
        EXPLANATION_STEPS(X)
#undef X
    };
    return texts[kind];
}

const char *explanation_cause(enum standing_cause cause)
{
    static const char *const clauses[STANDING_CAUSE_COUNT] = {
        [STANDING_CAUSE_FOUNDED] = "",
        [STANDING_CAUSE_ADMITTED] = "an operator admitted it with a new key",
        [STANDING_CAUSE_UNREACHABLE] = "the others voted: it could not be reached",
        [STANDING_CAUSE_WRONG] = "the others voted: what it signed was wrong",
        [STANDING_CAUSE_PROOF] = "proof, which needed nobody's word: anyone can check it again",
        [STANDING_CAUSE_RESIGNED] = "it found itself unfit, and said so itself",
        [STANDING_CAUSE_REMOVED] = "an operator removed it",
        [STANDING_CAUSE_REINSTATED] = "the others voted: it is sound again",
    };
    return cause < STANDING_CAUSE_COUNT ? clauses[cause] : "";
}

static void pick(struct explanation *e, const struct member *m,
                 const struct store_event *events, uint32_t event_count)
{
    uint32_t all = 0;
    uint32_t ring[EXPLANATION_EVENTS_MAX];
    for (uint32_t i = 0; i < event_count; i++) {
        const bool is_of_it =
            m->standing == STANDING_GOOD || events[i].time_ms + BEFORE_MS >= m->since_ms;
        if (events[i].level <= WORDS_NOTICE && is_of_it) {
            ring[all++ % EXPLANATION_EVENTS_MAX] = i;
        }
        if (strcmp(events[i].code, "OST-2101") == 0 && events[i].time_ms == m->since_ms) {
            e->height = events[i].height;
        }
    }
    e->event_count = all < EXPLANATION_EVENTS_MAX ? all : EXPLANATION_EVENTS_MAX;
    e->left_out = all - e->event_count;
    for (uint32_t i = 0; i < e->event_count; i++) {
        e->events[i] = ring[(e->left_out + i) % EXPLANATION_EVENTS_MAX];
    }
}

/* The step's text, to be written: EXPLANATION_TEXT_BYTES. */
static char *add(struct explanation *e, enum explanation_step_kind kind)
{
    assert(e->step_count < EXPLANATION_STEPS_MAX);
    struct explanation_step *step = &e->steps[e->step_count++];
    step->kind = kind;
    return step->text;
}

static void write_duration(uint64_t duration_ms, char text[static 32])
{
    const uint64_t seconds = duration_ms / 1000;
    if (seconds < 120) {
        snprintf(text, 32, "%" PRIu64 " s", seconds);
    } else {
        snprintf(text, 32, "%" PRIu64 " min", seconds / 60);
    }
}

static void add_record(struct explanation *e, const struct cluster *c, uint32_t member)
{
    char duration[32];
    const bool is_good = c->member[member].standing == STANDING_GOOD;
    const uint32_t wanted = c->timing.record_ticks;
    const uint32_t have = is_good ? c->record[member].run : 0;
    if (have < wanted) {
        write_duration((uint64_t)(wanted - have) * c->timing.tick_ms, duration);
        snprintf(add(e, EXPLANATION_RECORD), EXPLANATION_TEXT_BYTES,
                 "%u perfect ticks in a row, %s at least: then it has a ballot%s",
                 wanted - have, duration, is_good ? "" : " again");
    }
}

static enum cause appeal_cause(const struct cluster *c, uint32_t member)
{
    const struct command appeal = {
        .kind = COMMAND_APPEAL, .author = member, .term = c->member[member].term};
    return cluster_would_skip(c, &appeal);
}

/* What is the matter with it, and an operator's word alone ends. */
static void add_admission(struct explanation *e, const struct member *m, bool has_new_key)
{
    snprintf(add(e, EXPLANATION_CLEAR), EXPLANATION_TEXT_BYTES,
             "on %s: ostrakon clear%s, which refuses unless that passes", m->name,
             has_new_key ? "" : " --new-key");
    snprintf(add(e, EXPLANATION_ADMIT), EXPLANATION_TEXT_BYTES, "%s",
             "at any member, by an operator: the ostrakon operator admit that it prints");
}

static void add_appeal(struct explanation *e, const struct cluster *c, uint32_t member)
{
    const struct confidence *s = &c->confidence[member];
    char clock[WORDS_ISO_BYTES];
    char when[64] = "";
    const uint32_t electors = (uint32_t)__builtin_popcount(cluster_electors(c, member));
    if (c->time_ms < s->appeal_after_ms && cluster_may_appeal(c, member)) {
        words_iso(s->appeal_after_ms, clock);
        snprintf(when, sizeof when, ", heard from %.8s UTC on", strchr(clock, 'T') + 1);
    } else if (electors < cluster_testimony(c)) {
        snprintf(when, sizeof when, ", once %u others have a perfect record",
                 cluster_testimony(c));
    } else if (c->member[member].cause == STANDING_CAUSE_ADMITTED) {
        snprintf(when, sizeof when, ", once its agent runs with this key");
    }
    snprintf(add(e, EXPLANATION_APPEAL), EXPLANATION_TEXT_BYTES,
             "its appeal, by itself%s: the electors examine it, and vote", when);
}

/* Of one in good standing: what keeps it from something. */
static void add_freedom(struct explanation *e, const struct member *m)
{
    if (m->held) {
        snprintf(add(e, EXPLANATION_EXAMINE), EXPLANATION_TEXT_BYTES,
                 "on %s: find the cause; ostrakon doctor --thorough", m->name);
        add_admission(e, m, false);
    }
    if (m->drained) {
        snprintf(add(e, EXPLANATION_UNDRAIN), EXPLANATION_TEXT_BYTES,
                 "by an operator, when the work on it is done: ostrakon operator undrain %s",
                 m->name);
    }
}

static void find_steps(struct explanation *e, const struct cluster *c, uint32_t member,
                       bool is_heard)
{
    const struct member *m = &c->member[member];
    const bool neutered = m->standing == STANDING_NEUTERED;
    const bool proved = m->standing == STANDING_LOCKED_OUT && m->cause == STANDING_CAUSE_PROOF;
    const bool too_often = appeal_cause(c, member) == CAUSE_TOO_OFTEN;
    if (m->standing == STANDING_LEFT) {
        return;
    }
    if (neutered || m->standing == STANDING_LOCKED_OUT) {
        snprintf(add(e, EXPLANATION_EXAMINE), EXPLANATION_TEXT_BYTES,
                 "on %s: ostrakon doctor --thorough, which tests all free memory", m->name);
    }
    if (neutered || proved || too_often) {
        add_admission(e, m, neutered);
    }
    if (!is_heard) {
        snprintf(add(e, EXPLANATION_START), EXPLANATION_TEXT_BYTES,
                 "on %s: start ostrakond; it is not heard", m->name);
    }
    if (m->standing == STANDING_GOOD) {
        add_freedom(e, m);
    } else {
        add_appeal(e, c, member);
    }
    add_record(e, c, member);
}

void explanation_of(const struct cluster *c, uint32_t member, bool is_heard,
                    const struct store_event *events, uint32_t event_count,
                    struct explanation *out)
{
    assert(member < c->member_count);
    memset(out, 0, sizeof *out);
    pick(out, &c->member[member], events, event_count);
    explanation_find_facts(c, member, out);
    find_steps(out, c, member, is_heard);
}
