#ifndef OSTRAKON_CONSENSUS_EVIDENCE_H
#define OSTRAKON_CONSENSUS_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"
#include "codec.h"
#include "command.h"
#include "note.h"
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

/* What a vote says against the chain, as far as that is known, and the block that it is for:
 * `header` is that block's (its hash is not asked for), or NULL. An offence are
 *   OTHER_HISTORY  the vote follows another block than the one decided before its height,
 *   OTHER_PARENT   or the block it is for does,
 *   OTHER_STATE    or that block is said to have been made of another state than the chain's.
 * None is NONE. It cannot be told: TOO_NEW, of a height that lies further ahead than the next
 * one; TOO_OLD, its parent is not kept any more; OTHER_VERSION, the block is of another version
 * of the protocol, by which the state may well be another one. */
enum cause evidence_against_chain(const struct cluster *c, const struct vote *v,
                                  const struct block_header *header);
/* Whether that is an offence. */
bool evidence_is_offence(enum cause against_chain);
/* The same of a proof; FALSE_PROOF if there is nothing against it, NONE if it is no proof by
 * the chain. */
enum cause evidence_of_chain(const struct cluster *c, const struct prove *p);

/* Whether it is a proof by an answer. */
bool evidence_is_answer(const struct command *c);

/* Encoding: subject 1, term 4, kind 1, then votes, and the header; or the answer. Misread or
 * false: not of a form that can be an offence of the subject. */
bool evidence_read(struct reader *r, struct prove *p);
void evidence_write(struct writer *w, const struct prove *p);

/* Whether the subject has signed it, by the key that the state knows it by (50 us a signature),
 * and the header is that of the block voted for; an answer in terms of work that this build can
 * do again. Does not ask the chain. */
bool evidence_holds(const struct cluster *c, const struct prove *p)
    __attribute__((warn_unused_result));

/* What this member has come across: of each member the first offence, but any other takes the
 * place of one by a block: of these two in a minute may do no more than bar from a say
 * (cluster_operator.c), and nobody is to hide worse behind one. */
struct offences {
    struct prove of[MEMBERS_MAX]; /* PROOF_ANSWER: none */
};

/* A vote of a member that conflicts with another one, or with every rule, or with the chain;
 * `header`: of the block it is for, or NULL. Their signatures are those of its key in the
 * state. */
void offences_add(struct offences *o, const struct cluster *c, const struct vote *first,
                  const struct vote *second);
void offences_look_at(struct offences *o, const struct cluster *c, const struct vote *v,
                      const struct block_header *header);

#endif
