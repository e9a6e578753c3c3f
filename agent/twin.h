#ifndef OSTRAKON_AGENT_TWIN_H
#define OSTRAKON_AGENT_TWIN_H

#include <stdbool.h>

#include "node.h"

/* A second node in lock-step with the first (references.md, R17): each input is taken in by
 * both, from a second copy of its bytes, and nothing is done or signed unless both ask for the
 * very same. So an error of a register, of the stack or of memory in use, which no digest of
 * what lies at rest can see, does not get out. */

struct twin;

/* Becomes what `original` is now, and has asked for what that has asked for in its last step.
 * NULL: no memory, or the original is damaged. */
struct twin *twin_create(const struct node *original, const struct effects *asked)
    __attribute__((warn_unused_result));
/* NULL is fine. */
void twin_destroy(struct twin *t);

/* To be called before the original takes `in`, whose bytes may change: keeps a copy of them. */
void twin_listen(struct twin *t, const struct input *in);

/* What the original has made of it. False: the twin made something else of it, and neither is
 * to be trusted any more. Costs a step. */
bool twin_agrees(struct twin *t, const struct effects *out) __attribute__((warn_unused_result));

/* What it means that they do not agree: what either has found out about itself, or else only
 * that they differ (R17). */
struct finding twin_judgement(const struct twin *t, const struct effects *out);

const struct node *twin_node(const struct twin *t);

/* What it made of the last input: the same as the original's, in memory of its own, if it
 * agreed; what is signed is verified with it. */
const struct effects *twin_effects(const struct twin *t);

#endif
