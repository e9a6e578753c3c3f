#ifndef OSTRAKON_AGENT_CLI_REBUILD_H
#define OSTRAKON_AGENT_CLI_REBUILD_H

#include "agent/config.h"
#include "command.h"
#include "consensus/cluster.h"
#include "draft.h"
#include "moment.h"

/* The parts of `ostrakon cluster rebuild`. */

#define REBUILD_PAIR_BYTES 128u

struct rebuild_options {
    struct invocation *invocation;
    const char *output;
    bool yes;
    uint32_t count;
    const char *members[MEMBERS_MAX];
    uint32_t operator_count; /* 0: as they were */
    const char *operators[OPERATORS_MAX];
};

/* What is read and made. */
struct rebuild {
    const struct rebuild_options *options;
    struct node_config config;
    struct cluster past;
    int lock;        /* of the data directory; -1 */
    uint32_t chosen; /* bits of members */
    struct draft draft;
    char founded[MOMENT_BYTES];
    char malfunctioning_max[16];
    char min_members[16];
    char timing[DRAFT_TIMING_MAX][REBUILD_PAIR_BYTES];
    char operators[OPERATORS_MAX][REBUILD_PAIR_BYTES];
    char names[SERVICE_NAMES_MAX][DRAFT_VALUE_BYTES];
    struct founding result;
};

/* Drafts the document of the cluster that goes on with `chosen`, of what the last one was at
 * its end. Its texts lie in `r`. */
void rebuild_draft(struct rebuild *r);

#endif
