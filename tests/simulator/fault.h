#ifndef OSTRAKON_TESTS_SIMULATOR_FAULT_H
#define OSTRAKON_TESTS_SIMULATOR_FAULT_H

#include <stdint.h>

#include "rule.h"

/* Every class of fault that this world knows, counted where it really strikes. A class that
 * never struck in a full run fails it. */
#define FAULTS(X)                                                                              \
    X(LOSS, "message lost")                                                                    \
    X(DUPLICATE, "message doubled")                                                            \
    X(REORDER, "message held up behind later ones")                                            \
    X(REPLAY, "old message delivered again")                                                   \
    X(CLOG, "link clogged")                                                                    \
    X(ISOLATE, "one member cut off")                                                           \
    X(SPLIT, "cluster split in two")                                                           \
    X(BRIDGE, "two halves joined by one member")                                               \
    X(RING, "each member sees its neighbours only")                                            \
    X(ONE_WAY, "links cut in one direction")                                                   \
    X(CRASH, "agent killed")                                                                   \
    X(POWER_CUT, "machine without power")                                                      \
    X(BLACKOUT, "all machines without power at once")                                          \
    X(TORN_WRITE, "write torn by a crash")                                                     \
    X(LOST_WRITE, "write lost in a crash")                                                     \
    X(UNTOLD_WRITE, "write durable, crash before it was told")                                 \
    X(PAUSE, "agent stopped for a while")                                                      \
    X(SLEEP, "machine asleep, its clocks too")                                                 \
    X(CLOCK_OFFSET, "clock wrong")                                                             \
    X(CLOCK_DRIFT, "clock at the wrong speed")                                                 \
    X(CLOCK_STEP, "clock stepped")                                                             \
    X(SLOW_DISK, "write took long")                                                            \
    X(VOTES_DEAD, "vote store cannot be written any more")                                     \
    X(VOTES_LOST, "vote store missing or damaged")                                             \
    X(VOTES_FOREIGN, "vote store restored, and refused")                                       \
    X(VOTES_ROLLED_BACK, "vote store rolled back unnoticed")                                   \
    X(BLOCKS_LOST, "blocks lost")                                                              \
    X(TAKEOVER_FAILS, "takeover of a name failed")                                             \
    X(WORKER_CRASH, "worker died")                                                             \
    X(WORKER_LATE, "worker late")                                                              \
    X(WORKER_LEASE, "worker killed at the end of its lease")                                   \
    X(OLD_FENCE, "write under an old fence refused")                                           \
    X(FENCE_FLIP, "write under a fence that was never granted")                                \
    X(SINK_AWAY, "sink not reached")                                                           \
    X(DEGRADED, "machine not perfect")                                                         \
    X(MACHINE_SILENT, "machine unfit to sign for a while")                                     \
    X(UNKNOWN, "reference that cannot be measured")                                            \
    X(BURST, "burst test")                                                                     \
    X(NEUTERED, "machine damaged for good")                                                    \
    X(SILENT, "liar: silent")                                                                  \
    X(EQUIVOCATE, "liar: two proposals or two votes")                                          \
    X(TWO_FACED, "liar: other things to other members")                                        \
    X(LIAR_REPLAY, "liar: repeats what others said")                                           \
    X(FORGE, "liar: forged or malformed")                                                      \
    X(FRAME, "liar: proofs of what nobody signed")                                             \
    X(CLONES, "two agents with one key")                                                       \
    X(FRAME_BY_ANSWER, "liar: a right answer shown as a wrong one, or one that is not signed") \
    X(PROPOSE_FALSE, "liar: a block with a false proof in it")                                 \
    X(TWINS, "liar: two copies with one key")                                                  \
    X(DELAY, "liar: slow on purpose")                                                          \
    X(WRONG_WORK, "liar: wrong digest")                                                        \
    X(FAIL_STORM, "liar: fails and disputes at will")                                          \
    X(ACCUSE, "liar: accuses everybody")                                                       \
    X(RANK_SELF, "liar: ranks itself alone")                                                   \
    X(STORM, "liar: a flood of urgent commands")                                               \
    X(CENSOR, "liar: leaves commands out")                                                     \
    X(EARLY, "liar: blocks before their time")                                                 \
    X(BALLOT, "liar: ballots against the evidence")                                            \
    X(SLANDER, "liar: its heartbeats speak ill of all")                                        \
    X(ANSWER, "liar: answers to challenges badly signed, or held back")                        \
    X(MINT, "liar: co-signs what nobody called for")                                           \
    X(BENT_WORK, "liar: its arithmetic is bent")                                               \
    X(OTHER_STATE, "liar: attests another state, which is a proof")                            \
    X(OTHER_HISTORY, "liar: votes that follow a block which was not decided")                  \
    X(WRONG_BLOCK, "liar: proposes, or votes for, a block of another parent or state")         \
    X(FRAME_BY_CHAIN, "liar: votes that follow the chain shown as if they did not")            \
    X(STALE, "liar: proposes what was decided long ago")                                       \
    X(RESIGN, "liar: resigns, and goes on")                                                    \
    X(RESIGN_FOR_OTHERS, "liar: resigns in the name of others")                                \
    X(UNSIGNED, "F40: a signature of zeros")                                                   \
    X(OTHER_NAME, "F40: signed with its own key in another's name")                            \
    X(OTHER_CLUSTER, "F41: signed for another cluster")                                        \
    X(OUT_AND_VOTES, "F42: votes of one that was removed")                                     \
    X(FALSE_CERTIFICATE, "F45: one vote less, one twice, of another view, kind or signer")     \
    X(FALSE_SHARES, "F45: a token with a signature less, or with one twice")                   \
    X(THEFT, "F68: a token past its time, elsewhere, or under another name")                   \
    X(OLD_BUNDLE, "F42: an older trust bundle, or one past its time")                          \
    X(FLAP, "F36: link that breaks and heals over and over")

