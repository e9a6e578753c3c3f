/* What the files of the HTTP server share: http.c listens, http_connection.c accepts
 * connections and ends them, http_request.c hands requests on and answers them. */
#ifndef OSTRAKON_AGENT_HTTP_INTERNAL_H
#define OSTRAKON_AGENT_HTTP_INTERNAL_H

#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "agent/http.h"

/* More than this from one member is not haste but a flood: its oldest makes room, whatever it
 * is doing. */
#define HTTP_SAME_KEY_MAX 16u

/* Bytes of a request as it comes, with room for what stands between its chunks. Beyond: it is
 * cut off. */
#define HTTP_PART_MAX (HTTP_HEADER_MAX + HTTP_BODY_MAX + 64u * 1024u)

/* Accepted in one round of the loop before everybody else gets his turn. */
#define HTTP_ACCEPT_MAX 32u

/* A request lives in its connection: there is one at a time. */
struct request {
    struct http_request public; /* first: http_reply comes back from it */
    struct connection *connection;
    struct evhttp_request *ev; /* NULL: none under way */
    struct evkeyvalq query;
    bool has_query;      /* query has been parsed */
    bool is_query_sound; /* all of it could be */
    bool is_answered;    /* ev belongs to evhttp again, which is sending */
};

struct connection {
    TAILQ_ENTRY(connection) link; /* in the order of acceptance */
    struct http *http;
    struct bufferevent *bev;
    struct evhttp_connection *evcon; /* NULL until adopted */
    struct event *deadline;
    uint64_t deadline_ms;  /* when it is ended; LOOP_NEVER while a request is with us */
    uint64_t fires_ms;     /* when `deadline` does, while it is pending; never later */
    struct event *leaving; /* says that a client that waits has left; NULL: none waits */
    struct tls_caller caller;
    SSL *ssl; /* NULL: plain */
    uint32_t uid;
    size_t part_bytes;           /* of a request that is not complete yet */
    bool has_carried;            /* a complete request */
    bool is_surplus;             /* accepted when all others were at work: to be ended */
    bool is_ours_to_end;         /* we end it, or evhttp does after our answer: not broken */
    const char *reason;          /* why we ended it; NULL: we did not */
    enum http_trouble_kind kind; /* of that reason */
    char address[HTTP_ADDRESS_CHARS];
    struct request request;
};

TAILQ_HEAD(connection_list, connection);

struct http {
    LIST_ENTRY(http) link;
    struct http_options options;
    struct evhttp *evhttp;
    struct evconnlistener *listener;
    struct event *resume; /* accepts again */
    struct connection_list connections;
    uint32_t count;     /* connections in the list */
    uint32_t unadopted; /* of these, not yet adopted */
    uint16_t port;
    char *path; /* HTTP_LOCAL: to be unlinked; else NULL */
};

/* evhttp's callbacks. */
struct bufferevent *connection_on_accept(struct event_base *base, void *context);
void request_on_request(struct evhttp_request *ev, void *context);

/* Ends and frees a connection from a callback that is not one of its own. */
void connection_end(struct connection *c, enum http_trouble_kind kind, const char *reason);

/* Frees what evhttp has left behind unadopted: after evhttp_free. */
void connection_forget(struct connection *c);

/* The connection of a bufferevent. Linear in the connections. */
struct connection *connection_of(struct http *http, const struct bufferevent *bev);

/* Sets the absolute time by which the next request must be complete, or the answer taken. */
void connection_set_deadline(struct connection *c, uint64_t at_ms);

/* Keeps what one key holds below HTTP_SAME_KEY_MAX connections, c apart. */
void connection_thin_out(struct connection *c);

/* The client of a request that waits is gone, or the connection ends with it. */
void request_gone(struct request *r);

/* The request that this one is the public part of. */
struct request *request_of(const struct http_request *public);

/* Frees what belongs to a request beside evhttp's part. */
void request_clear(struct request *r);

#endif
