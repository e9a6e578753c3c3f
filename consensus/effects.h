#ifndef OSTRAKON_CONSENSUS_EFFECTS_H
#define OSTRAKON_CONSENSUS_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../health/reference.h"
#include "block.h"
#include "command.h"
#include "founding.h"
#include "hash.h"
#include "note.h"

/* What a step asks of the shell. Bytes that go with an effect lie in the step's own outbox,
 * good until the next step. The shell may do effects in any order and die between any two: what
 * must be durable first is asked for only by the later step that is told it is durable. */

#define EFFECTS_MAX 256u
#define OUTBOX_BYTES (512u * 1024u)
#define TIME_NEVER UINT64_MAX
#define HELD_MAX 17u /* a block of each proposer, and one: README.md, "Held blocks" */
#define RECORD_BYTES_MAX (12u * 1024u)

enum effect_kind {
    EFFECT_SEND,      /* body to `member` */
    EFFECT_BROADCAST, /* body to every other member that has not left */
    EFFECT_HEARTBEAT, /* body likewise, on the connections kept for heartbeats */
    EFFECT_PROBE,     /* body to `member`, over a fresh connection, now */
    EFFECT_SIGN,    /* body: bytes of a statement; `signing` says which. The signature, or that
                     * there is none, comes back under the same kind and `serial` */
    EFFECT_PERSIST, /* the vote record; `serial` is told back when durable */
    EFFECT_STORE_BLOCK, /* body: a `decided` message, of `height`; `serial` likewise */
    EFFECT_HELP,        /* send the stored `decided` message of `height` to `member` */
    EFFECT_WORK,        /* start the grant hook; `work` says for what */
    EFFECT_WORK_LEASE,  /* the running worker may live until `until_ms` (monotonic) */
    EFFECT_WORK_STOP,   /* kill the worker, run the revoke hook */
    EFFECT_NAME,        /* `naming`: run the takeover or release hook; its end comes back under
                         * `serial` */
    EFFECT_NOTE,        /* `note` */
    EFFECT_SOLVE,       /* body: the number of a task; its result comes back under `serial` */
    EFFECT_BURST,       /* run the burst test; what it came to is a finding */
    EFFECT_EXAMINE,     /* run all references once more, as at a start */
    EFFECT_RESIGNATION, /* body: a signed `resign` of the class `resigned`, to be said only once
                         * this node is unfit; takes the place of the one before */
    EFFECT_TOKEN,       /* body: this member's token, called for at `height` (tokens/jws.h) */
    EFFECT_TRUST,       /* body: the trust bundle of that height, likewise */
    EFFECT_NEUTER,      /* `finding`: this node is unfit, for good; the last effect there is */
};

struct body {
    uint32_t offset; /* into the outbox */
    uint32_t size_bytes;
};

/* The block that goes with a record, and all the hashes that the vote store is to keep. */
struct persist {
    struct body record;
    struct body block; /* size 0: none */
    struct hash block_hash;
    uint32_t held_count;
    struct hash held[HELD_MAX];
};

enum work_role { WORK_LEADER, WORK_AUDITOR };

struct work {
    enum work_role role;
    uint64_t fence;
    uint64_t first_window;
    uint64_t last_window;
    uint64_t until_ms; /* monotonic: the grant's deadline */
};

/* A name of the service that this member is to serve under from now on, or no more. */
struct naming {
    uint32_t name; /* its place in the state */
    bool takes;
    uint64_t fence;
};

/* What a signature is for. The node never holds the vote key: it asks, and sends what comes
 * back only once it has verified it. */
enum signing_kind {
    SIGNING_VOTE,
    SIGNING_COMMAND,
    SIGNING_RESIGNATION,
    SIGNING_ANSWER, /* and a solution */
    SIGNING_TOKEN,
};

struct signing {
    enum signing_kind kind;
    const char *domain; /* of the statement (tokens/signer.h); a literal */
};

struct effect {
    enum effect_kind kind;
    uint32_t member;
    uint64_t serial;
    uint64_t height;
    uint64_t until_ms;
    struct body body;
    union {
        struct persist persist;
        struct work work;
        struct naming naming;
        struct note note;
        struct signing signing;
        struct finding finding;
        enum resign_class resigned;
    };
};

struct effects {
    uint64_t timer_ms; /* step again at this time; TIME_NEVER: only when spoken to */
    uint32_t count;    /* 0 .. EFFECTS_MAX */
    uint32_t
        dropped; /* effects for which there was no room: always sends, which are repeated */
    struct effect list[EFFECTS_MAX];
    uint32_t outbox_bytes;
    uint8_t outbox[OUTBOX_BYTES];
};

/* Empties the list; to be called at the start of a step. */
void effects_begin(struct effects *e);
/* The earlier of the two times. */
void effects_wake(struct effects *e, uint64_t at_ms);
/* Copies bytes into the outbox. Asserts that there is room: see effects_has_room. */
struct body effects_body(struct effects *e, const void *bytes, size_t size_bytes);
/* A new effect of the kind, zeroed, with member MEMBER_NONE. Sends and broadcasts that find
 * less than a reserve of places or bytes are left out by their callers (effects_has_room): they
 * are repeated anyway. Everything else always has room, which is asserted. */
struct effect *effects_add(struct effects *e, enum effect_kind kind);
bool effects_has_room(const struct effects *e, size_t size_bytes);
/* For so many more sends there are places in this step: whoever has many to do asks. */
uint32_t effects_sends_left(const struct effects *e);
/* Asks for a signature over the domain, the cluster's id and `size_bytes` at `bytes`. */
void effects_sign(struct effects *e, enum signing_kind kind, uint64_t serial,
                  const char *domain, const uint8_t *bytes, size_t size_bytes);
/* Why this node is unfit; NULL if these do not say so. */
const struct finding *effects_fatal(const struct effects *e);
/* Whether both say the same, byte for byte: what two nodes must have made of one input. */
bool effects_same(const struct effects *a, const struct effects *b);
/* All notes of one block have room; of what is noted beyond that, the rest is dropped. */
void effects_note(struct effects *e, const struct note *note);

#endif