/* The same of the world of flips: what may happen to a node's memory. */
#define MEMORY_FAULTS(X)                                                                       \
    X(FLIP_STATE, "bits flipped in the deciding state")                                        \
    X(FLIP_GUARDIAN, "bits flipped in its shadow, digests or guard words")                     \
    X(FLIP_BOTH, "the same bit flipped in state and shadow, in opposite directions")           \
    X(FLIP_WIPED, "line of the deciding state wiped")                                          \
    X(FLIP_COMPUTED, "F27: state changed as if it had been computed")                          \
    X(FLIP_KEYS, "F21: bit flipped in a peer's vote key")                                      \
    X(FLIP_ANYWHERE, "F23: bits flipped anywhere in what a node owns")                         \
    X(FLIP_RECEIVED, "F28: message changed before it was verified")                            \
    X(FLIP_VERIFIED, "F28: message changed after it was verified")                             \
    X(FLIP_ENCODED, "F28: words changed after they were encoded, before they were signed")     \
    X(FLIP_SIGNED, "F28: message changed after it was signed")

/* The same of the world of bent machines. */
#define BENT_FAULTS(X)                                                                         \
    X(BENT_REFUSES, "a right signature taken for a wrong one")                                 \
    X(BENT_ACCEPTS, "a wrong signature taken for a right one")                                 \
    X(BENT_HASHES, "hash computed wrongly")

/* What the world of combinations brings about: those of faults.md, section 9, by their numbers,
 * and others that chance is not left to. Each counts once it has come about whole. */
