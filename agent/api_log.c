/* Pages of the log. They are answered when the storage thread has read them, or, where the
 * client waits, when there is something to answer. */
#include <stdio.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/config_value.h"
#include "agent/text.h"

#define PAGE_DEFAULT 50u
#define NOT_GIVEN UINT64_MAX

static void on_events(void *context, const struct storage_answer *answer);
static void on_newest(void *context, const struct storage_answer *answer);

static bool refuse(struct http_request *request, const char *detail)
{
    api_problem_send(
        request, &(struct api_problem){.status = 400, .title = "Bad query", .detail = detail});
    return false;
}

/* A name that nobody bears would be answered by an empty page, as if nothing had happened. */
static bool is_member_known(const struct api *api, struct http_request *request)
{
    const struct cluster *c = &api->agent->node->deciding.cluster;
    const char *names[MEMBERS_MAX];
    char detail[160];
    const char *given = http_query(request, "member");
    for (uint32_t i = 0; i < c->member_count; i++) {
        names[i] = c->member[i].name;
        if (given == NULL || strcmp(given, names[i]) == 0) {
            return true;
        }
    }
    const char *nearest = text_nearest(given, names, c->member_count);
    snprintf(detail, sizeof detail, "There is no member \"%.40s\"%s%s%s", given,
             nearest == NULL ? "." : ": did you mean ", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "?");
    api_problem_send(request, &(struct api_problem){
                                  .status = 400, .title = "No such member", .detail = detail});
    return false;
}

static bool is_code(const char *text)
{
    return strlen(text) == 8 && strncmp(text, "OST-", 4) == 0 &&
           strspn(text + 4, "0123456789") == 4;
}

/* The query's parts; false: a problem was answered. */
static bool read_query(const struct api *api, struct http_request *request,
                       struct store_query *query, uint64_t *wait_s)
{
    uint64_t after = NOT_GIVEN;
    uint64_t limit = PAGE_DEFAULT;
    if (!api_number(request, "after", 0, INT64_MAX, &after) ||
        !api_number(request, "limit", 1, API_LIMIT_MAX, &limit) ||
        !api_number(request, "wait_s", 0, API_WAIT_MAX_S, wait_s)) {
        return false;
    }
    const char *since = http_query(request, "since");
    if (since != NULL &&
        (!value_time(since, &query->since_ms) || query->since_ms > INT64_MAX)) {
        return refuse(request, "since must be a time such as 2026-11-21T14:03:11Z.");
    }
    query->code = http_query(request, "code");
    if (query->code != NULL && !is_code(query->code)) {
        return refuse(request, "code must be one such as OST-3001.");
    }
    query->member = http_query(request, "member");
    query->limit = (uint32_t)limit;
    query->newest = after == NOT_GIVEN;
    query->after_id = query->newest ? 0 : after;
    return is_member_known(api, request);
}

void api_log_unread(struct http_request *request, bool refused)
{
    const struct api_problem problem = {
        .status = 503,
        .title = "The log cannot be read",
        .detail = refused ? "The database refuses; the agent's own log says why."
                          : "The disk has more to do than it can.",
        .code = refused ? "OST-5402" : NULL,
        .retry_after_s = 1,
    };
    api_problem_send(request, &problem);
}

static void answer_busy(struct api_waiter *waiter, bool refused)
{
    struct http_request *request = waiter->request;
    api_waiter_free(waiter);
    api_log_unread(request, refused);
}

static void read_events(struct api_waiter *waiter, const struct store_query *query,
                        storage_done *done)
{
    waiter->reading = true;
    if (!storage_events_read(waiter->api->agent->storage, query, done, waiter)) {
        answer_busy(waiter, false);
    }
}

static void ask(struct api_waiter *waiter)
{
    struct store_query query = {.limit = 1};
    uint64_t wait_s = 0;
    if (!read_query(waiter->api, waiter->request, &query, &wait_s)) {
        api_waiter_free(waiter); /* not reached: it was read before */
        return;
    }
    waiter->events = waiter->api->agent->journal.events;
    read_events(waiter, &query, on_events);
}

