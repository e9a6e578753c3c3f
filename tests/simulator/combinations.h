#ifndef OSTRAKON_TESTS_SIMULATOR_COMBINATIONS_H
#define OSTRAKON_TESTS_SIMULATOR_COMBINATIONS_H

#include "world.h"

/* Faults that come together (faults.md, section 9), and those that chance is not left to: each
 * ends with the cluster as it is to go on, of which calm.c asks the rest. */

/* combinations.c, for all of them */
uint64_t ticks_ms(const struct world *w, uint32_t ticks);
/* L1, with as many views beside it as somebody bent may waste. */
uint64_t passing_ms(const struct world *w, uint32_t wasted);
void cut_off(struct world *w, uint32_t members, bool cut);
/* That not all is well with them is the world's doing: nothing is asked of them any more. */
void give_up(struct world *w, uint32_t members);
/* The node that leads, once there is one; NULL: failed. */
struct station *leader_of(struct world *w);
/* Until somebody other than that member leads. */
void demand_passed_on(struct world *w, uint32_t member, uint64_t within_ms);
/* As those know who are none of them. */
bool have_standing(const struct world *w, uint32_t members, enum standing standing);
bool are_all_good(const struct world *w, uint64_t but_not);
uint32_t voter_count(const struct world *w);

/* combinations_lost.c: what is forgotten, or too few */
void damage_minority(struct world *w);
void forget_in_majority(struct world *w);
void freeze_at_edge(struct world *w);
void lose_quorum(struct world *w);
void lose_witnesses(struct world *w);
void restart_often(struct world *w);
/* combinations_links.c: what the network does, and nobody is to blame for */
void lose_some(struct world *w);
void stand_far_apart(struct world *w);
void flap(struct world *w);
void reach_as_ever(struct world *w);
void fall_asleep(struct world *w);
/* combinations_removed.c: who goes, and who must not */
void accuse_under_loss(struct world *w);
void misread_everywhere(struct world *w);
void remove_in_turn(struct world *w);
void prove_in_turn(struct world *w);

#endif
