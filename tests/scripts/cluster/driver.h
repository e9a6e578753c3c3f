#ifndef OSTRAKON_TESTS_CLUSTER_DRIVER_H
#define OSTRAKON_TESTS_CLUSTER_DRIVER_H

#include <stdio.h>

#include "../script.h"
#include "world.h"

/* What a script says, word by word, and the answer it gets; see this folder's README. */

/* The number behind `name=` among the words. */
uint64_t number_of(const struct words *words, const char *name, uint64_t otherwise);
/* prove M SUBJECT propose|notarize|finalize|nullify|denies|claims|answer|history|follows|
 * parent|state|sound_block [height=] [view=] [of=] [version=] */
void run_prove(struct world *w, const struct words *words, FILE *out);

/* Runs one command and prints its answer. What a script gets wrong is said in the answer. */
void run_command(struct world *w, const struct words *words, FILE *out);

/* The part of the state that `subject` names. */
void show_state(const struct world *w, const char *subject, FILE *out);
void show_notes(const struct world *w, FILE *out);
/* Those of motions, appeals and standings alone, and those of standings and names. */
void show_notes_of_votes(const struct world *w, FILE *out);
void show_notes_of_names(const struct world *w, FILE *out);

/* Windows are counted from the one of the founding. */
uint64_t window_of(const struct world *w, uint64_t from_founding);

/* names.c: "release M name=K", and the state of names. */
void run_release(struct world *w, const struct words *words, FILE *out);
void show_names(const struct world *w, FILE *out);

#endif
