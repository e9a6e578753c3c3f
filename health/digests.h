#ifndef OSTRAKON_HEALTH_DIGESTS_H
#define OSTRAKON_HEALTH_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digests of the pages of a flat struct (references.md, R01), beside its complement shadow
 * (shadow.h). They see what the shadow is blind for: the same bit flipped in both copies, in
 * opposite directions, and a page that is sound and not the one it should be. Keyed with random
 * bytes and the page's number.
 *
 * At every entry of the code that may change the state, shadow_holds; at its exit
 *
 *     if (!digests_renew(digests, state, shadow, sizeof *state)) -> damaged, for good
 *     shadow_renew(state, shadow, sizeof *state);
 *
 * Only pages that differ from the shadow are digested anew, and each only after what the shadow
 * says it was has been verified against its digest: verify before writing. digests_hold looks
 * at all pages: once a second, and before every signature. A page costs about 4 us. */

#define DIGESTS_PAGE_BYTES 4096u
#define DIGESTS_PAGES_MAX 64u
#define DIGESTS_KEY_BYTES 32u
#define DIGESTS_BYTES 32u

struct digests {
    uint8_t key[DIGESTS_KEY_BYTES];
    uint8_t page[DIGESTS_PAGES_MAX][DIGESTS_BYTES];
};

/* Digests all pages. `size_bytes` is at most all of them (asserted), and a multiple of 8. */
void digests_begin(struct digests *d, const uint8_t key[static DIGESTS_KEY_BYTES],
                   const void *state, size_t size_bytes);

bool digests_hold(const struct digests *d, const void *state, size_t size_bytes)
    __attribute__((warn_unused_result));

/* `shadow` is that of the state as it was: see above. False: it was damaged already; nothing is
 * to be written any more. */
bool digests_renew(struct digests *d, const void *state, const void *shadow, size_t size_bytes)
    __attribute__((warn_unused_result));

#endif
