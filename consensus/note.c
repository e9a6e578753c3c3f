#include "note.h"

#include <assert.h>

struct note *notes_add(struct notes *notes, enum note_kind kind)
{
    assert(notes->count <= NOTES_MAX);
    if (notes->count == NOTES_MAX) {
        notes->count--;
        notes->dropped++;
    }
    struct note *note = &notes->list[notes->count++];
    *note = (struct note){.kind = kind, .member = MEMBER_NONE, .other = MEMBER_NONE};
    return note;
}

const char *note_kind_text(enum note_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) [NOTE_##name] = text,
        NOTES(X)
#undef X
    };
    assert(kind < NOTE_KINDS);
    return texts[kind];
}

const char *cause_text(enum cause cause)
{
    static const char *const texts[] = {
#define X(name, text) [CAUSE_##name] = text,
        CAUSES(X)
#undef X
    };
    assert(cause < sizeof texts / sizeof texts[0]);
    return texts[cause];
}
