#include "cluster.h"

#include <assert.h>

#include "cluster_parts.h"
#include "motion.h"
#include "window.h"

/* Why a command would change nothing, and how urgent it is. Asked by whoever pools, proposes or
 * applies commands, so that all three agree. */

#define TICKS_BACK_MAX 15u

static enum cause attested_height_cause(const struct cluster *c, const struct attest *a)
{
    if (a->tick > c->tick || a->height > c->height) {
        return CAUSE_TOO_NEW;
    }
    if (c->tick - a->tick > TICKS_BACK_MAX || c->height - a->height >= HEIGHTS_ATTESTED) {
        return CAUSE_TOO_OLD;
    }
    return CAUSE_NONE;
}

static bool names_only_members(const struct cluster *c, const struct attest *a)
{
    if ((a->silent | a->wrong) >> c->member_count != 0) {
        return false;
    }
    for (uint32_t i = 0; i < a->ranked; i++) {
        if (a->ranking[i] >= c->member_count) {
            return false;
        }
    }
    return true;
}

static enum cause attest_cause(const struct cluster *c, uint32_t author, const struct attest *a)
{
    const struct attested *latest = &c->latest[author];
    if (!names_only_members(c, a)) {
        return CAUSE_MALFORMED;
    }
    /* Of another incarnation any number is new. But who starts again has seen no less of the
     * chain: else anybody could pass off what it said before its start as its last word. */
    const bool same = a->incarnation == latest->incarnation;
    if (same ? a->seq <= latest->seq : a->height < latest->height) {
        return CAUSE_OLD_SEQ;
    }
    return attested_height_cause(c, a);
}

/* Whether the fence is that of the grant, and the author one of its two. */
static enum cause role_cause(const struct cluster *c, uint32_t author, uint64_t fence)
{
    if (c->grant.fence == 0 || fence != c->grant.fence) {
        return CAUSE_OLD_FENCE;
    }
    const bool is_holder = author == c->grant.leader || author == c->grant.auditor;
    return is_holder ? CAUSE_NONE : CAUSE_NOT_ITS_ROLE;
}

static enum cause dispute_cause(const struct cluster *c, uint32_t author,
                                const struct dispute *d)
{
    const enum cause cause = role_cause(c, author, d->fence);
    return cause != CAUSE_NONE ? cause : windows_dispute_cause(c, author, d);
}

/* One a fence, or a single word, said over and over by whoever proposes, would keep an auditor
 * that is chosen again for want of others from ever getting its work done. */
static enum cause fail_cause(const struct cluster *c, uint32_t author, const struct fail *f)
{
    const enum cause cause = role_cause(c, author, f->fence);
    if (cause != CAUSE_NONE) {
        return cause;
    }
    return f->fence > c->failed_fence[author] ? CAUSE_NONE : CAUSE_SAID_BEFORE;
}

enum cause cluster_would_skip(const struct cluster *c, const struct command *command)
{
    const uint32_t author = command->author;
    if (cluster_author_key(c, author) == NULL) {
        return CAUSE_MALFORMED;
    }
    if (command->kind == COMMAND_OPERATOR) {
        return cluster_operator_cause(c, author, &command->by_operator);
    }
    if (command->term != c->member[author].term) {
        return CAUSE_OLD_TERM;
    }
    if (command->kind == COMMAND_RESIGN) {
        return cluster_resign_cause(c, author);
    }
    if (command->kind == COMMAND_APPEAL) {
        return motions_appeal_cause(c, author);
    }
    /* Who may come back is heard of its height, and lets go of names. */
    const bool is_heard =
        (command->kind == COMMAND_ATTEST || command->kind == COMMAND_RELEASE) &&
        cluster_may_appeal(c, author);
    if (!cluster_is_voter(c, author) && !is_heard) {
        return CAUSE_NOT_GOOD;
    }
    switch (command->kind) {
    case COMMAND_ATTEST:
        return attest_cause(c, author, &command->attest);
    case COMMAND_RESULT:
        return windows_result_cause(c, author, &command->result);
    case COMMAND_DISPUTE:
        return dispute_cause(c, author, &command->dispute);
    case COMMAND_FAIL:
        return fail_cause(c, author, &command->fail);
    case COMMAND_BALLOT:
        return motions_ballot_cause(c, author, &command->ballot);
    case COMMAND_PROVE:
        return cluster_prove_cause(c, &command->prove);
    case COMMAND_RELEASE:
        return names_release_cause(c, author, &command->release);
    case COMMAND_RESIGN:
    case COMMAND_OPERATOR:
    case COMMAND_APPEAL:
        break;
    }
    return CAUSE_MALFORMED;
}

static bool says_something_new(const struct attested *latest, const struct attest *a)
{
    return a->incarnation != latest->incarnation || a->own != latest->own ||
           a->serve != latest->serve || a->silent != latest->silent ||
           a->wrong != latest->wrong;
}

/* The tick is closed, and may still be attested for a while: its author's next attestation
 * would take the place of this one, and whoever proposes now and then could so cost others
 * their ballots by leaving out what they say. */
static bool is_overdue(const struct cluster *c, uint32_t author, const struct attest *a)
{
    return a->tick < c->tick && record_awaits(&c->record[author], a->tick);
}

/* By this alone its author is out: faults.md, L4, waits for no tick. Held for a proof already,
 * it would call for block after block. */
static bool convicts(const struct cluster *c, uint32_t author, const struct attest *a)
{
    return !c->member[author].held && cluster_state_differs(c, a);
}

bool cluster_is_urgent(const struct cluster *c, const struct command *command)
{
    if (cluster_would_skip(c, command) != CAUSE_NONE) {
        return false;
    }
    const uint32_t author = command->author;
    if (command->kind == COMMAND_RESIGN || command->kind == COMMAND_OPERATOR ||
        command->kind == COMMAND_BALLOT || command->kind == COMMAND_APPEAL ||
        command->kind == COMMAND_PROVE || command->kind == COMMAND_RELEASE) {
        return true;
    }
    if (!cluster_is_voter(c, author)) {
        return false;
    }
    if (command->kind == COMMAND_ATTEST && convicts(c, author, &command->attest)) {
        return true;
    }
    if (c->urgent_used[author] >= URGENT_MAX) {
        return false;
    }
    return command->kind != COMMAND_ATTEST ||
           says_something_new(&c->latest[author], &command->attest) ||
           is_overdue(c, author, &command->attest);
}

bool cluster_state_differs(const struct cluster *c, const struct attest *a)
{
    assert(c->height >= a->height && c->height - a->height < HEIGHTS_ATTESTED);
    const bool same_version = a->version_low <= c->version && c->version <= a->version_high;
    return same_version && !hash_equal(&a->digest, &c->digests[a->height % HEIGHTS_KEPT]);
}
