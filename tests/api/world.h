#ifndef OSTRAKON_TESTS_API_WORLD_H
#define OSTRAKON_TESTS_API_WORLD_H

#include <stdbool.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "agent/agent.h"
#include "agent/api_parts.h"

/* An agent whose loop, database and API are real, and clients on the same loop. Its node is a
 * scene's, and is never stepped: a test changes the node's fields and says so with api_changed.
 */
struct world {
    struct agent agent;
    struct deciding *d;
    CURLM *multi;
    struct loop_timer *poll;
    uint64_t deadline_ms;
    const struct exchange *awaited;
    char url[64];
};

/* One request and what came of it. */
struct exchange {
    CURL *easy;
    struct curl_slist *fields;
    bool done;
    long status; /* 0: no answer */
    char *body;
    size_t body_bytes;
    char *head;
    size_t head_bytes;
    cJSON *json; /* NULL: it is none */
};

struct wish {
    const char *path;
    const char *method; /* NULL: GET */
    const char *known;  /* If-None-Match */
    bool local;         /* by the socket */
    const void *body;   /* NULL: none */
    size_t body_bytes;
    const char *bearer;   /* Authorization: Bearer */
    const char *proof;    /* X-Ostrakon-Proof */
    const char *host;     /* Host; NULL: the listener's own */
    const char *audience; /* X-Ostrakon-Audience */
    const char *another;  /* a whole field, at the end */
};

void world_init(struct world *w, uint32_t members);
void world_finish(struct world *w);

/* Runs the loop for so long. */
void world_run(struct world *w, uint32_t for_ms);

void world_ask(struct world *w, struct exchange *x, const struct wish *wish);
/* False: not within so long. */
bool world_await(struct world *w, const struct exchange *x, uint32_t for_ms);
/* Both, with patience; asserted. An exchange that was used is finished first. */
void world_get(struct world *w, struct exchange *x, const char *path);
void world_wish(struct world *w, struct exchange *x, const struct wish *wish);

/* Leaves before the answer, if it has not come. */
void exchange_finish(struct world *w, struct exchange *x);
/* The value of a header field into `value`; false if it is not there. */
bool exchange_field(const struct exchange *x, const char *name, char value[static 128]);
/* A field of the document, by its path ("quorum.bears.crashed"). */
const cJSON *exchange_at(const struct exchange *x, const char *path);
const char *exchange_text(const struct exchange *x, const char *path);
double exchange_number(const struct exchange *x, const char *path);

/* Has the journal write a line. */
void world_say(struct world *w, const char *code, const char *member, const char *message);

#endif
