#ifndef OSTRAKON_CONSENSUS_CLUSTER_H
#define OSTRAKON_CONSENSUS_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../health/record.h"
#include "block.h"
#include "call.h"
#include "command.h"
#include "founding.h"
#include "hash.h"
#include "name.h"
#include "note.h"
#include "quorum.h"

/* The replicated state (standing.md, sections 2 to 5 and 7): one flat struct of fixed arrays,
 * changed by decided blocks and by nothing else, the same on every member. All times are chain
 * time: the `time_ms` of blocks. */

#define HEIGHTS_KEPT 64u     /* whose block and state are known (protocol.md, section 6) */
#define HEIGHTS_ATTESTED 16u /* the last so many may be attested */
#define SETTLED_KEPT 64u

enum standing {
    STANDING_GOOD,
    STANDING_SUSPENDED,
    STANDING_LOCKED_OUT,
    STANDING_NEUTERED,
    STANDING_LEFT,
};

/* What brought a member to its standing. */
#define STANDING_CAUSES(X)                                                                     \
    X(FOUNDED, "founded")                                                                      \
    X(ADMITTED, "admitted")       /* by an operator, with these keys */                        \
    X(UNREACHABLE, "unreachable") /* removed by vote */                                        \
    X(WRONG, "wrong")             /* likewise */                                               \
    X(PROOF, "proof")             /* of wrongness, that anybody can check */                   \
    X(RESIGNED, "resigned")       /* found itself unfit */                                     \
    X(REMOVED, "removed")         /* by an operator */                                         \
    X(REINSTATED, "reinstated")   /* by vote */

enum standing_cause {
#define X(name, text) STANDING_CAUSE_##name,
    STANDING_CAUSES(X)
#undef X
        STANDING_CAUSE_COUNT
};

struct member {
    char name[NAME_SIZE_BYTES];
    enum role role;
    char address[ADDRESS_SIZE_BYTES];
    uint8_t transport_key[PUBLIC_KEY_BYTES];
    uint8_t vote_key[PUBLIC_KEY_BYTES];
    enum standing standing;
    enum standing_cause cause;
    enum resign_class resigned; /* of its last resignation; stays when it is back */
    uint32_t resigned_reference;
    uint64_t resigned_ms;   /* 0: it never has */
    uint64_t since_ms;      /* when it came to that standing */
    uint64_t good_until_ms; /* when it last fell from a good one; 0: it never has */
    uint64_t convicted_ms;  /* when it was last locked out, whatever became of it; 0: never */
    uint32_t term;          /* +1 at each change of standing or key; 1 at the founding */
    bool drained;           /* leads nothing, by an operator's wish */
    bool held; /* a proof against it did not act: no ballot, leads and audits nothing */
};

/* The last attestation of a member that a block held; seq 0: none yet. */
struct attested {
    uint64_t incarnation;
    uint64_t seq;
    uint64_t tick;
    uint64_t height;
    uint64_t decided_ms;
    uint64_t own; /* references */
    uint64_t serve;
    uint8_t score;
    uint32_t silent; /* bits of members */
    uint32_t wrong;
    uint32_t version_low;
    uint32_t version_high;
    uint32_t ranked;
    uint8_t ranking[MEMBERS_MAX];
    uint8_t configuration[CONFIGURATION_BYTES];
    uint32_t certificate_count;
    struct service_certificate certificates[CERTIFICATES_MAX];
};

/* What a vote is held on. Of the removals the kind is also that of their accusations: the first
 * for silence, the second for wrongness. */
#define MOTIONS(X)                                                                             \
    X(SUSPEND, "suspend")                                                                      \
    X(LOCK_OUT, "lock_out")                                                                    \
    X(REINSTATE, "reinstate")

enum motion_kind {
#define X(name, text) MOTION_##name,
    MOTIONS(X)
#undef X
        MOTION_KINDS
};
#define REMOVAL_KINDS 2u

/* A question to the electors. All are bits of members; who is no elector has no ballot. */
struct motion {
    uint64_t id; /* the height that opened it; 0: none is open */
    enum motion_kind kind;
    uint64_t opened_ms;
    uint32_t electors; /* those of the opening that still are */
    uint32_t yes;
    uint32_t no;
    bool passed; /* and waits for a brake to end */
};

#define REMOVALS_KEPT 5u

