/* The sentences about names under which the service is reached. */
#include <stdio.h>

#include "words_parts.h"

void words_say_name(const struct note *n, const struct cluster *c, char *text, size_t size)
{
    const char *member = words_member(c, n->member);
    const char *name = n->text;
    if (n->kind == NOTE_NAME_TAKEN && n->member == n->other) {
        snprintf(text, size, "the name %s is back with its owner %s", name, member);
    } else if (n->kind == NOTE_NAME_TAKEN) {
        snprintf(text, size, "%s holds the name %s in place of %s", member, name,
                 words_member(c, n->other));
    } else if (n->kind == NOTE_NAME_VACANT) {
        snprintf(text, size, "%s may hold the name %s no longer; free for others in %.1f s",
                 member, name, (double)n->count / 1000);
    } else if (n->kind == NOTE_NAME_KEPT && n->cause == CAUSE_OBSERVED) {
        snprintf(text, size, "%s keeps the name %s: the cluster only observes", member, name);
    } else if (n->kind == NOTE_NAME_KEPT && n->cause == CAUSE_TOO_FEW) {
        snprintf(text, size, "%s keeps the name %s: nobody else can have it now", member, name);
    } else if (n->kind == NOTE_NAME_KEPT) {
        snprintf(text, size, "%s is good again in time, and keeps the name %s", member, name);
    } else if (n->kind == NOTE_NAME_RETURNING) {
        snprintf(text, size, "%s is to let go of the name %s, for %s", member, name,
                 words_member(c, n->other));
    } else {
        snprintf(text, size, "%s has let go of the name %s", member, name);
    }
}
