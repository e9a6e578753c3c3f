#ifndef OSTRAKON_AGENT_SOLVER_H
#define OSTRAKON_AGENT_SOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/loop.h"

/* Works over the numbers of tasks (health/challenge.h) on a thread of its own, so that no step
 * of the agent waits for it: Argon2id, 16 MiB, one pass, 12 to 100 ms each. Each is done in
 * other memory than those before, of which up to four are held meanwhile, as far as node.yaml
 * lets. */

#define SOLVER_NONCE_BYTES 32u
#define SOLVER_RESULT_BYTES 32u

/* The work itself; blocks for as long as it takes. Any thread. False: no memory. */
bool solver_work(const uint8_t nonce[static SOLVER_NONCE_BYTES],
                 uint8_t result[static SOLVER_RESULT_BYTES])
    __attribute__((warn_unused_result));

struct solver;

struct solver_options {
    struct loop *loop;
    uint64_t
        window_most; /* bytes that R10 may hold; 0: ROOM_WINDOW_MAX. A quarter of it here */
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
