#ifndef OSTRAKON_CONSENSUS_CLUSTER_PARTS_H
#define OSTRAKON_CONSENSUS_CLUSTER_PARTS_H

#include <stdbool.h>

#include "cluster.h"
#include "codec.h"
#include "turn.h"

/* What the files cluster*.c share and nobody else needs. */

#define URGENT_MAX                                                                             \
    4u /* urgent commands of one author in one tick; the rest waits for its block */

/* The canonical bytes of all that the state holds of member i. */
void member_write(struct writer *w, const struct cluster *c, uint32_t i);
void member_read(struct reader *r, struct cluster *c, uint32_t i);

/* Whether a decoded state is one that founding and blocks can lead to. */
bool cluster_is_sound(const struct cluster *c);

/* Whether the author of an attestation that is neither too old nor too new (asserted) attests
 * another state than the chain's, by the same version. */
bool cluster_state_differs(const struct cluster *c, const struct attest *a);

/* How the records see the chain now. */
struct record_clock cluster_record_clock(const struct cluster *c);

/* Brings a member to a standing, with all that follows of it (standing.md, section 4, step 11):
 * a new term, an empty record, no accusations by it or of it. */
void cluster_move(struct cluster *c, const struct turn *t, uint32_t member,
                  enum standing standing, enum standing_cause cause);

/* There is proof against the member: it is locked out, or held. `braked`: of a kind that the
 * software may be to blame for, if it strikes two members. */
void cluster_prove(struct cluster *c, const struct turn *t, uint32_t member, bool braked);
/* The same by the word of `author`, who shows the proof. */
void cluster_on_prove(struct cluster *c, const struct turn *t, uint32_t author,
                      const struct prove *p);
enum cause cluster_prove_cause(const struct cluster *c, const struct prove *p);

/* cluster_operator.c: what operators say. */
enum cause cluster_operator_cause(const struct cluster *c, uint32_t author,
                                  const struct operator_command *o);
void cluster_on_operator(struct cluster *c, const struct turn *t, uint32_t author,
                         const struct operator_command *o);
/* cluster_settings.c: what is the cluster's as a whole. */
void cluster_set(struct cluster *c, enum setting setting, uint32_t value);
enum cause cluster_keys_cause(const struct cluster *c, const struct operator_command *o);
/* Keeps what the operator (0 .. OPERATORS_MAX - 1) wishes the operators to be, and does it once
 * more than half of them wish the same. Returns how many do. */
uint32_t cluster_wish(struct cluster *c, const struct turn *t, uint32_t operator,
                      const struct operator_command * o);
enum cause cluster_resign_cause(const struct cluster *c, uint32_t author);

/* Whether a tick of a voter is clean by what it attested; to be asked before record_attest. */
bool cluster_take_own(struct cluster *c, uint32_t member, uint64_t tick, uint64_t own);

/* Closes the tick and judges the records, if it is over by the time of the block. */
void cluster_close_tick(struct cluster *c, const struct turn *t);

#endif
