/* /v1/references: all that this node measures itself against, and what came of it. */
#include "agent/api_parts.h"
#include "agent/findings.h"

static void add_moment(cJSON *object, const char *name, uint64_t at_ms, bool known)
{
    const uint64_t now_ms = clock_monotonic_ms();
    if (known) {
        api_add_time(object, name, clock_unix_ms() - (now_ms > at_ms ? now_ms - at_ms : 0));
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

static void add_evidence(cJSON *object, const struct finding *f)
{
    const struct evidence *e = &f->evidence;
    char subject[EVIDENCE_SUBJECT_BYTES + 1] = "";
    cJSON *evidence = cJSON_AddObjectToObject(object, "evidence");
    api_add_big(evidence, "address", e->address);
    api_add_big(evidence, "expected", e->expected);
    api_add_big(evidence, "got", e->got);
    api_add_big(evidence, "count", e->count);
    if (e->core == EVIDENCE_NO_CORE) {
        cJSON_AddNullToObject(evidence, "core");
    } else {
        cJSON_AddNumberToObject(evidence, "core", e->core);
    }
    for (uint32_t i = 0; i < EVIDENCE_SUBJECT_BYTES && e->subject[i] != '\0'; i++) {
        subject[i] = e->subject[i] >= ' ' && e->subject[i] <= '~' ? e->subject[i] : '?';
    }
    cJSON_AddStringToObject(evidence, "subject", subject);
}

/* The finding that is told: what is held against the node, though the last one was well. */
static void add_words(cJSON *object, const struct diagnosis *d, uint32_t id)
{
    const struct diagnosed *r = &d->reference[id - 1];
    char text[FINDING_TEXT_BYTES];
    char action[FINDING_TEXT_BYTES];
    const bool held = r->last.result == RESULT_OK && diagnosis_result(d, id) != RESULT_OK;
    const struct finding *f = held ? &r->bad : &r->last;
    if (f->id == 0) {
        cJSON_AddNullToObject(object, "text");
        cJSON_AddNullToObject(object, "action");
        cJSON_AddNullToObject(object, "evidence");
        return;
    }
    finding_say(f, text, action);
    cJSON_AddStringToObject(object, "text", text);
    cJSON_AddStringToObject(object, "action", action);
    add_evidence(object, f);
}

static cJSON *reference_object(const struct agent *a, uint32_t id)
{
    const struct diagnosis *d = &a->node->deciding.diagnosis;
    const struct diagnosed *r = &d->reference[id - 1];
    const struct reference_facts *facts = reference_facts(id);
    const uint32_t period_ms = examiner_period_ms(a->examiner, id);
    const bool own = facts->class == REFERENCE_OWN;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "id", id);
    cJSON_AddStringToObject(object, "name", facts->name);
    cJSON_AddStringToObject(object, "title", facts->title);
    cJSON_AddStringToObject(object, "class", own ? "own" : "environment");
    cJSON_AddBoolToObject(object, "minimum", facts->minimum);
    cJSON_AddStringToObject(object, "result", result_text(diagnosis_result(d, id)));
    add_moment(object, "since", r->since_ms, r->last.id != 0);
    add_moment(object, "last_run", r->last_ms, r->last.id != 0);
    if (period_ms != 0) {
        cJSON_AddNumberToObject(object, "period_ms", period_ms);
    } else {
        cJSON_AddNullToObject(object, "period_ms");
    }
    add_words(object, d, id);
    return object;
}

static void add_bits(cJSON *object, const char *name, uint64_t bits)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if ((bits & REFERENCE_BIT(id)) != 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(reference_facts(id)->name));
        }
    }
}

cJSON *document_references(const struct agent *a, const struct api_view *view)
{
    const struct deciding *d = &a->node->deciding;
    cJSON *object = api_begin(a);
    cJSON_AddBoolToObject(object, "examined", d->examined);
    cJSON_AddBoolToObject(object, "signs", !d->silent && !d->damaged);
    add_bits(object, "own", diagnosis_own(&d->diagnosis));
    add_bits(object, "serve", diagnosis_serve(&d->diagnosis));
    add_bits(object, "silent", diagnosis_silent(&d->diagnosis));
    add_bits(object, "missing", diagnosis_missing(&d->diagnosis));
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    for (uint32_t id = 1; id <= REFERENCES_MAX && id <= view->limit; id++) {
        cJSON_AddItemToArray(items, reference_object(a, id));
    }
    cJSON_AddNullToObject(object, "next");
    return object;
}
