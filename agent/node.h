#ifndef OSTRAKON_AGENT_NODE_H
#define OSTRAKON_AGENT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../consensus/cluster.h"
#include "../consensus/effects.h"
#include "../consensus/evidence.h"
#include "../consensus/founding.h"
#include "../consensus/pool.h"
#include "../consensus/retrial.h"
#include "../consensus/simplex.h"
#include "../health/canary.h"
#include "../health/challenge.h"
#include "../health/detector.h"
#include "../health/diagnosis.h"
#include "../health/digests.h"
#include "../health/fleet.h"
#include "../health/incarnation.h"
#include "../health/local_health.h"
#include "../health/peer_clock.h"
#include "../health/reflection.h"
#include "../health/self.h"
#include "../health/self_doubt.h"
#include "../health/tick.h"
#include "../tokens/jws.h"
#include "node_names.h"

/* One member's whole deciding: input in, effects out (DESIGN.md, section 3). Deterministic,
 * without clock, chance, I/O or allocation: the daemon and the simulator run the same code.
 *
 * To start: node_init, node_restore with the newest snapshot if there is one, node_replay with
 * each stored block after it, node_resume, then a step with INPUT_TIMER. */

enum input_kind {
    INPUT_TIMER,      /* the time asked for has come; harmless at any time */
    INPUT_MESSAGE,    /* bytes from `member`, whose transport key was checked */
    INPUT_STORED,     /* all writes up to `serial` are durable */
    INPUT_SIGNED,     /* answers EFFECT_SIGN, under its `signing` and `serial` */
    INPUT_FINDING,    /* what a reference of this machine found */
    INPUT_FLEET,      /* `fleet`: what this member has and should have in common with others */
    INPUT_CLOSED,     /* a connection that `member` kept to us has closed */
    INPUT_REFUSED,    /* `member`'s machine answers that nobody listens there */
    INPUT_VOTES_DEAD, /* the vote store failed: never vote again in this run */
    INPUT_REPORT,     /* a line of the worker's report */
    INPUT_WORK_ENDED, /* the worker has ended; `clean`: with exit status 0, or its lease */
    INPUT_NAMED,      /* answers EFFECT_NAME under its `serial`; `clean`: its hook did it */
    INPUT_COMMAND,    /* `bytes`: what an operator signed, handed in at this member */
    INPUT_SOLVED,     /* answers EFFECT_SOLVE: `bytes` are the result; none: there is none */
};

enum report_kind { REPORT_RESULT, REPORT_DISPUTE, REPORT_FAIL, REPORT_OVERTAKEN };

struct report {
    enum report_kind kind;
    uint64_t fence; /* of the grant that the worker was started for */
    uint64_t window;
    struct window_digest digest;
    uint64_t sink_fence;            /* REPORT_OVERTAKEN: 1 .. SINK_FENCE_MAX */
    char reason[REASON_SIZE_BYTES]; /* printable ASCII, zero-padded */
};

/* Halves of what is attested as configuration, by their offset. */
enum fleet_half {
    FLEET_CONFIGURATION = 0,
    FLEET_BUILD = CONFIGURATION_BYTES / 2,
};

/* All of it is compared as bytes. */
struct own_fleet {
    uint8_t configuration[CONFIGURATION_BYTES];
    uint64_t certificate_count;
    struct fleet_certificate certificates[FLEET_CERTIFICATES_MAX];
};

struct input {
    uint64_t now_ms;  /* monotonic; not less than in the last input (asserted) */
    uint64_t unix_ms; /* wall clock, which may jump either way */
    uint64_t random;  /* fresh bits, for jitter; never for keys */
    enum input_kind kind;
    uint32_t member;
    uint64_t serial;
    bool clean;
    enum signing_kind signing;
    const uint8_t *signature;      /* SIGNATURE_BYTES; NULL: refused. Borrowed for the call */
    const struct finding *finding; /* borrowed for the call */
    const uint8_t *bytes;          /* INPUT_MESSAGE, INPUT_COMMAND, INPUT_SOLVED; borrowed */
    size_t size_bytes;
    struct own_fleet fleet;
    struct report report;
};

#define RESIGNATION_BYTES_MAX 128u

