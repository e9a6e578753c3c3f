#include "sweep.h"

#include "references.h"
#include "room.h"

#define MIB (UINT64_C(1) << 20)

void sweep_release(struct sweep_state *state, const struct seams *seams)
{
    while (state->held > 0) {
        slice_release(seams, state->slices[--state->held]);
    }
}

void sweep_finish(struct sweep_state *state, const struct seams *seams)
{
    sweep_release(state, seams);
    while (state->kept_count > 0) {
        slice_release(seams, state->kept[--state->kept_count]);
    }
}

void sweep_judge(const struct slice_fault *fault, struct finding *out)
{
    const bool confirmed = fault->again > 0 || fault->count > 1;
    out->evidence.address = fault->address;
    out->evidence.expected = fault->expected;
    out->evidence.got = fault->got;
    out->evidence.count = fault->count;
    finding_set(out, confirmed ? RESULT_FATAL : RESULT_DEGRADED,
                confirmed ? SWEEP_WRONG : SWEEP_ONCE);
    if (!confirmed) {
        out->hold_s = SWEEP_HOLD_S;
        out->flags |= FINDING_BURST | FINDING_TWICE;
    }
}

/* The slice on top of the window is bad: out of it, but not given back, while there is room to
 * remember it. */
static void keep(struct sweep_state *state)
{
    if (state->kept_count < SWEEP_KEPT_MAX) {
        state->kept[state->kept_count++] = state->slices[--state->held];
    }
}

static uint32_t slices_of(uint64_t window)
{
    const uint64_t slices = window / SLICE_BYTES;
    return slices == 0 ? 1 : slices > SWEEP_SLICES_MAX ? SWEEP_SLICES_MAX : (uint32_t)slices;
}

static void test_next(struct reference_context *context, struct finding *out)
{
    struct sweep_state *state = &context->sweep;
    const struct seams *seams = &context->seams;
    struct slice_fault fault;
    bool locked = false;
    uint64_t *slice = slice_take(seams, state->windows % 2 == 1, &locked);
    if (slice == NULL) {
        sweep_release(state, seams);
        finding_set(out, RESULT_UNKNOWN, SWEEP_NO_MEMORY);
        return;
    }
    state->slices[state->held++] = slice;
    state->visits++;
    if (!slice_test(seams, slice, state->visits, &fault)) {
        sweep_judge(&fault, out);
        keep(state);
        return;
    }
    out->evidence.count = state->visits * (SLICE_BYTES / MIB);
    out->evidence.got = state->held * (SLICE_BYTES / MIB);
    finding_set(out, RESULT_OK, locked ? SWEEP_RIGHT : SWEEP_UNLOCKED);
}

static void run(struct reference_context *context, struct finding *out)
{
    struct sweep_state *state = &context->sweep;
    const struct room room = room_now(context);
    if (!room.known) {
        sweep_release(state, &context->seams);
        finding_set(out, RESULT_UNKNOWN, SWEEP_UNREADABLE);
        return;
    }
    if (room.pressed || context->spare) {
        sweep_release(state, &context->seams);
        finding_set(out, RESULT_UNKNOWN, SWEEP_PRESSED);
        out->flags |= FINDING_EXCUSED;
        return;
    }
    if (state->held >= slices_of(room.window)) {
        sweep_release(state, &context->seams);
        state->windows++;
    }
    test_next(context, out);
}

static void flip(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    const uint32_t *pattern = self;
    (void)where;
    if (index == *pattern) {
        ((uint8_t *)bytes)[size_bytes - 1] ^= 0x10;
    }
}

/* A cell that changes under each pattern in turn. Without memory to try it on nothing is said:
 * then no run says that it is right either. */
static bool negative(struct reference_context *context)
{
    bool locked;
    bool seen = true;
    uint64_t *slice = slice_take(&context->seams, false, &locked);
    for (uint32_t i = 0; slice != NULL && i < SLICE_PATTERNS; i++) {
        struct slice_fault fault;
        struct finding f;
        const struct seams bent = {.self = &i, .bend = flip};
        finding_begin(&f, 10);
        if (!slice_test(&bent, slice, 1, &fault)) {
            sweep_judge(&fault, &f);
        }
        seen = seen && f.result == RESULT_FATAL && fault.pattern == i;
    }
    slice_release(&context->seams, slice);
    return seen;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    SWEEP_NOTES(X)
#undef X
};

const struct reference reference_sweep = {
    .id = 10,
    .period_ms = 3600,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
