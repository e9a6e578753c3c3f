#ifndef OSTRAKON_AGENT_GUARD_BEAT_H
#define OSTRAKON_AGENT_GUARD_BEAT_H

#include <stdint.h>

/* What the agent sends its guard once a second over a socket of packets (references.md, R36).
 * Both are of one build on one machine: a struct is as good as an encoding. */

#define GUARD_BEAT_MAGIC UINT64_C(0x6775617264203120)
#define GUARD_DIGEST_BYTES 32u
#define GUARD_BEAT_MS 1000u
#define GUARD_PATIENCE_MS 5000u /* without a beat: then the agent is killed */
#define GUARD_GOODBYE "end"     /* instead of a beat: the agent ends as it should */

struct guard_beat {
    uint64_t magic;
    uint64_t turns;                    /* of the loop that beat: grows from beat to beat */
    uint64_t gates;                    /* signatures that it has made: never fewer */
    uint8_t state[GUARD_DIGEST_BYTES]; /* digest of its deciding state */
    uint8_t chain[GUARD_DIGEST_BYTES]; /* BLAKE2b-256 of the one before, and of all above */
};

/* The chain after this beat, from the one before; it begins with zeros. */
void guard_chain(const struct guard_beat *b, const uint8_t before[static GUARD_DIGEST_BYTES],
                 uint8_t out[static GUARD_DIGEST_BYTES]);

#endif
