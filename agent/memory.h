/* Memory of the shell that is either there or ends the process.
 *
 * An agent that has to do without a connection's or a message's memory is in a state nobody has
 * tested; one that was restarted is not. Any thread. */
#ifndef OSTRAKON_AGENT_MEMORY_H
#define OSTRAKON_AGENT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* size_bytes (at least 1) of zeroed memory, the caller's to free. Says so and aborts if there
 * is none. */
void *memory_get(size_t size_bytes) __attribute__((malloc, warn_unused_result));

/* Says "out of memory" and aborts. */
_Noreturn void memory_is_out(void);

/* The same, unless `there`: for what libraries allocate. Inline, so that whoever reads the
 * caller knows that it does not go on without. */
static inline void memory_expect(bool there)
{
    if (!there) {
        memory_is_out();
    }
}

#endif
