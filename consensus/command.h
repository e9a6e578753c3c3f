#ifndef OSTRAKON_CONSENSUS_COMMAND_H
#define OSTRAKON_CONSENSUS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../tokens/signer.h"
#include "block.h"
#include "founding.h"
#include "hash.h"
#include "solution.h"
#include "vote.h"

/* What a member, or an operator, says to the replicated state. Layout (integers big-endian):
 * author 1, term 4, kind 1, body, signature 64; signed over the domain, the cluster's id and
 * all bytes before the signature: with the vote key over "ostrakon/cmd/1", or with an
 * operator's key over "ostrakon/op/1". standing.md, section 3. */

#define COMMAND_BYTES_MAX 1280u
#define COMMAND_KIND_AT 5u /* of its encoding */
#define COMMAND_DOMAIN "ostrakon/cmd/1"
#define OPERATOR_DOMAIN "ostrakon/op/1"
#define DIGEST_BYTES 16u       /* of a window's rows */
#define RESULT_WINDOWS_MAX 64u /* in one result, and in the ring of open windows */
#define REASON_SIZE_BYTES                                                                      \
    64u /* printable ASCII with its terminating zero; the rest is zeros                        \
         */

enum command_kind {
    COMMAND_ATTEST = 1,
    COMMAND_RESULT = 2,
    COMMAND_DISPUTE = 3,
    COMMAND_FAIL = 4,
    COMMAND_RESIGN = 5,
    COMMAND_OPERATOR = 6,
    COMMAND_BALLOT = 7,
    COMMAND_APPEAL = 8, /* has no body: "let the electors look at me again" */
    COMMAND_PROVE = 9,
    COMMAND_RELEASE = 10,
};
#define COMMAND_KINDS 10u

/* Operators come behind the members as authors: of key i the author is MEMBERS_MAX + i. */
#define AUTHORS_MAX (MEMBERS_MAX + OPERATORS_MAX)

/* The digest of a window's rows as a member computed them or found them published. */
struct window_digest {
    uint8_t bytes[DIGEST_BYTES]; /* all zeros is no digest, and refused by the decoder */
};

#define CERTIFICATES_MAX 4u
#define PURPOSE_SIZE_BYTES 16u /* text as REASON_SIZE_BYTES, not empty */
#define FINGERPRINT_BYTES 16u
#define CONFIGURATION_BYTES 8u

/* A certificate of the service, as its author finds it on its disk. */
struct service_certificate {
    char purpose[PURPOSE_SIZE_BYTES]; /* the same word on every member: "web" */
    uint8_t fingerprint[FINGERPRINT_BYTES];
    uint64_t not_after_s; /* Unix time */
};

struct attest {
    uint64_t incarnation; /* random, one a start of the agent */
    uint64_t seq;         /* counts within an incarnation, from 1 */
    uint64_t tick;        /* the tick it is for */
    uint64_t height;      /* the last height its author had applied */
    struct hash digest;   /* of its replicated state after that height */
    uint64_t own;         /* references, health/tick.h: spoils record and candidacy */
    uint64_t serve;       /* likewise; bars from leading and names only */
    uint8_t score;        /* 0 .. 100 */
    uint32_t silent;      /* bit per member that it finds unreachable */
    uint32_t wrong;       /* bit per member whose signed bytes it finds wrong */
    uint32_t version_low; /* protocol versions its author can run */
    uint32_t version_high;
    uint32_t ranked;              /* how many candidates it ranks, 0 .. MEMBERS_MAX */
    uint8_t ranking[MEMBERS_MAX]; /* members, the best first, none twice */
    uint8_t configuration[CONFIGURATION_BYTES]; /* digest of what its author is configured by */
    uint32_t certificate_count;                 /* 0 .. CERTIFICATES_MAX */
    struct service_certificate certificates[CERTIFICATES_MAX]; /* no purpose twice */
};

/* "I found these windows published in the sink with digests equal to my own." */
struct result {
    uint64_t first_window;
    uint32_t count; /* 1 .. RESULT_WINDOWS_MAX consecutive windows */
    struct window_digest digests[RESULT_WINDOWS_MAX];
};

