#ifndef OSTRAKON_CONSENSUS_NOTE_H
#define OSTRAKON_CONSENSUS_NOTE_H

#include <stdint.h>

#include "command.h"

/* What the pure code has to say to people. It does not log: it gives a note, of which the shell
 * makes words (agent/words), and which scripts and the simulator read as it is. One table: the
 * enum and the name under which an event appears in the log for good. */
#define NOTES(X)                                                                               \
    /* decided by a block: the same on every member, in the same order */                      \
    X(GRANTED, "granted")                   /* member, fence; other: the auditor */            \
    X(AUDITOR_REPLACED, "auditor_replaced") /* member: the new, other: the old, either NONE;   \
                                               fence, cause */                                 \
    X(GRANT_ENDED, "grant_ended")           /* member: the holder, fence, cause */             \
    X(FENCE_RAISED, "fence_raised")         /* from first to fence, that of the sink */        \
    X(WINDOWS_SETTLED, "windows_settled")   /* first, count; member, other: by whom */         \
    X(WINDOW_DISPUTED, "window_disputed")   /* member, window in first, fence */               \
    X(WORK_FAILED, "work_failed")           /* member, fence, text: its reason */              \
    X(DISSENT, "dissent")                   /* member said otherwise of window first */        \
    X(WINDOW_DOUBTFUL, "window_doubtful")   /* first, count; member, other: by whom settled */ \
    X(WINDOW_CONFIRMED,                                                                        \
      "window_confirmed") /* likewise; who found the same on looking again */                  \
    X(WINDOW_CORRECTED, "window_corrected") /* likewise; who agree on something else */        \
    X(LOWER_TIER, "lower_tier")             /* count: the tier candidates came from, 2, 3 */   \
    X(NO_CANDIDATE, "no_candidate")         /* windows wait */                                 \
    X(MEMBER_UNREACHABLE, "member_unreachable") /* member, count: how many say so */           \
    X(MEMBER_REACHABLE, "member_reachable")     /* member */                                   \
    X(MEMBER_WRONG, "member_wrong")             /* member, count: how many find it wrong */    \
    X(MEMBER_CLEARED, "member_cleared")         /* member: no longer */                        \
    X(MEMBER_STARTED, "member_started")         /* member: a new incarnation attests */        \
    X(STANDING_CHANGED, "standing_changed")     /* member; first: standing, fence: its cause,  \
                                                  count: the new term */                       \
    X(OPERATOR, "operator")         /* text: whose key; first: operation; member; count: s,    \
                                       value or wishes; fence: setting, or of so many */       \
    X(TICK_SPOILED, "tick_spoiled") /* member; count: the tick, cause; first: its mask */      \
    X(COMMAND_SKIPPED, "command_skipped") /* member: author, or text: whose key; cause; count: \
                                             index */                                          \
    X(MOTION_OPENED, "motion_opened")     /* member, first: kind, count: electors */           \
    X(MOTION_PASSED, "motion_passed")     /* likewise; fence: how many said yes */             \
    X(MOTION_FAILED, "motion_failed")     /* likewise; cause, if it was not voted down */      \
    X(MOTION_LAPSED, "motion_lapsed")     /* likewise */                                       \
    X(REMOVAL_WAITS, "removal_waits")     /* member, first: kind: for the brake to end */      \
    X(REMOVAL_BARRED, "removal_barred")   /* member, first: kind, cause: would be removed */   \
    X(PROVED, "proved")                   /* member, other: by whom; first: kind of vote,      \
                                             count: its height; 0: an answer; cause: what is   \
                                             against the chain */                              \
    X(PROOF_HELD, "proof_held")           /* member, cause: why it did not act */              \
    X(APPEALED, "appealed")               /* member */                                         \
    X(NO_ELECTORATE, "no_electorate")     /* count: members with a perfect record */           \
    X(ELECTORATE_FOUND, "electorate_found") /* likewise */                                     \
    X(NAME_TAKEN, "name_taken")         /* member: by whom; other: its owner; fence, text: the \
                                           name */                                             \
    X(NAME_VACANT, "name_vacant")       /* member: whose it was; count: ms until it is free */ \
    X(NAME_KEPT, "name_kept")           /* member: good again in time; or cause: observed */   \
    X(NAME_RETURNING, "name_returning") /* member: is to let go of it; other: for whom */      \
    X(NAME_RELEASED, "name_released")   /* member: let go of it */                             \
    /* seen by this agent alone */                                                             \
    X(STARTED, "started")                 /* first: height */                                  \
    X(QUORUM_LOST, "quorum_lost")         /* count: heard */                                   \
    X(QUORUM_FOUND, "quorum_found")       /* count: heard */                                   \
    X(PEER_SUSPECTED, "peer_suspected")   /* member, count: ms since last heard */             \
    X(PEER_HEARD, "peer_heard")           /* member */                                         \
    X(PEER_NONSENSE, "peer_nonsense")     /* member: malformed or badly signed, cause */       \
    X(SOLUTION_WRONG, "solution_wrong")   /* member: signed a wrong answer to a task */        \
    X(VIEW_CHANGED, "view_changed")       /* first: height, count: the new view */             \
    X(VOTES_FORGOTTEN, "votes_forgotten") /* cause */                                          \
    X(VOTES_RESUMED, "votes_resumed")     /* first: height */                                  \
    X(FORK_SEEN, "fork_seen")             /* first: height; the fault model is broken */       \
    X(STATE_DIFFERS, "state_differs")     /* first: height */                                  \
    X(OTHER_PROTOCOL, "other_protocol")   /* first: height, count: its version */              \
    X(CATCHING_UP, "catching_up")         /* first: height, count: how far behind */           \
    X(CAUGHT_UP, "caught_up")             /* first: height */                                  \
    X(STORAGE_SLOW, "storage_slow")       /* count: ms the oldest write waits */               \
    X(EXAMINED, "examined")       /* count: ms since the start; first 1: since its removal */  \
    X(FELL_SILENT, "fell_silent") /* first: bits of the references */                          \
    X(SPEAKS_AGAIN, "speaks_again") /* first: those it was silent for; count: ms */            \
    X(CHECKPOINT_WANTED,                                                                       \
      "checkpoint_wanted") /* first: height; cause; count: ms, or how many are left */         \
    X(CHECKPOINT_DIFFERS, "checkpoint_differs") /* first: height */                            \
    X(CHECKPOINT_MET, "checkpoint_met")         /* first: height */

