/* The listeners and the routes. */
#include "agent/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api_parts.h"
#include "agent/text.h"

#define CONNECTIONS_MAX 128u
#define DETAIL_BYTES 160u
#define VERIFY_PATH "/v1/token/verify"

typedef void route_handler(struct api *api, struct http_request *request, const char *name);

/* The parameters that a route takes; what reads only the code (checks) takes anything. */
static const char *const no_query[] = {NULL};
static const char *const document_query[] = {"after", "wait_s", NULL};
static const char *const list_query[] = {"after", "wait_s", "limit", NULL};
static const char *const log_query[] = {"after",  "wait_s", "limit", "since",
                                        "member", "code",   NULL};

static const char *const verify_query[] = {"audience", "proof", NULL};

static const struct route {
    const char *path;       /* one that ends in a slash takes a last part */
    const char *example;    /* as it is told to who asks for something like it */
    api_document *document; /* made at once, tagged, waited for */
    route_handler *handler; /* where there is no document */
    const char *const *query;
} routes[] = {
    {"/v1/status", "/v1/status", document_status, NULL, document_query},
    {"/v1/members", "/v1/members", document_members, NULL, list_query},
    {"/v1/members/", "/v1/members/NAME/explanation", NULL, api_explanation, no_query},
    {"/v1/members/", "/v1/members/NAME", document_member, NULL, document_query},
    {"/v1/members/", "/v1/members/NAME/record", document_member, NULL, document_query},
    {"/v1/windows", "/v1/windows", document_windows, NULL, list_query},
    {"/v1/names", "/v1/names", document_names, NULL, list_query},
    {"/v1/references", "/v1/references", document_references, NULL, list_query},
    {"/v1/operators", "/v1/operators", document_operators, NULL, document_query},
    {"/v1/operator/", "/v1/operator/ID", document_operator, NULL, document_query},
    {"/v1/operator", "/v1/operator", NULL, api_operator, no_query},
    {"/v1/log", "/v1/log", NULL, api_log, log_query},
    {"/v1/blocks/", "/v1/blocks/HEIGHT", NULL, api_block, no_query},
    {"/v1/check/good", "/v1/check/good", NULL, api_check_good, NULL},
    {"/v1/check/leads", "/v1/check/leads", NULL, api_check_leads, NULL},
    {"/v1/check/holds/", "/v1/check/holds/NAME", NULL, api_check_holds, NULL},
    {"/v1/token", "/v1/token", NULL, api_token, no_query},
    {VERIFY_PATH, VERIFY_PATH, NULL, api_verify, verify_query},
    {VERIFY_PATH "/", VERIFY_PATH "/PATH", NULL, api_verify_path, NULL},
    {"/v1/trust", "/v1/trust", NULL, api_trust, no_query},
    {"/.well-known/jwks.json", "/.well-known/jwks.json", NULL, api_jwks, no_query},
    {"/livez", "/livez", NULL, api_livez, NULL},
    {"/readyz", "/readyz", NULL, api_readyz, NULL},
};

#define ROUTES (sizeof routes / sizeof routes[0])

static void refuse_path(struct http_request *request)
{
    const char *known[ROUTES];
    char detail[DETAIL_BYTES] = "The paths are listed in the agent's README.";
    for (uint32_t i = 0; i < ROUTES; i++) {
        known[i] = routes[i].example;
    }
    const char *nearest = text_nearest(request->path, known, ROUTES);
    if (nearest != NULL) {
        snprintf(detail, sizeof detail, "Did you mean %s?", nearest);
    }
    api_problem_send(request, &(struct api_problem){
                                  .status = 404, .title = "No such path", .detail = detail});
}

/* All others are read. */
static bool takes_post(const struct route *route)
{
    return route->handler == api_operator;
}

/* Asked by proxies, about a request that they hold: its method is none of ours. */
static bool is_verdict(const char *path)
{
    const size_t size = strlen(VERIFY_PATH);
    return strncmp(path, VERIFY_PATH, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

/* True: a problem was answered. Who comes by TCP never gets as far with a POST. */
static bool refuse_method(struct http_request *request, const struct route *route)
{
    const bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    const bool posts = takes_post(route);
    if (is_verdict(route->path)) {
        return false;
    }
    if (posts ? request->method == HTTP_POST && request->uid != UINT32_MAX : reads) {
        return false;
    }
    const struct api_problem problem = {
        .status = 405,
        .title = "Method not allowed",
        .detail = posts ? "This takes what an operator signed: POST, by the agent's "
                          "socket alone."
                        : "This is read-only: GET and HEAD.",
        .allow = posts ? "POST" : "GET, HEAD",
    };
    api_problem_send(request, &problem);
    return true;
}

/* A misspelt parameter that is passed over gives an answer to another question. */
static bool is_query_known(struct http_request *request, const char *const *known)
{
    char detail[DETAIL_BYTES];
    const char *stranger = known == NULL ? NULL : http_query_stranger(request, known);
    if (stranger == NULL) {
        return true;
    }
    uint32_t count = 0;
    while (known[count] != NULL) {
        count++;
    }
    const char *nearest = text_nearest(stranger, known, count);
    if (stranger[0] == '\0') {
        snprintf(detail, sizeof detail, "The query is not made of name=value pairs.");
    } else if (nearest != NULL && strcmp(nearest, stranger) == 0) {
        snprintf(detail, sizeof detail, "%s is given twice.", stranger);
    } else if (nearest != NULL) {
        snprintf(detail, sizeof detail,
                 "There is no parameter \"%.40s\" here: did you mean %s?", stranger, nearest);
    } else {
        snprintf(detail, sizeof detail, "There is no parameter \"%.40s\" here.", stranger);
    }
    api_problem_send(
        request, &(struct api_problem){.status = 400, .title = "Bad query", .detail = detail});
    return false;
}

/* Whether this is the last part of a path that the route takes. */
static bool takes(const struct route *route, const char *name)
{
    const size_t size = strlen(name);
    const size_t tail = strlen(EXPLANATION_TAIL);
    if (route->handler == api_explanation) {
        return size > tail && strcmp(name + size - tail, EXPLANATION_TAIL) == 0;
    }
    return size > 0 || route->handler == api_verify_path;
}

static const struct route *route_of(const char *path, const char **name)
{
    for (uint32_t i = 0; i < ROUTES; i++) {
        const size_t size = strlen(routes[i].path);
        const bool takes_name = routes[i].path[size - 1] == '/';
        if (takes_name
                ? strncmp(path, routes[i].path, size) == 0 && takes(&routes[i], path + size)
                : strcmp(path, routes[i].path) == 0) {
            *name = takes_name ? path + size : "";
            return &routes[i];
        }
    }
    return NULL;
}

static void on_request(void *context, struct http_request *request)
{
    struct api *api = context;
    const char *name = "";
    const struct route *route = route_of(request->path, &name);
    if (route == NULL) {
        refuse_path(request);
    } else if (refuse_method(request, route) || !is_query_known(request, route->query)) {
        return;
    } else if (route->handler != NULL) {
        route->handler(api, request, name);
    } else {
        api_serve(api, request, route->document, name);
    }
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
        .is_verdict = is_verdict,
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
    api->timer = loop_timer_create(a->loop, api_on_time, api);
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
