#include "agent/http_internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/memory.h"

struct request *request_of(const struct http_request *public)
{
    /* public is its first member, and every http_request of ours is one's. */
    struct http_request *writable;
    memcpy(&writable, &public, sizeof writable);
    return (struct request *)writable;
}

void request_clear(struct request *r)
{
    if (r->has_query) {
        evhttp_clear_headers(&r->query);
    }
    r->has_query = false;
    r->ev = NULL;
    r->is_answered = false;
    r->public = (struct http_request){.path = ""};
}

void request_gone(struct request *r)
{
    struct evhttp_request *const ev = r->ev;
    if (!r->is_answered && r->public.on_gone != NULL) {
        r->public.on_gone(&r->public);
    }
    const bool is_left_to_us = !r->is_answered && evhttp_request_get_connection(ev) == NULL;
    request_clear(r);
    if (is_left_to_us) {
        evhttp_request_free(ev);
    }
}

static enum http_method method_of(const struct evhttp_request *ev)
{
    static const struct {
        enum evhttp_cmd_type type;
        enum http_method method;
    } table[] = {
        {EVHTTP_REQ_GET, HTTP_GET},       {EVHTTP_REQ_HEAD, HTTP_HEAD},
        {EVHTTP_REQ_POST, HTTP_POST},     {EVHTTP_REQ_PUT, HTTP_PUT},
        {EVHTTP_REQ_DELETE, HTTP_DELETE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (evhttp_request_get_command(ev) == table[i].type) {
            return table[i].method;
        }
    }
    return HTTP_OTHER;
}

/* A page from elsewhere may have its own name resolved to our address and then read us with the
 * visitor's browser: its requests still carry that name. Numbers carry no name. */
static bool is_host_ours(const struct http *http, struct evhttp_request *ev)
{
    const char *const host = evhttp_request_get_host(ev);
    if (host == NULL) {
        return false;
    }
    struct in_addr v4;
    if (host[0] == '[' || inet_pton(AF_INET, host, &v4) == 1 ||
        strcasecmp(host, "localhost") == 0) {
        return true;
    }
    const char *const *names = http->options.hosts;
    for (; names != NULL && *names != NULL; names++) {
        if (strcasecmp(host, *names) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the request may go on; otherwise it has been answered. */
static bool is_let_in(const struct http *http, struct request *r)
{
    if (r->public.body_bytes > HTTP_BODY_MAX) {
        http_problem(&r->public, 413, "Content Too Large", "A body has at most 256 KiB.", NULL);
        return false;
    }
    if (http->options.kind != HTTP_API ||
        (http->options.is_verdict != NULL && http->options.is_verdict(r->public.path))) {
        return true;
    }
    if (!is_host_ours(http, r->ev)) {
        http_problem(&r->public, 421, "Misdirected Request",
                     "The Host of this request is not a name of this listener.", NULL);
        return false;
    }
    if (r->public.method != HTTP_GET && r->public.method != HTTP_HEAD) {
        static const struct http_field allow[] = {{"Allow", "GET, HEAD"}, {NULL, NULL}};
        http_problem(&r->public, 405, "Method Not Allowed",
                     "This listener is read-only: GET and HEAD.", allow);
        return false;
    }
    return true;
}

static void on_client_left(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    connection_end(context, HTTP_TROUBLE_LEFT, NULL);
}

/* evhttp does not read while a request waits, and so would never learn that its client has
 * gone. To read all the same would take the bytes of a second request for the first one's. */
static void watch_leaving(struct connection *c)
{
    c->leaving = event_new(loop_base(c->http->options.loop), bufferevent_getfd(c->bev),
                           EV_CLOSED, on_client_left, c);
    memory_expect(c->leaving != NULL);
    event_add(c->leaving, NULL);
}

static void fill(struct request *r, struct evhttp_request *ev)
{
    const struct connection *const c = r->connection;
    const struct evhttp_uri *const uri = evhttp_request_get_evhttp_uri(ev);
    const char *const path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
    struct evbuffer *const body = evhttp_request_get_input_buffer(ev);
    r->ev = ev;
    r->public = (struct http_request){
        .method = method_of(ev),
        .path = path != NULL ? path : "",
        .body = evbuffer_pullup(body, -1),
        .body_bytes = evbuffer_get_length(body),
        .has_key = c->caller.is_known,
        .uid = c->uid,
    };
    memcpy(r->public.key, c->caller.key, sizeof r->public.key);
    memcpy(r->public.address, c->address, sizeof r->public.address);
}

/* Our answer is with the kernel: the next request may come. */
static void on_sent(struct evhttp_request *ev, void *context)
{
    (void)ev;
    struct connection *const c = context;
    request_clear(&c->request);
    connection_set_deadline(c, clock_monotonic_ms() + c->http->options.idle_ms);
}

void request_on_request(struct evhttp_request *ev, void *context)
{
    struct http *const http = context;
    struct evhttp_connection *const evcon = evhttp_request_get_connection(ev);
    struct connection *const c = connection_of(http, evhttp_connection_get_bufferevent(evcon));
    assert(c != NULL);
    assert(c->evcon == evcon); /* adopted: its first byte takes another round of the loop */
    assert(c->request.ev == NULL);
    fill(&c->request, ev);
    if (!c->has_carried && c->ssl != NULL) {
        connection_thin_out(c);
    }
    c->has_carried = true;
    c->part_bytes = 0;
    connection_set_deadline(c, LOOP_NEVER);
    evhttp_request_set_on_complete_cb(ev, on_sent, c);
    if (is_let_in(http, &c->request)) {
        http->options.on_request(http->options.context, &c->request.public);
    }
    /* An answer is never sent before this returns, so c is still there. */
    if (c->request.ev != NULL && !c->request.is_answered) {
        watch_leaving(c);
    }
}

static bool wants_close(struct evhttp_request *ev, const struct http_answer *answer)
{
    const char *const connection =
        evhttp_find_header(evhttp_request_get_input_headers(ev), "Connection");
    return answer->close || (connection != NULL && strcasecmp(connection, "close") == 0);
}

void http_reply(struct http_request *request, const struct http_answer *answer)
{
    struct request *const r = request_of(request);
    struct connection *const c = r->connection;
    assert(r->ev != NULL);
    assert(!r->is_answered);
    if (c->leaving != NULL) {
        event_free(c->leaving);
        c->leaving = NULL;
    }
    struct evkeyvalq *const headers = evhttp_request_get_output_headers(r->ev);
    for (uint32_t i = 0; i < HTTP_FIELDS_MAX && answer->fields[i].name != NULL; i++) {
        evhttp_add_header(headers, answer->fields[i].name, answer->fields[i].value);
    }
    if (answer->content_type != NULL) {
        evhttp_add_header(headers, "Content-Type", answer->content_type);
    }
    if (wants_close(r->ev, answer)) {
        evhttp_add_header(headers, "Connection", "close");
        c->is_ours_to_end = true;
    }
    struct evbuffer *body = NULL;
    if (r->public.method == HTTP_HEAD) {
        char size[24];
        snprintf(size, sizeof size, "%zu", answer->body_bytes);
        evhttp_add_header(headers, "Content-Length", size);
    } else if (answer->body_bytes > 0) {
        body = evbuffer_new();
        memory_expect(body != NULL &&
                      evbuffer_add(body, answer->body, answer->body_bytes) == 0);
    }
    r->is_answered = true;
    /* Who does not read his answer is given as long as for a request. */
    connection_set_deadline(c, clock_monotonic_ms() + c->http->options.request_ms);
    evhttp_send_reply(r->ev, answer->status, NULL, body);
    if (body != NULL) {
        evbuffer_free(body);
    }
}

/* Writes text as the inside of a JSON string; bytes beyond ASCII become question marks. */
static void put_json(struct evbuffer *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            evbuffer_add_printf(out, "\\%c", byte);
        } else if (byte < 0x20) {
            evbuffer_add_printf(out, "\\u%04x", byte);
        } else {
            evbuffer_add_printf(out, "%c", byte < 0x7f ? byte : '?');
        }
    }
}

void http_problem(struct http_request *request, int status, const char *title,
                  const char *detail, const struct http_field *fields)
{
    struct evbuffer *const out = evbuffer_new();
    memory_expect(out != NULL);
    evbuffer_add_printf(out, "{\"type\":\"about:blank\",\"title\":\"");
    put_json(out, title);
    evbuffer_add_printf(out, "\",\"status\":%d", status);
    if (detail != NULL) {
        evbuffer_add_printf(out, ",\"detail\":\"");
        put_json(out, detail);
        evbuffer_add_printf(out, "\"");
    }
    evbuffer_add_printf(out, "}\n");
    struct http_answer answer = {
        .status = status,
        .content_type = "application/problem+json",
        .body_bytes = evbuffer_get_length(out),
        .close = status == 413,
    };
    answer.body = evbuffer_pullup(out, -1);
    for (uint32_t i = 0; fields != NULL && i < HTTP_FIELDS_MAX && fields[i].name != NULL; i++) {
        answer.fields[i] = fields[i];
    }
    http_reply(request, &answer);
    evbuffer_free(out);
}

const char *http_header(const struct http_request *request, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(request_of(request)->ev), name);
}

bool http_header_is_ambiguous(const struct http_request *request, const char *name)
{
    const struct evkeyvalq *const headers =
        evhttp_request_get_input_headers(request_of(request)->ev);
    const struct evkeyval *field;
    uint32_t count = 0;
    TAILQ_FOREACH(field, headers, next) {
        count += strcasecmp(field->key, name) == 0 ? 1 : 0;
    }
    return count > 1;
}
