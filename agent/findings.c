#include "agent/findings.h"

#include <stdio.h>

#include "agent/agent.h"

#define CERTIFICATES 31u

/* One line a result: code and loudness. */
static const struct {
    enum reference_result result;
    const char *code;
    const char *event;
    enum words_level level;
} lines[] = {
    {RESULT_OK, "OST-7011", "reference_ok", WORDS_NOTICE},
    {RESULT_DEGRADED, "OST-7012", "reference_degraded", WORDS_WARNING},
    {RESULT_SILENT, "OST-7013", "reference_silent", WORDS_ERROR},
    {RESULT_FATAL, "OST-7014", "reference_fatal", WORDS_ERROR},
    {RESULT_UNKNOWN, "OST-7015", "reference_unknown", WORDS_INFO},
    {RESULT_ABSENT, "OST-7016", "reference_absent", WORDS_INFO},
};

#define LINES (sizeof lines / sizeof lines[0])

static void tell(struct agent *a, const struct finding *f, uint32_t left_out)
{
    char text[FINDING_TEXT_BYTES];
    char action[FINDING_TEXT_BYTES];
    char more[48] = "";
    size_t line = 0;
    while (line < LINES - 1 && lines[line].result != f->result) {
        line++;
    }
    const struct reference_facts *facts = reference_facts(f->id);
    const bool lacks = f->result == RESULT_ABSENT && facts->minimum;
    finding_say(f, text, action);
    if (left_out > 0) {
        snprintf(more, sizeof more, " (and changed %u times before)", left_out);
    }
    journal_sayf(&a->journal, lacks ? WORDS_WARNING : lines[line].level, lines[line].code,
                 lines[line].event, agent_name(a), "%s %s is %s: %s%s%s%s", facts->name,
                 facts->title, result_text(f->result), text, action[0] != '\0' ? ". " : "",
                 action, more);
}

/* At first only what is not ok; then another result, or another reason for it. A line a minute
 * for each reference, but for what is worse than what was told last; when the minute is over,
 * how it stands and how often it changed meanwhile. */
static void consider(struct agent *a, const struct finding *f)
{
    struct finding_told *t = &a->findings.told[f->id - 1];
    const uint64_t now_ms = clock_monotonic_ms();
    const uint32_t note = f->result == RESULT_OK ? 0 : f->evidence.note;
    const bool first = !result_is_known(t->result);
    const bool changed =
        first ? f->result != RESULT_OK : f->result != t->result || note != t->note;
    const bool worse = first || result_is_worse(f->result, t->told);
    const bool in_time = first || now_ms - t->told_ms >= FINDING_GAP_MS;
    t->result = f->result;
    t->note = note;
    if (changed && !worse && !in_time) {
        t->left_out++;
    } else if (changed || (in_time && t->left_out > 0)) {
        tell(a, f, t->left_out);
        t->told = f->result;
        t->told_ms = now_ms;
        t->left_out = 0;
    }
}

void agent_on_finding(void *context, const struct finding *f)
{
    struct agent *a = context;
    struct input in = {.kind = INPUT_FINDING, .finding = f};
    const bool excused =
        f->result == RESULT_UNKNOWN && (f->flags & FINDING_EXCUSED) != 0; /* says nothing */
    if (reference_facts(f->id) != NULL && !excused) {
        consider(a, f);
    }
    examiner_spare(a->examiner, a->node->deciding.local_health.score > 0);
    agent_step(a, &in);
    if (f->id == CERTIFICATES) {
        agent_tell_fleet(a);
    }
}

void agent_on_slowness(void *context, uint32_t slowness, uint32_t share_ppm)
{
    struct agent *a = context;
    journal_sayf(&a->journal, WORDS_NOTICE, "OST-7017", "sweep_slowed", agent_name(a),
                 "memory is tested %u times slower than node.yaml has it: the references took "
                 "%u.%03u %% of a core in ten minutes",
                 slowness, share_ppm / 10000, share_ppm % 10000 / 10);
}
