#ifndef OSTRAKON_TESTS_SCRIPT_H
#define OSTRAKON_TESTS_SCRIPT_H

#include <stdint.h>
#include <stdio.h>

/* A script: stanzas of commands, `----` and the answer, apart from one another by blank lines,
 * with comments between them. `ok` is the answer of a stanza that has nothing to say. */

#define WORDS_MAX 24u

struct words {
    uint32_t count;
    char *word[WORDS_MAX]; /* "attest", "0,2", "silent=1" */
};

/* Who does what a line says, and prints the answer. What a script gets wrong is said there. */
struct script_actor {
    void (*run)(void *world, const struct words *words, FILE *out);
    void *world;
};

/* `[--rewrite] SCRIPT`. Without --rewrite the answers are compared, a case a stanza, as TAP;
 * with it the file is written anew with the answers as they are. Returns the exit status. */
int script_main(int argc, char **argv, const struct script_actor *actor);

#endif
