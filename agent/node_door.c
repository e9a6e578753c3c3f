/* What is open to a member that is in no good standing (DESIGN.md, section 8): it may read what
 * was decided, answer those who look for it, and hand in its own words, of which the chain
 * hears what brings it back. Asked of every message, by the standing that its sender has now: a
 * connection outlives the standing of who made it.
 *
 * My standing of others ends at my height. What speaks of a later one may come from a member
 * that was reinstated meanwhile, and is kept for then, or proves itself. */
#include "node_parts.h"

#include "../consensus/sabotage.h"

/* Its own, or an operator's: others' words come by others. */
static bool is_its_word(uint32_t from, struct bytes_view command)
{
    return command.size_bytes > COMMAND_KIND_AT &&
           (command.bytes[0] == from || command.bytes[COMMAND_KIND_AT] == COMMAND_OPERATOR);
}

/* Who has left for good is told so by what was decided, and is told nothing else. */
static bool is_open_to_the_left(const struct deciding *d, const struct message *m)
{
    const uint64_t height = d->simplex.height;
    return (m->kind == MESSAGE_HEARTBEAT && m->heartbeat.height < height) ||
           (m->kind == MESSAGE_STATUS && m->status.height < height) ||
           (m->kind == MESSAGE_WANT && m->want.height < height);
}

static bool is_open(const struct deciding *d, uint32_t from, const struct message *m)
{
    const uint64_t height = d->simplex.height;
    switch (m->kind) {
    case MESSAGE_HEARTBEAT:
    case MESSAGE_HELLO:
    case MESSAGE_ANSWER:
    case MESSAGE_DECIDED:
    case MESSAGE_BLOCK:
        return true; /* of the last three, only what I asked for is looked at */
    case MESSAGE_STATUS:
        return m->status.height != height;
    case MESSAGE_WANT:
        return m->want.height < height;
    case MESSAGE_VOTE:
        return m->vote.vote.height > height;
    case MESSAGE_PROPOSAL:
        return m->proposal.vote.height > height;
    case MESSAGE_COSIGN:
        return m->cosign.height > d->cluster.height && !m->cosign.wanted;
    case MESSAGE_COMMAND:
        return is_its_word(from, m->command.command);
    case MESSAGE_CHALLENGE:
    case MESSAGE_TASK:
    case MESSAGE_SOLUTION:
        return false;
    }
    return false;
}

bool node_door_admits(const struct deciding *d, uint32_t from, const struct message *m)
{
    if (cluster_is_voter(&d->cluster, from) || SABOTAGE == SABOTAGE_STANDING_UNCHECKED) {
        return true;
    }
    return d->cluster.member[from].standing == STANDING_LEFT ? is_open_to_the_left(d, m)
                                                             : is_open(d, from, m);
}
