#include "agent/operators.h"

#include <string.h>

#define ID_DOMAIN "ostrakon/opid/1"

void operators_id(const uint8_t *bytes, size_t size_bytes,
                  uint8_t id[static OPERATORS_ID_BYTES])
{
    const struct hash hash = hash_of(ID_DOMAIN, bytes, size_bytes);
    memcpy(id, hash.bytes, OPERATORS_ID_BYTES);
}

const struct operators_entry *operators_find(const struct operators *o,
                                             const uint8_t id[static OPERATORS_ID_BYTES])
{
    for (uint32_t i = 0; i < OPERATORS_KEPT && i < o->count; i++) {
        if (memcmp(o->list[i].id, id, OPERATORS_ID_BYTES) == 0) {
            return &o->list[i];
        }
    }
    return NULL;
}

static struct operators_entry *find(struct operators *o,
                                    const uint8_t id[static OPERATORS_ID_BYTES])
{
    const struct operators_entry *e = operators_find(o, id);
    return e == NULL ? NULL : &o->list[e - o->list];
}

void operators_keep(struct operators *o, const struct command *command,
                    const uint8_t id[static OPERATORS_ID_BYTES])
{
    if (find(o, id) == NULL) {
        struct operators_entry *e = &o->list[o->count % OPERATORS_KEPT];
        *e = (struct operators_entry){.command = *command};
        memcpy(e->id, id, sizeof e->id);
        o->count++;
    }
}

void operators_block(struct operators *o, const struct block *b)
{
    for (uint32_t i = 0; o->count > 0 && i < b->command_count; i++) {
        uint8_t id[OPERATORS_ID_BYTES];
        operators_id(b->bytes + b->commands[i].offset, b->commands[i].size_bytes, id);
        struct operators_entry *e = find(o, id);
        const bool decided = e != NULL && e->height != 0 && e->cause == CAUSE_NONE;
        if (e != NULL && !decided) {
            e->height = b->header.height;
            e->index = i;
            e->cause = CAUSE_NONE;
        }
    }
}

void operators_note(struct operators *o, const struct note *note)
{
    for (uint32_t i = 0; i < OPERATORS_KEPT && i < o->count; i++) {
        struct operators_entry *e = &o->list[i];
        if (note->kind == NOTE_COMMAND_SKIPPED && e->height != 0 && e->height == note->height &&
            e->index == note->count) {
            e->cause = note->cause;
        }
    }
}

enum operators_fate operators_fate_of(const struct operators_entry *e, const struct cluster *c,
                                      enum cause *cause)
{
    *cause = CAUSE_NONE;
    if (e->height != 0 && e->cause == CAUSE_NONE) {
        return OPERATORS_DECIDED;
    }
    /* One that was skipped because its turn had not come may still be decided. */
    const enum cause now = cluster_would_skip(c, &e->command);
    if (now == CAUSE_NONE || now == CAUSE_TOO_NEW) {
        return OPERATORS_WAITS;
    }
    *cause = e->height != 0 ? e->cause : now;
    return OPERATORS_VOID;
}

const struct operators_entry *operators_rival(const struct operators *o,
                                              const struct command *command,
                                              const struct cluster *c)
{
    for (uint32_t i = 0; i < OPERATORS_KEPT && i < o->count; i++) {
        const struct operators_entry *e = &o->list[i];
        enum cause cause = CAUSE_NONE;
        if (e->command.author == command->author &&
            e->command.by_operator.seq == command->by_operator.seq &&
            operators_fate_of(e, c, &cause) == OPERATORS_WAITS) {
            return e;
        }
    }
    return NULL;
}
