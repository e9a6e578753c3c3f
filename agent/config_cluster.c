#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_members.h"
#include "config_names.h"
#include "config_rebuilt.h"
#include "config_timing.h"
#include "config_value.h"

/* cluster.yaml, the founding document. Every value is loaded as text and judged here: libcyaml
 * takes 1e3 for 1, 010 for 8 and -5 for 18446744073709551611. */

struct raw_operator {
    char *name;
    char *key;
};

struct raw_cluster {
    char *cluster;
    char *founded;
    struct raw_timing *timing;
    char *malfunctioning_max;
    char *audit;
    char *mode;
    char *min_members;
    struct raw_member *members;
    uint32_t members_count;
    struct raw_operator *operators;
    uint32_t operators_count;
    struct raw_rebuilt *rebuilt;
    struct raw_name *names;
    uint32_t names_count;
};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t timing_fields[] = {
#define X(key, least, most)                                                                    \
    CYAML_FIELD_STRING_PTR(#key, OPTIONAL, struct raw_timing, key, 0, CYAML_UNLIMITED),
    TIMING_KEYS(X)
#undef X
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t member_fields[] = {
#define X(key)                                                                                 \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct raw_member, key, 0,                \
                           CYAML_UNLIMITED),
    RAW_MEMBER_KEYS(X)
#undef X
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t member_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_member, member_fields),
};

static const cyaml_schema_field_t operator_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct raw_operator, name, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, struct raw_operator, key, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t operator_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_operator, operator_fields),
};

static const cyaml_schema_field_t rebuilt_fields[] = {
#define X(key, expected)                                                                       \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct raw_rebuilt, key, 0,               \
                           CYAML_UNLIMITED),
    REBUILT_KEYS(X)