/* What votes have made of one member. */
struct confidence {
    uint64_t accused_since_ms[REMOVAL_KINDS]; /* by >= a without a break; 0: it is not */
    struct motion motion;
    uint64_t motion_after_ms; /* none to remove it opens before that */
    uint32_t motions_failed;  /* since enough accuse it */
    uint64_t barred_told_ms;  /* when it was last said that it would be removed; 0: never */
    uint64_t removed_ms[REMOVALS_KEPT]; /* its last removals by testimony, the newest first */
    uint32_t appeals_lost;              /* since its last removal */
    uint64_t appeal_after_ms;           /* no appeal of it is heard before that */
};

/* The right of one member to process the due windows, checked by another. fence 0: no grant. */
struct grant {
    uint64_t fence;
    uint32_t leader;
    uint32_t auditor; /* MEMBER_NONE: windows wait, or settle alone where audit is off */
    uint32_t tier;    /* 1 .. 3: of the candidates the leader was chosen from */
    uint64_t given_ms;
    uint64_t deadline_ms; /* for the leader; counts only while a window is due */
    uint64_t
        audit_deadline_ms; /* for the auditor; counts only while the leader's result waits */
    bool audit_was_late; /* its auditor missed that once: from then on the leader must answer */
};

/* What the members have said of one open window. */
struct window_claims {
    uint32_t results;  /* bits of members: found published and equal to their own */
    uint32_t disputes; /* bits of members: differs from their own */
    struct window_digest digest[MEMBERS_MAX];
};

struct settled_window {
    uint64_t window; /* 0: this place is empty */
    uint64_t fence;
    struct window_digest digest;
    uint32_t members[2]; /* by whose results; with audit off the second may be MEMBER_NONE */
    uint32_t dissenters; /* bits of members: have said otherwise */
    uint32_t convicted;  /* bits 0, 1: of `members`, locked out since */
};

#define DOUBTFUL_KEPT SETTLED_KEPT /* all of them may come into doubt at once */

/* What a member has found of a settled window on looking again. */
struct doubtful_claim {
    uint32_t member; /* MEMBER_NONE: none yet */
    struct window_digest digest;
};

/* A settled window, both of whose members have been locked out within an hour since. */
struct doubtful_window {
    uint64_t window;                 /* 0: this place is empty */
    uint32_t members[2];             /* on whose words it was settled */
    struct window_digest digest;     /* as it was settled */
    struct doubtful_claim claims[2]; /* of others, the newer second */
    bool closed; /* the two agree: on the same digest, or on another, which is a correction */
};

struct windows {
    uint64_t next; /* the first window that is not settled; all before it are */
    struct window_claims
        open[RESULT_WINDOWS_MAX];                /* of window k in place k % 64, k from next */
    struct settled_window settled[SETTLED_KEPT]; /* the last ones, in place k % 64 */
    struct doubtful_window doubtful[DOUBTFUL_KEPT]; /* in place k % 64: the last in doubt */
};

/* Whom an operator wants to be operators, until more than half of them want the same. */
struct operator_wish {
    struct hash keys;  /* of names and keys; zeros: none */
    uint64_t until_ms; /* counts in blocks up to this time */
};

struct cluster {
    struct hash id;
    char name[NAME_SIZE_BYTES];
    struct timing timing;
    uint32_t malfunctioning_max;
    bool audit_required;
    bool observes;        /* no removal by testimony acts: it is only said */
    uint32_t members_min; /* such a removal leaves at least so many good */

    uint64_t height;   /* of the last block applied; 0 after the founding */
    struct hash block; /* its hash; the cluster's id at 0 */
    uint64_t time_ms;  /* its time */
    uint32_t version;
    uint64_t tick; /* a counter closed by blocks, from 1 */
    uint64_t tick_start_ms;
    /* Of the last heights h, in place h % 64; at 0 the cluster's id and what was founded. */
    struct hash blocks[HEIGHTS_KEPT];  /* the block decided there */
    struct hash digests[HEIGHTS_KEPT]; /* of the state after it */

    uint32_t operator_count;
    struct operator_key operators[OPERATORS_MAX];
    uint64_t operator_seq[OPERATORS_MAX]; /* of the last decided command of each key */
    struct operator_wish operator_wish[OPERATORS_MAX];
    uint64_t pause_until_ms;              /* no removal by testimony before that */
    uint64_t common[RECORD_WINDOW_TICKS]; /* of closed tick t in place t % 16: references that
                                           * failed on so many that it is nobody's fault */

