#ifndef STATS_COMMANDS_H
#define STATS_COMMANDS_H

#include "options.h"

/* Each answers an exit code. */
int command_init(const struct options *o);
int command_ingest(const struct options *o);
int command_traffic(const struct options *o);
int command_work(const struct options *o);
int command_totals(const struct options *o);
int command_verify(const struct options *o);
int command_status(const struct options *o);

#endif
