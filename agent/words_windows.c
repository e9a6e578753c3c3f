/* Sentences of what is said of windows. */
#include <stdio.h>
#include <string.h>

#include "words_parts.h"

/* "from 14:03", "14:03 to 14:05": windows by the time they span. */
static void windows_text(const struct cluster *c, uint64_t first, uint64_t count,
                         char text[static 2 * WORDS_ISO_BYTES])
{
    char from[WORDS_ISO_BYTES];
    char to[WORDS_ISO_BYTES];
    words_clock(first * c->timing.window_s * 1000, from);
    words_clock((first + count) * c->timing.window_s * 1000, to);
    snprintf(text, 2 * WORDS_ISO_BYTES, "%.8s to %.8s", from, to);
}

void words_say_windows(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    char span[2 * WORDS_ISO_BYTES];
    windows_text(c, n->first, n->count > 0 ? n->count : 1, span);
    const char *member = words_member(c, n->member);
    if (n->kind == NOTE_WINDOWS_SETTLED && n->other == MEMBER_NONE) {
        snprintf(text, size, "statistics of %s settled by %s, not audited", span, member);
    } else if (n->kind == NOTE_WINDOWS_SETTLED) {
        snprintf(text, size, "statistics of %s settled by %s and %s", span, member,
                 words_member(c, n->other));
    } else if (n->kind == NOTE_WINDOW_DISPUTED) {
        snprintf(text, size, "%s disputes the statistics of %s under fence %llu", member, span,
                 (unsigned long long)n->fence);
    } else if (n->kind == NOTE_WINDOW_DOUBTFUL) {
        snprintf(text, size,
                 "statistics of %s are doubtful: %s and %s, by whom they were settled, have "
                 "both been locked out",
                 span, member, words_member(c, n->other));
    } else if (n->kind == NOTE_WINDOW_CONFIRMED) {
        snprintf(text, size,
                 "statistics of %s are as they were settled: %s and %s looked again", span,
                 member, words_member(c, n->other));
    } else if (n->kind == NOTE_WINDOW_CORRECTED) {
        snprintf(text, size,
                 "statistics of %s were settled wrongly: %s and %s looked again, and agree on "
                 "others",
                 span, member, words_member(c, n->other));
    } else {
        snprintf(text, size, "%s holds other statistics of %s than those settled", member,
                 span);
    }
}
