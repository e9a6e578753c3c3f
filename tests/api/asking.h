#ifndef OSTRAKON_TESTS_API_ASKING_H
#define OSTRAKON_TESTS_API_ASKING_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/api/scene.h"
#include "tests/api/world.h"

/* What tests of the API begin with: a world of all members, and one question at a time. */

extern struct world w;
extern struct exchange x; /* the last question, and its answer */

/* For a test suite's .init and .fini. */
void begin(void);
void end(void);

void get(const char *path);

#define expect_text(path, wanted)                                                              \
    cr_expect(strcmp(exchange_text(&x, path), wanted) == 0, "%s: %s", path,                    \
              exchange_text(&x, path))

#endif
