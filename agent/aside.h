#ifndef OSTRAKON_AGENT_ASIDE_H
#define OSTRAKON_AGENT_ASIDE_H

/* Damaged files are never deleted: they are put aside under a name that says when, for a person
 * to look at. */

#include <stdbool.h>

#define ASIDE_NAME_MAX 512

/* The first name of that kind that nothing has: `path`.`word`-<utc time>, with `-2` and so on
 * behind it if need be. False: errno. One process at a time per directory. */
bool aside_name(const char *path, const char *word, char name[static ASIDE_NAME_MAX])
    __attribute__((warn_unused_result));

/* Renames `path` so. True also if there was nothing at `path`. False: errno. */
bool aside_put(const char *path, const char *word) __attribute__((warn_unused_result));

#endif
