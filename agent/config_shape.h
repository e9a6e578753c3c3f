#ifndef OSTRAKON_AGENT_CONFIG_SHAPE_H
#define OSTRAKON_AGENT_CONFIG_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cyaml/cyaml.h>

#include "config_report.h"

#define SHAPE_PATH_BYTES 64u
#define SHAPE_ENTRIES_MAX 512u
#define SHAPE_DEPTH_MAX 4u

/* The shape of a YAML file: which keys and lists it has, and where. libcyaml fills structs from
 * the same tables but stops at the first fault, points before the key it means, and keeps no
 * places for what is found out later; so the file is walked once with libyaml first. What
 * passes here libcyaml takes.
 */
struct shape_entry {
    char path[SHAPE_PATH_BYTES]; /* "members[2].name" */
    uint32_t line;
    uint32_t column;
};

struct shape {
    const char *file; /* the caller's; how reports call it */
    uint32_t count;
    struct shape_entry entries[SHAPE_ENTRIES_MAX];
};

/* What a key is for, in messages: `founded: is missing; expected EXPECTED`. A table ends with a
 * NULL key; "key[]" speaks of the items of a list. */
struct shape_key {
    const char *key;
    const char *expected;
};

/* Walks the file and reports all of: no YAML, empty, more than one document, aliases, keys that
 * are unknown, missing or doubled, a list or mapping for a value and the other way round, zero
 * bytes in a value, more than SHAPE_ENTRIES_MAX values. True if there was none of these. */
bool shape_read(struct shape *s, const struct cyaml_schema_value *schema,
                const struct shape_key *keys, const void *bytes, size_t size_bytes,
                struct config_report *report) __attribute__((warn_unused_result));

/* Where the value at `path` begins, or else that of the nearest mapping around it. */
struct config_place shape_place(const struct shape *s, const char *path);

#endif
