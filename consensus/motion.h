#ifndef OSTRAKON_CONSENSUS_MOTION_H
#define OSTRAKON_CONSENSUS_MOTION_H

#include "cluster.h"
#include "turn.h"

/* Confidence votes (standing.md, section 6): motions, ballots, brakes, appeals. Private to
 * consensus; each function is a step of one block, in the order of standing.md, section 4. */

/* A motion lapses when it has been open for so long. Not counted in ticks: it is how long
 * electors need to ask the member and to get their ballots decided. */
#define MOTION_DEADLINE_MS 5000u
/* Counted in ticks, see turn.h; of 5 s in the rules. */
#define BRAKE_TICKS 12u       /* between two removals of one kind: 60 s */
#define COOL_TICKS 2u         /* after a motion that did not pass: 10 s, doubled each time */
#define COOL_TICKS_MAX 12u    /* up to 60 s */
#define TOLD_TICKS 120u       /* between two words of a removal that is barred: 10 min */
#define APPEAL_TICKS 2u       /* after a lost appeal: 10 s, doubled each time */
#define APPEAL_TICKS_MAX 120u /* up to 10 min */
#define HOUR_TICKS 720u       /* removals in it make the next appeal wait */
#define DAY_TICKS 17280u      /* REMOVALS_KEPT in it: only an operator admits it */

/* 6. */
enum cause motions_ballot_cause(const struct cluster *c, uint32_t author,
                                const struct ballot *b);
void motions_on_ballot(struct cluster *c, uint32_t author, const struct ballot *b);
/* 8. Since when enough accuse whom. */
void motions_accuse(struct cluster *c);
/* 9. Ballots are counted, by those who are still electors. */
void motions_decide(struct cluster *c, const struct turn *t);
/* 10. Appeals, then what opens by rule. */
enum cause motions_appeal_cause(const struct cluster *c, uint32_t author);
void motions_on_appeal(struct cluster *c, const struct turn *t, uint32_t author);
void motions_open(struct cluster *c, const struct turn *t);
/* Whether there are enough electors for anything to be voted on. */
void motions_watch_electorate(struct cluster *c, const struct turn *t);

/* 11. Of a change of standing: the motion on the member is closed, its ballots are void. */
void motions_on_move(struct cluster *c, uint32_t member);
/* Who has started anew has no ballot on what is open: it no longer knows why it gave it. */
void motions_on_start(struct cluster *c, uint32_t member);

/* Whether what a decoded state says of votes on the member can be. */
bool motions_are_sound(const struct cluster *c, uint32_t member);

#endif