enum note_kind {
#define X(name, text) NOTE_##name,
    NOTES(X)
#undef X
        NOTE_KINDS
};

/* Why something was skipped, ended or refused; words in agent/words. */
#define CAUSES(X)                                                                              \
    X(NONE, "none")                                                                            \
    X(UNREACHABLE, "unreachable")                                                              \
    X(WRONG, "wrong")                                                                          \
    X(NOT_GOOD, "not_good")                                                                    \
    X(HELD, "held")                                                                            \
    X(DEADLINE, "deadline")                                                                    \
    X(FAILED, "failed")                                                                        \
    X(DISPUTED, "disputed")                                                                    \
    X(DISSENT, "dissent")                                                                      \
    X(BETTER_CANDIDATE, "better_candidate")                                                    \
    X(MALFORMED, "malformed")                                                                  \
    X(BAD_SIGNATURE, "bad_signature")                                                          \
    X(BAD_CERTIFICATE, "bad_certificate")                                                      \
    X(OLD_TERM, "old_term")                                                                    \
    X(OLD_FENCE, "old_fence")                                                                  \
    X(NOT_ITS_ROLE, "not_its_role")                                                            \
    X(OLD_SEQ, "old_seq")                                                                      \
    X(TOO_OLD, "too_old")                                                                      \
    X(TOO_NEW, "too_new")                                                                      \
    X(OUTSIDE_RING, "outside_ring")                                                            \
    X(SAID_BEFORE, "said_before")                                                              \
    X(LAST_VOTER, "last_voter")                                                                \
    X(NO_MEMBER, "no_member")                                                                  \
    X(BAD_KEY, "bad_key")                                                                      \
    X(TAKEN, "taken")                                                                          \
    X(OWN_REFERENCE, "own_reference")                                                          \
    X(REFUTED, "refuted")                                                                      \
    X(NOT_ATTESTED, "not_attested")                                                            \
    X(NO_MOTION, "no_motion")                                                                  \
    X(NO_ELECTORATE, "no_electorate")                                                          \
    X(TOO_FEW, "too_few")                                                                      \
    X(PAUSED, "paused")                                                                        \
    X(OBSERVED, "observed")                                                                    \
    X(CLEARED, "cleared")                                                                      \
    X(TOO_OFTEN, "too_often")                                                                  \
    X(OTHER_VERSION, "other_version")                                                          \
    X(UNABLE, "unable")                                                                        \
    X(FALSE_PROOF, "false_proof")                                                              \
    X(OTHER_STATE, "other_state")                                                              \
    X(OTHER_HISTORY, "other_history")                                                          \
    X(OTHER_PARENT, "other_parent")                                                            \
    X(VOTES_MISSING, "votes_missing")                                                          \
    X(VOTES_DAMAGED, "votes_damaged")                                                          \
    X(VOTES_FOREIGN, "votes_foreign")                                                          \
    X(VOTES_OLDER_THAN_SHOWN, "votes_older_than_shown")                                        \
    X(AWAY, "away")                                                                            \
    X(STRANGERS, "strangers")

enum cause {
#define X(name, text) CAUSE_##name,
    CAUSES(X)
#undef X
};

struct note {
    enum note_kind kind;
    enum cause cause;
    uint32_t member; /* MEMBER_NONE where it does not apply; so `other` */
    uint32_t other;
    uint64_t height;  /* 0: not decided by a block */
    uint64_t time_ms; /* of that block */
    uint64_t fence;
    uint64_t first;
    uint64_t count;
    char text[REASON_SIZE_BYTES]; /* a member's own words, already checked as printable */
};

/* A list that a caller passes down to collect notes; full is full: the rest is counted. A block
 * may hold 160 commands that are skipped, as a proposer may put in whatever was ever signed.
 * They make room for what the block decides, but for the 32 that may be operators', who take
 * silence for success. So of the rest 64 have room at least: 16 members that all start anew as
 * a tick ends make 16 each of member_started, member_reachable and tick_spoiled, and the grant
 * and the electorate 5. */
#define NOTES_MAX 96u

struct notes {
    uint32_t count;
    uint32_t dropped;
    struct note list[NOTES_MAX];
};

/* Appends an empty note of the kind (members MEMBER_NONE) and returns it to be filled in before
 * the next is added; never NULL: once the list is full another one is dropped for it, and
 * counted. */
struct note *notes_add(struct notes *notes, enum note_kind kind);

const char *note_kind_text(enum note_kind kind);
const char *cause_text(enum cause cause);

#endif
