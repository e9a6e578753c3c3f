#include "cores.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "references.h"

#define WORD_BITS (8u * (uint32_t)sizeof(unsigned long))

static bool holds(const struct core_set *set, uint32_t core)
{
    return (set->words[core / WORD_BITS] >> core % WORD_BITS & 1) != 0;
}

static struct core_set only(uint32_t core)
{
    struct core_set set = {{0}};
    set.words[core / WORD_BITS] = 1ul << core % WORD_BITS;
    return set;
}

/* The first allowed core from `from` on, CORES_MAX if there is none. */
static uint32_t next_core(const struct core_set *set, uint32_t from)
{
    while (from < CORES_MAX && !holds(set, from)) {
        from++;
    }
    return from;
}

static uint64_t compute(struct reference_context *context, uint32_t core, enum kernel kernel,
                        uint64_t seed)
{
    uint64_t digest = kernel_run(kernel, seed, &context->cores.scratch);
    seams_bend(&context->seams, BEND_KERNEL, core * KERNEL_COUNT + (uint32_t)kernel, &digest,
               sizeof digest);
    return digest;
}

/* True: `got` is the answer that is compiled in. */
static bool is_golden(enum kernel kernel, uint64_t got, struct finding *out)
{
    const volatile uint64_t *golden = &kernel_goldens[kernel];
    if (got == *golden) {
        return true;
    }
    finding_set(out, RESULT_FATAL, CORES_WRONG);
    finding_subject(out, kernel_name(kernel));
    out->evidence.expected = *golden;
    out->evidence.got = got;
    out->evidence.address = KERNEL_SEED;
    return false;
}

/* True: it is what the cores before computed, or nobody did. */
static bool is_agreed(struct cores_round *round, enum kernel kernel, uint64_t got,
                      struct finding *out)
{
    const uint64_t bit = UINT64_C(1) << kernel;
    if ((round->known & bit) == 0) {
        round->known |= bit;
        round->digests[kernel] = got;
        return true;
    }
    if (got == round->digests[kernel]) {
        return true;
    }
    finding_set(out, RESULT_FATAL, CORES_DIFFER);
    finding_subject(out, kernel_name(kernel));
    out->evidence.expected = round->digests[kernel];
    out->evidence.got = got;
    out->evidence.address = round->seed;
    return false;
}

/* For the record only: one wrong answer is fatal, whatever follows. */
static uint64_t retest(struct reference_context *context, uint32_t core, enum kernel kernel)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < CORES_RETESTS; i++) {
        wrong += compute(context, core, kernel, KERNEL_SEED) != kernel_goldens[kernel];
    }
    return wrong;
}

/* On the core that it runs on. */
static bool run_kernels(struct reference_context *context, uint32_t core, struct finding *out)
{
    struct cores_round *round = &context->cores.round;
    const struct processor processor = processor_now();
    uint64_t count = 0;
    for (uint32_t i = 0; i < KERNEL_COUNT; i++) {
        const enum kernel kernel = (enum kernel)i;
        if (!kernel_runs_on(kernel, &processor)) {
            continue;
        }
        count++;
        if (!is_golden(kernel, compute(context, core, kernel, KERNEL_SEED), out)) {
            out->evidence.count = retest(context, core, kernel);
            return false;
        }
        if (!is_agreed(round, kernel, compute(context, core, kernel, round->seed), out)) {
            return false;
        }
    }
    out->evidence.count = count;
    finding_set(out, RESULT_OK, CORES_RIGHT);
    return true;
}

/* False if nothing more is to be run. `*ran` is whether the core was there at all: one that was
 * taken offline since we asked is skipped. */
static bool run_pinned(struct reference_context *context, uint32_t core, bool *ran,
                       struct finding *out)
{
    const struct core_set set = only(core);
    const int status = context->seams.pin(context->seams.self, &set);
    *ran = status == 0;
    if (status == -EINVAL) {
        return true;
    }
    out->evidence.core = core;
    if (status != 0) {
        finding_set(out, RESULT_UNKNOWN, CORES_UNPINNED);
        out->evidence.got = (uint64_t)-status;
        return false;
    }
    return run_kernels(context, core, out);
}

