#include "config_node_file.h"

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, flags)                                                                       \
    CYAML_FIELD_STRING_PTR(#key, flags, struct raw_node, key, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t word_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t hook_fields[] = {
#define X(hook)                                                                                \
    CYAML_FIELD_SEQUENCE(#hook, OPTIONAL, struct raw_hooks, hook, &word_schema, 0,             \
                         CYAML_UNLIMITED),
    NODE_HOOKS(X)
#undef X
        CYAML_FIELD_END,
};

#define CERTIFICATE_TEXT(key, flags)                                                           \
    CYAML_FIELD_STRING_PTR(#key, flags, struct raw_certificate, key, 0, CYAML_UNLIMITED)

static const cyaml_schema_field_t certificate_fields[] = {
    CERTIFICATE_TEXT(purpose, CYAML_FLAG_POINTER),
    CERTIFICATE_TEXT(file, CYAML_FLAG_POINTER),
    CERTIFICATE_TEXT(key, OPTIONAL),
    CERTIFICATE_TEXT(host, OPTIONAL),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t certificate_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_certificate, certificate_fields),
};

#define NUMBER(key)                                                                            \
    CYAML_FIELD_STRING_PTR(#key, OPTIONAL, struct raw_memory, key, 0, CYAML_UNLIMITED)

static const cyaml_schema_field_t memory_fields[] = {
    NUMBER(sweep_mib_per_hour),
    NUMBER(window_mib),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t token_fields[] = {
    CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct raw_token, file, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("reload", OPTIONAL, struct raw_token, reload, &word_schema, 0,
                         CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t checkpoint_fields[] = {
    CYAML_FIELD_STRING_PTR("cluster_id", CYAML_FLAG_POINTER, struct raw_checkpoint, cluster_id,
                           0, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("height", CYAML_FLAG_POINTER, struct raw_checkpoint, height, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("hash", CYAML_FLAG_POINTER, struct raw_checkpoint, hash, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t trust_fields[] = {
    CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct raw_trust, file, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t node_fields[] = {
    TEXT(name, CYAML_FLAG_POINTER),
    TEXT(cluster, CYAML_FLAG_POINTER),
    TEXT(data_dir, CYAML_FLAG_POINTER),
    TEXT(latch_dir, OPTIONAL),
    TEXT(joins, OPTIONAL),
    CYAML_FIELD_MAPPING_PTR("checkpoint", OPTIONAL, struct raw_node, checkpoint,
                            checkpoint_fields),
    TEXT(listen, OPTIONAL),
    TEXT(api, OPTIONAL),
    TEXT(socket, OPTIONAL),
    CYAML_FIELD_MAPPING_PTR("hooks", OPTIONAL, struct raw_node, hooks, hook_fields),
    TEXT(log_level, OPTIONAL),
    TEXT(watchdog, OPTIONAL),
    CYAML_FIELD_SEQUENCE("certificates", OPTIONAL, struct raw_node, certificates,
                         &certificate_schema, 0, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING_PTR("memory", OPTIONAL, struct raw_node, memory, memory_fields),
    TEXT(time_sync, OPTIONAL),
    CYAML_FIELD_MAPPING_PTR("token", OPTIONAL, struct raw_node, token, token_fields),
    CYAML_FIELD_MAPPING_PTR("trust", OPTIONAL, struct raw_node, trust, trust_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t node_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_node, node_fields),
};

const struct shape_key node_keys[] = {
    {"name", "the name of this node in the cluster's file"},
    {"cluster", "the path of the cluster's file"},
    {"data_dir", "the path of this node's data directory"},
    {"latch_dir", "the path of another directory, if possible on another disk"},
    {"joins", "true or false"},
    {"checkpoint", "the line that ostrakon cluster checkpoint prints on another member"},
    {"cluster_id", "the 64 hexadecimal digits of a cluster's id"},
    {"height", "the height of a block, from 1"},
    {"hash", "the 64 hexadecimal digits of that block"},
    {"listen", "a numeric address and port, like 0.0.0.0:7100"},
    {"api", "a numeric address and port, like 127.0.0.1:7180"},
    {"socket", "the path of a Unix socket, at most 107 bytes"},
    {"hooks",
     "a mapping with any of grant, revoke, takeover, release, neuter, lock_out and standing"},
#define X(hook) {#hook, "a list of words: a program and its arguments"}, {#hook "[]", "a word"},
    NODE_HOOKS(X)
#undef X
        {"log_level", "error, warning, notice, info or debug"},
    {"watchdog", "the path of a watchdog's device, like /dev/watchdog"},
    {"certificates", "a list of certificates of the service"},
    {"certificates[]", "a mapping with purpose, file and, where wanted, key and host"},
    {"purpose", "what it is for, the same on all members: 1 to 15 of a-z, 0-9 and -"},
    {"file", "the path of a file (a certificate's: PEM, its chain behind it)"},
    {"key", "the path of its key"},
    {"host", "the name or address that it should be for"},
    {"memory", "a mapping with sweep_mib_per_hour and window_mib"},
    {"sweep_mib_per_hour", "a whole number from 0, for none, to 100000"},
    {"window_mib", "a whole number from 2 to 256"},
    {"time_sync", "required or optional"},
    {"token", "a mapping with file and, where wanted, reload"},
    {"reload", "a list of words: a program and its arguments"},
    {"reload[]", "a word"},
    {"trust", "a mapping with file"},
    {NULL, NULL},
};

const struct file_kind node_file = {&node_schema, node_keys};
