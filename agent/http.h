/* HTTP/1.1 server: one struct http a listener.
 *
 * Requests are handed on complete, as our own struct, so that only http*.c know who parsed
 * them. An answer may be given inside on_request or at any later time.
 *
 * What the listener sees to by itself: at most 8 KiB of header and HTTP_BODY_MAX of body, with
 * 64 KiB more for what stands between its chunks; 5 s from accept to a complete request, 5 s
 * for an answer to be taken, and HTTP_IDLE_MS from one answer to the next complete request,
 * however the bytes dribble; at most connections_max connections, the oldest that we owe no
 * answer making room for a new one, strangers before members; a pause when descriptors run out.
 * On HTTP_API it refuses methods other than GET and HEAD (405) and foreign Host names (421),
 * but for paths where it is another request that is judged.
 *
 * Loop's thread only. Out of memory: as in loop.h. */
#ifndef OSTRAKON_AGENT_HTTP_H
#define OSTRAKON_AGENT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/loop.h"
#include "agent/tls.h"

#define HTTP_BODY_MAX (256u * 1024u) /* bytes of a request's body; beyond: 413 */
#define HTTP_HEADER_MAX 8192u        /* bytes of a request's line and header; beyond: 400 */
#define HTTP_REQUEST_MS 5000u        /* from accept to a complete request; to take an answer */
#define HTTP_IDLE_MS 30000u          /* from an answer to the next complete request */
#define HTTP_ADDRESS_CHARS 64u       /* "[ipv6]:port" */
#define HTTP_ERROR_CHARS 256u
#define HTTP_FIELDS_MAX 6u

enum http_kind {
    HTTP_PEER,  /* TLS 1.3, both sides by key */
    HTTP_API,   /* plain, GET and HEAD, Host checked */
    HTTP_LOCAL, /* Unix socket; the caller's user id is known */
};

enum http_method {
    HTTP_GET,
    HTTP_HEAD, /* answer as to GET: the body is measured and left out here */
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OTHER,
};

/* One request. Ours to read until it is answered or on_gone was called, whichever comes first.
 */
struct http_request {
    enum http_method method;
    const char *path;                 /* as it came, without the query: not decoded */
    const uint8_t *body;              /* NULL if it has none */
    size_t body_bytes;                /* at most HTTP_BODY_MAX */
    bool has_key;                     /* HTTP_PEER: always */
    uint8_t key[TLS_KEY_BYTES];       /* the caller's transport key */
    uint32_t uid;                     /* HTTP_LOCAL: the caller's user, else UINT32_MAX */
    char address[HTTP_ADDRESS_CHARS]; /* whence it came; "uid 1000" on HTTP_LOCAL */

    /* For who answers later. on_gone: the client has left, the request may not be answered any
     * more and dies when this returns. Not called by http_destroy's leave: see there. */
    void *user;
    void (*on_gone)(struct http_request *request);
};

struct http_field {
    const char *name;
    const char *value;
};

/* All borrowed for the call. */
struct http_answer {
    int status;
    const char *content_type; /* NULL if there is no body */
    const void *body;
    size_t body_bytes;
    struct http_field
        fields[HTTP_FIELDS_MAX]; /* further header fields; a NULL name ends them */
    bool close;                  /* and then close the connection */
};

enum http_trouble_kind {
    HTTP_TROUBLE_SLOW,    /* no complete request in time */
    HTTP_TROUBLE_CROWDED, /* too many connections, or no descriptor for one more */
    HTTP_TROUBLE_RUBBISH, /* what it sent was no sound and whole request */
    HTTP_TROUBLE_LEFT,    /* it went, or did not speak TLS with a key we know */
};

/* Why somebody on the other side of a connection was cut off, or cut himself off, without a
 * request that could be handed on. */
struct http_trouble {
    enum http_trouble_kind kind;
    const char *address;             /* as in http_request */
    const struct tls_caller *caller; /* NULL unless HTTP_PEER */
    const char *reason;              /* words, e.g. "no complete request within 5 s" */
};

struct http_options {
    struct loop *loop;
    enum http_kind kind;
    const char *address;      /* "ip:port", "[ip6]:port"; HTTP_LOCAL: a path. Port 0: any */
    struct tls *tls;          /* HTTP_PEER; else NULL */
    const char *const *hosts; /* HTTP_API: Host names taken beside the address itself and
                                 localhost, without port; ends with NULL. NULL: none */
    bool (*is_verdict)(const char *path); /* HTTP_API: the answer is a verdict on another
                                 request, whose Host and method it has: any. NULL: nowhere */
    uint32_t connections_max;
    uint32_t request_ms; /* 0: HTTP_REQUEST_MS */
    uint32_t idle_ms;    /* 0: HTTP_IDLE_MS */

    void *context;
    void (*on_request)(void *context, struct http_request *request);

    /* HTTP_PEER, may be NULL: a connection that had carried a request has ended without a word
     * of goodbye from the other side (TLS close_notify): its process is likely gone. Not called
     * when we ended it. */
    void (*on_broken)(void *context, const uint8_t key[static TLS_KEY_BYTES]);

    /* May be NULL. The caller limits the rate: each connection may cause one. */
    void (*on_trouble)(void *context, const struct http_trouble *trouble);
};

struct http;

/* Listens. NULL if it cannot; error then has a sentence that names the address. A stale Unix
 * socket (nobody accepts on it) is replaced, one that is alive is not; its mode is 0660. */
struct http *http_create(const struct http_options *options,
                         char error[static HTTP_ERROR_CHARS])
    __attribute__((warn_unused_result));

/* Closes all connections. Requests still open get their on_gone before this returns. Removes
 * the Unix socket. Accepts NULL. */
void http_destroy(struct http *http);

/* The port listened on; 0 on HTTP_LOCAL. */
uint16_t http_port(const struct http *http);

/* Connections now open. */
uint32_t http_connections(const struct http *http);

/* Answers and lets go of the request. Exactly once for each request whose on_gone was not
 * called. */
void http_reply(struct http_request *request, const struct http_answer *answer);

/* Answers with a problem document (RFC 9457) of this status. Both texts are escaped here;
 * detail may be NULL. fields as in http_answer, may be NULL. */
void http_problem(struct http_request *request, int status, const char *title,
                  const char *detail, const struct http_field *fields);

/* A header field of the request, any case; NULL if it is not there. Borrowed as the request. */
const char *http_header(const struct http_request *request, const char *name);

/* Whether the field is there more than once: who reads the first and who reads the last of
 * them read different requests. */
bool http_header_is_ambiguous(const struct http_request *request, const char *name);

/* The first query parameter of this name, decoded, "" if it has no value; NULL if it is not
 * there. Case counts. Borrowed as the request. */
const char *http_query(const struct http_request *request, const char *name);

/* The first query parameter that is not one of `known` (ends with NULL), or that stands there
 * for the second time; "" if the query cannot be parsed; NULL if all is well. Borrowed
 * likewise. */
const char *http_query_stranger(const struct http_request *request, const char *const *known);

#endif
