#ifndef OSTRAKON_AGENT_CLI_OPERATOR_H
#define OSTRAKON_AGENT_CLI_OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "consensus/command.h"

/* What is to be signed and handed in, as far as the command line says it. */
struct order {
    struct invocation *invocation;
    enum operation operation;
    const char *key_path;
    const char *member; /* NULL: it concerns nobody */
    bool has_term;
    uint32_t term;
    uint64_t valid_ms;
    bool waits;
    uint32_t duration_s;                /* PAUSE */
    uint8_t vote_key[PUBLIC_KEY_BYTES]; /* ADMIT */
    /* ADMIT: what is other than the cluster has it; all three: it may be somebody new */
    bool has_transport_key;
    bool has_role;
    uint8_t transport_key[PUBLIC_KEY_BYTES];
    enum role role;
    char address[ADDRESS_SIZE_BYTES]; /* "": as it is */
    char name[NAME_SIZE_BYTES];       /* RENAME */
    enum setting setting;             /* SETTINGS */
    uint32_t value;
    uint32_t key_count; /* SET_OPERATORS */
    struct operator_key keys[OPERATORS_MAX];
};

/* Asks the agent for what is missing, signs, hands it in, and waits if that is wanted. Answers
 * the exit code. */
int order_send(const struct order *order);

/* Takes SETTING=VALUE as cluster.yaml words it, or ends the program saying what is wrong. */
void order_set_setting(struct order *order, const char *text, const struct argp_state *state);

int operator_keygen_run(struct invocation *invocation, int argc, char **argv);

#endif
