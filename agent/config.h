#ifndef OSTRAKON_AGENT_CONFIG_H
#define OSTRAKON_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config_report.h"
#include "consensus/checkpoint.h"
#include "consensus/founding.h"
#include "health/fleet.h"
#include "keyfile.h"

/* The two files that configure an agent, both YAML: `cluster.yaml`, the founding document, the
 * same on every node, and `node.yaml`, what concerns this node alone. Each reader judges a
 * whole file and reports every fault it finds, not the first; nothing of a refused file is
 * used.
 */

#define CONFIG_FILE_BYTES_MAX ((size_t)1024 * 1024)
#define CONFIG_PATH_BYTES 1024u
#define CONFIG_SOCKET_BYTES 108u /* of sun_path, with its zero */
#define HOOK_WORDS_MAX 32u
#define HOST_BYTES 256u /* of a name in the DNS, with its zero */
#define HOOK_TEXT_BYTES 4096u
#define CHECKPOINT_HEIGHT_MAX (1ull << 53) /* JSON has no greater ones */

/* What `sysexits.h` calls EX_CONFIG. */
#define CONFIG_EXIT 78

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* What an agent starts, each if node.yaml names it: README.md, "Hooks". */
#define NODE_HOOKS(X)                                                                          \
    X(grant)                                                                                   \
    X(revoke)                                                                                  \
    X(takeover)                                                                                \
    X(release)                                                                                 \
    X(neuter)                                                                                  \
    X(lock_out)                                                                                \
    X(standing)

/* The argument list of a hook: `count` words, one after another, each with its zero. */
struct hook_command {
    uint32_t count; /* 0: no such hook */
    uint32_t size_bytes;
    char text[HOOK_TEXT_BYTES];
};

/* A certificate of the service to be watched, with the key and the name that it should be for,
 * or "" where they are not given. */
struct certificate_config {
    char purpose[FLEET_PURPOSE_BYTES];
    char file[CONFIG_PATH_BYTES];
    char key[CONFIG_PATH_BYTES];
    char host[HOST_BYTES];
};

/* Paths are absolute, or relative to the working directory if the name of node.yaml was. */
struct node_config {
    char name[NAME_SIZE_BYTES];
    uint32_t member; /* our index in founding.members; MEMBERS_MAX - 1 where we are none of
                      * them, until the chain tells */
    bool joins;      /* this machine came after the founding: the chain has its keys */
    struct checkpoint checkpoint; /* what a person says of the history */
    char cluster_path[CONFIG_PATH_BYTES];
    char data_dir[CONFIG_PATH_BYTES];
    char latch_dir[CONFIG_PATH_BYTES];          /* data_dir/latch.d */
    char transport_key_path[CONFIG_PATH_BYTES]; /* data_dir/transport.pem */
    char vote_key_path[CONFIG_PATH_BYTES];      /* data_dir/vote.pem */
    char listen[ADDRESS_SIZE_BYTES];            /* peers; canonical, numeric, with port */
    char api[ADDRESS_SIZE_BYTES];
    char socket[CONFIG_SOCKET_BYTES];
#define X(hook) struct hook_command hook;
    NODE_HOOKS(X)
#undef X
    enum log_level log_level;
    char watchdog[CONFIG_PATH_BYTES]; /* "": none; opening it arms it */
    uint32_t certificate_count;
    struct certificate_config certificates[FLEET_CERTIFICATES_MAX];
    char own_path[CONFIG_PATH_BYTES];   /* of node.yaml itself; empty if it is too long */
    uint32_t sweep_mib_per_hour;        /* of memory; 0: none is tested */
    uint32_t window_mib;                /* of memory held by that test, at most */
    bool time_required;                 /* of the kernel: that it be synchronised */
    char token_path[CONFIG_PATH_BYTES]; /* this member's token is written there; "": nowhere */
    struct hook_command reload;         /* run when it was replaced or removed */
    char trust_path[CONFIG_PATH_BYTES]; /* the newest bundle ever; data_dir/trust.json */
    struct founding founding;
};

/* Reads and judges a founding document. True: `out` is sound (there may still be warnings in
 * `report`). False: report->fault_count > 0, and `out` is zeroed. Reads at most
 * CONFIG_FILE_BYTES_MAX. Any thread. */
bool cluster_config_read(const char *path, struct founding *out, struct config_report *report)
    __attribute__((warn_unused_result));

/* The same for bytes in memory; `name` is what the report calls them. */
bool cluster_config_parse(const char *name, const void *bytes, size_t size_bytes,
                          struct founding *out, struct config_report *report)
    __attribute__((warn_unused_result));

/* Reads and judges node.yaml and the cluster.yaml that it names. Does not look at keys or the
 * data directory: config_check does. */
bool node_config_read(const char *path, struct node_config *out, struct config_report *report)
    __attribute__((warn_unused_result));

/* Fills in what the references of this machine want of the configuration, which must outlive
 * them: the data directory, the certificates, and whether the clock must be synchronised. */
struct reference_context;
void node_config_references(const struct node_config *c, struct reference_context *context);

/* Sets argv[0 .. count], the last NULL, to the words inside `h`, which must outlive it. */
void hook_argv(const struct hook_command *h, const char *argv[static HOOK_WORDS_MAX + 1]);

/* "127.0.0.1:7101" or "[::1]:7101" into its canonical spelling. False for names, missing or
 * zero ports, scopes, and whatever else is not one numeric address and one port. */
bool address_canonical(const char *text, char out[static ADDRESS_SIZE_BYTES])
    __attribute__((warn_unused_result));

/* Reads both keys, and compares them with what the cluster's file says of this member, unless
 * it joins. False,
 * with faults in the report and both zeroed, if either is not as it should be. The caller
 * finishes them. */
bool node_keys_read(const struct node_config *c, struct keyfile *transport,
                    struct keyfile *vote, struct config_report *report)
    __attribute__((warn_unused_result));

/* Adds faults for what the file names and the machine has not: directories that can be written,
 * hooks that can be run, certificates that are in force. */
void node_config_check(const struct node_config *c, struct config_report *report);

/* What `ostrakond --check FILE` runs: reads both files, and the keys, and compares these with
 * what the cluster's file says of this member; does all of node_config_check, and looks at what
 * the agent opens when it starts: its socket's directory, its vote record, its database.
 * Faults and warnings to `err`, a line on what was read to `out`. Returns 0 or CONFIG_EXIT. */
int config_check(const char *path, FILE *out, FILE *err);

#endif
