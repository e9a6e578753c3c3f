#include "note.h"

#include <assert.h>
#include <string.h>

/* What makes room in a full list: the last note of a member's skipped command, or, if there is
 * none, the last note. */
static uint32_t least(const struct notes *notes)
{
    for (uint32_t i = notes->count; i > 0; i--) {
        const struct note *note = &notes->list[i - 1];
        if (note->kind == NOTE_COMMAND_SKIPPED && note->text[0] == '\0') {
            return i - 1;
        }
    }
    return notes->count - 1;
}

static void drop(struct notes *notes, uint32_t place)
{
    notes->count--;
    notes->dropped++;
    memmove(&notes->list[place], &notes->list[place + 1],
            (notes->count - place) * sizeof notes->list[0]);
}

struct note *notes_add(struct notes *notes, enum note_kind kind)
{
    assert(notes->count <= NOTES_MAX);
    if (notes->count == NOTES_MAX) {
        drop(notes, least(notes));
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
