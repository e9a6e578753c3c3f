#ifndef OSTRAKON_AGENT_API_PARTS_H
#define OSTRAKON_AGENT_API_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "agent/agent.h"
#include "agent/http.h"
#include "agent/status.h"
#include "tokens/possession.h"

/* The parts of the API; for agent/api*.c alone. */

#define API_WAIT_MAX_S 60u
#define API_LIMIT_MAX 1000u
#define API_TAG_BYTES 96u
#define API_DETAIL_BYTES 192u
#define API_NAME_BYTES (NAME_SIZE_BYTES + sizeof "/record")
#define API_PROBLEM_FIELDS 2u

/* Requests that are answered later: those that wait for a change, of which the listener that
 * anybody on this machine reaches has fewer, and those for which the disk is read. */
#define API_PLACES 96u
#define API_WAITERS_MAX 64u
#define API_WAITERS_REMOTE_MAX 48u

/* What of its query a document cares about. */
struct api_view {
    const char *name; /* the path's last part, where the route has one; else "" */
    uint32_t limit;   /* of a list's items, 1 .. API_LIMIT_MAX */
};

/* A document that is made at once of what the node holds. NULL: there is no such thing, 404. */
typedef cJSON *api_document(const struct agent *a, const struct api_view *view);

/* A request that is answered later. */
struct api_waiter {
    struct api *api;
    struct http_request *request; /* NULL: this place is free */
    bool waits;                   /* for a change; else for the disk alone */
    api_document *document;       /* NULL: a page of the log, or a block */
    char name[API_NAME_BYTES];
    struct api_view view; /* its name is the one above */
    uint64_t after;       /* a height, or an event's id */
    uint64_t until_ms;
    uint64_t events; /* of the journal, when the database was last asked */
    bool reading;    /* the database was asked and has not answered yet */
    bool at_end;     /* it was asked what the newest event is: there is nothing after `after` */
    bool gone;       /* the client left meanwhile */
};

/* What status and members depend on beside the chain. When it changes, so does their tag; what
 * always changes (ages, the time) is left out, or no tag would ever be good. */
struct api_content {
    uint64_t height;
    uint64_t status; /* status_mark */
    uint32_t heard;
    uint32_t suspected;
    uint64_t said[MEMBERS_MAX]; /* what each finds wrong with itself, by its heartbeats */
};

struct api {
    struct agent *agent;
    struct http *api;
    struct http *local;
    struct loop_timer *timer;
    struct api_content content;
    uint64_t revision; /* of the content */
    uint64_t height;   /* the waiters were last looked at, with so many events */
    uint64_t events;
    uint32_t waiting; /* places that are taken */
    struct api_waiter waiters[API_PLACES];
};

/* An error, as RFC 9457 has it. */
struct api_problem {
    int status;
    const char *title;
    const char *detail; /* any bytes: they are escaped */
    const char *code;   /* NULL: none */
    const char *allow;  /* NULL: no such header */
    uint32_t retry_after_s;
    struct http_field fields[API_PROBLEM_FIELDS]; /* further ones; a NULL name ends them */
};

/* api_reply.c */
void api_send(struct http_request *request, const char *tag, cJSON *document);
void api_problem_send(struct http_request *request, const struct api_problem *problem);
/* Answers 304 and true if the client has what this tag stands for. */
bool api_is_unchanged(struct http_request *request, const char *tag);
/* `"HEIGHT.REVISION.RUN"`: two runs of an agent count their revisions anew. */
void api_tag(const struct api *api, uint64_t revision, char tag[static API_TAG_BYTES]);
/* Reads a whole number of a query parameter; `*value` stays if it was not given. False: it was
 * no such number, and a problem that names it was answered. */
bool api_number(struct http_request *request, const char *name, uint64_t least, uint64_t most,
                uint64_t *value) __attribute__((warn_unused_result));
