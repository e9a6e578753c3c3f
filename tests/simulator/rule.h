#ifndef OSTRAKON_TESTS_SIMULATOR_RULE_H
#define OSTRAKON_TESTS_SIMULATOR_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../consensus/cluster.h"
#include "../../consensus/note.h"
#include "../../consensus/simplex.h"

/* Which rules of standing.md and protocol.md a run has reached, and by which way through them.
 * Most leave a note, which is counted by its kind, or by its cause: of what a block decides
 * once a block, of what one agent sees as often as a sound one sees it. The rest is read from
 * what sound members send and from the blocks that are decided. */

/* Of the votes of protocol.md, section 4, in messages of sound members. */
#define RULE_MARKS(X)                                                                          \
    X(FRESH, "a fresh block")                                                                  \
    X(FRESH_AFTER_NULLIFIED, "a fresh block, as nobody claims anything (rule 6)")              \
    X(PROPOSED_AGAIN, "a block of the view before, proposed again")                            \
    X(PROPOSED_AGAIN_CLAIMED, "a block that a claim names, proposed again")                    \
    X(NULLIFY_NONE, "a view given up that claims nothing")                                     \
    X(NULLIFY_CLAIM, "a view given up that claims a notarization, shown beside it")            \
    X(ENTERED_NOTARIZED, "a view entered by a notarization")                                   \
    X(ENTERED_NULLIFIED, "a view entered by a nullification")                                  \
    X(ENTERED_SUPPORTED, "likewise, with what the claims name beside it")                      \
    X(WANTED_BYTES, "the bytes of a block asked for (rule 6)")                                 \
    X(WANTED_DECIDED, "a decided block asked for (rule 11)")                                   \
    X(HELLO_ASKED, "a member that has started asks who it is (rule 16)")                       \
    X(HELLO_ANSWERED, "and is answered")                                                       \
    X(HELLO_SHOWN, "and shown its own votes")                                                  \
    X(DECIDED_LATE, "a block decided in a later view than its first")                          \
    X(DECIDED_AFTER_FOUR, "a block decided in its fifth view or later")                        \
    X(CHALLENGED, "a member challenged directly")                                              \
    X(CHALLENGED_BY_RELAY, "a member challenged through another")                              \
    X(ANSWERED_BY_RELAY, "an answer passed on")                                                \
    X(TASKED_BY_RELAY, "a task set through another")                                           \
    X(SOLVED_BY_RELAY, "the answer to a task passed on")                                       \
    X(COSIGNED, "tokens co-signed")                                                            \
    X(COSIGN_WANTED, "co-signatures asked for")                                                \
    X(TOKEN_ASSEMBLED, "a token assembled")                                                    \
    X(TOKEN_AGAIN, "a token with more signatures than were needed")                            \
    X(TRUST_ASSEMBLED, "a trust bundle assembled")                                             \
    X(EVEN_REMOVAL, "an even split over a removal")                                            \
    X(EVEN_RETURN, "an even split over a return, settled by the witnesses")                    \
    X(JUDGED_EARLY, "a tick judged as it closed")                                              \
    X(JUDGED_LATER, "a tick that waits for its attestation as it closes")                      \
    X(COMMON_CAUSE, "a reference that fails on so many that it is nobody's fault")             \
    X(TIER_1, "a grant to a candidate of the first tier")                                      \
    X(NO_AUDITOR, "a grant with nobody to audit it")                                           \
    X(SETTLED_ALONE, "a window settled by one, where audits are off")                          \
    X(DISQUALIFIED, "dissent twice in an hour, which counts as wrong by all")                  \
    X(APPEAL_WAITS, "a removal after which the appeal has to wait")                            \
    X(PROVED_BY_ANSWER, "a wrong answer that convicts its author")                             \
    X(PROVED_OTHER_HISTORY, "a vote in another history that convicts its author")              \
    X(PROVED_OTHER_PARENT, "a vote for a block of another parent that does")                   \
    X(PROVED_OTHER_STATE, "a vote for a block of another state that does")                     \
    X(PROPOSAL_UNTRIED, "a proposal that waits until its proof is recomputed")

enum rule_mark {
#define X(name, text) MARK_##name,
    RULE_MARKS(X)
#undef X
        MARK_KINDS
};

enum rule_group {
    RULES_NOTED,     /* enum note_kind */
    RULES_SKIPPED,   /* enum cause, of commands */
    RULES_ENDED,     /* enum cause, of grants */
    RULES_REPLACED,  /* enum cause, of auditors */
    RULES_SPOILED,   /* enum cause, of ticks */
    RULES_BARRED,    /* enum cause, of removals */
    RULES_NONSENSE,  /* enum cause, of messages */
    RULES_FORGOTTEN, /* enum cause, of vote stores */
    RULES_STANDING,  /* enum standing_cause */
    RULES_MOTION,    /* kind of motion, and what became of it */
    RULES_OPERATION, /* enum operation */
    RULES_TIER,      /* of candidates */
    RULES_COMMAND,   /* enum command_kind, in decided blocks */
    RULES_MARKED,    /* enum rule_mark */
    RULE_GROUPS
};

/* What becomes of a motion; of each for each kind of motion, MOTION_KINDS * end + kind. */
#define MOTION_ENDS(X)                                                                         \
    X(IS_OPENED, "opened")                                                                     \
    X(IS_PASSED, "passed")                                                                     \
    X(IS_FAILED, "failed")                                                                     \
    X(HAS_LAPSED, "lapsed")                                                                    \
    X(WAITS, "waits for the brake")                                                            \
    X(IS_BARRED, "barred")

enum motion_end {
#define X(name, text) MOTION_##name,
    MOTION_ENDS(X)
#undef X
        MOTION_END_COUNT
};

#define RULES_EACH_MAX 64u /* of one group */

struct rules {
    uint64_t reached[RULE_GROUPS][RULES_EACH_MAX];
};

void rule_note(struct rules *r, const struct note *n);
void rule_mark(struct rules *r, enum rule_mark mark);
/* What a sound member sends: to one (`to`), or to all (MEMBER_NONE). */
void rule_message(struct rules *r, uint32_t from, uint32_t to, const uint8_t *bytes,
                  size_t size_bytes);
/* What a sound member thinks of voting for, after a step. */
void rule_candidate(struct rules *r, const struct candidate *c);
/* A block that is decided for the first time, as it is stored. */
void rule_decided(struct rules *r, const uint8_t *bytes, size_t size_bytes);
/* The state that a block has led to, once. */
void rule_state(struct rules *r, const struct cluster *c);
void rules_add(struct rules *sum, const struct rules *part);

/* Whether it has to be reached: '+' in any campaign, '*' in one of thousands of seeds; ' ': it
 * need not be. */
char rule_sign(enum rule_group group, uint32_t which);
/* A line for each rule that is reached or has to be: sign, count, name. */
void rules_print(const struct rules *r);

#endif
