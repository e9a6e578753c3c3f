#include "agent/records.h"

#include <assert.h>
#include <stddef.h>

void records_begin(struct records *r, const struct cluster *c)
{
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        r->known_from[i] = c->record[i].next;
    }
}

/* What is told of a tick first stands: later notes of it say what else was wrong. */
void records_note(struct records *r, const struct note *note, const struct cluster *c)
{
    if (note->kind == NOTE_STANDING_CHANGED && note->member < MEMBERS_MAX) {
        r->known_from[note->member] = c->record[note->member].next; /* it begins anew */
    }
    if (note->kind != NOTE_TICK_SPOILED || note->member >= MEMBERS_MAX) {
        return;
    }
    struct spoiled_tick *place = &r->spoiled[note->member][note->count % RECORDS_KEPT];
    if (place->time_ms != 0 && place->tick == note->count) {
        place->references |= note->first;
        return;
    }
    *place = (struct spoiled_tick){.tick = note->count,
                                   .time_ms = note->time_ms,
                                   .cause = note->cause,
                                   .references = note->first};
}

void records_notes(struct records *r, const struct notes *notes, const struct cluster *c)
{
    for (uint32_t i = 0; i < notes->count; i++) {
        records_note(r, &notes->list[i], c);
    }
}

enum tick_verdict records_verdict(const struct records *r, const struct cluster *c,
                                  uint32_t member, uint64_t tick,
                                  const struct spoiled_tick **why)
{
    const struct record *record = &c->record[member];
    const struct spoiled_tick *place = &r->spoiled[member][tick % RECORDS_KEPT];
    assert(tick < record->next);
    const uint64_t back = record->next - 1 - tick; /* 0: the last that was judged */
    *why = place->time_ms != 0 && place->tick == tick ? place : NULL;
    if (back < record->run) {
        return TICK_PERFECT;
    }
    if (*why == NULL && tick >= r->known_from[member]) {
        return TICK_PERFECT;
    }
    /* The one before a run that is not full was not perfect, whatever is remembered. */
    const bool ends_run = back == record->run && record->run < c->timing.record_ticks;
    return *why != NULL || ends_run ? TICK_SPOILED : TICK_FORGOTTEN;
}
