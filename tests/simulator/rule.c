#include "rule.h"

#include <assert.h>

#include "../../consensus/message.h"

static_assert(NOTE_KINDS <= RULES_EACH_MAX && MARK_KINDS <= RULES_EACH_MAX, "each has a place");

static void reach(struct rules *r, enum rule_group group, uint64_t which)
{
    assert(which < RULES_EACH_MAX);
    r->reached[group][which]++;
}

void rule_mark(struct rules *r, enum rule_mark mark)
{
    reach(r, RULES_MARKED, mark);
}

void rules_add(struct rules *sum, const struct rules *part)
{
    for (uint32_t g = 0; g < RULE_GROUPS; g++) {
        for (uint32_t i = 0; i < RULES_EACH_MAX; i++) {
            sum->reached[g][i] += part->reached[g][i];
        }
    }
}

/* ---- notes */

static void motion(struct rules *r, enum motion_end end, const struct note *n)
{
    reach(r, RULES_MOTION, MOTION_KINDS * (uint64_t)end + n->first);
    const bool even = n->count > 0 && 2 * n->fence == n->count && n->cause == CAUSE_NONE;
    if (even && end == MOTION_IS_FAILED && n->first != MOTION_REINSTATE) {
        rule_mark(r, MARK_EVEN_REMOVAL);
    }
    if (even && end == MOTION_IS_PASSED && n->first == MOTION_REINSTATE) {
        rule_mark(r, MARK_EVEN_RETURN);
    }
}

static void standing(struct rules *r, const struct note *n)
{
    reach(r, RULES_STANDING, n->fence);
}

static void operator(struct rules *r, const struct note *n)
{
    reach(r, RULES_OPERATION, n->first);
}

static void tier(struct rules *r, const struct note *n)
{
    reach(r, RULES_TIER, n->count);
}

static void granted(struct rules *r, const struct note *n)
{
    if (n->other == MEMBER_NONE) {
        rule_mark(r, MARK_NO_AUDITOR);
    }
}

static void proved(struct rules *r, const struct note *n)
{
    if (n->first == 0) {
        rule_mark(r, MARK_PROVED_BY_ANSWER);
    } else if (n->cause == CAUSE_OTHER_HISTORY) {
        rule_mark(r, MARK_PROVED_OTHER_HISTORY);
    } else if (n->cause == CAUSE_OTHER_PARENT) {
        rule_mark(r, MARK_PROVED_OTHER_PARENT);
    } else if (n->cause == CAUSE_OTHER_STATE) {
        rule_mark(r, MARK_PROVED_OTHER_STATE);
    }
}

static void settled(struct rules *r, const struct note *n)
{
    if (n->other == MEMBER_NONE) {
        rule_mark(r, MARK_SETTLED_ALONE);
    }
}

void rule_note(struct rules *r, const struct note *n)
{
    /* Where the cause is the rule; none of these is group 0. */
    static const enum rule_group causes[NOTE_KINDS] = {
        [NOTE_COMMAND_SKIPPED] = RULES_SKIPPED,   [NOTE_GRANT_ENDED] = RULES_ENDED,
        [NOTE_AUDITOR_REPLACED] = RULES_REPLACED, [NOTE_TICK_SPOILED] = RULES_SPOILED,
        [NOTE_REMOVAL_BARRED] = RULES_BARRED,     [NOTE_PEER_NONSENSE] = RULES_NONSENSE,
        [NOTE_VOTES_FORGOTTEN] = RULES_FORGOTTEN,
    };
    static const struct {
        bool is_motion;
        enum motion_end end;
    } motions[NOTE_KINDS] = {
        [NOTE_MOTION_OPENED] = {true, MOTION_IS_OPENED},
        [NOTE_MOTION_PASSED] = {true, MOTION_IS_PASSED},
        [NOTE_MOTION_FAILED] = {true, MOTION_IS_FAILED},
        [NOTE_MOTION_LAPSED] = {true, MOTION_HAS_LAPSED},
        [NOTE_REMOVAL_WAITS] = {true, MOTION_WAITS},
        [NOTE_REMOVAL_BARRED] = {true, MOTION_IS_BARRED},
    };
    static void (*const others[NOTE_KINDS])(struct rules *, const struct note *) = {
        [NOTE_STANDING_CHANGED] = standing,
        [NOTE_OPERATOR] = operator,
        [NOTE_LOWER_TIER] = tier,
        [NOTE_GRANTED] = granted,
        [NOTE_WINDOWS_SETTLED] = settled,
        [NOTE_PROVED] = proved,
    };
    reach(r, RULES_NOTED, (uint64_t)n->kind);
    if (causes[n->kind] != RULES_NOTED) {
        reach(r, causes[n->kind], (uint64_t)n->cause);
    }
    if (motions[n->kind].is_motion) {
        motion(r, motions[n->kind].end, n);
    }
    if (others[n->kind] != NULL) {
        others[n->kind](r, n);
    }
}

/* ---- messages */

static void proposal(struct rules *r, const struct message *m)
{
    const uint32_t view = m->proposal.vote.view;
    const struct certificate *why = &m->proposal.justification;
    if (why->kind == CERTIFICATE_NONE) {
        rule_mark(r, view == 0 ? MARK_FRESH : MARK_FRESH_AFTER_NULLIFIED);
    } else {
        rule_mark(r, why->view + 1 == view ? MARK_PROPOSED_AGAIN : MARK_PROPOSED_AGAIN_CLAIMED);
    }
}

