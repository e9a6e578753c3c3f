#ifndef OSTRAKON_AGENT_CLI_FIELDS_H
#define OSTRAKON_AGENT_CLI_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* Reading the fields of the agent's documents. A field that is absent, null or of another type
 * is simply not there: what an older or newer agent sends must not stop a status. `object` may
 * be NULL, or no object. */

const cJSON *field_of(const cJSON *object, const char *key);

/* NULL if not there. Bytes as they came: for comparing. */
const char *field_text(const cJSON *object, const char *key);

/* Escaped and cut for a terminal. False, and an empty `out`, if not there or empty. */
bool field_shown(const cJSON *object, const char *key, char *out, size_t out_bytes);

/* A whole number of 0 .. 2^53. */
bool field_number(const cJSON *object, const char *key, uint64_t *out);

/* An ISO time as Unix milliseconds. */
bool field_time(const cJSON *object, const char *key, uint64_t *out_ms);

#endif
