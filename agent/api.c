#include "agent/api.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api_parts.h"
#include "agent/memory.h"
#include "agent/text.h"

#define CONNECTIONS_MAX 128u
#define TAG_CHARS 64u

typedef void route_handler(struct api *api, struct http_request *request);

static const struct {
    const char *path;       /* one that ends in a slash takes a last part */
    api_document *document; /* made at once, tagged, waited for */
    route_handler *handler; /* where there is no document */
} routes[] = {
    {"/v1/status", document_status, NULL},
    {"/v1/members", document_members, NULL},
    {"/v1/members/", document_member, NULL},
    {"/v1/windows", document_windows, NULL},
    {"/v1/log", NULL, api_log},
    {"/v1/check/good", NULL, api_check_good},
    {"/v1/check/leads", NULL, api_check_leads},
    {"/livez", NULL, api_livez},
    {"/readyz", NULL, api_readyz},
};

cJSON *api_begin(const struct agent *a)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "cluster", a->config.founding.name);
    cJSON_AddStringToObject(object, "seen_by", a->config.name);
    api_add_time(object, "seen_at", clock_unix_ms());
    cJSON_AddNumberToObject(object, "height", (double)a->node->deciding.cluster.height);
    return object;
}

void api_add_time(cJSON *object, const char *name, uint64_t unix_ms)
{
    char text[WORDS_ISO_BYTES];
    words_iso(unix_ms, text);
    cJSON_AddStringToObject(object, name, text);
}

void api_add_big(cJSON *object, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    cJSON_AddStringToObject(object, name, text);
}

void api_add_hex(cJSON *object, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    char text[2 * HASH_BYTES * 2 + 1];
    if (2 * size_bytes < sizeof text) {
        sodium_bin2hex(text, sizeof text, bytes, size_bytes);
        cJSON_AddStringToObject(object, name, text);
    }
}

bool api_number(struct http_request *request, const char *name, uint64_t max, bool *has,
                uint64_t *value)
{
    char detail[160];
    const char *text = http_query(request, name);
    *has = text != NULL;
    *value = 0;
    if (text == NULL) {
        return true;
    }
    char *end = NULL;
    errno = 0;
    const unsigned long long parsed = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && parsed <= max) {
        *value = parsed;
        return true;
    }
    snprintf(detail, sizeof detail, "%s must be a whole number from 0 to %" PRIu64 ".", name,
             max);
    http_problem(request, 400, "Bad query", detail, NULL);
    return false;
}

static void write_tag(const struct api *api, char tag[static TAG_CHARS])
{
    snprintf(tag, TAG_CHARS, "\"%" PRIu64 ".%" PRIu64 ".%08x\"", api->content.height,
             api->revision, (unsigned)(api->agent->node->deciding.options.incarnation >> 32));
}

void api_send(struct api *api, struct http_request *request, cJSON *document)
{
    char tag[TAG_CHARS];
    write_tag(api, tag);
    char *text = cJSON_PrintUnformatted(document);
    const struct http_answer answer = {
        .status = 200,
        .content_type = "application/json",
        .body = text,
        .body_bytes = strlen(text),
        .fields = {{"ETag", tag}, {"Cache-Control", "no-cache"}},
    };
    http_reply(request, &answer);
    cJSON_free(text);
    cJSON_Delete(document);
}

static bool is_unchanged(const struct api *api, const struct http_request *request)
{
    char tag[TAG_CHARS];
    const char *known = http_header(request, "If-None-Match");
    write_tag(api, tag);
    return known != NULL && strcmp(known, tag) == 0;
}

static void send_unchanged(const struct api *api, struct http_request *request)
{
    char tag[TAG_CHARS];
    write_tag(api, tag);
    const struct http_answer answer = {.status = 304, .fields = {{"ETag", tag}}};
    http_reply(request, &answer);
}

static void on_waiter_gone(struct http_request *request)
{
    struct api_waiter *waiter = request->user;
    if (waiter->reading) {
        waiter->gone = true; /* freed when the database answers */
    } else {
        api_waiter_free(waiter);
    }
}

struct api_waiter *api_waiter_take(struct api *api, struct http_request *request)
{
    for (uint32_t i = 0; i < API_WAITERS_MAX; i++) {
        struct api_waiter *waiter = &api->waiters[i];
        if (waiter->request == NULL) {
            *waiter = (struct api_waiter){.api = api, .request = request};
            request->user = waiter;
            request->on_gone = on_waiter_gone;
            api->waiting++;
            return waiter;
        }
    }
    const struct http_field fields[HTTP_FIELDS_MAX] = {{"Retry-After", "1"}};
    http_problem(request, 503, "Too many wait",
                 "64 requests already wait for a change; ask again in a second.", fields);
    return NULL;
}

void api_waiter_free(struct api_waiter *waiter)
{
    waiter->api->waiting--;
    waiter->request = NULL;
}

static void answer_document(struct api *api, struct http_request *request,
                            api_document *document, const char *name)
{
    cJSON *made = document(api->agent, name);
    if (made != NULL) {
        api_send(api, request, made);
    } else {
        http_problem(request, 404, "No such member",
                     "/v1/members lists the members of this cluster.", NULL);
    }
}

void api_wait(struct api *api)
{
    uint64_t earliest_ms = LOOP_NEVER;
    for (uint32_t i = 0; i < API_WAITERS_MAX; i++) {
        const struct api_waiter *waiter = &api->waiters[i];
        if (waiter->request != NULL && !waiter->reading && waiter->until_ms < earliest_ms) {
            earliest_ms = waiter->until_ms;
        }
    }
    loop_timer_set(api->timer, earliest_ms);
}

