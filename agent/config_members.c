/* The members of cluster.yaml: each by itself, and what no two may share. */
#include "config_members.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_value.h"

void judge_refuse(const struct judge *j, const char *path, const char *text)
{
    const char *dot = strrchr(path, '.');
    const char *key = dot == NULL ? path : dot + 1;
    const struct shape_key *k = j->keys;
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
        judge_refuse(j, path, text);
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
        judge_refuse(j, path, text);
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
        judge_refuse(j, path, raw->name);
    }
    const bool witness = strcmp(raw->role, "witness") == 0;
    out->role = witness ? ROLE_WITNESS : ROLE_NODE;
    if (!witness && strcmp(raw->role, "node") != 0) {
        member_path(path, index, "role");
        judge_refuse(j, path, raw->role);
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

void judge_members(const struct judge *j, const struct raw_member *raw, uint32_t count,
                   struct founding *out)
{
    uint32_t nodes = 0;
    const struct config_place place = shape_place(j->shape, "members");
    out->member_count = count < MEMBERS_MAX ? count : MEMBERS_MAX;
    for (uint32_t i = 0; i < out->member_count; i++) {
        judge_member(j, i, &raw[i], &out->members[i]);
        nodes += strcmp(raw[i].role, "node") == 0;
    }
    if (count > MEMBERS_MAX) {
        config_fault(j->report, place, "members", "%u are given, at most %u are possible",
                     count, MEMBERS_MAX);
    }
    if (nodes == 0) {
        config_fault(j->report, place, "members",
                     "none is a node: witnesses alone process no window");
    }
    if (count == 1 && out->audit_required) {
        config_fault(j->report, place, "members",
                     "one member alone has nobody to audit it, so no window would ever be "
                     "settled; add a member, or say audit: off");
    }
    judge_distinct(j, out);
}
