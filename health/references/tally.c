#include "tally.h"

#include <assert.h>
#include <string.h>

#define SLOTS (TALLY_PARTS + 1)

void tally_begin(struct tally *t, uint64_t window_ms)
{
    assert(window_ms >= TALLY_PARTS);
    memset(t, 0, sizeof *t);
    t->part_ms = window_ms / TALLY_PARTS;
}

/* Forgets the parts that have left the window. */
static void tally_move(struct tally *t, uint64_t now_ms)
{
    const uint64_t part = now_ms / t->part_ms;
    for (uint64_t i = 1; i <= SLOTS && t->part + i <= part; i++) {
        t->counts[(t->part + i) % SLOTS] = 0;
    }
    t->part = part > t->part ? part : t->part;
}

void tally_add(struct tally *t, uint64_t now_ms, uint64_t count)
{
    tally_move(t, now_ms);
    uint32_t *slot = &t->counts[t->part % SLOTS];
    const uint64_t room = UINT32_MAX - *slot;
    *slot += (uint32_t)(count < room ? count : room);
}

uint64_t tally_sum(struct tally *t, uint64_t now_ms)
{
    uint64_t sum = 0;
    tally_move(t, now_ms);
    for (uint32_t i = 0; i < SLOTS; i++) {
        sum += t->counts[i];
    }
    return sum;
}
