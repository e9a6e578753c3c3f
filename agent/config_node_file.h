#ifndef OSTRAKON_AGENT_CONFIG_NODE_FILE_H
#define OSTRAKON_AGENT_CONFIG_NODE_FILE_H

#include <stdint.h>

#include "config.h"
#include "config_file.h"

/* node.yaml as it is written: its keys, their shapes, and the texts that stand behind them; for
 * agent/config_node.c alone, which judges them. What is not given is NULL. */

struct raw_hooks {
#define X(hook)                                                                                \
    char **hook;                                                                               \
    uint32_t hook##_count;
    NODE_HOOKS(X)
#undef X
};

struct raw_certificate {
    char *purpose;
    char *file;
    char *key;
    char *host;
};

struct raw_memory {
    char *sweep_mib_per_hour;
    char *window_mib;
};

struct raw_token {
    char *file;
    char **reload;
    uint32_t reload_count;
};

struct raw_checkpoint {
    char *cluster_id;
    char *height;
    char *hash;
};

struct raw_trust {
    char *file;
};

struct raw_node {
    char *name;
    char *cluster;
    char *data_dir;
    char *latch_dir;
    char *joins;
    struct raw_checkpoint *checkpoint;
    char *listen;
    char *api;
    char *socket;
    struct raw_hooks *hooks;
    char *log_level;
    char *watchdog;
    struct raw_certificate *certificates;
    uint32_t certificates_count;
    struct raw_memory *memory;
    char *time_sync;
    struct raw_token *token;
    struct raw_trust *trust;
};

/* What is expected of each key; ends in NULL. */
extern const struct shape_key node_keys[];

/* Loads a struct raw_node. */
extern const struct file_kind node_file;

#endif
