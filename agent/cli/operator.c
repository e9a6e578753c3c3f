#include "operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/config_value.h"
#include "moment.h"

/* `ostrakon operator`: what a person decides about members, signed with a key that
 * cluster.yaml names. The key need not be on a member: only its signature goes there. */

#define VALID_DEFAULT_MS 300000u
#define VALID_MOST_MS 604800000u

enum { KEY_KEY = 'k', KEY_WAIT = 'w', KEY_YES = 'y' };
enum { KEY_TERM = 0x100, KEY_VALID, KEY_TRANSPORT, KEY_ADDRESS, KEY_ROLE };

struct form {
    enum operation operation;
    const char *arguments;
    const char *doc;
};

static const struct form forms[] = {
    {OPERATION_ADMIT, "MEMBER VOTE_KEY",
     "Bring a member back, or its new vote key in: after ostrakon clear, which prints "
     "VOTE_KEY. With --transport-key, --address and --role also one that the cluster has not "
     "yet, or one whose machine was replaced. "
     "It is suspended from then on, under a new term, until the electors reinstate it."},
    {OPERATION_REMOVE, "MEMBER", "Remove a member for good. It never comes back; needs --yes."},
    {OPERATION_DRAIN, "MEMBER",
     "Have a member lead nothing, before work on it: its grant passes on first, and its "
     "standing stays as it is."},
    {OPERATION_UNDRAIN, "MEMBER", "The end of drain."},
    {OPERATION_PAUSE, "DURATION",
     "Nobody is removed by testimony for so long: 30m, 2h, at most 24h; 0 ends the pause."},
    {OPERATION_RENAME, "MEMBER NAME",
     "Give a member another name in what is said of it. cluster.yaml and node.yaml keep the "
     "old "
     "one."},
    {OPERATION_SETTINGS, "SETTING=VALUE",
     "Change what cluster.yaml founded: patience_ms, grace_s, window_timeout_s, "
     "audit_timeout_s, ttl_s, malfunctioning_max, min_members, audit=required or off, "
     "mode=observe or act; or go over to another version of the protocol, once every voter "
     "can: protocol."},
    {OPERATION_SET_OPERATORS, "NAME,KEY...",
     "Who the operators are from now on, all of them: done once more than half of the present "
     "ones have said the same, each with its own key, within --valid."},
};

struct options {
    const struct form *form;
    struct order order;
    bool yes;
    uint32_t count;
};

