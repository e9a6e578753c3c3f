#include "world.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "../../../consensus/vote.h"

void world_event(struct world *w, uint32_t member, const char *format, ...)
{
    char text[EVENT_SIZE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (uint32_t i = 0; i < w->event_count; i++) {
        struct event *e = &w->events[i];
        if (strcmp(e->text, text) == 0 && (e->members >> member & 1) == 0) {
            e->members |= 1u << member;
            return;
        }
    }
    assert(w->event_count < EVENTS_MAX);
    struct event *e = &w->events[w->event_count++];
    e->members = 1u << member;
    memcpy(e->text, text, sizeof e->text);
}

const char *world_block_name(struct world *w, const struct hash *hash)
{
    for (uint32_t i = 0; i < w->block_count; i++) {
        if (hash_equal(&w->blocks[i].hash, hash)) {
            return w->blocks[i].name;
        }
    }
    assert(w->block_count < NAMES_MAX);
    struct named_block *b = &w->blocks[w->block_count];
    memset(b, 0, sizeof *b);
    b->name[0] = (char)('a' + w->block_count);
    b->hash = *hash;
    w->block_count++;
    return b->name;
}

struct named_block *world_block(struct world *w, const char *name)
{
    for (uint32_t i = 0; i < w->block_count; i++) {
        if (strcmp(w->blocks[i].name, name) == 0) {
            return &w->blocks[i];
        }
    }
    return NULL;
}

void event_vote(struct world *w, uint32_t member, const struct vote *v)
{
    static const char *const VERB[] = {
        [VOTE_PROPOSE] = "proposes",
        [VOTE_NOTARIZE] = "notarizes",
        [VOTE_NULLIFY] = "nullifies",
        [VOTE_FINALIZE] = "finalizes",
    };
    struct vote *said = &w->agents[member].said[v->kind - 1];
    if (vote_same(said, v)) {
        return;
    }
    *said = *v;
    if (v->kind != VOTE_NULLIFY) {
        world_event(w, member, "%s %s height=%llu view=%u", VERB[v->kind],
                    world_block_name(w, &v->block), (unsigned long long)v->height, v->view);
    } else if (v->claim == VIEW_NONE) {
        world_event(w, member, "nullifies height=%llu view=%u claim=none",
                    (unsigned long long)v->height, v->view);
    } else {
        world_event(w, member, "nullifies height=%llu view=%u claim=%u",
                    (unsigned long long)v->height, v->view, v->claim);
    }
}

void event_view(struct world *w, uint32_t member)
{
    struct agent *a = &w->agents[member];
    if (a->simplex.view != a->view && a->simplex.view != 0) {
        world_event(w, member, "enters height=%llu view=%u",
                    (unsigned long long)a->simplex.height, a->simplex.view);
    }
    a->view = a->simplex.view;
}

void world_print(struct world *w, FILE *out)
{
    for (uint32_t i = 0; i < w->event_count; i++) {
        const char *separator = "";
        for (uint32_t member = 0; member < MEMBERS_MAX; member++) {
            if ((w->events[i].members >> member & 1) != 0) {
                fprintf(out, "%s%u", separator, member);
                separator = ",";
            }
        }
        fprintf(out, " %s\n", w->events[i].text);
    }
    w->event_count = 0;
}
