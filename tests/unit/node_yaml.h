#ifndef OSTRAKON_TESTS_NODE_YAML_H
#define OSTRAKON_TESTS_NODE_YAML_H

#include "agent/config.h"

/* A directory with cluster.yaml and an empty `data`, in which node.yaml is written and read. */

#define NODE_YAML                                                                              \
    "name: helios\n"                                                                           \
    "cluster: cluster.yaml\n"                                                                  \
    "data_dir: data\n"

extern char node_yaml_path[128];

void node_yaml_begin(void);
void node_yaml_end(void);

/* Valid until the next call. */
const char *node_yaml_beside(const char *name);
void node_yaml_put(const char *name, const char *text);

/* Reads that node.yaml. The report with the directory's name taken out; DIR/ stands before no
 * relative path. Valid until the next call. */
const char *node_yaml_report(const char *text, struct node_config *c);

#endif
