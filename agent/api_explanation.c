/* /v1/members/NAME/explanation: what happened to a member, and what brings it back. Answered
 * when the storage thread has read the events about it. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/explanation.h"
#include "agent/loop.h"

static void add_events(cJSON *object, const struct explanation *e,
                       const struct store_events *events)
{
    cJSON *list = cJSON_AddArrayToObject(object, "events");
    for (uint32_t i = 0; i < e->event_count; i++) {
        api_add_event(list, &events->list[e->events[i]]);
    }
    cJSON_AddNumberToObject(object, "left_out", e->left_out);
}

static void add_steps(cJSON *object, const struct explanation *e)
{
    cJSON *list = cJSON_AddArrayToObject(object, "steps");
    for (uint32_t i = 0; i < e->step_count; i++) {
        cJSON *step = cJSON_CreateObject();
        cJSON_AddStringToObject(step, "step", explanation_step_text(e->steps[i].kind));
        cJSON_AddStringToObject(step, "text", e->steps[i].text);
        cJSON_AddItemToArray(list, step);
    }
}

static void add_fact(cJSON *list, const char *code, const char *text, const char *action)
{
    cJSON *fact = cJSON_CreateObject();
    if (code == NULL) {
        cJSON_AddNullToObject(fact, "code");
    } else {
        cJSON_AddStringToObject(fact, "code", code);
    }
    cJSON_AddStringToObject(fact, "text", text);
    if (action[0] == '\0') {
        cJSON_AddNullToObject(fact, "action");
    } else {
        cJSON_AddStringToObject(fact, "action", action);
    }
    cJSON_AddItemToArray(list, fact);
}

/* What the status has of it, but for its standing, which is told by itself; and that nothing
 * can be decided at all. */
static void add_now(cJSON *object, const struct agent *a, uint32_t member,
                    const struct explanation *e)
{
    struct status s;
    cJSON *list = cJSON_AddArrayToObject(object, "now");
    status_of(a, clock_monotonic_ms(), clock_unix_ms(), &s);
    for (uint32_t i = 0; i < s.reason_count; i++) {
        const struct status_reason *r = &s.reasons[i];
        const bool of_it = r->member == member && strcmp(r->code, "OST-2101") != 0;
        if (of_it || (s.state == STATUS_NO_QUORUM && i == 0)) {
            add_fact(list, r->code, r->text, r->action);
        }
    }
    for (uint32_t i = 0; i < e->fact_count; i++) {
        add_fact(list, NULL, e->facts[i], "");
    }
}

static cJSON *document(const struct agent *a, uint32_t member,
                       const struct store_events *events)
{
    struct explanation e;
    const struct cluster *c = &a->node->deciding.cluster;
    const struct member *m = &c->member[member];
    explanation_of(c, member, (a->node->deciding.heard >> member & 1) != 0, events->list,
                   events->count, &e);
    cJSON *object = api_begin(a);
    cJSON_AddItemToObject(object, "member", api_member(a, member));
    if (m->standing == STANDING_GOOD) {
        cJSON_AddNullToObject(object, "cause_text");
    } else {
        cJSON_AddStringToObject(object, "cause_text", explanation_cause(m->cause));
    }
    if (e.height == 0) {
        cJSON_AddNullToObject(object, "decided_height");
    } else {
        cJSON_AddNumberToObject(object, "decided_height", (double)e.height);
    }
    add_events(object, &e, events);
    add_now(object, a, member, &e);
    add_steps(object, &e);
    return object;
}

/* A member keeps its index for ever. */
static void on_events(void *context, const struct storage_answer *answer)
{
    struct api_waiter *waiter = context;
    struct api *api = waiter->api;
    struct http_request *request = waiter->request;
    const uint32_t member = (uint32_t)waiter->after;
    const bool gone = waiter->gone;
    api_waiter_free(waiter);
    if (gone) {
        return;
    }
    if (answer->answer == STORE_ANSWER_DONE) {
        api_send(request, NULL, document(api->agent, member, answer->events));
    } else {
        api_log_unread(request, true);
    }
}

void api_explanation(struct api *api, struct http_request *request, const char *name)
{
    const struct cluster *c = &api->agent->node->deciding.cluster;
    const size_t size = strlen(name) - strlen(EXPLANATION_TAIL);
    const uint32_t member = api_member_named(c, name, size);
    if (member == MEMBER_NONE) {
        api_no_member(request, c, name);
        return;
    }
    struct api_waiter *waiter = api_waiter_take(api, request, false);
    if (waiter == NULL) {
        return;
    }
    const struct store_query query = {
        .member = c->member[member].name,
        .limit = STORE_EVENTS_MAX,
        .newest = true,
    };
    waiter->after = member;
    waiter->reading = true;
    if (!storage_events_read(api->agent->storage, &query, on_events, waiter)) {
        api_waiter_free(waiter);
        api_log_unread(request, false);
    }
}
