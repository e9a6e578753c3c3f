/* Connections of the HTTP server: accepted, watched over, ended.
 *
 * evhttp keeps its connections to itself until a request is complete, and starts its timeouts
 * anew with every byte. So each connection gets a companion of ours: made when evhttp asks for
 * a bufferevent, and adopted an instant later, when evhttp has put its own struct beside it:
 * evhttp hands its connection to the bufferevent's callbacks, and bufferevent_getcb shows it to
 * us. From then on evhttp's close callback ends both together. */
#include "agent/http_internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

#include "agent/memory.h"

static void address_of(int fd, char text[static HTTP_ADDRESS_CHARS])
{
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    socklen_t size_bytes = sizeof from;
    char ip[INET6_ADDRSTRLEN];
    const bool has_address = getpeername(fd, (struct sockaddr *)&from, &size_bytes) == 0;
    if (has_address && from.ss_family == AF_INET) {
        const struct sockaddr_in *const v4 = (const struct sockaddr_in *)&from;
        inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
        snprintf(text, HTTP_ADDRESS_CHARS, "%s:%u", ip, ntohs(v4->sin_port));
    } else if (has_address && from.ss_family == AF_INET6) {
        const struct sockaddr_in6 *const v6 = (const struct sockaddr_in6 *)&from;
        inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
        snprintf(text, HTTP_ADDRESS_CHARS, "[%s]:%u", ip, ntohs(v6->sin6_port));
    } else {
        snprintf(text, HTTP_ADDRESS_CHARS, "unknown"); /* it has left already */
    }
}

static void identify(struct connection *c)
{
    const int fd = bufferevent_getfd(c->bev);
    if (c->http->options.kind != HTTP_LOCAL) {
        address_of(fd, c->address);
        return;
    }
    struct ucred who;
    socklen_t size_bytes = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size_bytes) == 0) {
        c->uid = who.uid;
    }
    snprintf(c->address, sizeof c->address, "uid %u", c->uid);
}

/* Why a connection ended that owed us a request. */
static struct http_trouble trouble_of(const struct connection *c)
{
    struct http_trouble trouble = {
        .kind = HTTP_TROUBLE_LEFT,
        .address = c->address,
        .caller = c->ssl != NULL ? &c->caller : NULL,
        .reason = "left without a request",
    };
    const unsigned long error = c->ssl != NULL ? bufferevent_get_openssl_error(c->bev) : 0;
    const char *const text = error != 0 ? ERR_reason_error_string(error) : NULL;
    if (c->reason != NULL) {
        trouble.kind = c->kind;
        trouble.reason = c->reason;
    } else if (c->part_bytes > 0) {
        trouble.kind = HTTP_TROUBLE_RUBBISH;
        trouble.reason = "what it sent is no sound and whole request";
    } else if (c->caller.has_key && !c->caller.is_known) {
        trouble.reason = "its key is no member's";
    } else if (ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        trouble.reason = "left without a word";
    } else if (text != NULL) {
        trouble.reason = text;
    }
    return trouble;
}

static void release(struct connection *c)
{
    TAILQ_REMOVE(&c->http->connections, c, link);
    c->http->count--;
    event_free(c->deadline);
    if (c->leaving != NULL) {
        event_free(c->leaving);
    }
    free(c);
}

/* evhttp is about to free its connection, bufferevent and all, whoever ended it. */
static void on_closed(struct evhttp_connection *evcon, void *context)
{
    (void)evcon;
    struct connection *const c = context;
    const struct http_options *const o = &c->http->options;
    if (c->request.ev != NULL) {
        request_gone(&c->request);
    }
    if (o->on_trouble != NULL && (!c->has_carried || c->part_bytes > 0)) {
        const struct http_trouble trouble = trouble_of(c);
        o->on_trouble(o->context, &trouble);
    }
    /* A process that is killed says no goodbye; one that tidies up its connections does. */
    const bool is_broken = c->ssl != NULL && c->has_carried && !c->is_ours_to_end &&
                           (SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN) == 0;
    if (is_broken && o->on_broken != NULL) {
        o->on_broken(o->context, c->caller.key);
    }
    ERR_clear_error();
    release(c);
}

void connection_end(struct connection *c, enum http_trouble_kind kind, const char *reason)
{
    assert(c->evcon != NULL);
    c->is_ours_to_end = true;
    c->kind = kind;
    c->reason = reason;
    /* A goodbye, so that the other side does not take us for dead. One that does not fit into
     * the socket now is left out. */
    if (c->ssl != NULL && SSL_is_init_finished(c->ssl)) {
        SSL_shutdown(c->ssl);
        ERR_clear_error();
    }
    evhttp_connection_free(c->evcon); /* calls on_closed */
}

void connection_forget(struct connection *c)
{
    assert(c->evcon == NULL);
    bufferevent_decref(c->bev);
    release(c);
}

static void connection_adopt(struct connection *c)
{
    void *evcon = NULL;
    bufferevent_getcb(c->bev, NULL, NULL, NULL, &evcon);
    struct http *const http = c->http;
    http->unadopted--;
    if (http->unadopted == 0) {
        evconnlistener_enable(http->listener);
    }
    if (evcon == NULL) {
        connection_forget(c); /* evhttp has let go of it already */
        return;
    }
    c->evcon = evcon;
    evhttp_connection_set_closecb(c->evcon, on_closed, c);
    bufferevent_decref(c->bev); /* lives as long as evcon does */
    identify(c);
    connection_set_deadline(c, clock_monotonic_ms() + http->options.request_ms);
    /* Only when every connection is at work: else its making would have made room. */
    if (c->is_surplus) {
        connection_end(c, HTTP_TROUBLE_CROWDED, "too many connections");
    }
}

