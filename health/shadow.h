#ifndef OSTRAKON_HEALTH_SHADOW_H
#define OSTRAKON_HEALTH_SHADOW_H

#include <stdbool.h>
#include <stddef.h>

/* A complement shadow of a flat struct (references.md, R02): every bit is kept twice, once
 * inverted, so that neither a flipped bit nor a wiped or stuck line of memory satisfies both.
 *
 * The one way to use it, at every entry of the code that may change the state:
 *
 *     if (!shadow_holds(state, shadow, sizeof *state)) -> damaged, for good; nothing else
 *     ... read and write the state ...
 *     shadow_renew(state, shadow, sizeof *state);
 *
 * Verify *before* writing. Renewing a state that was not verified first blesses the corruption
 * that the shadow is there to find. Never repair one from the other: it is not known which is
 * right, and a machine that needs repair is not fit to vote.
 *
 * Both are any memory of `size_bytes`, which is asserted to be a multiple of 8, and may have
 * any alignment; they do not overlap. Padding counts, so a state is zeroed once before it is
 * filled. 256 KiB take 10 to 20 us. */

void shadow_renew(const void *state, void *shadow, size_t size_bytes);

/* Whether every bit of the state is the inverse of its bit in the shadow. Reads all of both,
 * whatever it finds: no early exit, one time for all inputs. */
bool shadow_holds(const void *state, const void *shadow, size_t size_bytes)
    __attribute__((warn_unused_result));

#endif
