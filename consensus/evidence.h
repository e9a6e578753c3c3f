#ifndef OSTRAKON_CONSENSUS_EVIDENCE_H
#define OSTRAKON_CONSENSUS_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"
#include "codec.h"
#include "command.h"
#include "vote.h"

/* What convicts whoever signed it, and needs nobody's word: who carries it may be a liar
 * itself. Votes that no member casts that goes by the rules (protocol.md, section 6), however
 * often it restarts and whatever it is told; and a wrong answer to a task, of which here is
 * only told who signed it. Whether it is wrong each voter finds out for itself, before it votes
 * for a block that holds it (retrial.h). */

/* Whether one member that goes by the rules never casts both, at one height: two of a kind in
 * one view that say different things, or a finalize and a nullify that denies what was
 * finalized. Compares what is signed, never signatures, and does not check these. */
bool evidence_conflict(const struct vote *a, const struct vote *b);
/* Whether it never casts this one: a nullify that claims to have seen its own view notarized,
 * or a later one. */
bool evidence_alone(const struct vote *v);

/* Whether it is a proof by an answer. */
bool evidence_is_answer(const struct command *c);

/* Encoding: subject 1, term 4, count 1, then votes, or the answer. Misread or false: not of a
 * form that can be an offence of the subject. */
bool evidence_read(struct reader *r, struct prove *p);
void evidence_write(struct writer *w, const struct prove *p);

/* Whether the subject has signed it, by the key that the state knows it by (50 us a signature);
 * an answer in terms of work that this build can do again. */
bool evidence_holds(const struct cluster *c, const struct prove *p)
    __attribute__((warn_unused_result));

/* What this member has come across: of each member the first offence. Signatures are checked.
 */
struct offences {
    struct prove of[MEMBERS_MAX]; /* count 0: none */
};

/* A vote of a member that conflicts with another one, or with every rule. Their signatures are
 * those of its key in the state. */
void offences_add(struct offences *o, const struct cluster *c, const struct vote *first,
                  const struct vote *second);
void offences_look_at(struct offences *o, const struct cluster *c, const struct vote *v);

#endif
