/* The bodies of operators' commands: each in one form alone, and nothing that cannot be meant.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "consensus/command.h"

static struct command order_of(enum operation operation)
{
    struct command c = {.kind = COMMAND_OPERATOR, .author = MEMBERS_MAX};
    struct operator_command *o = &c.by_operator;
    *o = (struct operator_command){.seq = 3, .not_after_ms = 1000, .operation = operation};
    if (operation_names_member(operation)) {
        o->member = 2;
        o->term = 5;
    }
    if (operation == OPERATION_ADMIT) {
        o->vote_key[0] = 1;
        o->role = ROLE_WITNESS;
        snprintf(o->address, sizeof o->address, "[2001:db8::1]:7100");
        snprintf(o->name, sizeof o->name, "hera");
    } else if (operation == OPERATION_PAUSE) {
        o->duration_s = PAUSE_S_MAX;
    } else if (operation == OPERATION_RENAME) {
        snprintf(o->name, sizeof o->name, "hera");
    } else if (operation == OPERATION_SETTINGS) {
        o->setting = SETTING_TTL_S;
        o->value = 600;
    } else if (operation == OPERATION_SET_OPERATORS) {
        o->key_count = OPERATORS_MAX;
        for (uint32_t i = 0; i < OPERATORS_MAX; i++) {
            snprintf(o->keys[i].name, sizeof o->keys[i].name, "person%u", i);
            o->keys[i].key[0] = (uint8_t)(i + 1);
        }
    }
    return c;
}

static bool is_same_key(const struct operator_key *a, const struct operator_key *b)
{
    return strcmp(a->name, b->name) == 0 && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static bool is_same(const struct operator_command *a, const struct operator_command *b)
{
    bool same = a->seq == b->seq && a->not_after_ms == b->not_after_ms &&
                a->operation == b->operation && a->member == b->member && a->term == b->term &&
                a->duration_s == b->duration_s &&
                memcmp(a->transport_key, b->transport_key, sizeof a->transport_key) == 0 &&
                memcmp(a->vote_key, b->vote_key, sizeof a->vote_key) == 0 &&
                strcmp(a->name, b->name) == 0 && a->role == b->role &&
                strcmp(a->address, b->address) == 0 && a->setting == b->setting &&
                a->value == b->value && a->key_count == b->key_count;
    for (uint32_t i = 0; same && i < a->key_count; i++) {
        same = is_same_key(&a->keys[i], &b->keys[i]);
    }
    return same;
}

static bool is_taken(const uint8_t *bytes, size_t size_bytes)
{
    struct command c;
    uint8_t again[COMMAND_BYTES_MAX];
    return command_decode(&c, bytes, size_bytes) && command_encode(&c, again) == size_bytes &&
           memcmp(again, bytes, size_bytes) == 0;
}

Test(operator_codec, each_operation_comes_back_as_it_was_and_in_no_other_length)
{
    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX + 1] = {0};
        struct command back;
        const struct command c = order_of((enum operation)i);
        const size_t size_bytes = command_encode(&c, bytes);
        cr_assert(command_decode(&back, bytes, size_bytes), "%u", i);
        cr_assert(is_same(&back.by_operator, &c.by_operator), "%u", i);
        for (size_t size = 0; size < size_bytes; size++) {
            cr_assert(not(command_decode(&back, bytes, size)), "%u, %zu bytes", i, size);
        }
        cr_assert(not(command_decode(&back, bytes, size_bytes + 1)), "%u", i);
    }
}

Test(operator_codec, no_changed_byte_has_two_forms)
{
    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        uint8_t bytes[COMMAND_BYTES_MAX];
        struct command back;
        const struct command c = order_of((enum operation)i);
        const size_t size_bytes = command_encode(&c, bytes);
        for (size_t at = 0; at < size_bytes; at++) {
            for (uint32_t flip = 1; flip < 256; flip++) {
                bytes[at] ^= (uint8_t)flip;
                const bool other = command_decode(&back, bytes, size_bytes);
                cr_assert_not(other && !is_taken(bytes, size_bytes), "%u, byte %zu", i, at);
                bytes[at] ^= (uint8_t)flip;
            }
        }
    }
}

/* Of a sound command of this operation, with this byte of its body other. */
static bool takes(enum operation operation, size_t at, uint8_t byte)
{
    uint8_t bytes[COMMAND_BYTES_MAX];
    const struct command c = order_of(operation);
    const size_t size_bytes = command_encode(&c, bytes);
    bytes[6 + 17 + at] = byte; /* behind author, term, kind; seq, not_after, operation */
    return is_taken(bytes, size_bytes);
}

Test(operator_codec, refuses_machines_that_nobody_may_have)
{
    const size_t role = 1 + 4 + 2 * PUBLIC_KEY_BYTES; /* behind member, term and keys */
    const size_t address = role + 1;
    const size_t name = address + ADDRESS_SIZE_BYTES;
    cr_assert(takes(OPERATION_ADMIT, role, ROLE_NODE));
    cr_assert(not(takes(OPERATION_ADMIT, role, ROLE_WITNESS + 1)));
    cr_assert(takes(OPERATION_ADMIT, address + 1, '9'));
    cr_assert(not(takes(OPERATION_ADMIT, address + 1, 'g')));
    cr_assert(not(takes(OPERATION_ADMIT, address + 1, '/')));
    cr_assert(not(takes(OPERATION_ADMIT, address, 0)), "something behind the end");
    cr_assert(not(takes(OPERATION_ADMIT, name, 'H')));
}

Test(operator_codec, refuses_names_that_nobody_may_have)
{
    cr_assert(takes(OPERATION_RENAME, 5, 'x'));
    cr_assert(not(takes(OPERATION_RENAME, 5, 'X')));
    cr_assert(not(takes(OPERATION_RENAME, 5, 0)), "an empty name with something behind it");
    cr_assert(not(takes(OPERATION_RENAME, 5 + 31, 'x')), "a name without an end");
    cr_assert(takes(OPERATION_SET_OPERATORS, 1, 'x'));
    cr_assert(not(takes(OPERATION_SET_OPERATORS, 1, ' ')));
}

Test(operator_codec, refuses_settings_that_are_none_or_out_of_range)
{
    cr_assert(not(takes(OPERATION_SETTINGS, 0, SETTING_COUNT)));
    cr_assert(not(takes(OPERATION_SETTINGS, 1, 1)), "ttl_s beyond a week");
    cr_assert(setting_takes(SETTING_AUDIT, 1));
    cr_assert(not(setting_takes(SETTING_AUDIT, 2)));
    cr_assert(not(setting_takes(SETTING_TTL_S, 2)));
    cr_assert(not(setting_takes(SETTING_COUNT, 1)));
}

Test(operator_codec, refuses_operators_that_are_two_in_one)
{
    const size_t one = NAME_SIZE_BYTES + PUBLIC_KEY_BYTES;
    cr_assert(not(takes(OPERATION_SET_OPERATORS, 1 + one + 6, '0')), "a name twice");
    cr_assert(not(takes(OPERATION_SET_OPERATORS, 1 + one + NAME_SIZE_BYTES, 1)), "a key twice");
    cr_assert(not(takes(OPERATION_SET_OPERATORS, 0, 0)));
    cr_assert(not(takes(OPERATION_SET_OPERATORS, 0, OPERATORS_MAX + 1)));
}
