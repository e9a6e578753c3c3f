/* Sentences of what a node has to say of checkpoints (protocol.md, section 7, case 31). */
#include "words_parts.h"

#include <stdio.h>

#define DAY_MS (24ull * 3600 * 1000)

void words_say_checkpoint(const struct note *n, const struct cluster *c, char *text,
                          size_t size)
{
    (void)c;
    const unsigned long long height = n->first;
    if (n->kind == NOTE_CHECKPOINT_MET) {
        snprintf(text, size, "the block at height %llu is the one of the checkpoint", height);
    } else if (n->kind == NOTE_CHECKPOINT_DIFFERS) {
        snprintf(text, size,
                 "the block at height %llu is not the one of the checkpoint: this is another "
                 "history, or the checkpoint is wrong; this member goes no further",
                 height);
    } else if (n->cause == CAUSE_AWAY) {
        snprintf(
            text, size,
            "what this member knew when it was started, of height %llu, was %llu days old: "
            "it goes no further, and does not vote, without a checkpoint",
            height, (unsigned long long)(n->count / DAY_MS));
    } else {
        snprintf(text, size,
                 "at height %llu too few of the voters that this member knew are still members "
                 "(%llu): it goes no further, and does not vote, without a checkpoint",
                 height, (unsigned long long)n->count);
    }
}