#define COMBINED_FAULTS(X)                                                                     \
    X(HANGING_LEADER, "combination 1: the incident while the leader hangs")                    \
    X(LEADING_INCIDENT, "combination 2: the incident in whoever proposes and leads")           \
    X(RESTORED_CLONE, "combination 4: an old copy of a member that runs, started")             \
    X(ACCUSED_UNDER_LOSS, "combination 5: false accusations while a fifth is lost")            \
    X(MAJORITY_FORGETS, "combination 6: syncs of a majority lost as all power goes")           \
    X(FROZEN_AT_EDGE, "combination 10: a clock stands where nobody can be spared")             \
    X(BAD_RULE, "combination 11: a bad rule finds all machines broken")                        \
    X(ALL_APPEAL, "combination 12: removed one after the other, then all appeal")              \
    X(CLOCK_AT_BOUNDARY, "combination 14: clocks step at a window's end, in a hand-over")      \
    X(RESTART_STORM, "F05: restarted every few seconds, one or all")                           \
    X(TIMER_LOST, "F07: timer that does not fire")                                             \
    X(TIMER_DOUBLED, "F07: timer that fires twice")                                            \
    X(STROBE, "F53: clocks thrown to and fro by minutes")                                      \
    X(WITNESSES_GONE, "F70: all witnesses gone")                                               \
    X(QUORUM_GONE, "F71: one less than a quorum is left")                                      \
    X(PROVED_IN_TURN, "F72: one after the other proved to lie, and removed")                   \
    X(LOSSY, "F30: a tenth or a third of all that is said lost, by default timing")            \
    X(FAR_APART, "F31: half a second each way, by default timing")                             \
    X(FLAPPING, "F36: a link that breaks and heals over and over, by default timing")          \
    X(BENIGN, "N10: a twentieth lost, 100 ms each way, out of order, by default timing")       \
    X(ASLEEP, "N14: a machine asleep for 30 s, by default timing")                             \
    X(DAMAGED_MINORITY, "combination 3: damage on the smaller side of a partition")            \
    X(DAMAGED_AUDIT, "combination 13: one of leader and auditor damaged, the other lies")

enum fault {
#define X(name, text) FAULT_##name,
    FAULTS(X) MEMORY_FAULTS(X) BENT_FAULTS(X) COMBINED_FAULTS(X)
#undef X
        FAULT_KINDS
};

/* Every promise that is checked, counted at each evaluation. */
#define CHECKS(X)                                                                              \
    X(ONE_BLOCK, "invariant 1: one block a height")                                            \
    X(ONE_CERTIFIED, "invariant 1: nothing else certified after a finalization")               \
    X(QUORUM, "invariant 1: every decision has its quorum of true votes")                      \
    X(CERTIFICATE, "invariant 1: every certificate shown has its quorum")                      \
    X(SAME_STATE, "invariant 1: equal states at equal heights")                                \
    X(FENCE, "invariant 2: fences only grow, one holder each")                                 \
    X(SETTLED, "invariant 2: settled by two, once, never back")                                \
    X(WRITTEN, "invariant 2: nothing is written under an old fence")                           \
    X(PUBLISHED, "invariant 2: what is settled is published and true")                         \
    X(NAME, "no two serve under one name")                                                     \
    X(SILENCE, "invariant 5: who is silent or neutered signs nothing")                         \
    X(MINT, "invariant 6: nobody sound signs a token but what is called for")                  \
    X(TOKENS, "invariant 6: tokens are good, and refused after a removal")                     \
    X(THEFT, "invariant 6: nothing that a thief makes of a token is good")                     \
    X(CONTRADICTION, "invariant 8: nobody contradicts itself")                                 \
    X(DURABLE, "invariant 8: a vote is durable before it is sent")                             \
    X(RESTART, "invariant 8: nothing stored is lost")                                          \
    X(PROGRESS, "invariant 9: every connected member decides on")                              \
    X(WINDOWS, "invariant 9: every due window is settled")                                     \
    X(RENEWED, "invariant 9: every member has the tokens called for last")                     \
    X(TOTALS, "invariant 9: totals equal what was counted")                                    \
    X(FAILOVER, "L1: a fallen leader is replaced in time")                                     \
    X(CUT_OFF, "L9: cut off, it knows in time")                                                \
    X(MOTION, "S5, S10: electors fixed, perfect, asked on testimony of enough")                \
    X(RIGHTS, "a removed member is given nothing but what was decided")                        \
    X(REMOVAL, "S4: nobody sound goes by the word of liars alone")                             \
    X(UNFOOLED, "liars make nobody doubt itself, or think that it is cloned")                  \
    X(BROKEN_LINK, "a broken link accuses nobody")                                             \
    X(WELL_BEHAVED, "S13: no effect lost, no damage seen where there is none")