struct dispute {
    uint64_t fence;
    uint64_t window;
    struct window_digest own; /* what its author computed */
};

#define SINK_FENCE_MAX (UINT64_C(1) << 53)

struct fail {
    uint64_t fence;
    uint64_t sink_fence; /* one above, up to SINK_FENCE_MAX, that the sink has seen; 0: none */
    char reason[REASON_SIZE_BYTES];
};

/* Why a member found itself unfit. What comes from outside may strike all at once, and then has
 * a rule of its own (standing.md, section 6.3). */
#define RESIGN_CLASSES(X)                                                                      \
    X(OWN, "own")                                                                              \
    X(EDAC, "edac")                                                                            \
    X(POISON, "poison")                                                                        \
    X(KERNEL_LOG, "kernel_log")                                                                \
    X(DISK, "disk")

enum resign_class {
#define X(name, text) RESIGN_##name,
    RESIGN_CLASSES(X)
#undef X
        RESIGN_CLASS_COUNT
};

/* "I am unfit." One of each class is signed in advance. */
struct resign {
    enum resign_class class;
    uint32_t reference; /* the one that found it, 1 .. REFERENCES_MAX; 0: not known */
};

/* A yes or a no on each of some open motions: of a motion on member k the ballot is bit k. */
struct ballot {
    uint32_t subjects;            /* bits of members, at least one */
    uint32_t yes;                 /* of these */
    uint64_t motion[MEMBERS_MAX]; /* the motion's id, not 0; of other members 0 */
};

/* What a member has signed and nobody sound ever signs, for everybody to see: votes
 * (protocol.md, section 6), of which the form alone says that they are an offence, or the form
 * and the chain; or its answer to a task, which is one if it is wrong: retrial.h. evidence.h
 * says whether it is its.
 */
#define PROOF_VOTES_MAX 2u

/* The number stands in its encoding. Of the last two the state knows whether they are an
 * offence: it has block and state of the last heights. */
enum proof_kind {
    PROOF_ANSWER = 0,  /* its answer to a task */
    PROOF_ALONE = 1,   /* a vote that nobody sound casts */
    PROOF_PAIR = 2,    /* two votes that nobody sound casts both */
    PROOF_HISTORY = 3, /* a vote that does not follow the decided block before its height */
    PROOF_BLOCK = 4,   /* a vote for a block that does not: of another parent or state */
};

struct prove {
    uint32_t subject;
    uint32_t term; /* the subject's, when that was found: void once that has changed */
    enum proof_kind kind;
    struct vote votes[PROOF_VOTES_MAX]; /* as many as the kind says */
    struct block_header header;         /* PROOF_BLOCK: of the block voted for */
    struct solution answer;             /* PROOF_ANSWER */
};

/* "I serve no more under these names." */
struct release {
    uint64_t incarnation; /* of who says so: what another run let go of is void */
    uint64_t height;      /* the last height it had applied: it may hold a name anew since */
    uint32_t names;       /* bits of names, at least one */
    uint64_t fence[SERVICE_NAMES_MAX]; /* under which each was held, not 0; of other names 0 */
};

#define OPERATIONS(X)                                                                          \
    X(ADMIT, "admit")   /* to `suspended`, with these keys, under a new term */                \
    X(REMOVE, "remove") /* for good */                                                         \
    X(DRAIN, "drain")   /* leads no more, and nobody holds that against it */                  \
    X(UNDRAIN, "undrain")                                                                      \
    X(PAUSE, "pause")   /* no removals by testimony for so long */                             \
    X(RENAME, "rename") /* a member, in what is said of it */                                  \
    X(SETTINGS, "settings")                                                                    \
    X(SET_OPERATORS, "set_operators") /* once more than half of the keys have said the same */

