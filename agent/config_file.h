#ifndef OSTRAKON_AGENT_CONFIG_FILE_H
#define OSTRAKON_AGENT_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cyaml/cyaml.h>

#include "config_report.h"
#include "config_shape.h"

/* One kind of file: its tables, and how messages call its keys. */
struct file_kind {
    const cyaml_schema_value_t *schema;
    const struct shape_key *keys;
};

/* Reads a whole regular file, at most CONFIG_FILE_BYTES_MAX; the caller frees *bytes. Otherwise
 * false, with a fault in the report. */
bool file_read(const char *path, char **bytes, size_t *size_bytes, struct config_report *report)
    __attribute__((warn_unused_result));

/* Fills a struct as the schema says, all of it libcyaml's, to be freed with file_unload. NULL,
 * with at least one fault in the report, if the file has another shape. */
void *file_load(const struct file_kind *kind, const void *bytes, size_t size_bytes,
                struct shape *shape, struct config_report *report)
    __attribute__((warn_unused_result));

/* Accepts a NULL `loaded`. */
void file_unload(const struct file_kind *kind, void *loaded);

#endif