static void vote(struct rules *r, const struct message *m)
{
    if (m->vote.vote.kind != VOTE_NULLIFY) {
        return;
    }
    if (m->vote.vote.claim == VIEW_NONE) {
        rule_mark(r, MARK_NULLIFY_NONE);
    } else if (m->vote.support.kind == CERTIFICATE_NOTARIZATION) {
        rule_mark(r, MARK_NULLIFY_CLAIM);
    }
}

static void status(struct rules *r, const struct message *m)
{
    const struct entry *e = &m->status.entry;
    if (e->certificate.kind == CERTIFICATE_NOTARIZATION) {
        rule_mark(r, MARK_ENTERED_NOTARIZED);
    } else if (e->certificate.kind == CERTIFICATE_NULLIFICATION) {
        rule_mark(r, e->support.kind == CERTIFICATE_NONE ? MARK_ENTERED_NULLIFIED
                                                         : MARK_ENTERED_SUPPORTED);
    }
}

static void want(struct rules *r, const struct message *m)
{
    rule_mark(r, hash_is_none(&m->want.block) ? MARK_WANTED_DECIDED : MARK_WANTED_BYTES);
}

static void hello(struct rules *r, const struct message *m)
{
    rule_mark(r, m->hello.answer == 0 ? MARK_HELLO_ASKED : MARK_HELLO_ANSWERED);
    if (m->hello.count > 0) {
        rule_mark(r, MARK_HELLO_SHOWN);
    }
}

static void cosign(struct rules *r, const struct message *m)
{
    if (m->cosign.count > 0) {
        rule_mark(r, MARK_COSIGNED);
    }
    if (m->cosign.wanted) {
        rule_mark(r, MARK_COSIGN_WANTED);
    }
}

void rule_message(struct rules *r, uint32_t from, uint32_t to, const uint8_t *bytes,
                  size_t size_bytes)
{
    static void (*const readers[])(struct rules *, const struct message *) = {
        [MESSAGE_PROPOSAL] = proposal, [MESSAGE_VOTE] = vote,   [MESSAGE_STATUS] = status,
        [MESSAGE_WANT] = want,         [MESSAGE_HELLO] = hello, [MESSAGE_COSIGN] = cosign,
    };
    static struct message m;
    if (!message_decode(&m, bytes, size_bytes)) {
        return;
    }
    if (m.kind < sizeof readers / sizeof readers[0] && readers[m.kind] != NULL) {
        readers[m.kind](r, &m);
    } else if (m.kind == MESSAGE_CHALLENGE) {
        rule_mark(r, m.challenge.subject == to ? MARK_CHALLENGED : MARK_CHALLENGED_BY_RELAY);
    } else if (m.kind == MESSAGE_ANSWER && m.answer.author != from) {
        rule_mark(r, MARK_ANSWERED_BY_RELAY);
    } else if (m.kind == MESSAGE_TASK && m.task.subject != to) {
        rule_mark(r, MARK_TASKED_BY_RELAY);
    } else if (m.kind == MESSAGE_SOLUTION && m.solution.author != from) {
        rule_mark(r, MARK_SOLVED_BY_RELAY);
    }
}

void rule_candidate(struct rules *r, const struct candidate *c)
{
    if (c->has && c->untried) {
        rule_mark(r, MARK_PROPOSAL_UNTRIED);
    }
}

void rule_decided(struct rules *r, const uint8_t *bytes, size_t size_bytes)
{
    static struct message m;
    struct block b;
    if (!message_decode(&m, bytes, size_bytes) || m.kind != MESSAGE_DECIDED ||
        !block_decode(&b, m.decided.block.bytes, m.decided.block.size_bytes)) {
        return;
    }
    if (m.decided.finalization.view > 0) {
        rule_mark(r, MARK_DECIDED_LATE);
    }
    if (m.decided.finalization.view > 3) {
        rule_mark(r, MARK_DECIDED_AFTER_FOUR);
    }
    for (uint32_t i = 0; i < b.command_count; i++) {
        struct command c;
        if (command_decode(&c, b.bytes + b.commands[i].offset, b.commands[i].size_bytes)) {
            reach(r, RULES_COMMAND, (uint64_t)c.kind);
        }
    }
}

/* ---- states */

static void member_state(struct rules *r, const struct cluster *c, uint32_t i)
{
    const struct confidence *s = &c->confidence[i];
    if (c->condemned_until_ms[i] > c->time_ms) {
        rule_mark(r, MARK_DISQUALIFIED);
    }
    if (s->removed_ms[0] == c->time_ms && s->appeal_after_ms > c->time_ms) {
        rule_mark(r, MARK_APPEAL_WAITS);
    }
    if (cluster_is_voter(c, i) && c->tick_start_ms == c->time_ms) {
        rule_mark(r, c->record[i].next == c->tick ? MARK_JUDGED_EARLY : MARK_JUDGED_LATER);
    }
}

void rule_state(struct rules *r, const struct cluster *c)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        member_state(r, c, i);
    }
    if (c->tick_start_ms == c->time_ms && cluster_excused(c) != 0) {
        rule_mark(r, MARK_COMMON_CAUSE);
    }
    if (c->grant.fence != 0 && c->grant.given_ms == c->time_ms && c->grant.tier == 1) {
        rule_mark(r, MARK_TIER_1);
    }
}