static void begin_round(struct reference_context *context)
{
    struct cores_round *round = &context->cores.round;
    uint64_t seed = round->seed;
    (void)kernel_next(&seed);
    const uint64_t mixed = kernel_next(&seed);
    const ssize_t done =
        context->seams.random(context->seams.self, &seed, sizeof seed, GRND_NONBLOCK);
    round->seed = done == (ssize_t)sizeof seed ? seed : mixed;
    round->known = 0;
    round->next = 0;
}

static bool allowed_cores(const struct reference_context *context, struct core_set *allowed,
                          struct finding *out)
{
    memset(allowed, 0, sizeof *allowed);
    const int status = context->seams.cores(context->seams.self, allowed);
    if (status == 0 && next_core(allowed, 0) < CORES_MAX) {
        return true;
    }
    finding_set(out, RESULT_UNKNOWN, CORES_NO_CORES);
    out->evidence.got = (uint64_t)-status;
    return false;
}

void cores_run_all(struct reference_context *context, uint32_t times, struct finding *out)
{
    struct core_set allowed;
    uint64_t cores = 0;
    bool good = allowed_cores(context, &allowed, out);
    if (!good) {
        return;
    }
    for (uint32_t i = 0; good && i < times; i++) {
        cores = 0;
        finding_set(out, RESULT_UNKNOWN, CORES_NO_CORES);
        begin_round(context);
        for (uint32_t core = next_core(&allowed, 0); good && core < CORES_MAX;
             core = next_core(&allowed, core + 1)) {
            bool ran = false;
            good = run_pinned(context, core, &ran, out);
            cores += ran;
        }
    }
    (void)context->seams.pin(context->seams.self, &allowed);
    if (good && cores > 0) {
        out->evidence.got = cores;
        out->evidence.core = EVIDENCE_NO_CORE;
        finding_set(out, RESULT_OK, CORES_ALL_RIGHT);
    }
}

static void run_next(struct reference_context *context, struct finding *out)
{
    struct cores_round *round = &context->cores.round;
    struct core_set allowed;
    if (!allowed_cores(context, &allowed, out)) {
        return;
    }
    uint32_t core = next_core(&allowed, round->next);
    if (core == CORES_MAX || round->next == 0) {
        begin_round(context);
        core = next_core(&allowed, 0);
    }
    bool ran = false;
    finding_set(out, RESULT_UNKNOWN, CORES_NO_CORES);
    while (!ran && core < CORES_MAX) {
        round->next = core + 1;
        if (!run_pinned(context, core, &ran, out)) {
            break;
        }
        core = next_core(&allowed, core + 1);
    }
    (void)context->seams.pin(context->seams.self, &allowed);
}

static void run(struct reference_context *context, struct finding *out)
{
    if (context->whole) {
        cores_run_all(context, 1, out);
    } else {
        run_next(context, out);
    }
}

/* Each answer with each of its bits turned. */
static bool negative(struct reference_context *context)
{
    (void)context;
    for (uint32_t i = 0; i < KERNEL_COUNT; i++) {
        for (uint32_t bit = 0; bit < 64; bit++) {
            struct cores_round round = {.known = UINT64_MAX};
            const uint64_t wrong = kernel_goldens[i] ^ UINT64_C(1) << bit;
            struct finding seen;
            round.digests[i] = kernel_goldens[i];
            finding_begin(&seen, 15);
            if (is_golden((enum kernel)i, wrong, &seen) || seen.result != RESULT_FATAL ||
                is_agreed(&round, (enum kernel)i, wrong, &seen)) {
                return false;
            }
        }
    }
    return true;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    CORES_NOTES(X)
#undef X
};

const struct reference reference_cores = {
    .id = 15,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
