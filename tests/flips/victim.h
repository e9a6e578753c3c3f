#ifndef OSTRAKON_TESTS_FLIPS_VICTIM_H
#define OSTRAKON_TESTS_FLIPS_VICTIM_H

#include <stdatomic.h>

#include "agent/agent.h"
#include "script.h"

/* The agent's own node, twin and gate, and its own way to a signature (agent/agent_sign.c), in
 * the world of a script. Around them what agent.c does: each input to node and twin, nothing
 * done unless they agree. Made once and taken to its starting point; each victim is a fork. */

#define WORDS_MAX 8192u
#define WORD_BYTES_MAX (16u * 1024u * 1024u)

/* One message that left. */
struct word {
    uint32_t offset;
    uint32_t size_bytes;
};

/* What a victim leaves behind, in memory that it shares with the judge: never a target. */
struct legacy {
    _Atomic uint64_t now_ms;     /* the script's time */
    _Atomic uint64_t flipped_ms; /* the same, when the bit was flipped; 0: not yet */
    uint64_t stop_ms;            /* it stops itself once, at this time */
    bool stops_at_words;         /* or then at the first signature, before it is made, of: */
    uint64_t words_at;
    uint64_t words_bytes;
    uint64_t linger_ms; /* it ends so long after the flip */
    bool fatal;         /* it found itself unfit: */
    uint64_t fatal_ms;
    struct finding finding;
    uint32_t signatures; /* made after the flip */
    uint32_t count;
    uint32_t size_bytes;
    bool full;
    struct word word[WORDS_MAX];
    uint8_t bytes[WORD_BYTES_MAX];
};

struct victim {
    struct agent *agent;
    const struct script *script;
    struct legacy *legacy; /* NULL: nobody listens */
    uint64_t now_ms;
    uint64_t timer_ms;
    uint64_t stored;
    uint32_t heard;
};

/* Starts, and lives until `until_ms`. Asserts that the key could be sealed. */
void victim_make(struct victim *v, const struct script *s, uint64_t until_ms);
/* In a fork: lives on, tells `legacy`, stops itself once, and ends: 0, or AGENT_EXIT_DAMAGED.
 */
_Noreturn void victim_live(struct victim *v, struct legacy *legacy);

#endif