static const struct argp_option own_options[] = {
    {"key", KEY_KEY, "FILE", 0, "the operator's key, as operator keygen made it", 0},
    {"wait", KEY_WAIT, NULL, 0, "until it is decided, or cannot be any more", 0},
    {"term", KEY_TERM, "NUMBER", 0, "only if that is the member's term (default: what it is)",
     0},
    {"valid", KEY_VALID, "DURATION", 0, "void if not decided within: 90s, 10m (default 5m)", 0},
    {"transport-key", KEY_TRANSPORT, "KEY", 0, "admit: its transport key, if it has a new one",
     0},
    {"address", KEY_ADDRESS, "ADDRESS", 0, "admit: where the others reach it, if elsewhere", 0},
    {"role", KEY_ROLE, "ROLE", 0, "admit: node or witness, if another", 0},
    {"yes", KEY_YES, NULL, 0, "remove: it is meant", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void set_member(struct order *order, const char *text, const struct argp_state *state)
{
    char name[NAME_SIZE_BYTES];
    order->member = text;
    if (!value_name(text, name)) {
        argp_error(state, "%s: expected the name of a member", text);
    }
}

static void set_vote_key(struct order *order, const char *text, const struct argp_state *state)
{
    if (!value_key(text, order->vote_key)) {
        argp_error(state, "%s: expected a public key, 64 hexadecimal digits", text);
    } else if (!key_is_sound(order->vote_key)) {
        argp_error(state,
                   "%s: not a key that ostrakon clear prints: anybody could sign under it",
                   text);
    }
}

static void set_transport_key(struct order *order, const char *text,
                              const struct argp_state *state)
{
    order->has_transport_key = true;
    if (!value_key(text, order->transport_key) || !key_is_sound(order->transport_key)) {
        argp_error(state, "--transport-key %s: expected a public key, 64 hexadecimal digits",
                   text);
    }
}

static void set_address(struct order *order, const char *text, const struct argp_state *state)
{
    if (!address_canonical(text, order->address) || !address_is_reachable(order->address)) {
        argp_error(state,
                   "--address %s: expected a numeric address and port, like "
                   "192.0.2.6:7100",
                   text);
    }
}

static void set_role(struct order *order, const char *text, const struct argp_state *state)
{
    order->has_role = true;
    order->role = strcmp(text, "node") == 0 ? ROLE_NODE : ROLE_WITNESS;
    if (order->role == ROLE_WITNESS && strcmp(text, "witness") != 0) {
        argp_error(state, "--role %s: expected node or witness", text);
    }
}

/* An option that only says what an admit is to bring in. */
static bool take_machine(int key, struct order *order, const char *text,
                         const struct argp_state *state)
{
    if (key != KEY_TRANSPORT && key != KEY_ADDRESS && key != KEY_ROLE) {
        return false;
    }
    if (order->operation != OPERATION_ADMIT) {
        argp_error(state, "--transport-key, --address and --role are of operator admit");
    }
    if (key == KEY_TRANSPORT) {
        set_transport_key(order, text, state);
    } else if (key == KEY_ADDRESS) {
        set_address(order, text, state);
    } else {
        set_role(order, text, state);
    }
    return true;
}

static void set_duration(struct order *order, const char *text, const struct argp_state *state)
{
    uint64_t duration_ms = 0;
    if (strcmp(text, "0") != 0 && !duration_parse(text, &duration_ms)) {
        argp_error(state, "%s: expected a duration such as 90s, 30m, 2h, or 0", text);
    }
    if (duration_ms > PAUSE_S_MAX * UINT64_C(1000)) {
        argp_error(state, "%s: a pause lasts 24h at most", text);
    }
    order->duration_s = (uint32_t)(duration_ms / 1000);
}

static void add_key(struct order *order, const char *text, const struct argp_state *state)
{
    char name[NAME_SIZE_BYTES] = "";
    const char *comma = strchr(text, ',');
    if (order->key_count == OPERATORS_MAX) {
        argp_error(state, "%s: at most %u operators are possible", text, OPERATORS_MAX);
    }
    struct operator_key *key = &order->keys[order->key_count++];
    if (comma != NULL && (size_t)(comma - text) < sizeof name) {
        memcpy(name, text, (size_t)(comma - text));
    }
    if (!value_name(name, key->name) || comma == NULL || !value_key(comma + 1, key->key) ||
        !key_is_sound(key->key)) {
        argp_error(state, "%s: expected NAME,KEY, the key as operator keygen prints it", text);
    }
    for (uint32_t i = 0; i + 1 < order->key_count; i++) {
        if (strcmp(order->keys[i].name, key->name) == 0 ||
            memcmp(order->keys[i].key, key->key, PUBLIC_KEY_BYTES) == 0) {
            argp_error(state, "%s: this name or key is given twice", text);
        }
    }
}

static void on_argument(struct options *options, const char *text,
                        const struct argp_state *state)
{
    struct order *order = &options->order;
    const uint32_t index = options->count++;
    const enum operation operation = options->form->operation;
    if (operation == OPERATION_SET_OPERATORS) {
        add_key(order, text, state);
    } else if (index == 0 && operation == OPERATION_PAUSE) {
        set_duration(order, text, state);
    } else if (index == 0 && operation == OPERATION_SETTINGS) {
        order_set_setting(order, text, state);
    } else if (index == 0) {
        set_member(order, text, state);
    } else if (index == 1 && operation == OPERATION_ADMIT) {
        set_vote_key(order, text, state);
    } else if (index == 1 && operation == OPERATION_RENAME) {
        if (!value_name(text, order->name)) {
            argp_error(state, "%s: expected 1 to 31 of a-z, 0-9 and -", text);
        }
    } else {
        argp_error(state, "%s: one word too many", text);
    }
}

static void on_end(const struct options *options, const struct argp_state *state)
{
    const enum operation operation = options->form->operation;
    const bool of_two = operation == OPERATION_ADMIT || operation == OPERATION_RENAME;
    if (options->count < (of_two ? 2u : 1u)) {
        argp_error(state, "%s is needed", options->form->arguments);
    }
    if (options->order.key_path == NULL) {
        argp_error(state, "--key FILE is needed");
    }
    if (options->form->operation == OPERATION_REMOVE && !options->yes) {
        argp_error(state, "%s would never come back; say --yes if that is meant",
                   options->order.member);
    }
}

static error_t on_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    struct order *order = &options->order;
    if (take_machine(key, order, argument, state)) {
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = order->invocation;
        return 0;
    case KEY_KEY:
        order->key_path = argument;
        return 0;
    case KEY_WAIT:
        order->waits = true;
        return 0;
    case KEY_YES:
        options->yes = true;
        return 0;
    case KEY_TERM:
        order->has_term = true;
        if (!value_number(argument, 1, UINT32_MAX, &order->term)) {
            argp_error(state, "--term %s: expected a number from 1 on", argument);
        }
        return 0;
    case KEY_VALID:
        if (!duration_parse(argument, &order->valid_ms) || order->valid_ms < 1000 ||
            order->valid_ms > VALID_MOST_MS) {
            argp_error(state, "--valid %s: expected 1s to 7d", argument);
        }
        return 0;
    case ARGP_KEY_ARG:
        on_argument(options, argument, state);
        return 0;
    case ARGP_KEY_END:
        on_end(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run_form(const struct form *form, struct invocation *invocation, int argc,
                    char **argv)
{
    const struct argp_child children[] = {{&shared_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    char doc[512];
    snprintf(doc, sizeof doc,
             "%s\vExit codes: 0 handed in (with --wait: decided), 1 refused or void, 2 not "
             "decided in time, 3 the agent could not be asked, 77 not permitted, 78 "
             "configuration.",
             form->doc);
    const struct argp argp = {
        .options = own_options,
        .parser = on_option,
        .args_doc = form->arguments,
        .doc = doc,
        .children = children,
    };
    struct options options = {.form = form,
                              .order = {.invocation = invocation,
                                        .operation = form->operation,
                                        .valid_ms = VALID_DEFAULT_MS}};
    command_parse(&argp, argc, argv, 0, &options);
    return order_send(&options.order);
}

#define RUN(name, index)                                                                       \
    static int name##_run(struct invocation *invocation, int argc, char **argv)                \
    {                                                                                          \
        return run_form(&forms[index], invocation, argc, argv);                                \
    }

RUN(admit, 0)
RUN(remove, 1)
RUN(drain, 2)
RUN(undrain, 3)
RUN(pause, 4)
RUN(rename, 5)
RUN(settings, 6)
RUN(set_operators, 7)

static const struct subcommand operator_commands[] = {
    {"keygen", "make an operator's key", operator_keygen_run},
    {"admit", "bring a member in, or back with a new vote key", admit_run},
    {"remove", "remove a member for good", remove_run},
    {"drain", "have a member lead nothing", drain_run},
    {"undrain", "the end of that", undrain_run},
    {"pause", "no removals by testimony for a while", pause_run},
    {"rename", "give a member another name", rename_run},
    {"settings", "change what cluster.yaml founded", settings_run},
    {"set-operators", "replace the operators, with more than half of them", set_operators_run},
};

int operator_run(struct invocation *invocation, int argc, char **argv)
{
    return group_run("ostrakon operator", operator_commands,
                     sizeof operator_commands / sizeof operator_commands[0], invocation, argc,
                     argv);
}
