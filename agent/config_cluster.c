#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_timing.h"
#include "config_value.h"

/* cluster.yaml, the founding document. Every value is loaded as text and judged here: libcyaml
 * takes 1e3 for 1, 010 for 8 and -5 for 18446744073709551611. */

#define RAW_MEMBER_KEYS(X) X(name) X(role) X(address) X(transport_key) X(vote_key)

struct raw_member {
#define X(key) char *key;
    RAW_MEMBER_KEYS(X)
#undef X
};

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
    {"key",
     "the 64 hexadecimal digits of an Ed25519 public key, as ostrakon keygen prints them"},
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

/* What the judging functions below share. */
struct judge {
    const struct shape *shape;
    struct config_report *report;
};

/* The text is not what the key wants. `path` ends in the key. */
static void refuse(const struct judge *j, const char *path, const char *text)
{
    const char *dot = strrchr(path, '.');
    const char *key = dot == NULL ? path : dot + 1;
    const struct shape_key *k = cluster_keys;
    while (k->key != NULL && strcmp(k->key, key) != 0) {
        k++;
    }
    assert(k->key != NULL);
    char quoted[CONFIG_QUOTE_BYTES];
    config_fault(j->report, shape_place(j->shape, path), key, "%s is not %s",
                 config_quote(text, quoted), k->expected);
}

static void member_path(char out[static SHAPE_PATH_BYTES], uint32_t index, const char *key)
{
    snprintf(out, SHAPE_PATH_BYTES, "members[%u].%s", index, key);
}

static void judge_key(const struct judge *j, uint32_t index, const char *name, const char *text,
                      uint8_t out[static PUBLIC_KEY_BYTES])
{
    char path[SHAPE_PATH_BYTES];
    member_path(path, index, name);
    if (!value_key(text, out)) {
        refuse(j, path, text);
    } else if (!key_is_sound(out)) {
        config_fault(j->report, shape_place(j->shape, path), name,
                     "%.16s... is no sound Ed25519 key (of small order, or not canonical): "
                     "anybody could sign for it",
                     text);
    }
}

static void judge_address(const struct judge *j, uint32_t index, const char *text,
                          char out[static ADDRESS_SIZE_BYTES])
{
    char path[SHAPE_PATH_BYTES];
    member_path(path, index, "address");
    if (!address_canonical(text, out)) {
        refuse(j, path, text);
    } else if (!address_is_reachable(out)) {
        config_fault(j->report, shape_place(j->shape, path), "address",
                     "%s is no address that other members can connect to", out);
    }
}

static void judge_member(const struct judge *j, uint32_t index, const struct raw_member *raw,
                         struct founding_member *out)
{
    char path[SHAPE_PATH_BYTES];
    member_path(path, index, "name");
    if (!value_name(raw->name, out->name)) {
        refuse(j, path, raw->name);
    }
    const bool witness = strcmp(raw->role, "witness") == 0;
    out->role = witness ? ROLE_WITNESS : ROLE_NODE;
    if (!witness && strcmp(raw->role, "node") != 0) {
        member_path(path, index, "role");
        refuse(j, path, raw->role);
    }
    judge_address(j, index, raw->address, out->address);
    judge_key(j, index, "transport_key", raw->transport_key, out->transport_key);
    judge_key(j, index, "vote_key", raw->vote_key, out->vote_key);
}

/* A value that two members have, or one member twice. Values that were refused are zeros, and
 * no pair of their own. */
static void judge_pair(const struct judge *j, const void *a, const void *b, size_t size_bytes,
                       const char *first_path, const char *path, const char *what)
{
    static const uint8_t zeros[ADDRESS_SIZE_BYTES];
    assert(size_bytes <= sizeof zeros);
    if (memcmp(a, b, size_bytes) == 0 && memcmp(a, zeros, size_bytes) != 0) {
        const char *key = strrchr(path, '.');
        assert(key != NULL);
        config_fault(j->report, shape_place(j->shape, path), key + 1,
                     "the same %s as in line %u; each member has its own", what,
                     shape_place(j->shape, first_path).line);
    }
}