/* The same of the world of trials, in which members are removed and come back. */
#define TRIAL_CHECKS(X)                                                                        \
    X(SUSPENDED, "L5: silent for long, it is suspended in time")                               \
    X(REINSTATED, "L6: back, it is reinstated in time")                                        \
    X(PERFECT, "L8: back, it has a full record in time")                                       \
    X(RESIGNED, "L3: unfit, it is neutered for all in time")                                   \
    X(PROVED, "L4: of another state, it is locked out in time")                                \
    X(ADMITTED, "admitted with a new key, it is reinstated")                                   \
    X(OPERATED, "what operators sign is decided, and does what it says")                       \
    X(HELD_VOTES, "paused or only watched, nobody is removed")                                 \
    X(CLONES, "F67: of two agents with one key whoever starts, or both, are silent")           \
    X(ANSWERED, "F26: who answers a task wrongly is locked out by that")                       \
    X(BENT_FOUND, "F26: bent arithmetic is found out, and nobody else's")                      \
    X(ELECTORATE, "invariant 9: once all are well there is an electorate, and nobody is out")

/* The same of the world of limits, in the timing that clusters have by default. */
#define LIMIT_CHECKS(X)                                                                        \
    X(LOCKED_OUT, "L4: of whom anybody has a proof, it is locked out for all within 1.5 s")    \
    X(NAME_LET_GO, "L11: a name that was let go of is a witness's at once")                    \
    X(NAME_LEASE, "L11: else within lease and margin of its holder's removal")                 \
    X(NAME_SILENT, "L11: within what is left of them after the patience, of who fell silent")  \
    X(GONE_SOON, "L3: unfit, it is neutered for all within 1.5 s")                             \
    X(RESEALED, "F27: of another state, it is neutered or locked out by the next block")

/* The same of the world of flips. */
#define MEMORY_CHECKS(X)                                                                       \
    X(DAMAGE_SEEN, "L2: damage at rest is fatal within 1.2 s")                                 \
    X(DAMAGE_TRUE, "nothing is called damaged that is not")                                    \
    X(SAID_BY_BOTH, "S3: nothing is said that a sound twin would not say")                     \
    X(ENCODED, "F28: what was changed before it is signed is not signed")                      \
    X(UNBLAMED, "F21, F28: nobody is accused of what was changed elsewhere")

/* The same of the world of bent machines. */
#define BENT_CHECKS(X)                                                                         \
    X(BENT_HARMLESS, "F29: whose verification is bent accuses nobody")                         \
    X(BENT_KNOWN, "F29: and finds out for itself")

/* The same of the world of combinations. */
#define COMBINED_CHECKS(X)                                                                     \
    X(PASSED_ON, "L1: whoever hangs or is bent is led by another in time")                     \
    X(CONFINED, "S1: who is too few decides nothing, and knows it")                            \
    X(BELIEVED, "S4: in a combination nobody sound loses its standing")                        \
    X(HALTS, "F14, F66: who has forgotten halts and says so, or is right")                     \
    X(OUTLIVED, "F74: a source that all share neuters no more than make testimony")            \
    X(LAST_FEW, "F72: no vote leaves fewer than may be left")                                  \
    X(ALL_BACK, "L6, F75: all who come back are reinstated")                                   \
    X(KEPT, "F30, F31, F36: for that no grant moves more often than it may")                   \
    X(TIMERS, "F07: within two ticks of the last lost timer all decide on")

enum check {
#define X(name, text) CHECK_##name,
    CHECKS(X) TRIAL_CHECKS(X) LIMIT_CHECKS(X) MEMORY_CHECKS(X) BENT_CHECKS(X) COMBINED_CHECKS(X)
#undef X
        CHECK_KINDS
};

struct counters {
    uint64_t seeds;
    uint64_t steps;
    uint64_t blocks;
    uint64_t views;
    uint64_t windows;
    uint64_t fault[FAULT_KINDS];
    uint64_t check[CHECK_KINDS];
    struct rules rules;
};

const char *fault_text(enum fault fault);
const char *check_text(enum check check);
void counters_add(struct counters *sum, const struct counters *part);

#endif
