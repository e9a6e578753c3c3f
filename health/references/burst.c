#include "burst.h"

#include "references.h"
#include "room.h"

#define MIB (UINT64_C(1) << 20)
#define LOOK_EVERY 32u /* slices between two looks at how much is free */

struct burst_plan burst_upon_suspicion(void)
{
    return (struct burst_plan){
        .bytes = 1024 * MIB, .limit_ms = 3000, .core_rounds = 50, .fill = FILL_LARGE};
}

struct burst_plan burst_thorough(void)
{
    return (struct burst_plan){
        .bytes = UINT64_MAX, .limit_ms = UINT64_MAX, .core_rounds = 200, .fill = FILL_LARGE};
}

/* The slices that were tested, each with the next one's address in its first word: as many as
 * there is memory, and no table of them. */
struct hoard {
    uint64_t *first;
    uint64_t bytes;
};

static void hoard_add(struct hoard *h, uint64_t *slice)
{
    slice[0] = (uint64_t)(uintptr_t)h->first;
    h->first = slice;
    h->bytes += SLICE_BYTES;
}

static void hoard_release(struct hoard *h, const struct seams *seams)
{
    while (h->first != NULL) {
        uint64_t *slice = h->first;
        h->first = (uint64_t *)(uintptr_t)slice[0];
        slice_release(seams, slice);
    }
}

/* An eighth of what was free stays so. */
static bool has_room(struct reference_context *context, uint64_t free_at_start)
{
    const struct room room = room_now(context);
    return room.known && !room.pressed && room.free > free_at_start / 8;
}

static uint64_t now_ms(const struct reference_context *context)
{
    return context->seams.clock_ns(context->seams.self, SEAM_MONOTONIC) / 1000000;
}

/* False: a fault, and `out` tells it. The slice with the fault is never given back: nobody else
 * shall get it. */
static bool test_slices(struct reference_context *context, const struct burst_plan *plan,
                        uint64_t free_at_start, struct hoard *hoard, struct finding *out)
{
    const uint64_t spared = free_at_start - free_at_start / 8;
    const uint64_t bytes = plan->bytes < spared ? plan->bytes : spared;
    const uint64_t begun_ms = now_ms(context);
    for (uint64_t visit = 0; bytes > 0 && (visit == 0 || hoard->bytes + SLICE_BYTES <= bytes);
         visit++) {
        struct slice_fault fault;
        bool locked;
        if (now_ms(context) - begun_ms >= plan->limit_ms ||
            (visit % LOOK_EVERY == LOOK_EVERY - 1 && !has_room(context, free_at_start))) {
            break;
        }
        uint64_t *slice = slice_take(&context->seams, visit % 2 == 1, &locked);
        if (slice == NULL) {
            break;
        }
        if (!slice_test(&context->seams, slice, visit, &fault)) {
            sweep_judge(&fault, out);
            out->flags &= ~FINDING_BURST;
            return false;
        }
        hoard_add(hoard, slice);
        if (plan->progress != NULL) {
            plan->progress(plan->self, hoard->bytes, bytes);
        }
    }
    return true;
}

static bool test_memory(struct reference_context *context, const struct burst_plan *plan,
                        struct finding *out)
{
    struct hoard hoard = {0};
    const struct room room = room_now(context);
    finding_begin(out, 10);
    sweep_release(&context->sweep, &context->seams);
    const bool good = test_slices(context, plan, room.free, &hoard, out);
    hoard_release(&hoard, &context->seams);
    if (!good) {
        return false;
    }
    out->evidence.count = hoard.bytes / MIB;
    finding_set(out, hoard.bytes > 0 ? RESULT_OK : RESULT_UNKNOWN,
                hoard.bytes > 0 ? SWEEP_BURST : SWEEP_NO_MEMORY);
    return hoard.bytes > 0;
}

void burst_run(struct reference_context *context, const struct burst_plan *plan,
               struct finding *out)
{
    struct finding memory;
    if (!test_memory(context, plan, &memory)) {
        *out = memory;
        return;
    }
    finding_begin(out, 15);
    cores_run_all(context, plan->core_rounds, out);
    if (out->result == RESULT_OK) {
        finding_begin(out, 11);
        fill_run(&context->seams, plan->fill, out);
    }
    if (out->result == RESULT_OK) {
        *out = memory;
    }
}
