#ifndef OSTRAKON_CONSENSUS_SIMPLEX_PARTS_H
#define OSTRAKON_CONSENSUS_SIMPLEX_PARTS_H

#include "simplex.h"

/* The parts that simplex is made of; for the files of this folder that say so. Rules are those
 * of protocol.md, section 4.
 *
 * What comes in (on_*.c) is only learnt: it changes tallies, certificates, the view and the
 * candidate. What follows from it is looked for at the end of every step, in simplex_tick, by
 * functions that look at the state alone and answer whether they have changed it. So no order
 * of arrival can make a rule pass unnoticed. */

/* simplex.c */
struct certificate_context simplex_context(const struct simplex *s,
                                           const struct simplex_world *w);
uint32_t simplex_proposer(const struct simplex_world *w, uint64_t height, uint32_t view);
/* False while the record speaks of a later height than the one in progress: then nothing of
 * this height but what was decided is taken in. */
bool simplex_has_record(const struct simplex *s);
uint32_t simplex_best_view(const struct simplex *s); /* VIEW_NONE: none */
void simplex_note(const struct simplex_world *w, enum note_kind kind, enum cause cause,
                  uint32_t member, uint64_t height, uint64_t count);
void simplex_nonsense(const struct simplex_world *w, uint32_t from, enum cause cause);
/* The fault model is broken: follows from now on, without voting. */
void simplex_stop(struct simplex *s, const struct simplex_world *w, enum note_kind why,
                  uint64_t height);
/* For good: this node is unfit. */
void simplex_damage(struct simplex *s, const struct simplex_world *w, enum self_note why);

/* simplex_clock.c: rules 13 to 15 */
uint64_t clock_age_ms(const struct simplex *s, const struct simplex_world *w);
uint64_t clock_due_ms(const struct simplex *s, const struct simplex_world *w); /* monotonic */
bool clock_is_engaged(const struct simplex *s);
/* Starts the view's timer, and the repeating, if it is time to. */
void clock_run(struct simplex *s, const struct simplex_world *w);
uint64_t clock_deadline_ms(const struct simplex *s); /* of the view; TIME_NEVER: none */
uint64_t clock_block_ms(const struct simplex *s, const struct simplex_world *w);
/* From when on (monotonic) a fresh block of that time passes; TIME_NEVER: it never will. */
uint64_t clock_passes_ms(const struct simplex *s, const struct simplex_world *w,
                         uint64_t block_ms);
void clock_wake(const struct simplex_world *w, uint64_t at_ms); /* if it lies ahead */

/* held.c: bytes of blocks */
/* Decoded, and of that hash; false: not here. Borrows from the bulk. */
bool held_find(struct simplex *s, const struct simplex_world *w, const struct hash *hash,
               struct block *b);
/* True if the block is, or could be put, among the held. `fresh`: it is certified by nobody,
 * and a proposer has room for one such block only. */
bool held_has_room(const struct simplex *s, const struct block *b, bool fresh);
/* Keeps the bytes; false if there is no room. */
bool held_put(struct simplex *s, const struct simplex_world *w, const struct block *b);
void held_notarized(struct simplex *s, const struct hash *hash, uint32_t view);
/* The block that I made at this height; false: none yet. */
bool held_own(struct simplex *s, const struct simplex_world *w, struct block *b);
void held_clear(struct simplex *s, const struct simplex_world *w);
/* After a start: what the bulk holds; false if a block that the record names is missing. */
bool held_adopt(struct simplex *s, const struct simplex_world *w)
    __attribute__((warn_unused_result));

/* cast.c: the persistence rule */
/* Whether a vote may be cast now: may_vote, and room for its writing. */
bool cast_is_possible(const struct simplex *s, const struct simplex_world *w);
struct vote cast_vote(const struct simplex *s, enum vote_kind kind, uint32_t view,
                      const struct hash *block);
void cast_raise_top(struct simplex *s);
/* The record has been changed already. `block`: held, and to be durable; NULL: none. */
void cast(struct simplex *s, const struct simplex_world *w, const struct vote *votes,
          uint32_t count, const struct block *block);
void cast_record(struct simplex *s, const struct simplex_world *w);
void cast_on_stored(struct simplex *s, const struct simplex_world *w);
/* Asks for the signatures of durable votes that were not asked for, or refused. */
void cast_ask(struct simplex *s, const struct simplex_world *w);
/* After a start: has signed anew what the record says, which is durable. */
void cast_recall(struct simplex *s, const struct simplex_world *w);

/* send.c */
void send_to(const struct simplex_world *w, uint32_t member, const struct message *m);
void send_to_all(const struct simplex_world *w, const struct message *m);
void send_status(struct simplex *s, const struct simplex_world *w, uint32_t member);
void send_status_to_all(struct simplex *s, const struct simplex_world *w);
void send_vote(const struct simplex *s, const struct simplex_world *w, const struct vote *v);
void send_proposal(struct simplex *s, const struct simplex_world *w);
void send_repeats(struct simplex *s, const struct simplex_world *w); /* rule 12 */

