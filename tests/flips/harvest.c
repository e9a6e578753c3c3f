#include "harvest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FATAL_MS 1200u /* faults.md, F20 */

struct harvest {
    enum region region;
    uint32_t count;
    uint32_t missed; /* nothing was flipped */
    uint32_t fatal;
    uint32_t late; /* fatal after FATAL_MS */
    uint32_t crashed;
    uint32_t hung;
    uint32_t mute; /* none of these, and signed nothing any more */
    uint32_t unseen;
    uint32_t wrong;
    uint32_t garbled;
    uint32_t by[REFERENCES_MAX + 1];
    uint64_t *latency_ms;
};

struct harvest *harvest_create(enum region region, uint32_t count)
{
    struct harvest *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->region = region;
    r->latency_ms = calloc(count, sizeof *r->latency_ms);
    assert(r->latency_ms != NULL);
    return r;
}

void harvest_destroy(struct harvest *r)
{
    free(r->latency_ms);
    free(r);
}

void harvest_add(struct harvest *r, const struct outcome *o)
{
    r->count++;
    r->wrong += o->verdict.wrong;
    r->garbled += o->verdict.garbled;
    if (!o->flipped) {
        r->missed++;
    } else if (o->fatal) {
        const uint64_t ms = o->fatal_ms - o->flipped_ms;
        r->latency_ms[r->fatal++] = ms;
        r->late += ms > FATAL_MS ? 1 : 0;
        r->by[o->reference <= REFERENCES_MAX ? o->reference : 0]++;
    } else if (o->hung) {
        r->hung++;
    } else if (o->crash_signal != 0 || o->odd_exit) {
        r->crashed++;
    } else if (o->signatures == 0) {
        r->mute++;
    } else {
        r->unseen++;
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool is_good(const struct harvest *r)
{
    const uint32_t flipped = r->count - r->missed;
    switch (r->region) {
    case REGION_STATE:
    case REGION_WORDS:
        return r->wrong == 0 && r->missed == 0 && r->fatal == flipped && r->late == 0;
    case REGION_KEYS:
        return r->wrong == 0 && r->missed == 0 && r->fatal == flipped;
    case REGION_CODE:
    case REGION_CONSTANTS:
        return r->wrong == 0 && flipped > 0 && 100 * (uint64_t)r->unseen <= (uint64_t)flipped;
    case REGION_MOVING:
    case REGION_ALL:
    case REGION_COUNT:
        return r->wrong == 0 && flipped > 0;
    }
    return false;
}

bool harvest_print(struct harvest *r)
{
    const bool good = is_good(r);
    printf("%s: %" PRIu32 " flips: %" PRIu32 " fatal, %" PRIu32 " crashed, %" PRIu32
           " hung, %" PRIu32 " mute, %" PRIu32 " unseen, %" PRIu32
           " not made; wrong signatures: %" PRIu32 "; messages garbled: %" PRIu32 "\n",
           region_text(r->region), r->count, r->fatal, r->crashed, r->hung, r->mute, r->unseen,
           r->missed, r->wrong, r->garbled);
    if (r->fatal > 0) {
        qsort(r->latency_ms, r->fatal, sizeof *r->latency_ms, compare);
        printf("  until fatal: p50 %" PRIu64 " ms, p99 %" PRIu64 " ms, max %" PRIu64
               " ms; found by",
               r->latency_ms[r->fatal / 2], r->latency_ms[(uint64_t)r->fatal * 99 / 100],
               r->latency_ms[r->fatal - 1]);
        for (uint32_t i = 0; i <= REFERENCES_MAX; i++) {
            if (r->by[i] > 0) {
                printf(" R%02" PRIu32 " %" PRIu32 ",", i, r->by[i]);
            }
        }
        printf("\n");
    }
    printf("  %s\n", good ? "as it must be" : "NOT as it must be");
    return good;
}
