#ifndef OSTRAKON_TESTS_FLIPS_JUDGE_H
#define OSTRAKON_TESTS_FLIPS_JUDGE_H

#include "victim.h"

/* Compares what left a victim with what left its sound twin, which heard the same. Ed25519 is
 * deterministic: a sound victim's messages are the twin's, byte for byte. */

struct verdict {
    uint32_t wrong; /* signatures of the victim that are valid, and which the twin never made */
    uint32_t garbled; /* other messages that differ: without a valid signature that is new */
};

void judge(const struct legacy *sound, const struct legacy *victim, const struct script *s,
           struct verdict *out);
/* Takes the signatures of the messages that left the sound one; asserts that there are some.
 * To be called once, first. */
void judge_learn(const struct legacy *sound, const struct script *s);

#endif