#undef X
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t cluster_fields[] = {
    CYAML_FIELD_STRING_PTR("cluster", CYAML_FLAG_POINTER, struct raw_cluster, cluster, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("founded", CYAML_FLAG_POINTER, struct raw_cluster, founded, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING_PTR("timing", OPTIONAL, struct raw_cluster, timing, timing_fields),
    CYAML_FIELD_STRING_PTR("malfunctioning_max", OPTIONAL, struct raw_cluster,
                           malfunctioning_max, 0, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("audit", OPTIONAL, struct raw_cluster, audit, 0, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("mode", OPTIONAL, struct raw_cluster, mode, 0, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("min_members", OPTIONAL, struct raw_cluster, min_members, 0,
                           CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("members", CYAML_FLAG_POINTER, struct raw_cluster, members,
                         &member_schema, 0, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("operators", OPTIONAL, struct raw_cluster, operators, &operator_schema,
                         0, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING_PTR("rebuilt", OPTIONAL, struct raw_cluster, rebuilt, rebuilt_fields),
    CYAML_FIELD_SEQUENCE("names", OPTIONAL, struct raw_cluster, names, &names_schema, 0,
                         CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t cluster_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_cluster, cluster_fields),
};

static const struct shape_key cluster_keys[] = {
    {"cluster", "a name of 1 to 31 of a-z, 0-9 and -"},
    {"founded", "a time like 2026-11-22T06:30:00.000Z"},
    {"timing", "a mapping, such as {tick_ms: 5000}"},
    {"malfunctioning_max", "a whole number from 0 to 16"},
    {"audit", "required or off"},
    {"mode", "act or observe"},
    {"min_members", "a whole number from 2 to 16"},
    {"members", "a list of members"},
    {"members[]", "a mapping with name, role, address, transport_key and vote_key"},
    {"operators", "a list of operators"},
    {"operators[]", "a mapping with name and key"},
    NAMES_KEYS,
    {"rebuilt", "a mapping with from, height, next_window, fence and term"},
#define X(key, expected) {#key, expected},
    REBUILT_KEYS(X)
#undef X
        {"key", "the 64 hexadecimal digits that ostrakon operator keygen prints"},
    {"name", "a name of 1 to 31 of a-z, 0-9 and -"},
    {"role", "node or witness"},
    {"address", "a numeric address and port, like 192.0.2.1:7100 or [2001:db8::1]:7100"},
    {"transport_key", "the 64 hexadecimal digits that ostrakon keygen prints"},
    {"vote_key", "the 64 hexadecimal digits that ostrakon keygen prints"},
#define X(key, least, most) {#key, "a whole number from " #least " to " #most},
    TIMING_KEYS(X)
#undef X
        {NULL, NULL},
};

static const struct file_kind cluster_file = {&cluster_schema, cluster_keys};

static void judge_operator(const struct judge *j, uint32_t index,
                           const struct raw_operator *raw, struct founding *out)
{
    struct operator_key *to = &out->operators[index];
    char path[SHAPE_PATH_BYTES];
    snprintf(path, sizeof path, "operators[%u].name", index);
    if (!value_name(raw->name, to->name)) {
        judge_refuse(j, path, raw->name);
    }
    snprintf(path, sizeof path, "operators[%u].key", index);
    if (!value_key(raw->key, to->key)) {
        judge_refuse(j, path, raw->key);
        return;
    }
    bool taken = !key_is_sound(to->key);
    for (uint32_t i = 0; i < index; i++) {
        taken |= memcmp(out->operators[i].key, to->key, PUBLIC_KEY_BYTES) == 0 ||
                 strcmp(out->operators[i].name, to->name) == 0;
    }
    for (uint32_t i = 0; i < out->member_count; i++) {
        taken |= memcmp(out->members[i].vote_key, to->key, PUBLIC_KEY_BYTES) == 0 ||
                 memcmp(out->members[i].transport_key, to->key, PUBLIC_KEY_BYTES) == 0;
    }
    if (taken) {
        config_fault(j->report, shape_place(j->shape, path), "key",
                     "%.16s... is no sound Ed25519 key, or somebody else's in this file",
                     raw->key);
    }
}

static void judge_operators(const struct judge *j, const struct raw_cluster *raw,
                            struct founding *out)
{
    const uint32_t count = raw->operators_count;
    out->operator_count = count < OPERATORS_MAX ? count : OPERATORS_MAX;
    if (count > OPERATORS_MAX) {
        config_fault(j->report, shape_place(j->shape, "operators"), "operators",
                     "%u are given, at most %u are possible", count, OPERATORS_MAX);
    }
    for (uint32_t i = 0; i < out->operator_count; i++) {
        judge_operator(j, i, &raw->operators[i], out);
    }
}

static void judge_number(const struct judge *j, const char *key, const char *text,
                         uint32_t least, uint32_t *out)
{
    if (text != NULL && !value_number(text, least, MEMBERS_MAX, out)) {
        judge_refuse(j, key, text);
    }
}

static void judge_cluster(const struct judge *j, const struct raw_cluster *raw,
                          struct founding *out)
{
    if (!value_name(raw->cluster, out->name)) {
        judge_refuse(j, "cluster", raw->cluster);
    }
    if (!value_time(raw->founded, &out->founded_ms)) {
        judge_refuse(j, "founded", raw->founded);
    }
    out->timing = timing_default();
    timing_fill(raw->timing, j->shape, &out->timing, j->report);
    timing_judge(&out->timing, j->shape, j->report);
    out->malfunctioning_max = MEMBERS_MAX;
    judge_number(j, "malfunctioning_max", raw->malfunctioning_max, 0, &out->malfunctioning_max);
    judge_number(j, "min_members", raw->min_members, 2, &out->members_min);
    out->audit_required = raw->audit == NULL || strcmp(raw->audit, "required") == 0;
    if (!out->audit_required && strcmp(raw->audit, "off") != 0) {
        judge_refuse(j, "audit", raw->audit);
    }
    const char *mode = raw->mode != NULL ? raw->mode : "act";
    out->observes = strcmp(mode, "act") != 0;
    if (out->observes && strcmp(mode, "observe") != 0) {
        judge_refuse(j, "mode", mode);
    }
    judge_members(j, raw->members, raw->members_count, out);
    judge_operators(j, raw, out);
    names_judge(raw->names, raw->names_count, j->shape, out, j->report);
    judge_rebuilt(j, raw->rebuilt, out);
}

bool cluster_config_parse(const char *name, const void *bytes, size_t size_bytes,
                          struct founding *out, struct config_report *report)
{
    const uint32_t before = report->fault_count;
    memset(out, 0, sizeof *out);
    struct shape *shape = calloc(1, sizeof *shape);
    if (shape == NULL) {
        config_fault(report, (struct config_place){name, 0, 0}, "", "out of memory");
        return false;
    }
    shape->file = name;
    struct raw_cluster *raw = file_load(&cluster_file, bytes, size_bytes, shape, report);
    if (raw != NULL) {
        judge_cluster(&(struct judge){shape, cluster_keys, report}, raw, out);
    }
    file_unload(&cluster_file, raw);
    free(shape);
    if (report->fault_count != before) {
        memset(out, 0, sizeof *out);
        return false;
    }
    return true;
}

bool cluster_config_read(const char *path, struct founding *out, struct config_report *report)
{
    char *bytes = NULL;
    size_t size_bytes = 0;
    memset(out, 0, sizeof *out);
    if (!file_read(path, &bytes, &size_bytes, report)) {
        return false;
    }
    const bool done = cluster_config_parse(path, bytes, size_bytes, out, report);
    free(bytes);
    return done;
}
