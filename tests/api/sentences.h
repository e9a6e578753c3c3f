#ifndef OSTRAKON_TESTS_API_SENTENCES_H
#define OSTRAKON_TESTS_API_SENTENCES_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "agent/status.h"
#include "tests/api/scene.h"

/* What the status of a scene says, to the letter: people read it at night. */

#define NOW_MS 100000000u

#define expect_text(text, wanted) cr_expect(strcmp(text, wanted) == 0, "\n%s\n%s", text, wanted)

extern struct agent a;
extern struct deciding *d;
extern struct status s;

/* A scene of so many members. */
void begin(uint32_t members);
void begin_five(void);
void end(void);

/* The status now, in `s`. */
void look(void);

/* Looks, and compares. */
void expect(enum status_state state, const char *level, const char *see, const char *summary,
            const char *action);

#endif
