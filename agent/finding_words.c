#include "agent/findings.h"

#include "health/references/references.h"
#include "health/self.h"

const struct reference_note *finding_words(const struct finding *f)
{
    static const struct reference_note nothing = {"nothing was found against it", ""};
    static const struct reference_note strange = {"what was found is not known here", ""};
    const struct reference *r = reference_find(f->id);
    const struct reference_note *self = self_words(f);
    if (self != NULL) {
        return self;
    }
    if (r != NULL && f->evidence.note != SELF_NOTE_FIRST + SELF_NOTES) {
        return reference_note(r, f);
    }
    return f->result == RESULT_OK ? &nothing : &strange;
}

void finding_say(const struct finding *f, char text[static FINDING_TEXT_BYTES],
                 char action[static FINDING_TEXT_BYTES])
{
    const struct reference_note *words = finding_words(f);
    finding_text(f, words->text, text, FINDING_TEXT_BYTES);
    finding_text(f, words->action, action, FINDING_TEXT_BYTES);
}
