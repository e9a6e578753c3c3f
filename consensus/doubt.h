#ifndef OSTRAKON_CONSENSUS_DOUBT_H
#define OSTRAKON_CONSENSUS_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"
#include "turn.h"

/* Settled windows that rest on nobody's word any more: both members that settled it have been
 * locked out within an hour (standing.md, section 7). They are listed, and looked at again by
 * whoever holds the grant; what two others find is the answer. What is settled never goes back:
 * where they find otherwise that is a correction, in a list of its own. */

/* The listing of the window; NULL: it is not doubtful. */
const struct doubtful_window *doubt_of(const struct cluster *c, uint64_t window);
/* Why what the author found there would change nothing; NONE if it would. */
enum cause doubt_cause(const struct doubtful_window *d, uint32_t author,
                       const struct window_digest *digest);
/* What the author found, which changes something (asserted). */
void doubt_on_claim(struct cluster *c, const struct turn *t, uint32_t author, uint64_t window,
                    const struct window_digest *digest);
/* After all changes of standing of a block. */
void doubt_review(struct cluster *c, const struct turn *t);
/* Whether what a decoded state says of it can be. */
bool doubts_are_sound(const struct cluster *c);

#endif
