#ifndef OSTRAKON_AGENT_SOLVER_H
#define OSTRAKON_AGENT_SOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/loop.h"

/* Works over the numbers of tasks (health/challenge.h) on a thread of its own, so that no step
 * of the agent waits for it: Argon2id, 16 MiB, one pass, 12 to 100 ms each. Each is done in
 * other memory than the one before, which is held until then, locked where this process may:
 * one arena, or up to four where node.yaml gives the sweep more. */

#define SOLVER_NONCE_BYTES 32u
#define SOLVER_RESULT_BYTES 32u

/* How many arenas are to be held now, 0 to ARENAS_MAX: none on a machine of which 2 % is less
 * than one, in a control group of which 5 % is, or while others need memory. */
struct reference_context;
uint32_t solver_may_hold(struct reference_context *machine, uint64_t window_most);

struct solver;

struct solver_options {
    struct loop *loop;
    uint64_t
        window_most; /* bytes that R10 may hold; a quarter of it here, at least one arena */
    /* Loop's thread. SOLVER_RESULT_BYTES, or NULL: this machine could not. */
    void (*on_solved)(void *context, uint64_t serial, const uint8_t *result);
    void *context;
};

/* Starts the thread. NULL: no memory, or no thread (errno). */
struct solver *solver_create(const struct solver_options *options)
    __attribute__((warn_unused_result));

/* Once the work under way is done; what else was asked for is not. Accepts NULL. */
void solver_destroy(struct solver *s);

/* In the order in which it was asked for. What finds no room, which takes more than every
 * member may ask for at once, is never answered. Loop's thread. */
void solver_ask(struct solver *s, uint64_t serial,
                const uint8_t nonce[static SOLVER_NONCE_BYTES]);

#endif