/* What may be changed after the founding; its range. */
#define SETTINGS(X)                                                                            \
    X(PATIENCE_MS, "patience_ms", 1, 3600000)                                                  \
    X(GRACE_S, "grace_s", 0, 86400)                                                            \
    X(WINDOW_TIMEOUT_S, "window_timeout_s", 1, 86400)                                          \
    X(AUDIT_TIMEOUT_S, "audit_timeout_s", 1, 86400)                                            \
    X(TTL_S, "ttl_s", 3, 604800)                                                               \
    X(MALFUNCTIONING_MAX, "malfunctioning_max", 0, MEMBERS_MAX)                                \
    X(AUDIT, "audit", 0, 1)                                                                    \
    X(OBSERVE, "observe", 0, 1) /* 1: votes remove nobody, and say whom they would */          \
    X(MIN_MEMBERS, "min_members", 2, MEMBERS_MAX)                                              \
    X(PROTOCOL, "protocol", 1, UINT16_MAX) /* only one that every voter can run */

enum setting {
#define X(name, text, least, most) SETTING_##name,
    SETTINGS(X)
#undef X
        SETTING_COUNT
};

enum operation {
#define X(name, text) OPERATION_##name,
    OPERATIONS(X)
#undef X
        OPERATION_COUNT
};

#define PAUSE_S_MAX 86400u

struct operator_command {
    uint64_t seq;          /* of this key, one more than its last decided one */
    uint64_t not_after_ms; /* void in blocks of a later time */
    enum operation operation;
    uint32_t member;                         /* ADMIT, REMOVE, DRAIN, UNDRAIN, RENAME; ADMIT:
                                              * the first index that is free, for a new one */
    uint32_t term;                           /* likewise: the member's present one; or 0 */
    uint32_t duration_s;                     /* PAUSE: 0 ends it, at most PAUSE_S_MAX */
    uint8_t transport_key[PUBLIC_KEY_BYTES]; /* ADMIT */
    uint8_t vote_key[PUBLIC_KEY_BYTES];      /* ADMIT */
    enum role role;                          /* ADMIT */
    char address[ADDRESS_SIZE_BYTES];        /* ADMIT */
    char name[NAME_SIZE_BYTES];              /* RENAME; ADMIT: whom, so that an index that was
                                              * told wrongly admits nobody else */
    enum setting setting;                    /* SETTINGS */
    uint32_t value;                          /* SETTINGS */
    uint32_t key_count;                      /* SET_OPERATORS: 1 .. OPERATORS_MAX */
    struct operator_key keys[OPERATORS_MAX]; /* SET_OPERATORS: all there are from then on */
};

struct command {
    enum command_kind kind;
    uint32_t author;
    uint32_t term; /* the author's, when it was said: void once that has changed */
    union {
        struct attest attest;
        struct result result;
        struct dispute dispute;
        struct fail fail;
        struct resign resign;
        struct operator_command by_operator;
        struct ballot ballot;
        struct prove prove;
        struct release release;
    };
    uint8_t signature[SIGNATURE_BYTES];
};

/* Canonical: false for anything but exactly one command in exactly its one form. Does not look
 * at the signature. */
bool command_decode(struct command *c, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* Returns the size, at most COMMAND_BYTES_MAX; includes the signature as it stands. */
size_t command_encode(const struct command *c, uint8_t out[static COMMAND_BYTES_MAX]);

/* All that is signed, behind domain and cluster: everything but the signature. Returns its
 * size.
 */
size_t command_signed_bytes(const struct command *c, uint8_t out[static COMMAND_BYTES_MAX]);

const char *resign_class_text(enum resign_class class);
const char *operation_text(enum operation operation);
const char *setting_text(enum setting setting);
/* Whether the value is in the setting's range. */
bool setting_takes(enum setting setting, uint32_t value);
/* Whether the operation is about one member. */
bool operation_names_member(enum operation operation);

/* Fills in the signature. Costs one signature (about 50 us). */
void command_sign(struct command *c, const struct hash *cluster_id,
                  const struct key_pair *vote);

/* Costs one verification (about 50 us). */
bool command_verify(const struct command *c, const struct hash *cluster_id,
                    const uint8_t vote_key[static PUBLIC_KEY_BYTES])
    __attribute__((warn_unused_result));

#endif
