#ifndef OSTRAKON_HEALTH_REFERENCE_H
#define OSTRAKON_HEALTH_REFERENCE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reference is one independent point of truth against which a node measures itself
 * (references.md): a known answer, a second copy, a second core, the kernel's own counters, the
 * peers' view. Here is what all of them have in common, as plain values; those that touch the
 * machine are in health/references/. */

/* What one run came to, in words so far apart that no few flipped bits make one of another:
 * each two differ in at least RESULT_DISTANCE bits. A value that is none of them is FATAL.
 * Decisions ask whether it *is* OK, never whether it is not bad. */
#define REFERENCE_RESULTS(X)                                                                   \
    X(OK, 0x3c5a96e1, "ok")             /* measured and right */                               \
    X(DEGRADED, 0x4bdba849, "degraded") /* the tick is not perfect; votes and serves on */     \
    X(SILENT, 0x45a94da5, "silent")     /* and signs nothing until it is ok again */           \
    X(FATAL, 0x7454294f, "fatal")       /* this node is corrupt: neuter at once */             \
    X(UNKNOWN, 0x6b322fd4, "unknown")   /* could not be measured now: never counts as ok */    \
    X(ABSENT, 0x13476622, "absent")     /* no such source here; decided once, at start */

enum reference_result {
#define X(name, word, text) RESULT_##name = (word),
    REFERENCE_RESULTS(X)
#undef X
};

#define REFERENCE_RESULT_COUNT 6u
#define RESULT_DISTANCE 12u

/* Its word, by which people know it. "damaged" for a value that is none. */
const char *result_text(enum reference_result result);

/* True for the six. */
bool result_is_known(enum reference_result result);

/* In this order: ok and absent, unknown, degraded, silent, fatal, and what is no result. */
bool result_is_worse(enum reference_result result, enum reference_result than);

enum reference_class {
    REFERENCE_OWN,         /* what it finds is this node's fault */
    REFERENCE_ENVIRONMENT, /* may have a common cause, which excuses it (standing.md, 5) */
};

/* What a finding asks for beside its result. */
#define FINDING_SERVE (1u << 0)    /* bars from leading and names only: no ballot is lost */
#define FINDING_BURST (1u << 1)    /* the burst test is to be run (references.md, R10b) */
#define FINDING_PERSON (1u << 2)   /* a person has to act */
#define FINDING_TWICE (1u << 3)    /* a second one of this reference in 24 h is fatal */
#define FINDING_EXCUSED (1u << 4)  /* an unknown that says nothing: skipped to spare others */
#define FINDING_OF_BURST (1u << 5) /* what the burst test came to */

/* A note that every reference has: it was shown something wrong, and took it for right. */
#define NOTE_FOOLED UINT32_MAX

#define EVIDENCE_NO_CORE UINT32_MAX
#define EVIDENCE_SUBJECT_BYTES 24u

/* What was seen, of a fixed size, so that it can be kept in a ring, attested and written down
 * without allocation. What the fields mean is the note's to say. */
struct evidence {
    uint64_t address;
    uint64_t expected;
    uint64_t got;
    uint64_t count;
    uint32_t core;                        /* or EVIDENCE_NO_CORE */
    uint32_t note;                        /* index into the reference's notes */
    char subject[EVIDENCE_SUBJECT_BYTES]; /* a file, device or interface; ends in zero */
};

static_assert(sizeof(struct evidence) == 64, "evidence has a fixed size");

struct finding {
    uint32_t id; /* 1 .. REFERENCES_MAX */
    enum reference_result result;
    uint32_t flags;  /* FINDING_* */
    uint32_t hold_s; /* a result that is not OK counts for so long, even if OK follows */
    struct evidence evidence;
};

/* A sentence on what was seen and, if somebody should act, one on what to do. In both,
 * {expected}, {got}, {count}, {core} and {subject} stand for the evidence, {address},
 * {expected#} and {got#} for it in hexadecimal, {error} for what errno `got` means. */
struct reference_note {
    const char *text;
    const char *action; /* or "" */
};

#define REFERENCES_MAX 36u

/* A set of references, as attestations carry it. */
#define REFERENCE_BIT(id) ((uint64_t)1 << ((id)-1))
#define REFERENCE_BITS (((uint64_t)1 << REFERENCES_MAX) - 1)

/* What is known of each reference, wherever it is built. */
struct reference_facts {
    const char *name;  /* "R10" */
    const char *title; /* for people: "memory" */
    const char *said;  /* of a member that attests it: "memory reads back other than written" */
    enum reference_class class;
    bool minimum; /* a node that lacks it is never perfect */
};

/* Bits of those whose class is REFERENCE_ENVIRONMENT. */
uint64_t reference_environment(void);

/* NULL unless 1 <= id <= REFERENCES_MAX. */
const struct reference_facts *reference_facts(uint32_t id);

struct reference_context; /* health/references/references.h */

/* One that is run on the machine. */
struct reference {
    uint32_t id;
    uint32_t period_ms;
    uint32_t note_count;
    const struct reference_note *notes;
    /* Measures once. `out` comes as finding_begin leaves it. */
    void (*run)(struct reference_context *context, struct finding *out);
    /* Shows itself something deliberately wrong. True: it was reported as wrong. False is fatal
     * for this node: a reference that cannot fail proves nothing. Leaves no trace in the
     * reference's state. */
    bool (*negative)(struct reference_context *context);
};

/* UNKNOWN, with nothing seen, until somebody knows better. */
void finding_begin(struct finding *f, uint32_t id);

/* Sets the result and the note. */
void finding_set(struct finding *f, enum reference_result result, uint32_t note);

/* The same if `result` is worse than what `f` says so far: ok and absent, unknown, degraded,
 * silent, fatal. True: it was set, and the evidence is the caller's to fill in. */
bool finding_worsen(struct finding *f, enum reference_result result, uint32_t note);

/* Copies a name to the evidence; its end counts if it does not fit, and what is not printable
 * ASCII becomes '?'. */
void finding_subject(struct finding *f, const char *subject);

/* Writes `template` with the finding's evidence in its places, cut to `out_bytes` (at least 1)
 * with its zero. Bounded by the sizes alone, whatever the evidence holds: it may come from
 * damaged memory. Returns `out`. */
const char *finding_text(const struct finding *f, const char *template, char *out,
                         size_t out_bytes);

/* The note of a finding; one that says so if its index is none of the reference's. */
const struct reference_note *reference_note(const struct reference *r, const struct finding *f);

#endif