/* A number as paths and queries have it: digits and nothing else. */
bool api_is_number(const char *text, uint64_t *value);
/* Whose view it is, and when: the first fields of every document. */
cJSON *api_begin(const struct agent *a);
void api_add_time(cJSON *object, const char *name, uint64_t unix_ms);
/* As a decimal string: for numbers that may pass 2^52. */
void api_add_big(cJSON *object, const char *name, uint64_t value);
void api_add_hex(cJSON *object, const char *name, const uint8_t *bytes, size_t size_bytes);
/* The name of a member, null if it is none. */
void api_add_name(cJSON *object, const char *name, const struct cluster *c, uint32_t member);
/* The names of the members whose bits are set. */
void api_add_names(cJSON *object, const char *name, const struct cluster *c, uint32_t members);

/* api_wait.c */
/* A free place, or NULL after a 503 was answered. */
struct api_waiter *api_waiter_take(struct api *api, struct http_request *request, bool waits);
void api_waiter_free(struct api_waiter *waiter);
/* Sets the timer of all waiters to the earliest of their ends. */
void api_wait(struct api *api);
/* When a wait of so many seconds ends: up to a sixteenth later, so that they do not all end at
 * once. */
uint64_t api_wait_until_ms(uint64_t wait_s);
void api_on_time(void *context);
/* Serves a document: at once, by its tag, or when the height has passed `after`. */
void api_serve(struct api *api, struct http_request *request, api_document *document,
               const char *name);

/* Documents: api_status.c, api_members.c, api_windows.c, api_references.c. */
api_document document_status;
api_document document_members;
api_document document_member;
api_document document_windows;
api_document document_names;
api_document document_references;
cJSON *api_record(const struct agent *a, uint32_t member);
/* A member with all that is known of it. */
cJSON *api_member(const struct agent *a, uint32_t member);
/* The index of the member of that name, MEMBER_NONE: nobody's. */
uint32_t api_member_named(const struct cluster *c, const char *name, size_t size);
/* Answers that there is no such member. */
void api_no_member(struct http_request *request, const struct cluster *c, const char *name);
void api_add_members(const struct agent *a, cJSON *object, const char *name, uint32_t limit);
void api_add_grant(cJSON *object, const struct cluster *c, uint64_t due);
void api_add_motions(cJSON *object, const struct cluster *c); /* api_motions.c */
/* The names that the member holds; api_names.c. */
void api_add_held(cJSON *object, const char *name, const struct cluster *c, uint32_t member);
void api_add_completed(cJSON *object, const struct cluster *c);
/* The start of a window. */
void api_add_window_time(cJSON *object, const char *name, const struct cluster *c,
                         uint64_t window);

/* What comes from the database: api_log.c, api_block.c, api_explanation.c. */
void api_log(struct api *api, struct http_request *request, const char *name);
void api_log_again(struct api_waiter *waiter);
void api_add_event(cJSON *list, const struct store_event *event);
/* Answers that it cannot be read: the database refuses, or there is too much to do. */
void api_log_unread(struct http_request *request, bool refused);
#define EXPLANATION_TAIL "/explanation"
void api_explanation(struct api *api, struct http_request *request, const char *name);
void api_block(struct api *api, struct http_request *request, const char *height);

/* api_operator.c: what operators sign, taken by the local socket alone. */
void api_operator(struct api *api, struct http_request *request, const char *name);
api_document document_operators;
api_document document_operator;

/* api_token.c, api_verify.c */
void api_token(struct api *api, struct http_request *request, const char *name);
void api_trust(struct api *api, struct http_request *request, const char *name);
void api_jwks(struct api *api, struct http_request *request, const char *name);
void api_verify(struct api *api, struct http_request *request, const char *name);
void api_verify_path(struct api *api, struct http_request *request, const char *name);

/* api_check.c: one word, for load balancers and supervisors. */
void api_check_good(struct api *api, struct http_request *request, const char *name);
void api_check_leads(struct api *api, struct http_request *request, const char *name);
void api_check_holds(struct api *api, struct http_request *request, const char *name);
void api_livez(struct api *api, struct http_request *request, const char *name);
void api_readyz(struct api *api, struct http_request *request, const char *name);

#endif
