#ifndef OSTRAKON_AGENT_API_H
#define OSTRAKON_AGENT_API_H

/* What the agent tells people and programs: read-only JSON documents under /v1/, on the
 * loopback listener and on the local socket alike (paths and fields: this folder's README).
 * Reads the node, changes nothing. Loop's thread. */

struct agent;
struct api;

#define API_ERROR_BYTES 512u

/* Listens on both. NULL if it cannot; `error` is then one sentence. */
struct api *api_create(struct agent *a, char error[static API_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* Accepts NULL. */
void api_destroy(struct api *api);

/* A step of the node is done: whoever waits for a change is answered if there was one. Costs
 * next to nothing where nobody waits. Accepts NULL. */
void api_changed(struct api *api);

#endif
