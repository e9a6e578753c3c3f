#ifndef OSTRAKON_CONSENSUS_SIMPLEX_H
#define OSTRAKON_CONSENSUS_SIMPLEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../health/self.h"
#include "../tokens/signer.h"
#include "block.h"
#include "certificate.h"
#include "checkpoint.h"
#include "cluster.h"
#include "effects.h"
#include "evidence.h"
#include "hash.h"
#include "message.h"
#include "pool.h"
#include "retrial.h"

/* One height of the consensus after the other, by the rules of protocol.md (Simplex, Chan &
 * Pass, TCC 2023, run per height). Pure: everything comes in through the calls below and goes
 * out as effects. The replicated state is somebody else's: simplex reads it, and says when a
 * block is decided and durable; the caller applies it. */

/* What the vote store durably remembers (protocol.md, section 3). */
struct vote_record {
    uint64_t height; /* of the height in progress; 0: empty, as made by `ostrakon init` */
    uint64_t resume; /* after amnesia: no vote below this height; 0: none */
    struct hash parent;
    uint32_t top; /* VIEW_NONE at first; so the other views */
    struct hash proposed;
    struct hash notarized;
    bool has_claimed;
    uint32_t claimed;
    uint32_t nullified_max;
    uint32_t finalized;
    struct hash finalized_hash;
    struct entry entry;
    struct certificate best;
    uint32_t held_count;
    struct hash held[HELD_MAX];
};

/* Bytes of one block of the height in progress, kept under its hash. */
struct held_block {
    uint32_t size_bytes; /* 0: empty */
    struct hash hash;
    uint8_t bytes[BLOCK_BYTES_MAX];
};

/* The bulk lies apart from the deciding state: every use checks the bytes against their hash.
 */
struct simplex_bulk {
    struct held_block held[HELD_MAX];
    struct held_block
        candidate; /* the block of the proposal under judgement, not yet voted on */
    struct held_block deciding; /* the decided block, until it is durable and applied */
    uint32_t next_bytes;        /* the one kept proposal of height + 1, as its message */
    uint8_t next[MESSAGE_BYTES_MAX];
};

struct simplex_options {
    struct hash cluster_id;
    uint32_t self;
    struct timing timing;
    uint64_t nonce; /* random, not 0: what peers' hellos must answer */
    bool joins;     /* this machine came after the founding */
    struct checkpoint checkpoint;
    struct outset kept; /* of a run that never caught up; without voters: there is none */
};

/* The one now of a step, and what the rest of the node knows. Borrowed for the call. */
struct simplex_world {
    uint64_t now_ms;
    uint64_t unix_ms;  /* my wall clock, corrected by the peers' median */
    uint64_t clock_ms; /* my wall clock as it goes */
    uint64_t random;
    const struct cluster *cluster; /* after the block of height in progress - 1 */
    const struct pool *pool;
    uint32_t suspected; /* bits of members that my failure detector suspects; never my own */
    uint32_t heard;     /* bits of members that I hear */
    bool muted;         /* the vote store is gone: follow, do not vote */
    bool silent;        /* signs nothing for now: what is recorded is signed later */
    struct offences *offences; /* what members are found to have signed is kept there */
    struct retrials
        *retrials;  /* what was found out of answers; what is to be, is asked there */
    bool *rejected; /* set when a signature of what came in does not hold; NULL: unasked */
    struct simplex_bulk *bulk;
    struct effects *out;
};

/* A vote that the record holds already. Once that is durable its signature is asked for; it is
 * counted and sent when that has come and verifies. */
struct pending_vote {
    uint64_t serial; /* of the write that makes it durable */
    uint64_t sign;   /* under which its signature was asked for; 0: not, or in vain */
    struct vote vote;
};
#define PENDING_MAX 8u

/* The proposal of the current view, its justification found good; bytes in bulk->candidate. */
struct candidate {
    bool has;
    bool fresh;   /* judged by cluster_check, by the clock and by rule 14 */
    bool judged;  /* `invalid` and `urgent` say what cluster_check and the pool's rules found */
    bool invalid; /* its proposer signed nonsense */
    bool urgent;  /* holds an urgent command */
    bool untried; /* holds a proof by an answer that this machine has not recomputed yet */
    bool accepted;
    bool astray; /* whoever votes for it votes against the chain (evidence.h) */
    struct vote vote;
};

/* What lies in bulk->held at the same place. */
struct held_place {
    bool has;
    struct hash hash;
    uint32_t proposer;  /* who made the block */
    uint32_t notarized; /* the highest view in which I notarized it; VIEW_NONE: none */
};

/* How I stand with one member. Times `after_ms`: not again before. */
struct acquaintance {
    uint64_t height; /* in progress there, as it says: a hint whom to ask, never believed */
    uint64_t helped_height;
    uint64_t help_after_ms; /* the same height */
    uint64_t help_from_ms;  /* start of the second that `helped` counts */
    uint64_t help_last_ms;
    uint32_t helped;
    uint64_t status_after_ms;
    uint64_t hello_after_ms; /* asked */
    uint64_t reply_after_ms; /* answered */
    bool answered;           /* a hello with my nonce came, when it was at answered_height */
    uint64_t answered_height;
};

