/* What this machine's own references have against it. */
#include <stdio.h>

#include "agent/findings.h"
#include "agent/status_parts.h"

#define PATIENCE_MS 5000u /* for the first round: a busy machine takes so long */

static bool has(uint64_t bits, uint32_t id)
{
    return (bits & REFERENCE_BIT(id)) != 0;
}

/* "memory, disk and links" */
static void name_references(uint64_t bits, char text[static STATUS_NAMES_BYTES])
{
    uint32_t left = (uint32_t)__builtin_popcountll(bits);
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t id = 1; id <= REFERENCES_MAX && used < STATUS_NAMES_BYTES; id++) {
        if (has(bits, id)) {
            const char *joint = used == 0 ? "" : left == 1 ? " and " : ", ";
            used += (size_t)snprintf(text + used, STATUS_NAMES_BYTES - used, "%s%s", joint,
                                     reference_facts(id)->title);
            left--;
        }
    }
}

static void say_unexamined(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    char names[STATUS_NAMES_BYTES];
    char age[STATUS_SHORT_BYTES];
    name_references(diagnosis_awaited(&d->diagnosis), names);
    status_age(m->now_ms - d->started_ms, age);
    struct status_reason *r = status_add(m, "OST-7001", false, d->options.self);
    status_say(r->text,
               "%s has been examined for %s and signs nothing before that is over; still to "
               "come: %s.",
               m->self, age, names);
    status_say(r->action, "See what keeps %s busy; then: ostrakon doctor", m->self);
}

/* How it begins, by what stands against it; the code stands beside. */
static const char *consequence(const struct diagnosis *d, uint32_t id, const char **code)
{
    const enum reference_result result = diagnosis_result(d, id);
    if (result == RESULT_FATAL || !result_is_known(result)) {
        *code = "OST-7014";
        return "is unfit for good";
    }
    if (has(diagnosis_silent(d), id)) {
        *code = "OST-7013";
        return "signs nothing for now";
    }
    if (has(diagnosis_missing(d), id)) {
        *code = "OST-7016";
        return "is never perfect";
    }
    *code = "OST-7012";
    return has(diagnosis_serve(d), id) ? "does not lead" : "is not perfect";
}

static void say_against(const struct moment *m, uint32_t id)
{
    const struct diagnosis *d = &m->deciding->diagnosis;
    const struct diagnosed *r = &d->reference[id - 1];
    const struct reference_facts *facts = reference_facts(id);
    const char *code;
    char text[FINDING_TEXT_BYTES] = "it was not examined yet";
    char action[FINDING_TEXT_BYTES] = "";
    const char *so = consequence(d, id, &code);
    const bool over = r->last.result == RESULT_OK && r->bad.id != 0; /* and held against it */
    if (r->last.id != 0) {
        finding_say(over ? &r->bad : &r->last, text, action);
    }
    struct status_reason *reason =
        status_add(m, code, code[7] == '4', m->deciding->options.self);
    status_say(reason->text, "%s %s: %s (%s): %s%s.", m->self, so, facts->title, facts->name,
               text, has(d->bursting, id) ? "; its memory and cores are being tested" : "");
    status_say(reason->action, "%s", action);
}

static void say_stale(const struct moment *m)
{
    const struct diagnosis *d = &m->deciding->diagnosis;
    char age[STATUS_SHORT_BYTES];
    status_age(m->now_ms - d->examined_ms, age);
    struct status_reason *r = status_add(m, "OST-7015", false, m->deciding->options.self);
    status_say(r->text, "%s is not perfect: nothing has examined its machine for %s.", m->self,
               age);
    status_say(r->action, "See what keeps %s busy; then restart ostrakond", m->self);
}

void status_look_at_diagnosis(const struct moment *m)
{
    const struct deciding *d = m->deciding;
    const struct diagnosis *diagnosis = &d->diagnosis;
    if (!d->examined) {
        if (m->now_ms - d->started_ms > PATIENCE_MS) {
            say_unexamined(m);
        }
        return;
    }
    if (diagnosis->stale) {
        say_stale(m);
        return;
    }
    const uint64_t bits =
        diagnosis_own(diagnosis) | diagnosis_serve(diagnosis) | diagnosis_silent(diagnosis);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if (has(bits, id)) {
            say_against(m, id);
        }
    }
}
