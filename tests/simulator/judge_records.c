/* The persistence rule: whatever a member has signed stands in the record on its disk, with the
 * bytes of the block, before anybody hears of it. Reads the record by its layout. */
#include <string.h>

#include "judge.h"
#include "world.h"

struct durable {
    uint64_t height;
    uint32_t top;
    const uint8_t *proposed;
    const uint8_t *notarized;
    uint32_t nullified_max;
    uint32_t finalized;
    const uint8_t *finalized_hash;
};

static uint64_t number(const uint8_t *at, uint32_t bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* Layout 1, height 8, resume 8, parent 32, top 4, proposed 32, notarized 32, has claimed 1,
 * claimed 4, nullified max 4, finalized 4, finalized hash 32; what follows is not looked at. */
static bool read_record(const struct blob *b, struct durable *d)
{
    const uint8_t *at = b->bytes;
    if (b->size_bytes < 162) {
        return false;
    }
    d->height = number(at + 1, 8);
    d->top = (uint32_t)number(at + 49, 4);
    d->proposed = at + 53;
    d->notarized = at + 85;
    d->nullified_max = (uint32_t)number(at + 122, 4);
    d->finalized = (uint32_t)number(at + 126, 4);
    d->finalized_hash = at + 130;
    return true;
}

/* In that view with that content, or later. */
static bool covers(uint32_t recorded_view, const uint8_t *recorded, const struct wire_vote *v)
{
    if (recorded_view == WIRE_NONE || recorded_view < v->view) {
        return false;
    }
    return recorded_view > v->view || memcmp(recorded, v->block, sizeof v->block) == 0;
}

static bool is_covered(const struct durable *d, const struct wire_vote *v)
{
    switch (v->kind) {
    case WIRE_PROPOSE:
        return covers(d->top, d->proposed, v);
    case WIRE_NOTARIZE:
        return covers(d->top, d->notarized, v);
    case WIRE_NULLIFY:
        return d->nullified_max != WIRE_NONE && d->nullified_max >= v->view;
    case WIRE_FINALIZE:
        return covers(d->finalized, d->finalized_hash, v);
    default:
        return false;
    }
}

static bool holds_bytes(const struct image *image, const struct durable *d,
                        const struct wire_vote *v)
{
    if (v->kind == WIRE_NULLIFY || d->top > v->view) {
        return true;
    }
    for (uint32_t i = 0; i < image->held_count; i++) {
        if (memcmp(&image->hash[i], v->block, sizeof v->block) == 0) {
            return true;
        }
    }
    return v->kind == WIRE_FINALIZE; /* durable with the notarize, or fetched since */
}

void judge_durable(struct world *w, const struct station *s, const struct wire_vote *v)
{
    static const char *const kinds[] = {"?", "propose", "notarize", "nullify", "finalize"};
    const struct image *image = s->disk.missing == CAUSE_NONE ? disk_newest(&s->disk) : NULL;
    struct durable d;
    w->counters.check[CHECK_DURABLE]++;
    const bool read = image != NULL && read_record(image->record, &d);
    if (read && d.height > v->height) {
        return;
    }
    if (!read || d.height < v->height || !is_covered(&d, v) || !holds_bytes(image, &d, v)) {
        world_fail(w, CHECK_DURABLE,
                   "%s sends a %s of height %llu, view %u that its disk has not",
                   world_name(w, s->member), kinds[v->kind % 5], (unsigned long long)v->height,
                   v->view);
    }
}
