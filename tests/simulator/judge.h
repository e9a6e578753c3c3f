#ifndef OSTRAKON_TESTS_SIMULATOR_JUDGE_H
#define OSTRAKON_TESTS_SIMULATOR_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../consensus/cluster.h"
#include "plan.h"
#include "sink.h"
#include "wire.h"

/* Who looks on, sees everything, and decides whether the promises are kept. Has its own
 * decoders, its own arithmetic of quorums and its own books; of the nodes' state it reads
 * fields. */

#define JUDGE_HEIGHTS 4096u

/* One vote that somebody really cast. */
struct cast {
    uint32_t kind;
    uint32_t signer;
    uint32_t view;
    uint32_t claim;
    uint8_t parent[32];
    uint8_t block[32];
};

/* Something that a quorum voted for, whether or not anybody holds the certificate. */
struct certified {
    bool final;
    uint32_t view;
    uint8_t block[32];
};

/* All that was cast and decided at one height. */
struct page {
    uint32_t cast_count;
    uint32_t cast_room;
    struct cast *casts;
    uint32_t certified_count;
    uint32_t certified_room;
    struct certified *certified;
    bool decided;
    uint8_t hash[32];
    uint64_t time_ms;
    bool has_state; /* after this height */
    uint8_t digest[32];
    uint32_t voters; /* bits of those of the next height, and how many of them decide */
    uint32_t needed;
    uint64_t fence;
    uint32_t leader;
    uint64_t next_window;
};

struct window_claim {
    uint32_t member;
    struct window_digest digest;
};

#define CLAIMS_MAX 32u
struct window_page {
    struct tally_of_rows truth;
    uint32_t claim_count;
    struct window_claim claims[CLAIMS_MAX];
    bool settled;
};

/* What the last state said of votes on one member. */
struct standing_page {
    bool good;
    struct motion motion;
    uint32_t accusers; /* bits of voters that accuse it of anything */
};

struct judge {
    uint32_t members;
    uint32_t malfunctioning_max;
    uint32_t testimony; /* a */
    bool audited;
    bool beyond;
    uint8_t id[32];
    struct {
        uint8_t first[32];
        uint64_t second_from; /* the height at which the second is in force; 0: never */
        uint8_t second[32];
    } key[MEMBERS_MAX];
    uint64_t height; /* of the last block in the book */
    struct page pages[JUDGE_HEIGHTS];
    uint64_t base_window;
    uint64_t next_window;                       /* settled below */
    struct window_page *windows;                /* SINK_WINDOWS from base_window */
    uint64_t fence_written;                     /* the highest in the sink */
    struct tally_of_rows rows;                  /* all there ever were */
    struct standing_page standing[MEMBERS_MAX]; /* after the last state in the book */
    struct {
        uint64_t fence;
        uint64_t next_window;
    } seen[STATIONS_MAX]; /* of each station in its present run */
    struct token_pages *tokens;
};

struct world;
struct station;
struct trust;

void judge_init(struct judge *j, const struct plan *p, const uint8_t id[static 32],
                const struct founding_member *members);
void judge_finish(struct judge *j);

/* A sound member sends this. */
void judge_sent(struct world *w, const struct station *s, const uint8_t *bytes,
                size_t size_bytes);
/* A liar does; what it signed counts for quorums, and nothing is asked of it. */
void judge_lied(struct world *w, const struct station *s, const uint8_t *bytes,
                size_t size_bytes);
/* A sound member stores this as decided. */
void judge_decided(struct world *w, const struct station *s, uint64_t height,
                   const uint8_t *bytes, size_t size_bytes);
/* A sound member has done a step. */
void judge_state(struct world *w, const struct station *s);
void judge_restart(struct judge *j, uint32_t station);
/* A sound member signs this for tokens; tells this. */
void judge_signed_token(struct world *w, const struct station *s, const uint8_t *input,
                        size_t size_bytes);
void judge_told_token(struct world *w, const struct station *s, uint64_t height,
                      const uint8_t *text, size_t size_bytes);
void judge_told_bundle(struct world *w, const struct station *s, uint64_t height,
                       const uint8_t *text, size_t size_bytes);
void judge_row(struct judge *j, uint64_t window, uint64_t value);
void judge_published(struct world *w, uint64_t window);
/* The sink has taken rows, or an endorsement of them, under that fence. */
void judge_written(struct world *w, uint64_t fence);
/* What is settled is what was counted, and nothing is lost. */
void judge_totals(struct world *w);

/* For judge_*.c only. */
struct token_pages *judge_tokens_begin(void); /* to be freed */
/* The vote key that a member has at that height. */
const uint8_t *judge_key(const struct judge *j, uint32_t member, uint64_t height);
struct page *judge_page(struct judge *j, uint64_t height);
struct window_page *judge_window(struct judge *j, uint64_t window);
void judge_thief_has_token(struct world *w, const struct trust *by, const char *text,
                           size_t size_bytes);
void judge_thief_has_bundle(struct world *w, const struct trust *held, const char *text,
                            size_t size_bytes);
void judge_results(struct world *w, const struct wire_block *b);
void judge_certificates(struct world *w, const struct station *s, const uint8_t *bytes,
                        size_t size_bytes);
/* Whether the member's disk has what it is about to say. */
void judge_durable(struct world *w, const struct station *s, const struct wire_vote *v);
void judge_settled(struct world *w, uint64_t next_window);
/* After a state that is new in the book. */
void judge_motions(struct world *w, const struct cluster *c);
/* The quorum of the height; NULL: the state before it is not known yet. */
const struct page *judge_electing(const struct judge *j, uint64_t height);
uint32_t judge_needed(const struct judge *j, uint32_t voters);
/* All votes of the height anew: now it is known how many decide. */
void judge_count(struct world *w, uint64_t height);

#endif