    uint32_t member_count;
    struct member member[MEMBERS_MAX];
    struct attested latest[MEMBERS_MAX];
    struct record record[MEMBERS_MAX];
    uint64_t around[MEMBERS_MAX][RECORD_WINDOW_TICKS]; /* of tick t in place t % 16: references
                                                        * of class environment attested as
                                                        * failing */
    uint64_t barred_until_ms[MEMBERS_MAX];    /* not a candidate in tiers 1 and 2 before that */
    uint64_t dissent_until_ms[MEMBERS_MAX];   /* neither candidate nor auditor before that */
    uint64_t condemned_until_ms[MEMBERS_MAX]; /* dissented again: counts as `wrong` by all */
    uint64_t failed_fence[MEMBERS_MAX];       /* of its last `fail`: one a fence */
    uint64_t sink_fence[MEMBERS_MAX];  /* the highest it has found in the sink, of a `fail` */
    uint32_t urgent_used[MEMBERS_MAX]; /* urgent commands decided in the open tick, 0 .. 4 */

    struct confidence confidence[MEMBERS_MAX];
    uint64_t testimony_ms[REMOVAL_KINDS]; /* the last removal of each kind; 0: none yet */
    uint64_t proof_ms;                    /* of the last proof that acted; 0: none yet */
    uint32_t proof_member;                /* against whom; MEMBER_NONE */
    uint64_t no_electorate_ms; /* since when fewer than a have a perfect record; 0: enough have
                                */

    uint64_t last_fence;
    uint64_t grant_moved_ms; /* when a grant last moved because its holder was accused */
    struct grant grant;
    struct windows windows;
    uint32_t name_count;
    struct service_name names[SERVICE_NAMES_MAX];
    struct call call;
};

/* The state that a founding document stands for: height 0, all good, nothing settled before the
 * window in which the cluster was founded (but window 0, of 1970, is nobody's). One that was
 * rebuilt goes on with the windows, fences and terms that its document names. */
void cluster_found(struct cluster *c, const struct founding *f);

/* The voters of height c->height + 1 are the members good in `c`. */
bool cluster_is_voter(const struct cluster *c, uint32_t member);
uint32_t cluster_voters(const struct cluster *c, uint8_t members[static MEMBERS_MAX]);
struct quorum cluster_quorum(const struct cluster *c);
/* a of standing.md: counted over the members that have not left. */
uint32_t cluster_testimony(const struct cluster *c);
/* How many other voters accuse the member now, by their latest attestations, as far as these
 * are not older than 2 + r ticks. */
uint32_t cluster_accusers(const struct cluster *c, uint32_t member, bool wrong);

/* Digest of the canonical encoding of the state: what blocks and attestations carry. Costs
 * about 15 us: computed once a block by cluster_apply, and kept in digests[height % 64]. */
struct hash cluster_digest(const struct cluster *c);
/* The same, as kept: digest of the state after the block last applied. */
struct hash cluster_state_hash(const struct cluster *c);
/* Whether block and state of that height, which is not above c->height (asserted), are kept. */
bool cluster_keeps(const struct cluster *c, uint64_t height);

#define CLUSTER_BYTES_MAX (64u * 1024u)
/* Canonical encoding, for snapshots; decode answers false for anything that encode cannot have
 * written. The state's digest is the hash of these bytes. */
