/* The vote key: from its file into the gate. */
#include "agent/agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool seal_key(struct agent *a, const uint8_t seed[static KEYFILE_KEY_BYTES],
                     char error[static AGENT_ERROR_BYTES])
{
    struct finding why;
    if (agent_seal(a, seed, &why)) {
        return true;
    }
    snprintf(error, AGENT_ERROR_BYTES,
             "the vote key is not used on this machine: reference R%02" PRIu32
             " is %s; see ostrakon doctor",
             why.id, result_text(why.result));
    return false;
}

/* Whoever voted before has had its key: if that is gone, or another, it was taken from a member
 * that is not to vote, and no start is refused for it. */
static bool has_voted(const struct agent *a)
{
    return a->node->deciding.cluster.height > 0 || (a->has_votes && a->votes.record_bytes > 0);
}

static void follow(struct agent *a, enum neuter_cause cause, const char *why)
{
    a->neuter.cause = cause;
    snprintf(a->neuter.why, sizeof a->neuter.why, "%s", why);
    node_follow(a->node, (const uint8_t *)"", 0);
}

/* Unless the chain says that it must not sign: then it is not even sealed. */
static bool use_key(struct agent *a, const struct keyfile *vote, const struct member *self,
                    char error[static AGENT_ERROR_BYTES])
{
    if (member_may_sign(self)) {
        return seal_key(a, vote->seed, error);
    }
    follow(a, NEUTER_STANDING, "");
    return true;
}

bool agent_open_key(struct agent *a, char error[static AGENT_ERROR_BYTES])
{
    const struct member *self = &a->node->deciding.cluster.member[a->config.member];
    struct keyfile vote = {.key = NULL};
    char reason[KEYFILE_ERROR_BYTES] = "";
    bool good = true;
    if (neuter_is(&a->neuter)) {
        return true; /* not even read */
    }
    const bool read = keyfile_read(a->config.vote_key_path, &vote, reason);
    memcpy(a->neuter.vote_key, vote.public_key, PUBLIC_KEY_BYTES);
    if (!read) {
        snprintf(error, AGENT_ERROR_BYTES, "%.500s", reason);
        good = has_voted(a);
        if (good) {
            follow(a, NEUTER_KEY_MISSING, error);
        }
    } else if (memcmp(vote.public_key, self->vote_key, PUBLIC_KEY_BYTES) == 0) {
        good = use_key(a, &vote, self, error);
    } else if (has_voted(a) || a->config.joins) {
        snprintf(error, AGENT_ERROR_BYTES, "%s is not the key that the cluster has for %s",
                 a->config.vote_key_path, agent_name(a));
        follow(a, NEUTER_KEY_OTHER, error);
    } else {
        snprintf(error, AGENT_ERROR_BYTES, "%s is not the key that %s names for %s",
                 a->config.vote_key_path, a->config.cluster_path, agent_name(a));
        good = false;
    }
    keyfile_finish(&vote);
    return good;
}