static void look_at_waiters(struct api *api)
{
    const uint64_t now_ms = clock_monotonic_ms();
    for (uint32_t i = 0; i < API_WAITERS_MAX; i++) {
        struct api_waiter *waiter = &api->waiters[i];
        if (waiter->request == NULL || waiter->reading) {
            continue;
        }
        if (waiter->document == NULL) {
            api_log_again(waiter);
        } else if (api->content.height > waiter->after || now_ms >= waiter->until_ms) {
            struct http_request *request = waiter->request;
            api_waiter_free(waiter);
            answer_document(api, request, waiter->document, waiter->name);
        }
    }
    api_wait(api);
}

static void on_time(void *context)
{
    look_at_waiters(context);
}

void api_changed(struct api *api)
{
    if (api == NULL) {
        return;
    }
    const struct deciding *d = &api->agent->node->deciding;
    struct api_content content;
    memset(&content, 0, sizeof content); /* padding is compared too, and copied */
    content.height = d->cluster.height;
    content.events = api->agent->journal.events;
    content.heard = d->heard;
    content.suspected = d->suspected;
    content.quorum_heard = d->quorum_heard;
    content.muted = d->muted;
    content.storage_slow = d->storage_slow;
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    if (memcmp(&content, &api->content, sizeof content) == 0) {
        return;
    }
    memcpy(&api->content, &content, sizeof content);
    api->revision++;
    if (api->waiting > 0) {
        look_at_waiters(api);
    }
}

static void serve_document(struct api *api, struct http_request *request,
                           api_document *document, const char *name)
{
    bool has_after;
    bool has_wait;
    uint64_t after;
    uint64_t wait_s;
    if (!api_number(request, "after", INT64_MAX, &has_after, &after) ||
        !api_number(request, "wait_s", API_WAIT_MAX_S, &has_wait, &wait_s)) {
        return;
    }
    if (has_after && wait_s > 0 && after == api->content.height) {
        struct api_waiter *waiter = api_waiter_take(api, request);
        if (waiter != NULL) {
            const uint64_t wait_ms = wait_s * 1000;
            waiter->document = document;
            waiter->after = after;
            waiter->until_ms = clock_monotonic_ms() + wait_ms +
                               randombytes_uniform((uint32_t)wait_ms / 16 + 1);
            snprintf(waiter->name, sizeof waiter->name, "%s", name == NULL ? "" : name);
            api_wait(api);
        }
    } else if (!has_after && is_unchanged(api, request)) {
        send_unchanged(api, request);
    } else {
        answer_document(api, request, document, name);
    }
}

static void refuse_path(struct http_request *request)
{
    static const char *const known[] = {
        "/v1/status",   "/v1/members",    "/v1/windows",     "/v1/log", "/v1/members/NAME",
        "/v1/blocks/1", "/v1/check/good", "/v1/check/leads", "/livez",  "/readyz",
    };
    char detail[128] = "The paths are listed in the agent's README.";
    const char *nearest = text_nearest(request->path, known, sizeof known / sizeof known[0]);
    if (nearest != NULL) {
        snprintf(detail, sizeof detail, "Did you mean %s?", nearest);
    }
    http_problem(request, 404, "No such path", detail, NULL);
}

static void on_request(void *context, struct http_request *request)
{
    struct api *api = context;
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        const struct http_field fields[HTTP_FIELDS_MAX] = {{"Allow", "GET, HEAD"}};
        http_problem(request, 405, "Method not allowed", "Only GET and HEAD are.", fields);
        return;
    }
    if (strncmp(request->path, "/v1/blocks/", 11) == 0) {
        api_block(api, request, request->path + 11);
        return;
    }
    for (uint32_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const size_t size = strlen(routes[i].path);
        const bool takes_name = routes[i].path[size - 1] == '/';
        if (takes_name ? strncmp(request->path, routes[i].path, size) != 0
                       : strcmp(request->path, routes[i].path) != 0) {
            continue;
        }
        if (routes[i].handler != NULL) {
            routes[i].handler(api, request);
        } else {
            serve_document(api, request, routes[i].document,
                           takes_name ? request->path + size : NULL);
        }
        return;
    }
    refuse_path(request);
}

static struct http *listen_at(struct api *api, enum http_kind kind, const char *address,
                              char error[static API_ERROR_BYTES])
{
    char reason[HTTP_ERROR_CHARS];
    const struct http_options options = {
        .loop = api->agent->loop,
        .kind = kind,
        .address = address,
        .connections_max = CONNECTIONS_MAX,
        .context = api,
        .on_request = on_request,
    };
    struct http *http = http_create(&options, reason);
    if (http == NULL) {
        snprintf(error, API_ERROR_BYTES, "%s", reason);
    }
    return http;
}

struct api *api_create(struct agent *a, char error[static API_ERROR_BYTES])
{
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL) {
        snprintf(error, API_ERROR_BYTES, "out of memory");
        return NULL;
    }
    api->agent = a;
    api->timer = loop_timer_create(a->loop, on_time, api);
    api->api = listen_at(api, HTTP_API, a->config.api, error);
    api->local = api->api == NULL ? NULL : listen_at(api, HTTP_LOCAL, a->config.socket, error);
    if (api->local == NULL) {
        api_destroy(api);
        return NULL;
    }
    return api;
}

void api_destroy(struct api *api)
{
    if (api == NULL) {
        return;
    }
    http_destroy(api->api);
    http_destroy(api->local);
    loop_timer_destroy(api->timer);
    free(api);
}
