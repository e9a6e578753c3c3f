/* From an order to a signed command at the agent, and to what became of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <sodium.h>

#include "agent/config.h"
#include "agent/keyfile.h"
#include "agent/words.h"
#include "client.h"
#include "fields.h"
#include "moment.h"
#include "operator.h"

#define WAIT_S 10u
#define GRACE_MS 2000u /* for the clocks, after which what was not decided will not be */
#define SHOWN_BYTES 64u

/* What the order becomes. */
struct sending {
    const struct order *order;
    char socket[CONFIG_SOCKET_BYTES];
    struct hash cluster_id;
    struct command command;
    char operator_name[SHOWN_BYTES];
    char what[4 * SHOWN_BYTES]; /* "admit argus", "settings ttl_s=600" */
};

static int complain_of_agent(void)
{
    return complain(EXIT_UNKNOWN,
                    "It may be of another version: ostrakon version, ostrakon status",
                    "the agent's answer is not what was asked for");
}

/* Who they are may have changed since the founding: only the chain knows. */
static int complain_of_key(const struct sending *s, const char *hex, const cJSON *document)
{
    char next[4 * SHOWN_BYTES] = "The operators are now: ";
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, field_of(document, "items"))
    {
        char name[SHOWN_BYTES] = "";
        const size_t used = strlen(next);
        field_shown(item, "name", name, sizeof name);
        snprintf(next + used, sizeof next - used, "%s%.31s",
                 item->prev->next == NULL ? "" : ", ", name);
    }
    if (cJSON_GetArraySize(field_of(document, "items")) == 0) {
        snprintf(next, sizeof next,
                 "The cluster was founded without operators; only ostrakon "
                 "cluster rebuild --operator names some");
    }
    return complain(EXIT_CONFIGURATION, next,
                    "%s is no operator's key of this cluster; its public half is %s",
                    s->order->key_path, hex);
}

/* Finds whose key it is, and the next number. */
static int take_operator(struct sending *s, const uint8_t key[static KEYFILE_KEY_BYTES],
                         const cJSON *document)
{
    char hex[IDENTITY_HEX_SIZE_BYTES];
    const char *id = field_text(document, "cluster_id");
    const cJSON *item = NULL;
    size_t id_bytes = 0;
    identity_hex(key, hex);
    if (id == NULL ||
        sodium_hex2bin(s->cluster_id.bytes, HASH_BYTES, id, strlen(id), NULL, &id_bytes,
                       NULL) != 0 ||
        id_bytes != HASH_BYTES) {
        return complain_of_agent();
    }
    cJSON_ArrayForEach(item, field_of(document, "items"))
    {
        uint64_t index = 0;
        uint64_t seq = 0;
        const char *known = field_text(item, "key");
        if (known == NULL || strcmp(known, hex) != 0) {
            continue;
        }
        if (!field_number(item, "index", &index) || index >= OPERATORS_MAX ||
            !field_number(item, "seq", &seq) ||
            !field_shown(item, "name", s->operator_name, sizeof s->operator_name)) {
            return complain_of_agent();
        }
        s->command.author = MEMBERS_MAX + (uint32_t)index;
        s->command.by_operator.seq = seq + 1;
        return 0;
    }
    return complain_of_key(s, hex, document);
}

static int ask_operators(struct sending *s, const uint8_t key[static KEYFILE_KEY_BYTES])
{
    struct answer answer;
    int code = client_get(s->socket, "/v1/operators", 0, &answer);
    if (code == 0) {
        code = take_operator(s, key, answer.document);
    }
    answer_finish(&answer);
    return code;
}

static int take_member(struct sending *s, const cJSON *member)
{
    struct operator_command *o = &s->command.by_operator;
    const char *name = field_text(member, "name");
    const char *key = field_text(member, "transport_key");
    uint64_t index = 0;
    uint64_t term = 0;
    const char *address = field_text(member, "address");
    const char *role = field_text(member, "role");
    if (name == NULL || strcmp(name, s->order->member) != 0 || key == NULL || role == NULL ||
        address == NULL || strlen(address) >= sizeof o->address ||
        !identity_read(o->transport_key, key, strlen(key)) ||
        !field_number(member, "index", &index) || index >= MEMBERS_MAX ||
        !field_number(member, "term", &term) || term == 0 || term > UINT32_MAX) {
        return complain_of_agent();
    }
    o->member = (uint32_t)index;
    o->term = s->order->has_term ? s->order->term : (uint32_t)term;
    o->role = strcmp(role, "witness") == 0 ? ROLE_WITNESS : ROLE_NODE;
    memcpy(o->address, address, strlen(address));
    return 0;
}

/* Somebody that the cluster has not yet has the first index that was never anybody's: those of
 * members that left, which are not listed, are not given again. */