/* tally.c: rule 9 */
/* False if a newer vote of that kind of that voter is here, or another one of the same view. */
bool tally_is_news(const struct simplex *s, const struct vote *v);
void tally_put(struct simplex *s, const struct vote *v);
bool tally_evaluate(struct simplex *s, const struct simplex_world *w);
/* A vote of this height, its signature verified, besides those that are kept: none of them may
 * conflict with it. */
void tally_compare(struct simplex *s, const struct simplex_world *w, const struct vote *v);
/* A vote of this height or an earlier one, said by its signer: whether it is of another history
 * than mine. Nobody sound casts it; it is kept as a proof, and counts for nothing. */
bool tally_is_astray(const struct simplex_world *w, const struct vote *v);
/* There is a new candidate: who has voted for it already may have voted against the chain. */
void tally_meet_candidate(struct simplex *s, const struct simplex_world *w);
/* Bits of voters. Counted are those whose claim is no more than I can check. */
uint32_t tally_nullified(const struct simplex *s, uint32_t view);

/* learn.c: rules 1 to 3, 5, 10 */
/* Takes in a certificate of this height. False: it does not hold. One that would change nothing
 * is not looked at. */
bool learn(struct simplex *s, const struct simplex_world *w, const struct certificate *c);
/* The same, of one that is known to hold. */
void learn_verified(struct simplex *s, const struct simplex_world *w,
                    const struct certificate *c);

/* decide.c, finalize.c, propose.c, notarize.c, nullify.c: rules 10, 4, 6, 7, 8 */
enum judgement { JUDGED_SOUND, JUDGED_OTHER_PARENT, JUDGED_OTHER_VERSION, JUDGED_DAMAGED };
/* A block that a quorum stands for, against my own state (case 33). */
enum judgement decide_judge(const struct simplex *s, const struct simplex_world *w,
                            const struct block_header *h);
void decide_begin(struct simplex *s, const struct simplex_world *w, const struct block *b);
bool decide_evaluate(struct simplex *s, const struct simplex_world *w);
bool finalize_evaluate(struct simplex *s, const struct simplex_world *w);
bool propose_evaluate(struct simplex *s, const struct simplex_world *w);
bool notarize_evaluate(struct simplex *s, const struct simplex_world *w);
bool nullify_evaluate(struct simplex *s, const struct simplex_world *w);

/* amnesia.c: rules 16, 17 */
void amnesia_begin(struct simplex *s, const struct simplex_world *w, enum cause cause);
/* A vote with my verified signature was shown. */
void amnesia_look(struct simplex *s, const struct simplex_world *w, const struct vote *v);
bool amnesia_evaluate(struct simplex *s, const struct simplex_world *w);
bool amnesia_is_asking(const struct simplex *s, const struct simplex_world *w);
void amnesia_ask(struct simplex *s, const struct simplex_world *w);

/* outset.c: case 31, whether what I know is enough to tell the true history */
/* At the start: what I know, and whether the checkpoint contradicts it. */
void outset_begin(struct simplex *s, const struct simplex_world *w);
/* Looks again whether a checkpoint is needed, and says so once. */
void outset_evaluate(struct simplex *s, const struct simplex_world *w);
/* Whether the block may be decided at the height in progress; stops where it is not the one of
 * the checkpoint. */
bool outset_admits(struct simplex *s, const struct simplex_world *w, const struct hash *block);

/* help.c: rule 11; ask.c: what I lack */
/* `member` says that it is there; view VIEW_NONE: it does not say which. */
void help_meet(struct simplex *s, const struct simplex_world *w, uint32_t member,
               uint64_t height, uint32_t view);
void help_decided(struct simplex *s, const struct simplex_world *w, uint32_t member,
                  uint64_t height);
/* True if the member may be sent one more block now; counts it. */
bool help_is_due(struct simplex *s, const struct simplex_world *w, uint32_t member);
/* More voters that I hear than may lie say that this height is decided: no vote of it matters
 * any more. */
bool ask_is_behind(const struct simplex *s, const struct simplex_world *w);
void ask_evaluate(struct simplex *s, const struct simplex_world *w);
/* The hash of the block whose bytes I lack; false: none. */
bool ask_wants(struct simplex *s, const struct simplex_world *w, struct hash *hash,
               const struct certificate **whom);

/* on_vote.c, on_proposal.c, on_decided.c, on_hello.c */
void on_vote(struct simplex *s, const struct simplex_world *w, uint32_t from,
             const struct message *m);
void on_next_vote(struct simplex *s, const struct simplex_world *w, const struct vote *v);
void on_proposal(struct simplex *s, const struct simplex_world *w, uint32_t from,
                 const struct message *m);
void on_decided(struct simplex *s, const struct simplex_world *w, uint32_t from,
                const struct message *m);
void on_hello(struct simplex *s, const struct simplex_world *w, uint32_t from,
              const struct message *m);

#endif
