#ifndef OSTRAKON_AGENT_HOOKS_FACTS_H
#define OSTRAKON_AGENT_HOOKS_FACTS_H

/* What a hook is told, in the two forms in which it is told. For hooks.c. */

#include "hooks.h"

/* The agent's `inherited` environment with the facts; NULL: no memory. */
char **facts_environment(const struct hook_fact *facts, uint32_t count, char *const *inherited)
    __attribute__((warn_unused_result));
void facts_environment_free(char **environment);

/* One object on one line, with its newline; malloc's. NULL: no memory. */
char *facts_json(const struct hook_fact *facts, uint32_t count)
    __attribute__((warn_unused_result));

#endif
