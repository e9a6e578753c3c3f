#ifndef OSTRAKON_AGENT_API_PARTS_H
#define OSTRAKON_AGENT_API_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "agent/agent.h"
#include "agent/http.h"

/* The parts of the API; for agent/api*.c alone. */

#define API_WAITERS_MAX 64u
#define API_WAIT_MAX_S 60u

/* A document that is made at once of what the node holds. `name`: the path's last part, where
 * the route has one. NULL: there is no such thing, 404. */
typedef cJSON *api_document(const struct agent *a, const char *name);

/* Who waits for a change (?after=&wait_s=), or for the database. */
struct api_waiter {
    struct api *api;
    struct http_request *request; /* NULL: this place is free */
    api_document *document;       /* NULL: a page of the log */
    char name[NAME_SIZE_BYTES];
    uint64_t after; /* a height, or an event's id */
    uint64_t until_ms;
    bool reading; /* the database was asked and has not answered yet */
    bool gone;    /* the client left meanwhile */
};

/* What a document depends on; when it changes, so does the tag of every document. */
struct api_content {
    uint64_t height;
    uint64_t events;
    uint32_t heard;
    uint32_t suspected;
    bool quorum_heard;
    bool muted;
    bool storage_slow;
};

struct api {
    struct agent *agent;
    struct http *api;
    struct http *local;
    struct loop_timer *timer;
    struct api_content content;
    uint64_t revision;
    uint32_t waiting;
    struct api_waiter waiters[API_WAITERS_MAX];
};

/* api.c */
void api_send(struct api *api, struct http_request *request, cJSON *document);
/* Reads a whole number of a query parameter. False: it was no such number, and a problem that
 * names it was answered. `*has` tells whether it was given at all. */
bool api_number(struct http_request *request, const char *name, uint64_t max, bool *has,
                uint64_t *value) __attribute__((warn_unused_result));
/* Whose view it is, and when: the first fields of every document. */
cJSON *api_begin(const struct agent *a);
void api_add_time(cJSON *object, const char *name, uint64_t unix_ms);
/* As a decimal string: for numbers that may pass 2^52. */
void api_add_big(cJSON *object, const char *name, uint64_t value);
void api_add_hex(cJSON *object, const char *name, const uint8_t *bytes, size_t size_bytes);
/* A free place, or NULL after a 503 was answered. */
struct api_waiter *api_waiter_take(struct api *api, struct http_request *request);
void api_waiter_free(struct api_waiter *waiter);
/* Sets the timer of all waiters to the earliest of their ends. */
void api_wait(struct api *api);

/* api_documents.c */
api_document document_status; /* status.c */
api_document document_members;
api_document document_member;
api_document document_windows;

/* api_log.c: answers of the database. */
void api_log(struct api *api, struct http_request *request);
void api_log_again(struct api_waiter *waiter);
void api_block(struct api *api, struct http_request *request, const char *height);

/* api_check.c: one word, for load balancers and supervisors. */
void api_check_good(struct api *api, struct http_request *request);
void api_check_leads(struct api *api, struct http_request *request);
void api_livez(struct api *api, struct http_request *request);
void api_readyz(struct api *api, struct http_request *request);

#endif
