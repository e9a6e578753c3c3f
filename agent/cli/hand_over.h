#ifndef OSTRAKON_AGENT_CLI_HAND_OVER_H
#define OSTRAKON_AGENT_CLI_HAND_OVER_H

#include "agent/config.h"

/* Gives the file `path`, which was made just now, to the agent: to whom the data directory
 * belongs. Only root can, and only root has to: nobody else makes files that are not his own.
 * Durable. 0, or the exit code, after having complained. */
int hand_over(const char *path, const struct node_config *c);

#endif
