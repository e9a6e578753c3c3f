#ifndef OSTRAKON_TESTS_LIAR_LIAR_H
#define OSTRAKON_TESTS_LIAR_LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/agent.h"
#include "consensus/message.h"
#include "tokens/signer.h"

/* A member that says anything at all: the whole agent with its own true keys, behind a layer
 * that the linker puts between it and the network (--wrap). So it follows, has a ballot, leads
 * and proposes like any other, and what it says of all that is what its habits make of it. Its
 * habits stand in the file `lies` of its data directory, read again whenever that changes; how
 * often it told each lie, in `lies.told`. README.md here. Its worker's are in work.c. One
 * thread, the loop's. */

#define HABITS(X)                                                                              \
    X(ACCUSE_ALL, "accuse_all")         /* of silence and of wrongness */                      \
    X(ACCUSE_ONE, "accuse_one")         /* one after the other, each for some seconds */       \
    X(IGNORE_ONE, "ignore_one")         /* says nothing to one after the other */              \
    X(RANK_SELF, "rank_self")           /* itself alone is fit to lead */                      \
    X(SLANDER, "slander")               /* in heartbeats: blames, clones, nobody heard */      \
    X(CLOCK, "clock")                   /* in heartbeats: an hour before or behind */          \
    X(WITHHOLD, "withhold")             /* most of its votes and proposals */                  \
    X(EQUIVOCATE, "equivocate")         /* two blocks, two votes, histories, nullify too */    \
    X(TWO_FACED, "two_faced")           /* gives views up before some in which it votes */     \
    X(CENSOR, "censor")                 /* as proposer: without what some members said */      \
    X(BAD_BLOCK, "bad_block")           /* as proposer: times, digests, versions, commands */  \
    X(CERTIFICATES, "certificates")     /* of too few, twice, of others, of other views */     \
    X(RUBBISH, "rubbish")               /* bytes without sense, flipped, cut, oversized */     \
    X(REPLAY, "replay")                 /* what others said before, old appeals among it */    \
    X(IN_OTHERS_NAME, "in_others_name") /* votes and commands, signed by itself */             \
    X(BALLOT, "ballot")                 /* against the evidence, on motions that are none */   \
    X(CLAIM, "claim")                   /* results, disputes, failures of nothing */           \
    X(STORM, "storm")                   /* attestations without end, of ever new runs */       \
    X(FLOOD, "flood")                   /* a thousand messages a second to each */             \
    X(COSIGN_WRONG, "cosign_wrong")     /* signs other tokens than those called for */         \
    X(COSIGN_NOT, "cosign_not")         /* signs none */                                       \
    X(MINT, "mint")                     /* asks for signatures on tokens of its own making */  \
    X(WRONG_DIGEST, "wrong_digest")     /* attests another state: it convicts itself */        \
    X(SOLVE_WRONG, "solve_wrong")       /* works tasks out wrongly, and signs that */          \
    X(RESIGN, "resign")                 /* says that it is unfit */

enum habit {
#define X(name, text) HABIT_##name,
    HABITS(X)
#undef X
        HABIT_COUNT
};

#define PAST_MESSAGES 256u
#define PAST_WORDS 32u /* appeals and resignations, kept from the start on */

struct saying {
    uint32_t size_bytes; /* 0: none */
    uint8_t *bytes;
};

/* What may be said of a forged token, and how near it came. */
#define FORGERIES(X)                                                                           \
    X(REMOVED, "removed")   /* for a member that was removed */                                \
    X(STRANGER, "stranger") /* for nobody's name, with a key of the liar's */                  \
    X(LATER, "later")       /* its own, a hundred times as long */                             \
    X(ROLE, "role")         /* its own, of the other role */                                   \
    X(TERM, "term")         /* its own, of its next term */                                    \
    X(ALONE, "alone")       /* its own; says that one signature is enough */

enum forgery_kind {
#define X(name, text) FORGERY_##name,
    FORGERIES(X)
#undef X
        FORGERY_COUNT
};

struct liar {
    struct agent *agent; /* whose state is true: only what it says is not */
    struct peers *peers;
    struct hash id;
    struct key_pair pen;
    uint32_t self;
    uint32_t members;
    bool has[HABIT_COUNT];
    uint64_t told[HABIT_COUNT];
    uint64_t asked; /* signatures that it was sent, and tried on its forgeries */
    uint32_t caught[FORGERY_COUNT]; /* bits of members whose signature a forgery has */
    uint64_t dice;
    struct saying past[PAST_MESSAGES];
    uint32_t next;
    struct saying words[PAST_WORDS];
    uint32_t word_count;
};

extern struct liar liar;

/* Whether it has that habit, and follows it this time; counted. */
bool liar_does(enum habit habit);
void liar_told(enum habit habit);
uint64_t liar_roll(void);
uint32_t liar_between(uint32_t least, uint32_t most);
bool liar_chance(uint32_t per_cent);
/* The member whose turn it is, another every `seconds`; never itself. */
uint32_t liar_turn(uint32_t seconds);

/* Past the layer. */
void liar_say(uint32_t to, const uint8_t *bytes, size_t size_bytes);
void liar_say_message(uint32_t to, const struct message *m);
void liar_say_command(uint32_t to, struct command *c, bool as_itself);

/* liar_votes.c, liar_words.c, liar_rubbish.c, liar_mint.c. True: something else was said in its
 * place, or nothing. */
bool liar_lies_in_proposal(uint32_t to, struct message *m);
bool liar_lies_in_vote(uint32_t to, struct message *m);
bool liar_lies_in_command(uint32_t to, struct message *m);
bool liar_lies_in_heartbeat(uint32_t to, struct message *m);
bool liar_lies_in_cosign(uint32_t to, struct message *m);
void liar_spoils(uint32_t to, const uint8_t *bytes, size_t size_bytes, struct message *m);

/* Unasked, twenty times a second. */
void liar_words_act(void);
void liar_rubbish_act(void);
void liar_mint_act(void);

/* What came from others. */
void liar_remember(const uint8_t *bytes, size_t size_bytes, const struct message *m);
void liar_mint_take(uint32_t from, const struct message *m);

#endif
