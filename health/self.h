#ifndef OSTRAKON_HEALTH_SELF_H
#define OSTRAKON_HEALTH_SELF_H

#include "reference.h"

/* What the node finds out about itself by those references that need no machine (references.md,
 * section 2: they see memory, inputs and time as given). A table, as theirs: name, reference,
 * result, what was seen, what to do. `evidence.note` of such a finding is its place here, from
 * SELF_NOTE_FIRST on. */
#define SELF_FINDINGS(X)                                                                       \
    X(DIGESTS, 1, FATAL, "memory: the deciding state differs from its digests", SELF_REPAIR)   \
    X(SHADOW, 2, FATAL, "memory: the deciding state differs from its shadow", SELF_REPAIR)     \
    X(GUARDS, 3, FATAL, "memory: something wrote past its bounds beside the deciding state",   \
      SELF_REPAIR)                                                                             \
    X(ABORTED, 3, OK, "it died of damage of its own, and examines all before it votes", "")    \
    X(ABORTS, 3, FATAL, "it died of damage of its own {count} times within an hour",           \
      SELF_REPAIR)                                                                             \
    X(CHAIN, 4, FATAL, "state: its digest differs from the one that a quorum notarized",       \
      SELF_REPAIR)                                                                             \
    X(TWICE, 17, FATAL, "decision: two of its minds made different things of one input",       \
      SELF_REPAIR)                                                                             \
    X(DIFFERED, 17, OK,                                                                        \
      "decision: two of its minds differed, and it has started anew and examines all", "")     \
    X(POISONED, 13, FATAL, "memory: the kernel took broken memory away from it", SELF_REPAIR)  \
    X(VOTES_WRONG, 8, FATAL, "vote store: the disk does not keep what is written to it",       \
      "Replace the disk; then: ostrakon clear, and an operator admits it.")                    \
    X(VOTES_RENEWED, 8, DEGRADED, "vote store: a write failed, and a new one took its place",  \
      "See that the disk is sound; again within an hour, and this member is unfit.")           \
    X(LOG_DAMAGED, 8, DEGRADED, "database: it was damaged, and is fetched from the others",    \
      "See that the disk is sound.")                                                           \
    X(LOG_UNREADABLE, 8, DEGRADED, "vote store or database: some of it cannot be read",        \
      "See that the disk is sound.")                                                           \
    X(VOTES_UNUSED, 8, OK, "vote store: it votes no more, and leaves it as it is", "")         \
    X(VOTES_LOST, 8, DEGRADED, "what it had voted is lost", "")                                \
    X(VOTES_DEAD, 8, SILENT, "its vote store cannot be written",                               \
      "Look after the disk, then restart ostrakond")                                           \
    X(CLONED, 9, SILENT, "identity: another agent runs as this member",                        \
      "Stop one of the two, then restart ostrakond")                                           \
    X(ELSEWHERE, 9, SILENT, "identity: an agent runs as this member already, elsewhere",       \
      "Stop that one, or leave this one stopped; then restart ostrakond")                      \
    X(VERIFIER, 18, FATAL, "signatures: it cannot tell a right one from a wrong one",          \
      SELF_REPAIR)                                                                             \
    X(VERDICTS, 18, SILENT, "signatures: it came to two verdicts on one of them", SELF_REPAIR) \
    X(CLOCK_AHEAD, 21, DEGRADED, "clock: {got} ms ahead of its peers'",                        \
      "See that the time service runs here.")                                                  \
    X(CLOCK_BEHIND, 21, DEGRADED, "clock: {got} ms behind its peers'",                         \
      "See that the time service runs here.")                                                  \
    X(STALLED, 22, DEGRADED, "event loop: it stood still for {count} ms",                      \
      "If it comes again, see what takes this machine's cores or memory.")                     \
    X(ON_TIME, 22, OK, "event loop: it keeps its times", "")                                   \
    X(LATE, 30, OK,                                                                            \
      "lateness: late itself, it waits {count} times as long before it suspects anybody", "")  \
    X(PATIENT, 30, OK, "lateness: it is on time, and judges the others by their own", "")      \
    X(LINKS_IN, 27, DEGRADED, "network: it loses what most of its peers send",                 \
      "See to this machine's network.")                                                        \
    X(LINKS_OUT, 27, DEGRADED, "network: most of its peers lose what it sends",                \
      "See to this machine's network.")                                                        \
    X(DISAGREES, 29, DEGRADED,                                                                 \
      "judgement: it disagrees with so many peers that the fault is its own", SELF_REPAIR)     \
    X(RENEWAL, 32, DEGRADED, "certificates: others have a newer one than this member",         \
      "Put the new certificate here, too.")                                                    \
    X(CONFIGURATION, 33, DEGRADED, "configuration: most members have another one",             \
      "Compare node.yaml and cluster.yaml with those of the others.")                          \
    X(GUARD_GONE, 36, DEGRADED, "guard: it was gone, and is started anew", "")                 \
    X(GUARD_MISSING, 36, DEGRADED, "guard: ostrakon-guard cannot be started",                  \
      "Install it beside ostrakond, then restart ostrakond")                                   \
    X(SIGNATURE, 5, FATAL, "signature: its own fresh signature does not verify", SELF_REPAIR)  \
    X(KEY, 5, FATAL, "key: the sealed vote key or a copy of its public key has changed",       \
      SELF_REPAIR)                                                                             \
    X(IDENTITY, 5, FATAL, "key: the configuration in memory is not that of the start",         \
      SELF_REPAIR)

#define SELF_REPAIR "On this machine: ostrakon clear; then an operator admits it."

enum self_note {
#define X(name, id, result, text, action) SELF_##name,
    SELF_FINDINGS(X)
#undef X
        SELF_NOTES
};

/* `evidence.note` of the first of them: no reference of the machine has as many of its own. */
#define SELF_NOTE_FIRST 1000u

/* The finding, with nothing but its note for evidence. */
struct finding self_finding(enum self_note note);

/* The words of a finding of one of those references; NULL for any other finding. */
const struct reference_note *self_words(const struct finding *f);

#endif
