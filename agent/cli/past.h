#ifndef OSTRAKON_AGENT_CLI_PAST_H
#define OSTRAKON_AGENT_CLI_PAST_H

#include <stdbool.h>

#include "agent/config.h"
#include "consensus/cluster.h"

#define PAST_ERROR_BYTES 512u

/* The state up to which this member has the chain: from the founding document or the newest
 * snapshot on, every stored block checked as an agent checks it when it starts. Reads the
 * database only. False: `why` is a sentence. */
bool past_read(const struct node_config *config, struct cluster *out,
               char why[static PAST_ERROR_BYTES]) __attribute__((warn_unused_result));

#endif
