#ifndef OSTRAKON_TESTS_SIMPLEX_OPTIONS_H
#define OSTRAKON_TESTS_SIMPLEX_OPTIONS_H

#include "../script.h"
#include "world.h"

/* The words of a line: `name=value`, or without a name by their place. */

/* NULL if no word has the name. */
const char *option(const struct words *words, const char *name);
uint64_t option_uint(const struct words *words, const char *name, uint64_t otherwise);
/* "none" is VIEW_NONE. */
uint32_t option_view(const struct words *words, const char *name, uint32_t otherwise);
/* "0,2,3", "all", "none". */
uint32_t members_of(const char *text);
uint32_t option_members(const struct words *words, const char *name, uint32_t otherwise);
bool has_word(const struct words *words, const char *word);

/* liar.c: what a member without an agent says, with its own key or as a mere carrier. */
void liar_block(struct world *w, const struct words *words, FILE *out);
void liar_certify(struct world *w, const struct words *words, FILE *out);
/* Answers its question for forgotten votes: there are none. */
void liar_greet(struct world *w, uint32_t member, uint32_t by);
void liar_say(struct world *w, const struct words *words, FILE *out);

/* proof.c: proofs by an answer, of work that is a hash here. Of each of the members `proves=`,
 * by the block's proposer; `answer=right`: false ones. */
void proof_add(struct block_maker *maker, const struct world *w, const struct words *words,
               uint32_t proposer);
/* The member does the work that it is waiting for. */
void proof_recompute(struct world *w, uint32_t member);

#endif