size_t cluster_encode(const struct cluster *c, uint8_t out[static CLUSTER_BYTES_MAX]);
bool cluster_decode(struct cluster *c, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* What is to be said of a fresh block before a voter notarizes it. Time is judged elsewhere
 * (protocol.md, rule 15): it needs a clock. */
#define BLOCK_VERDICTS(X)                                                                      \
    X(GOOD, "good")                                                                            \
    X(WRONG_HEIGHT, "wrong height")                                                            \
    X(WRONG_PARENT, "wrong parent")                                                            \
    X(WRONG_STATE, "wrong state digest")                                                       \
    X(WRONG_VERSION, "wrong protocol version")                                                 \
    X(BAD_COMMAND, "malformed command")                                                        \
    X(BAD_SIGNATURE, "command badly signed")                                                   \
    X(BAD_PROOF, "proof of what its subject never signed")                                     \
    X(TOO_MANY, "more commands of one author than a block may hold")

enum block_verdict {
#define X(name, text) BLOCK_##name,
    BLOCK_VERDICTS(X)
#undef X
};

const char *block_verdict_text(enum block_verdict verdict);

/* Verifies every command's signature (about 50 us each). */
enum block_verdict cluster_check(const struct cluster *c, const struct block *b)
    __attribute__((warn_unused_result));

/* Applies a decided block: total and deterministic. A command that no longer makes sense is
 * skipped with a note. The caller has seen the block's finalization; height and parent are
 * asserted. Notes are appended in an order that is the same on every member. */
void cluster_apply(struct cluster *c, const struct block *b, struct notes *notes);

/* The key that the author's commands are verified with; NULL: there is no such author. */
const uint8_t *cluster_author_key(const struct cluster *c, uint32_t author);
uint32_t cluster_setting(const struct cluster *c, enum setting setting);
/* Bits of the voters that have not attested, in this tick or the last, that they can run this
 * version of the protocol: the cluster goes over to it only if there are none. */
uint32_t cluster_unable(const struct cluster *c, uint32_t version);
/* How many operators want the same operators as this one (0 .. operator_count - 1), itself
 * included; 0: it wants none. */
uint32_t cluster_wishes(const struct cluster *c, uint32_t operator);
/* How many members have resigned with this class in the last 12 ticks: 60 s. */
uint32_t cluster_resigned_lately(const struct cluster *c, enum resign_class class);
/* References that a member's `own` mask may have now without that being held against it. */
uint64_t cluster_excused(const struct cluster *c);
const char *standing_text(enum standing standing);
const char *standing_cause_text(enum standing_cause cause);

/* True if the command could still have an effect: what a pool keeps and a proposer puts into a
 * block. Does not verify the signature. The cause says why not. */
enum cause cluster_would_skip(const struct cluster *c, const struct command *command);
/* Decided as soon as possible, rather than with the tick's block: all but an attestation, and
 * an attestation that says something its author's last decided one did not (incarnation, masks,
 * accusations). */
bool cluster_is_urgent(const struct cluster *c, const struct command *command);

/* Motions, derived. Bits of those who would have a ballot on the member now: good, with a
 * perfect record, and not itself. */
uint32_t cluster_electors(const struct cluster *c, uint32_t subject);
/* How many must say yes for the motion on the member, which is open (asserted), to pass. */
uint32_t cluster_yes_needed(const struct cluster *c, uint32_t subject);
/* Whether it may come back by a vote: suspended, or locked out by testimony. */
bool cluster_may_appeal(const struct cluster *c, uint32_t member);
/* Whether a member of this standing may use its vote key: one that may vote, or that may be
 * reinstated by a vote. What the latch says on the disk, this says in the chain, so that it
 * holds also where the latch is lost. */
bool member_may_sign(const struct member *m);
/* How many removals of the member by votes lie within an hour of the last one, that included.
 */
uint32_t cluster_removals_lately(const struct cluster *c, uint32_t member);
/* The condition under which a motion of the kind, which is one to remove the member, opens by
 * itself: enough accuse it, for long enough. */
bool cluster_calls_for(const struct cluster *c, uint32_t subject, enum motion_kind kind);
/* Why a removal by testimony would not act now, whoever it is about: NONE, PAUSED, TOO_FEW or
 * OBSERVED. */
enum cause cluster_removal_bar(const struct cluster *c);
/* Until when the brake holds removals of the kind; a time that is past: it does not. */
uint64_t cluster_brake_ms(const struct cluster *c, enum motion_kind kind);
const char *motion_text(enum motion_kind kind);

/* Windows, derived: how many are due at `time_ms` (0 where none), and from when the first is.
 */
uint64_t cluster_windows_due(const struct cluster *c, uint64_t time_ms);
uint64_t cluster_window_due_ms(const struct cluster *c, uint64_t window);
/* Whether that place holds a doubtful window that the member may look at again: open, and not
 * one that its own word settled. */
bool doubtful_waits_for(const struct doubtful_window *d, uint32_t member);
/* How many there are; or of these, how many that were corrected. */
uint32_t doubtful_count(const struct cluster *c, bool corrected);
/* Whether two others agree on something else than what is settled. */
bool doubtful_is_corrected(const struct doubtful_window *d);

#endif