/* A block decided a while ago, so that another one at its height is noticed (case 32). */
struct past {
    uint64_t height; /* 0: empty */
    struct hash hash;
    uint32_t voters;
    uint32_t needed;
};
#define PAST_KEPT 16u

struct simplex {
    struct simplex_options options;
    uint64_t height; /* H, in progress; 0 before simplex_resume */
    struct hash parent;
    uint32_t view;
    struct vote_record record; /* its entry is always that of `view`, its best my best */
    struct tally tallies[MEMBERS_MAX][VOTE_KINDS];
    struct tally next[MEMBERS_MAX][VOTE_KINDS]; /* of H + 1, not verified yet */
    struct pending_vote pending[PENDING_MAX];
    uint32_t pending_count;
    struct candidate candidate;
    struct certificate justification; /* of my own proposal in this view */
    struct held_place held[HELD_MAX]; /* as bulk->held */
    struct certificate undecided;     /* a finalization whose block is not applied yet */
    bool deciding;                    /* its bytes lie in bulk->deciding, and are written */
    uint64_t deciding_serial;

    uint64_t serial; /* of the last write asked for */
    uint64_t signs;  /* of the last signature asked for */
    uint64_t stored; /* all writes up to this one are durable */

    bool damaged;     /* for good */
    bool stopped;     /* the fault model is broken: follow, do not vote */
    bool amnesiac;    /* rule 17: follow, do not vote */
    bool resuming;    /* amnesia is over, and the height of `resume` is not reached yet */
    bool catching_up; /* has been announced, and its end is to be */
    struct outset outset;
    enum checkpoint_need needs; /* not NONE: goes no further (case 31) */
    struct acquaintance peers[MEMBERS_MAX];
    struct past past[PAST_KEPT]; /* of height h in place h % 16 */

    uint64_t decided_at_ms;  /* monotonic: when H-1 was decided, or this run began */
    uint64_t decided_age_ms; /* how long ago it had been decided then */
    uint64_t entered_ms;     /* the view */
    uint64_t running_ms;     /* since when the view's timer runs; TIME_NEVER: it does not */
    uint64_t repeat_ms;      /* TIME_NEVER while not engaged */
    uint64_t behind_ms;      /* since when somebody claims to be at a later height */
    uint64_t ask_after_ms;   /* the next `want` for a decided block */
    uint32_t asked;          /* the member last asked */
    uint64_t fetch_after_ms; /* the next `want` for a block's bytes */
    struct hash fetching;
    uint32_t fetched; /* the member last asked for them */
};

void simplex_init(struct simplex *s, const struct simplex_options *o);

/* Once, after init: takes up where the vote record left off (rule 16), or, where there is none
 * to be trusted, follows without voting (rule 17; cause VOTES_*). `record` NULL with cause NONE
 * is impossible: an empty store has an empty record. held: bytes of the blocks that the record
 * names, already put into w->bulk->held by the caller. since_decided_ms: how long ago block H-1
 * was decided, as far as the wall clock can tell. */
void simplex_resume(struct simplex *s, const struct simplex_world *w, const uint8_t *record,
                    size_t size_bytes, enum cause cause, uint64_t since_decided_ms);

/* vote, proposal, status, decided, want, block, hello, heartbeat: everything but commands.
 * `from` has been authenticated by its transport key. */
void simplex_on_message(struct simplex *s, const struct simplex_world *w, uint32_t from,
                        const struct message *m);
void simplex_on_stored(struct simplex *s, const struct simplex_world *w, uint64_t serial);
/* SIGNATURE_BYTES, or NULL: it was refused, and is asked for again later. */
void simplex_on_signed(struct simplex *s, const struct simplex_world *w, uint64_t serial,
                       const uint8_t *signature);
/* Time has passed, or the pool, suspicions or what is heard have changed. Also called after
 * each of the others, at the end of a step: evaluates what stands in every step, and sets the
 * timer. */
void simplex_tick(struct simplex *s, const struct simplex_world *w);

/* True once the block of the height in progress is decided and durable: the caller then applies
 * it to the cluster (bytes in bulk->deciding, borrowed by `block`) and calls simplex_next. */
bool simplex_take(struct simplex *s, const struct simplex_bulk *bulk, struct block *block);
/* The world's cluster now has the block applied: H := H + 1, an empty record, `next` replayed.
 */
void simplex_next(struct simplex *s, const struct simplex_world *w);

/* Asks anew where the others are, under that nonce (not 0): until a quorum has answered nothing
 * is voted for. For whoever has slept while the others went on. */
void simplex_wake(struct simplex *s, uint64_t nonce);

/* Readers. */
bool simplex_may_vote(const struct simplex *s, const struct simplex_world *w);
/* Whether q-1 other voters have told where they are and what they know of my votes, since the
 * start or simplex_wake. */
bool simplex_has_asked(const struct simplex *s, const struct simplex_world *w);
bool simplex_is_caught_up(const struct simplex *s, const struct simplex_world *w);
/* Whether the height in progress lies beyond what a person has to vouch for (case 31). */
bool outset_may_vote(const struct simplex *s);

#endif
