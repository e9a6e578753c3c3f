#ifndef OSTRAKON_AGENT_CONFIG_MEMBERS_H
#define OSTRAKON_AGENT_CONFIG_MEMBERS_H

#include <stdint.h>

#include "config_report.h"
#include "config_shape.h"
#include "consensus/founding.h"

/* What the judges of one file share. */
struct judge {
    const struct shape *shape;
    const struct shape_key *keys; /* what each key is to be */
    struct config_report *report;
};

/* A fault: the text is not what the key wants. `path` ends in the key, which is one of the
 * table's. */
void judge_refuse(const struct judge *j, const char *path, const char *text);

#define RAW_MEMBER_KEYS(X) X(name) X(role) X(address) X(transport_key) X(vote_key)

struct raw_member {
#define X(key) char *key;
    RAW_MEMBER_KEYS(X)
#undef X
};

/* Judges `count` members, each by itself and all together; `out->audit_required` is set
 * already. */
void judge_members(const struct judge *j, const struct raw_member *raw, uint32_t count,
                   struct founding *out);

#endif