static bool is_new(struct sending *s, const cJSON *members)
{
    struct operator_command *o = &s->command.by_operator;
    const cJSON *items = field_of(members, "items");
    const cJSON *item = NULL;
    uint64_t places = 0;
    cJSON_ArrayForEach(item, items)
    {
        const char *name = field_text(item, "name");
        if (name == NULL || strcmp(name, s->order->member) == 0) {
            return false;
        }
    }
    field_number(members, "places", &places);
    o->member = places < MEMBERS_MAX ? (uint32_t)places : MEMBERS_MAX;
    o->term = s->order->has_term ? s->order->term : 0;
    return places > 0;
}

/* What an admit says of the machine, over what the cluster has. */
static void take_machine(struct sending *s)
{
    const struct order *from = s->order;
    struct operator_command *o = &s->command.by_operator;
    memcpy(o->vote_key, from->vote_key, sizeof o->vote_key);
    snprintf(o->name, sizeof o->name, "%s", from->member);
    if (from->has_transport_key) {
        memcpy(o->transport_key, from->transport_key, sizeof o->transport_key);
    }
    if (from->has_role) {
        o->role = from->role;
    }
    if (from->address[0] != '\0') {
        memcpy(o->address, from->address, sizeof o->address);
    }
}

static int ask_members(struct sending *s, bool *found)
{
    struct answer answer;
    const int code = client_get(s->socket, "/v1/members", 0, &answer);
    *found = code != 0 || !is_new(s, answer.document);
    answer_finish(&answer);
    if (code == 0 && !*found && s->command.by_operator.member >= MEMBERS_MAX) {
        return complain(EXIT_DEGRADED, "An index is never used again, nor is that of who left",
                        "%s cannot be admitted: the cluster has had %u members",
                        s->order->member, MEMBERS_MAX);
    }
    return code;
}

static int ask_member(struct sending *s)
{
    char path[128];
    struct answer answer;
    const struct order *order = s->order;
    const bool whole = order->has_transport_key && order->has_role && order->address[0] != '\0';
    bool found = true;
    if (order->member == NULL) {
        return 0;
    }
    if (whole) {
        const int asked = ask_members(s, &found);
        if (asked != 0 || !found) {
            return asked;
        }
    }
    snprintf(path, sizeof path, "/v1/members/%.31s", s->order->member);
    int code = client_get(s->socket, path, 0, &answer);
    if (code == 0) {
        code = take_member(s, field_of(answer.document, "member"));
    }
    answer_finish(&answer);
    return code;
}

static void print_handed_in(const struct sending *s, const cJSON *document)
{
    char id[SHOWN_BYTES];
    char until[MOMENT_BYTES];
    char text[512];
    const uint64_t now_ms = moment_now_ms();
    const struct operator_command *o = &s->command.by_operator;
    const bool warned = field_shown(document, "text", text, sizeof text);
    field_shown(document, "id", id, sizeof id);
    printf("handed in: %s\n       by: operator %s, number %" PRIu64
           "\n       id: %s\n     void: if not decided by %s UTC\n%s%s%s\n"
           "What became of it: ostrakon log --code OST-2301; or say --wait\n",
           s->what, s->operator_name, o->seq, id,
           moment_text(o->not_after_ms, now_ms, MOMENT_SECOND, until),
           warned ? "  warning: " : "", warned ? text : "", warned ? "\n" : "");
}

/* 0 while it waits is told by `done`. */
static int judge(const struct sending *s, const struct answer *answer, bool *done)
{
    char text[512];
    uint64_t height = 0;
    const char *state = field_text(answer->document, "state");
    *done = true;
    if (state == NULL) {
        return complain_of_agent();
    }
    if (strcmp(state, "waits") == 0) {
        *done = false;
        return 0;
    }
    if (s->order->invocation->json) {
        printf("%s\n", answer->text);
    }
    if (strcmp(state, "decided") == 0 &&
        field_number(answer->document, "decided_height", &height)) {
        if (!s->order->invocation->json) {
            const bool more = field_shown(answer->document, "text", text, sizeof text);
            printf("%s: decided at height %" PRIu64 "%s%s\n", s->what, height, more ? "\n" : "",
                   more ? text : "");
        }
        return 0;
    }
    field_shown(answer->document, "text", text, sizeof text);
    return complain(EXIT_DEGRADED, "", "%s has had no effect, and can have none: %s", s->what,
                    text);
}

static int complain_of_time(const struct sending *s)
{
    char until[MOMENT_BYTES];
    const uint64_t until_ms = s->command.by_operator.not_after_ms;
    return complain(EXIT_CRITICAL, "Whether a quorum is there: ostrakon status",
                    "%s was not decided by %s UTC, and is void", s->what,
                    moment_text(until_ms, moment_now_ms(), MOMENT_SECOND, until));
}