static void judge_twins(const struct judge *j, const struct founding_member *first,
                        uint32_t first_index, const struct founding_member *second,
                        uint32_t second_index)
{
    const struct {
        const char *first_key, *key, *what;
        const void *a, *b;
        size_t size_bytes;
    } pairs[] = {
        {"name", "name", "name", first->name, second->name, NAME_SIZE_BYTES},
        {"address", "address", "address", first->address, second->address, ADDRESS_SIZE_BYTES},
        {"transport_key", "transport_key", "key", first->transport_key, second->transport_key,
         PUBLIC_KEY_BYTES},
        {"transport_key", "vote_key", "key", first->transport_key, second->vote_key,
         PUBLIC_KEY_BYTES},
        {"vote_key", "transport_key", "key", first->vote_key, second->transport_key,
         PUBLIC_KEY_BYTES},
        {"vote_key", "vote_key", "key", first->vote_key, second->vote_key, PUBLIC_KEY_BYTES},
    };
    for (uint32_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char first_path[SHAPE_PATH_BYTES];
        char path[SHAPE_PATH_BYTES];
        member_path(first_path, first_index, pairs[i].first_key);
        member_path(path, second_index, pairs[i].key);
        judge_pair(j, pairs[i].a, pairs[i].b, pairs[i].size_bytes, first_path, path,
                   pairs[i].what);
    }
}

static void judge_distinct(const struct judge *j, const struct founding *f)
{
    for (uint32_t i = 0; i < f->member_count; i++) {
        const struct founding_member *m = &f->members[i];
        char transport[SHAPE_PATH_BYTES];
        char vote[SHAPE_PATH_BYTES];
        member_path(transport, i, "transport_key");
        member_path(vote, i, "vote_key");
        judge_pair(j, m->transport_key, m->vote_key, PUBLIC_KEY_BYTES, transport, vote, "key");
        for (uint32_t k = 0; k < i; k++) {
            judge_twins(j, &f->members[k], k, m, i);
        }
    }
}

static void judge_members(const struct judge *j, const struct raw_cluster *raw,
                          struct founding *out)
{
    uint32_t nodes = 0;
    const struct config_place place = shape_place(j->shape, "members");
    out->member_count = raw->members_count < MEMBERS_MAX ? raw->members_count : MEMBERS_MAX;
    for (uint32_t i = 0; i < out->member_count; i++) {
        judge_member(j, i, &raw->members[i], &out->members[i]);
        nodes += strcmp(raw->members[i].role, "node") == 0;
    }
    if (raw->members_count > MEMBERS_MAX) {
        config_fault(j->report, place, "members", "%u are given, at most %u are possible",
                     raw->members_count, MEMBERS_MAX);
    }
    if (nodes == 0) {
        config_fault(j->report, place, "members",
                     "none is a node: witnesses alone process no window");
    }
    if (raw->members_count == 1 && out->audit_required) {
        config_fault(j->report, place, "members",
                     "one member alone has nobody to audit it, so no window would ever be "
                     "settled; add a member, or say audit: off");
    }
    judge_distinct(j, out);
}

static void judge_operator(const struct judge *j, uint32_t index,
                           const struct raw_operator *raw, struct founding *out)
{
    struct operator_key *to = &out->operators[index];
    char path[SHAPE_PATH_BYTES];
    snprintf(path, sizeof path, "operators[%u].name", index);
    if (!value_name(raw->name, to->name)) {
        refuse(j, path, raw->name);
    }
    snprintf(path, sizeof path, "operators[%u].key", index);
    if (!value_key(raw->key, to->key)) {
        refuse(j, path, raw->key);
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
        refuse(j, key, text);
    }
}

static void judge_cluster(const struct judge *j, const struct raw_cluster *raw,
                          struct founding *out)
{
    if (!value_name(raw->cluster, out->name)) {
        refuse(j, "cluster", raw->cluster);
    }
    if (!value_time(raw->founded, &out->founded_ms)) {
        refuse(j, "founded", raw->founded);
    }
    out->timing = timing_default();
    timing_fill(raw->timing, j->shape, &out->timing, j->report);
    timing_judge(&out->timing, j->shape, j->report);
    out->malfunctioning_max = MEMBERS_MAX;
    judge_number(j, "malfunctioning_max", raw->malfunctioning_max, 0, &out->malfunctioning_max);
    judge_number(j, "min_members", raw->min_members, 2, &out->members_min);
    out->audit_required = raw->audit == NULL || strcmp(raw->audit, "required") == 0;
    if (!out->audit_required && strcmp(raw->audit, "off") != 0) {
        refuse(j, "audit", raw->audit);
    }
    const char *mode = raw->mode != NULL ? raw->mode : "act";
    out->observes = strcmp(mode, "act") != 0;
    if (out->observes && strcmp(mode, "observe") != 0) {
        refuse(j, "mode", mode);
    }
    judge_members(j, raw, out);
    judge_operators(j, raw, out);
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
        judge_cluster(&(struct judge){shape, report}, raw, out);
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