static void arm(struct connection *c, uint64_t now_ms)
{
    const uint64_t wait_ms = c->deadline_ms > now_ms ? c->deadline_ms - now_ms : 0;
    const struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000u),
                                 .tv_usec = (suseconds_t)(wait_ms % 1000u * 1000u)};
    c->fires_ms = c->deadline_ms;
    event_add(c->deadline, &wait);
}

/* The timer is left as it is when the deadline moves away, which it does with every request,
 * and looks again when it fires. */
void connection_set_deadline(struct connection *c, uint64_t at_ms)
{
    c->deadline_ms = at_ms;
    if (at_ms != LOOP_NEVER &&
        (at_ms < c->fires_ms || !event_pending(c->deadline, EV_TIMEOUT, NULL))) {
        arm(c, clock_monotonic_ms());
    }
}

/* evhttp looks for the end of a chunk's size without limit. */
static bool is_endless(const struct connection *c)
{
    return c->part_bytes > HTTP_PART_MAX;
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct connection *const c = context;
    if (c->evcon == NULL) {
        connection_adopt(c); /* may have ended it */
        return;
    }
    if (is_endless(c)) {
        connection_end(c, HTTP_TROUBLE_RUBBISH, "longer than any request may be");
        return;
    }
    if (c->deadline_ms == LOOP_NEVER) {
        return;
    }
    const uint64_t now_ms = clock_monotonic_ms();
    if (now_ms < c->deadline_ms) {
        arm(c, now_ms);
        return;
    }
    connection_end(c, HTTP_TROUBLE_SLOW, "no complete request in time");
}

/* Ends the connection that is missed least: the oldest that never carried a request, strangers'
 * and half-open ones; else the oldest that we owe no answer, one that does not read its own
 * included. False if all are at work. */
static bool make_room(struct http *http)
{
    struct connection *idle = NULL;
    struct connection *c;
    TAILQ_FOREACH(c, &http->connections, link) {
        const bool is_at_work = c->request.ev != NULL && !c->request.is_answered;
        const bool may_go = c->evcon != NULL && !is_at_work;
        if (may_go && !c->has_carried) {
            connection_end(c, HTTP_TROUBLE_CROWDED, "too many connections");
            return true;
        }
        if (may_go && idle == NULL) {
            idle = c;
        }
    }
    if (idle != NULL) {
        connection_end(idle, HTTP_TROUBLE_CROWDED, "too many connections");
    }
    return idle != NULL;
}

void connection_thin_out(struct connection *c)
{
    struct connection *oldest = NULL;
    struct connection *other;
    uint32_t count = 0;
    TAILQ_FOREACH(other, &c->http->connections, link) {
        const bool is_same = other != c && other->has_carried &&
                             memcmp(other->caller.key, c->caller.key, TLS_KEY_BYTES) == 0;
        if (is_same) {
            count++;
            oldest = oldest == NULL ? other : oldest;
        }
    }
    /* At work or not: requests that wait with us, or answers that it does not read, would hold
     * everybody's places. */
    if (count >= HTTP_SAME_KEY_MAX) {
        connection_end(oldest, HTTP_TROUBLE_CROWDED, "too many connections");
    }
}

struct connection *connection_of(struct http *http, const struct bufferevent *bev)
{
    struct connection *c;
    TAILQ_FOREACH(c, &http->connections, link) {
        if (c->bev == bev) {
            return c;
        }
    }
    return NULL;
}

static void on_bytes(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    (void)input;
    struct connection *const c = context;
    c->part_bytes += info->n_added;
    if (is_endless(c)) {
        event_active(c->deadline, EV_TIMEOUT, 0); /* evhttp is in the middle of it */
    }
}

struct bufferevent *connection_on_accept(struct event_base *base, void *context)
{
    struct http *const http = context;
    const bool is_full = http->count - http->unadopted >= http->options.connections_max;
    struct connection *const c = memory_get(sizeof *c);
    c->is_surplus = is_full && !make_room(http);
    c->http = http;
    c->uid = UINT32_MAX;
    c->request.connection = c;
    if (http->options.tls != NULL) {
        c->ssl = tls_accept(http->options.tls, &c->caller);
        c->bev = bufferevent_openssl_socket_new(base, -1, c->ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                BEV_OPT_CLOSE_ON_FREE);
        memory_expect(c->bev != NULL);
        bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
    } else {
        c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
        memory_expect(c->bev != NULL);
    }
    memory_expect(evbuffer_add_cb(bufferevent_get_input(c->bev), on_bytes, c) != NULL);
    bufferevent_incref(c->bev); /* until it is adopted */
    c->deadline = event_new(base, -1, 0, on_deadline, c);
    memory_expect(c->deadline != NULL);
    TAILQ_INSERT_TAIL(&http->connections, c, link);
    http->count++;
    http->unadopted++;
    event_active(c->deadline, EV_TIMEOUT, 0);
    /* A flood of connections, or one more than all the busy ones, waits its turn in the kernel.
     */
    if (http->unadopted >= HTTP_ACCEPT_MAX || is_full) {
        evconnlistener_disable(http->listener);
    }
    return c->bev;
}
