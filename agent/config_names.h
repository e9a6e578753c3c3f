#ifndef OSTRAKON_AGENT_CONFIG_NAMES_H
#define OSTRAKON_AGENT_CONFIG_NAMES_H

#include <stdint.h>

#include "config_report.h"
#include "config_shape.h"
#include "consensus/founding.h"

/* `names` of cluster.yaml: under what the service is reached, and who owns each. */

struct raw_name {
    char *service;
    char *owner;
    char *exclusive; /* NULL: yes */
};

extern const cyaml_schema_value_t names_schema;

#define NAMES_KEYS                                                                             \
    {"names", "a list of names of the service"},                                               \
        {"names[]", "a mapping with service and owner"},                                       \
        {"service", "a name of 1 to 63 of a-z, 0-9, '.', '_' and -, like www.example.org"},    \
        {"owner", "the name of one of the members"},                                           \
    {                                                                                          \
        "exclusive", "yes or no"                                                               \
    }

/* Judges them and fills them into `out`, whose members and timing are there already. */
void names_judge(const struct raw_name *raw, uint32_t count, const struct shape *shape,
                 struct founding *out, struct config_report *report);

#endif
