#include "self.h"

static const struct {
    uint32_t id;
    enum reference_result result;
    struct reference_note note;
} selves[SELF_NOTES] = {
#define X(name, id, result, text, action) [SELF_##name] = {id, RESULT_##result, {text, action}},
    SELF_FINDINGS(X)
#undef X
};

struct finding self_finding(enum self_note note)
{
    struct finding f;
    finding_begin(&f, selves[note].id);
    finding_set(&f, selves[note].result, SELF_NOTE_FIRST + (uint32_t)note);
    return f;
}

const struct reference_note *self_words(const struct finding *f)
{
    const uint32_t note = f->evidence.note - SELF_NOTE_FIRST;
    return f->evidence.note >= SELF_NOTE_FIRST && note < SELF_NOTES && selves[note].id == f->id
               ? &selves[note].note
               : NULL;
}