void api_log(struct api *api, struct http_request *request, const char *name)
{
    (void)name;
    struct store_query query = {.limit = 1};
    uint64_t wait_s = 0;
    char tag[API_TAG_BYTES];
    if (!read_query(api, request, &query, &wait_s)) {
        return;
    }
    const bool waits = !query.newest && wait_s > 0;
    api_tag(api, api->agent->journal.events, tag);
    if (!waits && api_is_unchanged(request, tag)) {
        return;
    }
    struct api_waiter *waiter = api_waiter_take(api, request, waits);
    if (waiter != NULL) {
        waiter->after = query.after_id;
        waiter->until_ms = waits ? api_wait_until_ms(wait_s) : 0;
        ask(waiter);
    }
}

/* Something was written, or the wait is over: look again. */
void api_log_again(struct api_waiter *waiter)
{
    ask(waiter);
}

void api_add_event(cJSON *list, const struct store_event *event)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "id", (double)event->id);
    if (event->height != 0) {
        cJSON_AddNumberToObject(object, "height", (double)event->height);
    } else {
        cJSON_AddNullToObject(object, "height");
    }
    api_add_time(object, "time", event->time_ms);
    cJSON_AddStringToObject(object, "level", words_level_text(event->level));
    cJSON_AddStringToObject(object, "code", event->code);
    cJSON_AddStringToObject(object, "event", event->name);
    if (event->member != NULL) {
        cJSON_AddStringToObject(object, "member", event->member);
    } else {
        cJSON_AddNullToObject(object, "member");
    }
    cJSON_AddStringToObject(object, "message", event->message);
    cJSON_AddItemToArray(list, object);
}

/* `next` leads to what comes after this page. */
static void send_page(struct api_waiter *waiter, const struct store_events *events,
                      uint64_t next)
{
    struct api *api = waiter->api;
    struct http_request *request = waiter->request;
    char tag[API_TAG_BYTES];
    api_tag(api, waiter->events, tag);
    api_waiter_free(waiter);
    cJSON *object = api_begin(api->agent);
    cJSON *items = cJSON_AddArrayToObject(object, "items");
    for (uint32_t i = 0; events != NULL && i < events->count; i++) {
        api_add_event(items, &events->list[i]);
        next = events->list[i].id;
    }
    cJSON_AddNumberToObject(object, "next", (double)next);
    /* While writes fail, what was noted is not there to be read yet: a tag would say it was. */
    api_send(request, api->agent->store_refuses ? NULL : tag, object);
}

/* There is nothing yet: wait if that is wanted, else say so. */
static void go_on(struct api_waiter *waiter)
{
    if (clock_monotonic_ms() >= waiter->until_ms) {
        send_page(waiter, NULL, waiter->after);
    } else if (waiter->events != waiter->api->agent->journal.events) {
        ask(waiter); /* it was written while we read */
    } else {
        api_wait(waiter->api);
    }
}

/* False: the waiter is gone, or was answered that the database refuses. */
static bool is_read(struct api_waiter *waiter, const struct storage_answer *answer)
{
    waiter->reading = false;
    if (waiter->gone) {
        api_waiter_free(waiter);
        return false;
    }
    if (answer->answer != STORE_ANSWER_DONE) {
        answer_busy(waiter, true);
        return false;
    }
    return true;
}

static void on_events(void *context, const struct storage_answer *answer)
{
    struct api_waiter *waiter = context;
    if (!is_read(waiter, answer)) {
        return;
    }
    if (answer->events->count > 0) {
        send_page(waiter, answer->events, waiter->after);
    } else if (waiter->after > 0 && !waiter->at_end) {
        read_events(waiter, &(struct store_query){.limit = 1, .newest = true}, on_newest);
    } else {
        go_on(waiter);
    }
}

/* A cursor beyond the newest event is of a database that is no more: its reader begins anew. */
static void on_newest(void *context, const struct storage_answer *answer)
{
    struct api_waiter *waiter = context;
    if (!is_read(waiter, answer)) {
        return;
    }
    waiter->at_end = true;
    if (answer->events->count == 0 || answer->events->list[0].id < waiter->after) {
        send_page(waiter, NULL, 0);
    } else {
        go_on(waiter);
    }
}
