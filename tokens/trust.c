/* The bundle's bytes: how they are made and read. Who is believed: trust_judge.c. */
#include "trust.h"

#include <string.h>

#include "scribe.h"
#include "strict.h"

const char *const trust_standing_texts[TRUST_STANDING_COUNT] = {
#define X(name, text) [TRUST_##name] = text,
    TRUST_STANDINGS(X)
#undef X
};

static void write_member(struct scribe *s, const struct trust_member *m)
{
    scribe_text(s, "{\"name\":");
    scribe_word(s, m->name);
    scribe_text(s, ",\"standing\":");
    scribe_word(s, trust_standing_texts[m->standing]);
    scribe_text(s, ",\"term\":");
    scribe_number(s, m->term);
    scribe_text(s, ",\"role\":");
    scribe_word(s, token_role_texts[m->role]);
    scribe_text(s, ",\"key\":");
    scribe_base64(s, m->vote_key, sizeof m->vote_key);
    scribe_text(s, ",\"transport\":");
    scribe_base64(s, m->transport_key, sizeof m->transport_key);
    scribe_text(s, "}");
}

size_t trust_payload(const struct trust *trust, char out[static JWS_PAYLOAD_MAX])
{
    struct scribe s = scribe_of(out, JWS_PAYLOAD_MAX);
    scribe_text(&s, "{\"iss\":");
    scribe_hex(&s, trust->cluster_id, sizeof trust->cluster_id);
    scribe_text(&s, ",\"height\":");
    scribe_number(&s, trust->height);
    scribe_text(&s, ",\"time_ms\":");
    scribe_number(&s, trust->time_ms);
    scribe_text(&s, ",\"ttl_s\":");
    scribe_number(&s, trust->ttl_s);
    scribe_text(&s, ",\"need\":");
    scribe_number(&s, trust->need);
    scribe_text(&s, ",\"members\":[");
    for (uint32_t i = 0; i < trust->count; i++) {
        scribe_text(&s, i == 0 ? "" : ",");
        write_member(&s, &trust->members[i]);
    }
    scribe_text(&s, "],\"operators\":[");
    for (uint32_t i = 0; i < trust->operator_count; i++) {
        scribe_text(&s, i == 0 ? "" : ",");
        scribe_base64(&s, trust->operators[i], sizeof trust->operators[i]);
    }
    scribe_text(&s, "]}");
    return scribe_done(&s);
}

static bool read_member(struct trust_member *m, const cJSON *item)
{
    uint64_t term;
    uint32_t standing;
    uint32_t role;
    if (!strict_object(item, 6) || !strict_word(item, "name", m->name, sizeof m->name) ||
        !strict_choice(item, "standing", trust_standing_texts, TRUST_STANDING_COUNT,
                       &standing) ||
        !strict_number(item, "term", UINT32_MAX, &term) ||
        !strict_choice(item, "role", token_role_texts, TOKEN_ROLE_COUNT, &role) ||
        !strict_base64(strict_field(item, "key"), m->vote_key, sizeof m->vote_key) ||
        !strict_base64(strict_field(item, "transport"), m->transport_key,
                       sizeof m->transport_key)) {
        return false;
    }
    m->standing = (enum trust_standing)standing;
    m->term = (uint32_t)term;
    m->role = (enum token_role)role;
    return identity_judge(m->vote_key) == KEY_ACCEPTED &&
           identity_judge(m->transport_key) == KEY_ACCEPTED;
}

/* One member under two names would count twice. */
static bool is_distinct(const struct trust *t, const struct trust_member *m)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const struct trust_member *other = &t->members[i];
        if (strcmp(other->name, m->name) == 0 ||
            memcmp(other->vote_key, m->vote_key, IDENTITY_KEY_BYTES) == 0 ||
            memcmp(other->transport_key, m->transport_key, IDENTITY_KEY_BYTES) == 0) {
            return false;
        }
    }
    return strcmp(m->name, TRUST_OPERATOR) != 0;
}

static bool read_members(struct trust *t, const cJSON *list)
{
    const cJSON *item = NULL;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > (int)TRUST_MEMBERS_MAX) {
        return false;
    }
    cJSON_ArrayForEach(item, list)
    {
        struct trust_member *m = &t->members[t->count];
        if (!read_member(m, item) || !is_distinct(t, m)) {
            return false;
        }
        t->count++;
    }
    return true;
}

static bool read_operators(struct trust *t, const cJSON *list)
{
    const cJSON *item = NULL;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > (int)TRUST_OPERATORS_MAX) {
        return false;
    }
    cJSON_ArrayForEach(item, list)
    {
        uint8_t *key = t->operators[t->operator_count];
        if (!strict_base64(item, key, IDENTITY_KEY_BYTES) ||
            identity_judge(key) != KEY_ACCEPTED) {
            return false;
        }
        t->operator_count++;
    }
    return true;
}

/* Two groups of `need` share a member, and `need` can be met. */
static bool is_need_sound(const struct trust *t)
{
    uint32_t good = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        good += t->members[i].standing == TRUST_GOOD;
    }
    return t->need <= good && 2 * t->need > good;
}

static bool read_whole(struct trust *t, const cJSON *whole)
{
    uint64_t ttl_s;
    uint64_t need;
    if (!strict_object(whole, 7) ||
        !strict_hex(strict_field(whole, "iss"), t->cluster_id, sizeof t->cluster_id) ||
        !strict_number(whole, "height", STRICT_NUMBER_MAX, &t->height) ||
        !strict_number(whole, "time_ms", STRICT_NUMBER_MAX, &t->time_ms) ||
        !strict_number(whole, "ttl_s", UINT32_MAX, &ttl_s) ||
        !strict_number(whole, "need", JWS_SIGNATURES_MAX, &need) ||
        !read_members(t, strict_field(whole, "members")) ||
        !read_operators(t, strict_field(whole, "operators"))) {
        return false;
    }
    t->ttl_s = (uint32_t)ttl_s;
    t->need = (uint32_t)need;
    return is_need_sound(t);
}

bool trust_read(struct trust *trust, const char *payload, size_t payload_bytes)
{
    *trust = (struct trust){.count = 0};
    cJSON *whole = strict_parse(payload, payload_bytes);
    const bool good = read_whole(trust, whole);
    cJSON_Delete(whole);
    return good;
}

const struct trust_member *trust_member(const struct trust *trust, const char *name)
{
    for (uint32_t i = 0; i < trust->count; i++) {
        if (strcmp(trust->members[i].name, name) == 0) {
            return &trust->members[i];
        }
    }
    return NULL;
}
