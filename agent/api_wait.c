/* Requests that are answered when something has changed (?after=&wait_s=), and the tags that
 * tell whether something has. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "agent/api_parts.h"

static void on_waiter_gone(struct http_request *request)
{
    struct api_waiter *waiter = request->user;
    if (waiter->reading) {
        waiter->gone = true; /* freed when the database answers */
    } else {
        api_waiter_free(waiter);
    }
}

/* Whether one more may wait for a change. */
static bool may_wait(const struct api *api, const struct http_request *request)
{
    uint32_t waiting = 0;
    uint32_t remote = 0;
    for (uint32_t i = 0; i < API_PLACES; i++) {
        const struct api_waiter *waiter = &api->waiters[i];
        if (waiter->request != NULL && waiter->waits) {
            waiting++;
            remote += !waiter->gone && waiter->request->uid == UINT32_MAX ? 1 : 0;
        }
    }
    return waiting < API_WAITERS_MAX &&
           (request->uid != UINT32_MAX || remote < API_WAITERS_REMOTE_MAX);
}

struct api_waiter *api_waiter_take(struct api *api, struct http_request *request, bool waits)
{
    const bool allowed = !waits || may_wait(api, request);
    for (uint32_t i = 0; allowed && i < API_PLACES; i++) {
        struct api_waiter *waiter = &api->waiters[i];
        if (waiter->request == NULL) {
            *waiter = (struct api_waiter){.api = api, .request = request, .waits = waits};
            request->user = waiter;
            request->on_gone = on_waiter_gone;
            api->waiting++;
            return waiter;
        }
    }
    const struct api_problem problem = {
        .status = 503,
        .title = "Too many wait",
        .detail = waits ? "As many requests wait for a change as this agent takes."
                        : "As many requests wait for the disk as this agent takes.",
        .retry_after_s = 1,
    };
    api_problem_send(request, &problem);
    return NULL;
}

void api_waiter_free(struct api_waiter *waiter)
{
    waiter->api->waiting--;
    waiter->request = NULL;
}

void api_wait(struct api *api)
{
    uint64_t earliest_ms = LOOP_NEVER;
    for (uint32_t i = 0; i < API_PLACES; i++) {
        const struct api_waiter *waiter = &api->waiters[i];
        if (waiter->request != NULL && !waiter->reading && waiter->until_ms < earliest_ms) {
            earliest_ms = waiter->until_ms;
        }
    }
    loop_timer_set(api->timer, earliest_ms);
}

uint64_t api_wait_until_ms(uint64_t wait_s)
{
    const uint64_t wait_ms = wait_s * 1000;
    return clock_monotonic_ms() + wait_ms + randombytes_uniform((uint32_t)wait_ms / 16 + 1);
}

static void refresh(struct api *api)
{
    const struct deciding *d = &api->agent->node->deciding;
    struct status status;
    struct api_content content;
    status_of(api->agent, clock_monotonic_ms(), clock_unix_ms(), &status);
    memset(&content, 0, sizeof content); /* padding is compared too */
    content.height = d->cluster.height;
    content.status = status_mark(&status);
    content.heard = d->heard;
    content.suspected = d->suspected;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        content.said[i] = d->peer[i].own | d->peer[i].serve;
    }
    if (memcmp(&content, &api->content, sizeof content) != 0) {
        api->content = content;
        api->revision++;
    }
}

static void answer(struct api *api, struct http_request *request, api_document *document,
                   const struct api_view *view)
{
    char tag[API_TAG_BYTES];
    refresh(api);
    api_tag(api, api->revision, tag);
    cJSON *made = document(api->agent, view);
    if (made != NULL) {
        api_send(request, tag, made);
    } else if (document != document_operator) {
        api_no_member(request, &api->agent->node->deciding.cluster, view->name);
    } else {
        const struct api_problem problem = {
            .status = 404,
            .title = "No such command",
            .detail = "This agent knows of no such command, or no more; what was decided is in "
                      "/v1/log.",
        };
        api_problem_send(request, &problem);
    }
}

static void look_at(struct api_waiter *waiter, uint64_t now_ms)
{
    struct api *api = waiter->api;
    const bool is_over = now_ms >= waiter->until_ms;
    if (waiter->request == NULL || waiter->reading) {
        return;
    }
    if (waiter->document == NULL) {
        if (is_over || waiter->events != api->agent->journal.events) {
            api_log_again(waiter);
        }
    } else if (is_over || api->agent->node->deciding.cluster.height > waiter->after) {
        struct http_request *request = waiter->request;
        api_waiter_free(waiter);
        answer(api, request, waiter->document, &waiter->view);
    }
}

static void look_at_all(struct api *api)
{
    const uint64_t now_ms = clock_monotonic_ms();
    for (uint32_t i = 0; i < API_PLACES; i++) {
        look_at(&api->waiters[i], now_ms);
    }
    api_wait(api);
}

void api_on_time(void *context)
{
    look_at_all(context);
}

void api_changed(struct api *api)
{
    if (api == NULL || api->waiting == 0) {
        return;
    }
    const uint64_t height = api->agent->node->deciding.cluster.height;
    const uint64_t events = api->agent->journal.events;
    if (height != api->height || events != api->events) {
        api->height = height;
        api->events = events;
        look_at_all(api);
    }
}

static void wait_for_height(struct api *api, struct http_request *request,
                            api_document *document, const struct api_view *view,
                            uint64_t wait_s)
{
    cJSON *now = document(api->agent, view);
    if (now == NULL) { /* nor will it be there later */
        answer(api, request, document, view);
        return;
    }
    cJSON_Delete(now);
    struct api_waiter *waiter = api_waiter_take(api, request, true);
    if (waiter != NULL) {
        snprintf(waiter->name, sizeof waiter->name, "%s", view->name);
        waiter->view = (struct api_view){.name = waiter->name, .limit = view->limit};
        waiter->document = document;
        waiter->after = api->agent->node->deciding.cluster.height;
        waiter->until_ms = api_wait_until_ms(wait_s);
        api_wait(api);
    }
}

void api_serve(struct api *api, struct http_request *request, api_document *document,
               const char *name)
{
    char tag[API_TAG_BYTES];
    uint64_t after = UINT64_MAX;
    uint64_t wait_s = 0;
    uint64_t limit = API_LIMIT_MAX;
    if (!api_number(request, "after", 0, INT64_MAX, &after) ||
        !api_number(request, "wait_s", 0, API_WAIT_MAX_S, &wait_s) ||
        !api_number(request, "limit", 1, API_LIMIT_MAX, &limit)) {
        return;
    }
    const struct api_view view = {.name = name, .limit = (uint32_t)limit};
    refresh(api);
    api_tag(api, api->revision, tag);
    /* A height below the one asked after means another history: its client begins anew. */
    if (wait_s > 0 && after == api->content.height) {
        wait_for_height(api, request, document, &view, wait_s);
    } else if (after != UINT64_MAX || !api_is_unchanged(request, tag)) {
        answer(api, request, document, &view);
    }
}
