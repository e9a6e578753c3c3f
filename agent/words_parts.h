#ifndef OSTRAKON_AGENT_WORDS_PARTS_H
#define OSTRAKON_AGENT_WORDS_PARTS_H

#include "words.h"

/* Sentences of notes, for agent/words*.c only: each writes at most `size` bytes of `text`. */

void words_say_proof(const struct note *n, const struct cluster *c, char *text, size_t size);
void words_say_motion(const struct note *n, const struct cluster *c, char *text, size_t size);
void words_say_electorate(const struct note *n, const struct cluster *c, char *text,
                          size_t size);
void words_say_windows(const struct note *n, const struct cluster *c, char *text, size_t size);
void words_say_candidates(const struct note *n, const struct cluster *c, char *text,
                          size_t size);
void words_say_checkpoint(const struct note *n, const struct cluster *c, char *text,
                          size_t size);
void words_say_name(const struct note *n, const struct cluster *c, char *text, size_t size);

#endif
