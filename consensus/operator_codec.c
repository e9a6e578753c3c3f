#include "operator_codec.h"

#include <assert.h>
#include <string.h>

#include "label.h"

static const struct {
    const char *text;
    uint32_t least;
    uint32_t most;
} settings[] = {
#define X(name, text, least, most) [SETTING_##name] = {text, least, most},
    SETTINGS(X)
#undef X
};

const char *operation_text(enum operation operation)
{
    static const char *const texts[] = {
#define X(name, text) [OPERATION_##name] = text,
        OPERATIONS(X)
#undef X
    };
    return operation < OPERATION_COUNT ? texts[operation] : "unknown";
}

bool operation_names_member(enum operation operation)
{
    return operation == OPERATION_ADMIT || operation == OPERATION_REMOVE ||
           operation == OPERATION_DRAIN || operation == OPERATION_UNDRAIN ||
           operation == OPERATION_RENAME;
}

const char *setting_text(enum setting setting)
{
    return setting < SETTING_COUNT ? settings[setting].text : "unknown";
}

bool setting_takes(enum setting setting, uint32_t value)
{
    return setting < SETTING_COUNT && value >= settings[setting].least &&
           value <= settings[setting].most;
}

/* Names and keys each distinct: two that are one would count twice. */
static bool are_keys_sound(const struct operator_command *o)
{
    if (o->key_count == 0 || o->key_count > OPERATORS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < o->key_count; i++) {
        if (!label_is_name(o->keys[i].name, NAME_SIZE_BYTES)) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (memcmp(o->keys[i].name, o->keys[k].name, NAME_SIZE_BYTES) == 0 ||
                memcmp(o->keys[i].key, o->keys[k].key, PUBLIC_KEY_BYTES) == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool is_body_sound(const struct operator_command *o)
{
    switch (o->operation) {
    case OPERATION_ADMIT:
        return memcmp(o->transport_key, o->vote_key, sizeof o->vote_key) != 0 &&
               o->role <= ROLE_WITNESS && label_is_name(o->name, sizeof o->name) &&
               label_is_address(o->address, sizeof o->address);
    case OPERATION_PAUSE:
        return o->duration_s <= PAUSE_S_MAX;
    case OPERATION_RENAME:
        return label_is_name(o->name, sizeof o->name);
    case OPERATION_SETTINGS:
        return setting_takes(o->setting, o->value);
    case OPERATION_SET_OPERATORS:
        return are_keys_sound(o);
    case OPERATION_REMOVE:
    case OPERATION_DRAIN:
    case OPERATION_UNDRAIN:
        return true;
    case OPERATION_COUNT:
        break;
    }
    return false;
}

static bool operator_is_sound(const struct operator_command *o)
{
    return o->seq != 0 && o->member < MEMBERS_MAX && is_body_sound(o);
}

static void read_keys(struct reader *r, struct operator_command *o)
{
    o->key_count = (uint32_t)read_uint(r, 1);
    for (uint32_t i = 0; i < o->key_count && i < OPERATORS_MAX; i++) {
        read_bytes(r, o->keys[i].name, sizeof o->keys[i].name);
        read_bytes(r, o->keys[i].key, sizeof o->keys[i].key);
    }
}

bool operator_read(struct reader *r, struct operator_command *o)
{
    o->seq = read_uint(r, 8);
    o->not_after_ms = read_uint(r, 8);
    o->operation = (enum operation)read_uint(r, 1);
    if (operation_names_member(o->operation)) {
        o->member = (uint32_t)read_uint(r, 1);
        o->term = (uint32_t)read_uint(r, 4);
    }
    if (o->operation == OPERATION_PAUSE) {
        o->duration_s = (uint32_t)read_uint(r, 4);
    } else if (o->operation == OPERATION_ADMIT) {
        read_bytes(r, o->transport_key, sizeof o->transport_key);
        read_bytes(r, o->vote_key, sizeof o->vote_key);
        o->role = (enum role)read_uint(r, 1);
        read_bytes(r, o->address, sizeof o->address);
        read_bytes(r, o->name, sizeof o->name);
    } else if (o->operation == OPERATION_RENAME) {
        read_bytes(r, o->name, sizeof o->name);
    } else if (o->operation == OPERATION_SETTINGS) {
        o->setting = (enum setting)read_uint(r, 1);
        o->value = (uint32_t)read_uint(r, 4);
    } else if (o->operation == OPERATION_SET_OPERATORS) {
        read_keys(r, o);
    }
    return operator_is_sound(o);
}

static void write_keys(struct writer *w, const struct operator_command *o)
{
    write_uint(w, o->key_count, 1);
    for (uint32_t i = 0; i < o->key_count; i++) {
        write_bytes(w, o->keys[i].name, sizeof o->keys[i].name);
        write_bytes(w, o->keys[i].key, sizeof o->keys[i].key);
    }
}

void operator_write(struct writer *w, const struct operator_command *o)
{
    assert(operator_is_sound(o));
    write_uint(w, o->seq, 8);
    write_uint(w, o->not_after_ms, 8);
    write_uint(w, (uint64_t)o->operation, 1);
    if (operation_names_member(o->operation)) {
        write_uint(w, o->member, 1);
        write_uint(w, o->term, 4);
    }
    if (o->operation == OPERATION_PAUSE) {
        write_uint(w, o->duration_s, 4);
    } else if (o->operation == OPERATION_ADMIT) {
        write_bytes(w, o->transport_key, sizeof o->transport_key);
        write_bytes(w, o->vote_key, sizeof o->vote_key);
        write_uint(w, (uint64_t)o->role, 1);
        write_bytes(w, o->address, sizeof o->address);
        write_bytes(w, o->name, sizeof o->name);
    } else if (o->operation == OPERATION_RENAME) {
        write_bytes(w, o->name, sizeof o->name);
    } else if (o->operation == OPERATION_SETTINGS) {
        write_uint(w, (uint64_t)o->setting, 1);
        write_uint(w, o->value, 4);
    } else if (o->operation == OPERATION_SET_OPERATORS) {
        write_keys(w, o);
    }
}