struct node_options {
    struct founding founding;
    uint32_t self;
    uint64_t incarnation; /* random, one a start, not 0 */
    uint64_t nonce;       /* likewise */
    bool joins;           /* this machine came after the founding */
    struct checkpoint checkpoint;
    bool neutered; /* only follows: never votes, nor says anything signed */
    /* What a neutered member signed before it was: handed in until the chain has it. */
    uint32_t resignation_bytes; /* 0: none */
    uint8_t resignation[RESIGNATION_BYTES_MAX];
};

/* What is known of one peer. */
struct peer_view {
    struct detector detector;
    bool ever_heard;      /* in this run */
    uint64_t incarnation; /* that is heard; 0: none yet */
    uint64_t word_ms;     /* when its newest heartbeat came */
    uint64_t starting_ms; /* when one came that says that it starts */
    uint32_t echo;        /* the newest of mine that it had by then; 0: none that it names */
    uint64_t height;      /* in progress there, as it says */
    bool has_finalized;   /* it has sent a finalize vote of that height, likewise */
    uint64_t own;         /* the masks that it would attest, likewise */
    uint64_t serve;
    bool has_offset;
    int64_t offset_ms; /* its wall clock minus mine, by its last heartbeat */
};

/* A command of mine whose signature is asked for. */
struct unsigned_command {
    uint64_t serial; /* 0: not asked for, or in vain */
    bool has;
    struct command command;
};

/* What I say to motions, and my own appeal. */
struct own_confidence {
    struct ballot cast;                /* my answers to motions that are still open */
    uint64_t seen_ms[MEMBERS_MAX];     /* when I first saw the motion on the member open */
    uint64_t seen_motion[MEMBERS_MAX]; /* and which that was */
    uint64_t ballot_again_ms;          /* when what is not counted yet is said again */
    uint64_t clean_since_ms; /* nothing stands against me; TIME_NEVER: something does */
    uint64_t appeal_again_ms;
    uint32_t whole_term; /* the term for which the whole diagnosis was begun again; 0: none */
    uint64_t prove_again_ms; /* when a proof that no block holds yet is signed once more */
    uint64_t
        refuted_until_ms[MEMBERS_MAX]; /* its proofs by an answer are not looked at before */
};

/* My own statements. Those handed in and not decided lie in my own slots of the pool. */
struct own_words {
    uint64_t seq;             /* of my last attestation in this incarnation; 0: none yet */
    uint64_t attested_tick;   /* last in this incarnation; 0: none yet */
    uint64_t attested_height; /* of the last block before that */
    bool overslept;           /* since then: it is said anew (R22) */
    uint64_t urgent_tick;     /* the tick for which the next field counts */
    uint32_t urgent_count;    /* attestations said out of turn in it */
    uint32_t silent;          /* as last attested */
    uint32_t wrong;           /* likewise */
    uint64_t own_mask;        /* as last attested */
    uint64_t serve_mask;      /* likewise */
    uint64_t repeat_ms;       /* when what is undecided is said again */
    uint64_t results_ms; /* when the digests below are handed in; TIME_NEVER: nothing new */
    uint64_t result_window[RESULT_WINDOWS_MAX]; /* which window the place k % 64 holds */
    struct window_digest results[RESULT_WINDOWS_MAX];
    uint32_t resign_term;     /* for which resignations were asked for; 0: none */
    uint64_t resign_after_ms; /* not asked for, nor said, before */
    uint64_t resign_serial[RESIGN_CLASS_COUNT]; /* 0: its signature is not under way */
    uint64_t signs;                             /* of the last signature asked for */
    uint32_t handed_in;  /* bits of operators whose waiting command was handed in here */
    uint64_t hand_on_ms; /* when these are sent to all again */
    struct unsigned_command unsigned_command[POOL_KINDS]; /* of each kind the newest */
};

/* Of what all have in common: mine, and what the others have attested. */
struct fleet_view {
    struct own_fleet own;
    bool news;       /* it is not attested yet */
    uint64_t height; /* up to which the others were judged */
    struct fleet_member member[MEMBERS_MAX];
};

/* What the exchange of heartbeats tells this node of itself. */
struct links {
    struct canary canary;
    struct reflection reflection;
    struct incarnation_guard incarnations;
    struct self_doubt doubt;
    struct peer_clock clock;
    uint32_t listening; /* for so many periods, whether it runs elsewhere (R09) */
    uint32_t sequence;  /* of my last heartbeat */
    uint64_t period_ms; /* when my next heartbeat period begins */
    uint64_t clock_ms;  /* when the clocks are compared next */
};

