#include "fill.h"

#include <string.h>

#include "references.h"

static const uint8_t salt[ARENA_SALT_BYTES] = {'r', 'e', 'f', 'e', 'r', 'e', 'n', 'c',
                                               'e', 's', ' ', 'R', '1', '1', ' ', '.'};

static const struct {
    uint32_t mib;
    uint32_t passes;
    uint32_t every;
} sizes[] = {
#define X(name, mib, passes, every) {mib, passes, every},
    FILL_SIZES(X)
#undef X
};

static const uint8_t goldens[][FILL_ANSWER_BYTES] = {
    [FILL_SMALL] = {0xa5, 0x37, 0x9d, 0x65, 0x5e, 0x07, 0x4d, 0xf9, 0xd4, 0xb4, 0xd0,
                    0xb2, 0x39, 0x56, 0xd3, 0x9d, 0xd8, 0xd9, 0x00, 0xf1, 0x27, 0x8d,
                    0x7e, 0x07, 0xd2, 0x34, 0xae, 0xa1, 0x9b, 0xcc, 0x62, 0x97},
    [FILL_MIDDLE] = {0xfd, 0x64, 0x48, 0xf2, 0x58, 0x42, 0x2e, 0xbc, 0xad, 0x34, 0x6d,
                     0x8f, 0x7e, 0x52, 0x8e, 0x2c, 0xba, 0x1a, 0xc2, 0x57, 0xbf, 0xbc,
                     0x2b, 0xd8, 0xee, 0xd1, 0x35, 0xa9, 0xce, 0xd5, 0x4a, 0xee},
    [FILL_LARGE] = {0xc2, 0x65, 0x25, 0x1e, 0x30, 0x00, 0x88, 0x52, 0xc4, 0xe4, 0x45,
                    0xdb, 0xb6, 0x48, 0x80, 0x14, 0xdd, 0x20, 0x14, 0xc5, 0xc0, 0x0e,
                    0x90, 0xe9, 0x8a, 0xd3, 0xdb, 0xaa, 0xc4, 0xc9, 0x3f, 0x68},
};

static bool compute(struct arenas *arenas, uint32_t hold, const struct seams *seams,
                    enum fill_size size, uint8_t out[static FILL_ANSWER_BYTES])
{
    static const char password[] = "ostrakon";
    const struct arena_work work = {.password = password,
                                    .password_bytes = sizeof password - 1,
                                    .salt = salt,
                                    .mib = sizes[size].mib,
                                    .passes = sizes[size].passes};
    const bool done = arenas_work(arenas, seams, &work, hold, out);
    seams_bend(seams, BEND_FILL, (uint32_t)size, out, FILL_ANSWER_BYTES);
    return done;
}

bool fill_compute(const struct seams *seams, enum fill_size size,
                  uint8_t out[static FILL_ANSWER_BYTES])
{
    struct arenas none = {.held = 0};
    return compute(&none, 0, seams, size, out);
}

static uint64_t first_word(const uint8_t bytes[static FILL_ANSWER_BYTES])
{
    uint64_t word = 0;
    for (uint32_t i = 0; i < sizeof word; i++) {
        word = word << 8 | bytes[i];
    }
    return word;
}

void fill_judge(enum fill_size size, const uint8_t answer[static FILL_ANSWER_BYTES],
                struct finding *out)
{
    const volatile uint8_t *golden = goldens[size];
    uint8_t wrong = 0;
    for (uint32_t i = 0; i < FILL_ANSWER_BYTES; i++) {
        wrong |= answer[i] ^ golden[i];
    }
    out->evidence.count = sizes[size].mib;
    out->evidence.expected = first_word(goldens[size]);
    out->evidence.got = first_word(answer);
    finding_set(out, wrong == 0 ? RESULT_OK : RESULT_FATAL,
                wrong == 0 ? FILL_RIGHT : FILL_WRONG);
}

static void judge(bool done, enum fill_size size,
                  const uint8_t answer[static FILL_ANSWER_BYTES], struct finding *out)
{
    if (done) {
        fill_judge(size, answer, out);
        return;
    }
    finding_set(out, RESULT_UNKNOWN, FILL_NO_MEMORY);
    out->evidence.count = sizes[size].mib;
}

void fill_run(const struct seams *seams, enum fill_size size, struct finding *out)
{
    uint8_t answer[FILL_ANSWER_BYTES];
    judge(fill_compute(seams, size, answer), size, answer, out);
}

void fill_finish(struct fill_state *state, const struct seams *seams)
{
    arenas_release(&state->arenas, seams);
}

/* The largest that is due; the first run is a small one. */
static void run(struct reference_context *context, struct finding *out)
{
    struct fill_state *state = &context->fill;
    enum fill_size size = FILL_SMALL;
    if (state->runs % sizes[FILL_LARGE].every == sizes[FILL_LARGE].every - 1) {
        size = FILL_LARGE;
    } else if (state->runs % sizes[FILL_MIDDLE].every == sizes[FILL_MIDDLE].every - 1) {
        size = FILL_MIDDLE;
    }
    state->runs++;
    if (context->spare) {
        fill_finish(state, &context->seams);
        fill_run(&context->seams, FILL_SMALL, out);
    } else if (size != FILL_SMALL) {
        fill_run(&context->seams, size, out);
    } else {
        uint8_t answer[FILL_ANSWER_BYTES];
        judge(compute(&state->arenas, ARENAS_MAX, &context->seams, size, answer), size, answer,
              out);
    }
}

/* Each answer with each of its bits turned. */
static bool negative(struct reference_context *context)
{
    (void)context;
    for (uint32_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        for (uint32_t bit = 0; bit < 8 * FILL_ANSWER_BYTES; bit++) {
            uint8_t wrong[FILL_ANSWER_BYTES];
            struct finding seen;
            memcpy(wrong, goldens[i], sizeof wrong);
            wrong[bit / 8] ^= (uint8_t)(1u << bit % 8);
            finding_begin(&seen, 11);
            fill_judge((enum fill_size)i, wrong, &seen);
            if (seen.result != RESULT_FATAL) {
                return false;
            }
        }
    }
    return true;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    FILL_NOTES(X)
#undef X
};

const struct reference reference_fill = {
    .id = 11,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
