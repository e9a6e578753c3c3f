#ifndef OSTRAKON_AGENT_CLI_CLIENT_H
#define OSTRAKON_AGENT_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "command.h"

#define ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* A document of the agent's, checked to be JSON and parsed. */
struct answer {
    char *text; /* as it came, ending in zero */
    size_t size_bytes;
    cJSON *document;
};

/* Finds the socket as the invocation says. 0, or an exit code after a complaint. */
int client_socket(const struct invocation *invocation, char *path, size_t path_bytes);

/* Asks the agent at `socket` for `path` ("/v1/status"), which may take `wait_s` longer than
 * usual. 0, or an exit code after a complaint; the caller finishes `out` in either case. */
int client_get(const char *socket, const char *path, long wait_s, struct answer *out);

/* The same without a complaint: whether there is such a document. */
bool client_look(const char *socket, const char *path, long wait_s, struct answer *out);

/* Hands it bytes; taken is what is answered with 200 or 202. 0, or an exit code after a
 * complaint: EXIT_DEGRADED if it says what is wrong with them. Likewise finished by the caller.
 */
int client_post(const char *socket, const char *path, const void *bytes, size_t size_bytes,
                struct answer *out);

/* Accepts a zeroed struct. */
void answer_finish(struct answer *a);

/* The parsed document, NULL if it is anything that JSON's readers disagree about: text after
 * the value, control bytes or bad UTF-8 in strings, too deep. The caller deletes it. */
cJSON *document_parse(const char *text, size_t size_bytes);

#endif