#define RELAYED_MAX 4u
#define ANSWERING_MAX 16u

/* A challenge or task that I have passed on under a number of mine. */
struct relayed {
    uint32_t subject;
    uint64_t at_ms; /* plus 1; 0: none */
    struct hash nonce;
};

/* What a member has asked of me. */
struct asker {
    uint64_t second_ms; /* when the second that `count` counts began */
    uint32_t count;
    uint32_t next; /* place in the ring */
    uint32_t next_task;
    struct relayed relayed[RELAYED_MAX];
    struct relayed tasks[RELAYED_MAX];
};

/* An answer of mine whose signature is asked for. */
struct answering {
    uint64_t serial; /* 0: none */
    uint32_t to;
    struct hash nonce;
};

/* A task that I have set the member whose place this is. */
struct task {
    uint64_t serial;   /* under which I have it solved myself; 0: it is not under way */
    uint32_t solved;   /* how often I have */
    uint64_t again_ms; /* when it is sent once more */
    struct hash result;
    bool answered;
    struct solution answer;
};

/* A task that the member whose place this is has set me. */
struct toil {
    uint64_t serial;   /* of its working; 0: it is not under way */
    uint64_t sign;     /* of its signature, likewise */
    uint64_t after_ms; /* the next one is not taken before */
    struct solution mine;
};

/* Who was challenged by me, and who challenges me. */
struct trials {
    struct challenges book;
    uint64_t wanted_ms[MEMBERS_MAX]; /* when a fresh answer was last wanted; plus 1, 0: never */
    uint64_t alive_ms[MEMBERS_MAX];  /* when one came since; likewise */
    struct asker asker[MEMBERS_MAX];
    struct answering answering[ANSWERING_MAX];
    struct task task[MEMBERS_MAX];
    struct toil toil[MEMBERS_MAX];
    struct solution wrong[MEMBERS_MAX]; /* the last wrong one, signed; term 0: none */
    uint64_t solves;                    /* tasks given to the shell so far */
    uint64_t tasked[MEMBERS_MAX];       /* for a ballot on which motion it was set a task */
    uint64_t drawn;                     /* numbers so far */
    uint64_t signs;                     /* of the last signature asked for */
};

/* The worker that is running, or was last started. */
struct work_view {
    bool running;
    bool stopping; /* asked to end, and not yet known to have */
    bool failed;   /* has reported a failure of its own accord */
    struct work work;
    uint64_t lease_ms; /* when its lease is to be renewed */
    uint64_t again_ms; /* not started again before that */
};

/* What is assembled of the co-signatures of one call. */
struct assembly {
    uint32_t signers;   /* bits of members whose signature was checked and is kept */
    uint32_t told;      /* those whose signatures were in what was told last; 0: not yet told */
    uint64_t enough_ms; /* when it was told first */
};

/* The tokens and the bundle that the newest block calls for (consensus/call.h). */
struct token_view {
    uint64_t height;         /* of that block; 0: none yet */
    uint64_t serial;         /* of the first signature asked for; 0: not asked for */
    uint64_t serials;        /* of the last one ever asked for */
    uint64_t mine;           /* bits of what I have signed of what is called for */
    uint64_t sign_after_ms;  /* not asked for before */
    uint64_t want_ms;        /* when others are asked for theirs */
    uint32_t liars;          /* bits of members whose signature was bad: not looked at again */
    struct assembly part[2]; /* my token, the bundle: by enum jws_type */
    uint64_t answered_ms[MEMBERS_MAX];
};

/* Signatures over what a block calls for: the tokens of its voters in the order of members,
 * then the bundle. */
struct cosignatures {
    uint64_t height; /* 0: none */
    uint32_t count;
    uint8_t signature[COSIGNED_MAX][SIGNATURE_BYTES];
};

struct token_book {
    struct cosignatures mine;
    struct cosignatures early[MEMBERS_MAX]; /* of a block that I do not have yet; unchecked */
    uint8_t signature[2][MEMBERS_MAX][SIGNATURE_BYTES]; /* by enum jws_type; checked */
};

