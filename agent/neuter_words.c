/* Why this agent only follows, and what to do, in words. */
#include "agent/neuter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/findings.h"
#include "agent/words.h"

/* A key that the founding document names and the chain does not is an old one. */
static bool is_old_key(const struct agent *a)
{
    const uint8_t *founded = a->config.founding.members[a->config.member].vote_key;
    return memcmp(founded, a->neuter.vote_key, sizeof a->neuter.vote_key) == 0;
}

static bool has_own_transport_key(const struct agent *a)
{
    const struct member *self = &a->node->deciding.cluster.member[a->config.member];
    return memcmp(self->transport_key, a->transport.public_key, PUBLIC_KEY_BYTES) == 0;
}

static void say_other_key(const struct agent *a, char *text, size_t text_bytes, char *action,
                          size_t action_bytes)
{
    const char *name = agent_name(a);
    char hex[IDENTITY_HEX_SIZE_BYTES];
    identity_hex(a->neuter.vote_key, hex);
    if (a->config.joins && !has_own_transport_key(a)) {
        char transport[IDENTITY_HEX_SIZE_BYTES];
        identity_hex(a->transport.public_key, transport);
        snprintf(text, text_bytes,
                 "%s only follows: the cluster has no member with its keys, and it waits until "
                 "an operator admits it.",
                 name);
        snprintf(action, action_bytes,
                 "ostrakon operator admit %s %s --transport-key %s --address ADDRESS --role "
                 "ROLE --key FILE --wait",
                 name, hex, transport);
    } else if (is_old_key(a)) {
        snprintf(
            text, text_bytes,
            "%s only follows: its vote.pem is the key of its founding, and the cluster has "
            "a newer one for it.",
            name);
        snprintf(action, action_bytes,
                 "Put its newer vote.pem back; or on %s: ostrakon clear --new-key", name);
    } else {
        snprintf(text, text_bytes,
                 "%s only follows: it has a vote key that the cluster has not, and waits until "
                 "an operator admits it.",
                 name);
        snprintf(action, action_bytes, "ostrakon operator admit %s %s --key FILE --wait", name,
                 hex);
    }
}

static void say_standing(const struct agent *a, char *text, size_t text_bytes, char *action,
                         size_t action_bytes)
{
    const struct member *self = &a->node->deciding.cluster.member[a->config.member];
    const char *name = agent_name(a);
    char since[WORDS_ISO_BYTES];
    words_iso(self->since_ms, since);
    snprintf(
        text, text_bytes,
        "%s only follows: the cluster has it %s since %s, and its vote key is not used.", name,
        self->standing == STANDING_LOCKED_OUT ? "locked out" : standing_text(self->standing),
        since);
    if (self->standing == STANDING_LEFT) {
        snprintf(action, action_bytes, "%s was removed for good: stop ostrakond there", name);
    } else {
        snprintf(action, action_bytes, "On %s: ostrakon clear --new-key", name);
    }
}

static void say_latch(const struct agent *a, char *text, size_t text_bytes)
{
    const struct latch_reading *found = &a->neuter.found;
    const char *name = agent_name(a);
    char seen[FINDING_TEXT_BYTES] = "";
    char advice[FINDING_TEXT_BYTES];
    char since[WORDS_ISO_BYTES];
    words_iso(found->latch.time_ms, since);
    if (!found->known) {
        snprintf(text, text_bytes, "%s only follows: its latch is set, and %s.", name,
                 found->fault);
    } else if (found->latch.cause_class == LATCH_REPLACED) {
        snprintf(text, text_bytes,
                 "%s only follows: since %s the cluster has another vote key for it.", name,
                 since);
    } else {
        finding_say(&found->latch.finding, seen, advice);
        snprintf(text, text_bytes,
                 "%s is neutered since %s and only follows: R%02" PRIu32 ", %s.", name, since,
                 found->latch.finding.id, seen);
    }
}

void neuter_text(const struct agent *a, char *text, size_t text_bytes, char *action,
                 size_t action_bytes)
{
    const struct neuter *n = &a->neuter;
    const char *name = agent_name(a);
    snprintf(action, action_bytes,
             "On %s: ostrakon clear; then the ostrakon operator admit that it prints", name);
    switch (n->cause) {
    case NEUTER_NOT:
        snprintf(text, text_bytes, "%s is about to end.", name);
        return;
    case NEUTER_KEY_MISSING:
        snprintf(text, text_bytes, "%s only follows: it has no vote key: %s.", name, n->why);
        return;
    case NEUTER_KEY_OTHER:
        say_other_key(a, text, text_bytes, action, action_bytes);
        return;
    case NEUTER_STANDING:
        say_standing(a, text, text_bytes, action, action_bytes);
        return;
    case NEUTER_LATCH:
        say_latch(a, text, text_bytes);
        return;
    }
}