static int follow(const struct sending *s, const char *id, uint64_t height)
{
    const uint64_t end_ms = s->command.by_operator.not_after_ms + GRACE_MS;
    for (uint64_t now_ms = moment_now_ms(); now_ms < end_ms; now_ms = moment_now_ms()) {
        char path[160];
        struct answer answer;
        bool done = true;
        const uint64_t left_s = (end_ms - now_ms) / 1000 + 1;
        const uint64_t wait_s = left_s < WAIT_S ? left_s : WAIT_S;
        snprintf(path, sizeof path, "/v1/operator/%.32s?after=%" PRIu64 "&wait_s=%" PRIu64, id,
                 height, wait_s);
        int code = client_get(s->socket, path, (long)wait_s, &answer);
        if (code == 0) {
            code = judge(s, &answer, &done);
        }
        if (!field_number(answer.document, "height", &height)) {
            done = true;
        }
        answer_finish(&answer);
        if (code != 0 || done) {
            return code;
        }
    }
    return complain_of_time(s);
}

static int hand_in(const struct sending *s)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct answer answer;
    bool done = true;
    uint64_t height = 0;
    const size_t size_bytes = command_encode(&s->command, bytes);
    int code = client_post(s->socket, "/v1/operator", bytes, size_bytes, &answer);
    if (code != 0) {
        answer_finish(&answer);
        return code;
    }
    const char *id = field_text(answer.document, "id");
    if (id == NULL || !field_number(answer.document, "height", &height)) {
        code = complain_of_agent();
    } else if (s->order->waits) {
        code = judge(s, &answer, &done);
        code = done ? code : follow(s, id, height);
    } else if (s->order->invocation->json) {
        printf("%s\n", answer.text);
    } else {
        print_handed_in(s, answer.document);
    }
    answer_finish(&answer);
    return code;
}

/* The signature is made last, when all that is signed is known. */
static int sign_and_send(struct sending *s, const struct keyfile *key)
{
    struct operator_command *o = &s->command.by_operator;
    int code = ask_operators(s, key->public_key);
    if (code == 0) {
        code = ask_member(s);
    }
    if (code != 0) {
        return code;
    }
    struct key_pair pair;
    o->operation = s->order->operation;
    if (o->operation == OPERATION_ADMIT) {
        take_machine(s);
    } else {
        memcpy(o->name, s->order->name, sizeof o->name);
    }
    o->duration_s = s->order->duration_s;
    o->setting = s->order->setting;
    o->value = s->order->value;
    o->key_count = s->order->key_count;
    memcpy(o->keys, s->order->keys, sizeof o->keys);
    o->not_after_ms = moment_now_ms() + s->order->valid_ms;
    key_pair_from_seed(&pair, key->seed);
    command_sign(&s->command, &s->cluster_id, &pair);
    key_pair_wipe(&pair);
    return hand_in(s);
}

/* In the words of the command line. */
static void say_what(struct sending *s)
{
    const struct order *order = s->order;
    char text[MOMENT_BYTES > WORDS_SETTING_BYTES ? MOMENT_BYTES : WORDS_SETTING_BYTES];
    switch (order->operation) {
    case OPERATION_PAUSE:
        snprintf(s->what, sizeof s->what, "pause %s",
                 duration_text((uint64_t)order->duration_s * 1000, text));
        return;
    case OPERATION_SETTINGS:
        words_setting(order->setting, order->value, text);
        snprintf(s->what, sizeof s->what, "settings %s", text);
        return;
    case OPERATION_SET_OPERATORS:
        snprintf(s->what, sizeof s->what, "set-operators");
        for (uint32_t i = 0; i < order->key_count; i++) {
            const size_t used = strlen(s->what);
            snprintf(s->what + used, sizeof s->what - used, "%s %s", i == 0 ? "" : ",",
                     order->keys[i].name);
        }
        return;
    case OPERATION_ADMIT:
    case OPERATION_REMOVE:
    case OPERATION_DRAIN:
    case OPERATION_UNDRAIN:
    case OPERATION_RENAME:
    case OPERATION_COUNT:
        break;
    }
    const bool renames = order->operation == OPERATION_RENAME;
    snprintf(s->what, sizeof s->what, "%s %.31s%s%s", operation_text(order->operation),
             order->member, renames ? " to " : "", renames ? order->name : "");
}

int order_send(const struct order *order)
{
    struct sending s = {.order = order, .command = {.kind = COMMAND_OPERATOR}};
    struct keyfile key;
    char error[KEYFILE_ERROR_BYTES];
    say_what(&s);
    int code = client_socket(order->invocation, s.socket, sizeof s.socket);
    if (code != 0) {
        return code;
    }
    if (!keyfile_read(order->key_path, &key, error)) {
        return complain(exit_code_of(errno), "", "%s", error);
    }
    code = sign_and_send(&s, &key);
    keyfile_finish(&key);
    return code;
}