/* The deciding state: flat, doubled by a complement shadow, its size a multiple of 8. */
struct deciding {
    struct node_options options;
    struct cluster cluster;
    struct simplex simplex;
    struct peer_view peer[MEMBERS_MAX];
    struct local_health local_health;
    struct tick tick;
    struct diagnosis diagnosis;
    struct own_words own;
    struct own_confidence confidence;
    struct offences offences;
    struct retrials retrials;
    struct work_view work;
    struct own_names names;
    struct fleet_view fleet;
    struct links links;
    struct trials trials;
    struct token_view token;
    uint64_t now_ms;
    uint64_t unix_ms;
    uint64_t wake_ms; /* what the last step asked for */
    uint64_t heartbeat_due_ms;
    uint64_t writing_since_ms; /* when the oldest write not known durable was asked for */
    uint64_t writing_serial;   /* its number; TIME_NEVER and 0 when all is durable */
    uint64_t decided_ms;       /* monotonic: when the last block was applied */
    uint64_t started_ms;
    uint64_t missed;      /* it may have missed decisions before this heartbeat; 0: not so */
    uint64_t examined_ms; /* when its digests were last compared */
    uint32_t suspected;   /* bits of members */
    uint32_t heard;       /* bits of members, my own too */
    bool quorum_heard;
    bool storage_slow;
    uint64_t quorum_since_ms; /* monotonic: since when quorum_heard is as it is */
    bool muted;
    bool examined;            /* by the whole minimum set, in this run */
    bool silent;              /* signs nothing for now */
    bool quiet;               /* and sends no heartbeats, nor renews its worker's lease */
    uint64_t silent_bits;     /* the references for which it is silent */
    uint64_t silent_since_ms; /* while there are any */
    bool anew;                /* the whole diagnosis is run once more */
    uint64_t anew_since_ms;   /* since when; 0: never */
    uint64_t anew_again_ms;   /* when it is asked for again */
    uint64_t burst_ms;        /* when a burst test that is wanted is asked for again */
    bool damaged;             /* unfit, for good */
};

struct node {
    uint64_t guard_before;
    struct deciding deciding;
    uint64_t guard_between;
    uint64_t shadow[(sizeof(struct deciding) + 7) / 8];
    uint64_t guard_after;
    struct digests digests;
    struct pool pool;         /* signed by others, checked again by every voter */
    struct simplex_bulk bulk; /* checked by hash at every use */
    struct token_book book;   /* of signatures, which whoever is shown them checks */
    struct message scratch;   /* dead between steps; too large for a stack */
    struct cluster restored;  /* likewise, of node_restore */
};

void node_init(struct node *n, const struct node_options *o);

/* Before node_resume: this node is that member, whatever the options said. One that the state
 * does not have follows, and says nothing that counts. */
void node_be(struct node *n, uint32_t self);
/* Likewise: an earlier run that never caught up had set out from that. */
void node_set_out(struct node *n, const struct outset *kept);

/* The state as a snapshot has it. False: not one that this cluster can have written. */
bool node_restore(struct node *n, const uint8_t *state, size_t size_bytes)
    __attribute__((warn_unused_result));

/* The next stored block, as the body of its EFFECT_STORE_BLOCK. False, and nothing changed: not
 * a `decided` message of the next height, or another parent, state digest or quorum. `notes`
 * gets what the block decided. */
bool node_replay(struct node *n, const uint8_t *decided, size_t size_bytes, struct notes *notes)
    __attribute__((warn_unused_result));

/* Before node_resume: it only follows, and hands in the resignation (0 bytes: none). */
void node_follow(struct node *n, const uint8_t *resignation, uint32_t size_bytes);

/* The vote record as last stored, or the cause why there is none to be trusted. */
void node_resume(struct node *n, const struct input *now, const uint8_t *record,
                 size_t size_bytes, enum cause cause, struct effects *out);

/* Gives back the bytes of a block that the stored record names. False: not of that hash. */
bool node_hold(struct node *n, const struct hash *hash, const uint8_t *bytes, size_t size_bytes)
    __attribute__((warn_unused_result));

/* Whether the deciding state is what the last step left: guard words, shadow, digests
 * (references.md, R01 to R03). Costs about 80 us. True of a node that is already damaged. */
bool node_is_intact(const struct node *n, enum self_note *why)
    __attribute__((warn_unused_result));

/* A second node, zeroed, becomes what this one is: its deciding state is made from the shadow,
 * so that damage of one is not the other's. False: the two do not fit. */
bool node_copy(struct node *to, const struct node *from) __attribute__((warn_unused_result));

/* One step. Cannot fail; nonsense is only another input. Takes 10 us beside signatures. */
void node_step(struct node *n, const struct input *in, struct effects *out);

#endif
