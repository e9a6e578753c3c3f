#include "edac.h"

#include <stdio.h>
#include <string.h>

#include "references.h"

#define ROOT "/sys/devices/system/edac/mc"
#define HOUR_MS (UINT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)
#define LASTS_MS (2 * DAY_MS) /* a third day of it does not pass by itself */
#define PATH_BYTES 256u

/* What one run is about. */
struct survey {
    struct reference_context *context;
    struct finding *out;
    uint64_t now_ms;
};

/* Says so, unless worse has been said. Of what is no finding the first word stands. */
static void say(struct finding *out, enum reference_result result, enum edac_note note,
                const struct edac_place *p, uint64_t got, uint64_t count)
{
    const bool first =
        result == RESULT_OK && out->result == RESULT_OK && out->evidence.note == EDAC_NONE;
    if (first || finding_worsen(out, result, note)) {
        finding_set(out, result, note);
        finding_subject(out, p->label[0] != '\0' ? p->label : p->path);
        out->evidence.got = got;
        out->evidence.count = count;
    }
}

static void judge_corrected(struct edac_place *p, uint64_t more, uint64_t now_ms,
                            struct finding *out)
{
    tally_add(&p->day, now_ms, more);
    tally_add(&p->hour, now_ms, more);
    const uint64_t of_day = tally_sum(&p->day, now_ms);
    const bool was_degraded = p->until_ms > now_ms;
    if (more > 0 && of_day > EDAC_DAY_MOST) {
        p->since_ms = was_degraded ? p->since_ms : now_ms;
        p->until_ms = now_ms + DAY_MS;
        p->lasting |= now_ms - p->since_ms >= LASTS_MS;
        out->flags |= was_degraded ? 0 : FINDING_BURST;
    }
    p->lasting |= tally_sum(&p->hour, now_ms) > EDAC_HOUR_MOST;
    if (p->lasting) {
        say(out, RESULT_DEGRADED, EDAC_LASTING, p, p->corrected, of_day);
        out->flags |= FINDING_PERSON;
    } else if (p->until_ms > now_ms) {
        say(out, RESULT_DEGRADED, EDAC_MANY, p, p->corrected, of_day);
    } else if (of_day > 0) {
        say(out, RESULT_OK, EDAC_SOME, p, p->corrected, of_day);
    }
}

static void judge_place(struct edac_place *p, uint64_t corrected, uint64_t uncorrected,
                        uint64_t now_ms, struct finding *out)
{
    const bool reset = corrected < p->corrected || uncorrected < p->uncorrected;
    const uint64_t more_corrected = reset ? 0 : corrected - p->corrected;
    const uint64_t more_uncorrected = reset ? 0 : uncorrected - p->uncorrected;
    p->corrected = corrected;
    p->uncorrected = uncorrected;
    if (reset) {
        say(out, RESULT_OK, EDAC_RESET, p, corrected, 0);
    }
    judge_corrected(p, more_corrected, now_ms, out);
    if (more_uncorrected > 0) {
        say(out, RESULT_FATAL, EDAC_UNCORRECTED, p, uncorrected, more_uncorrected);
    }
}

static enum source_verdict read_file(const struct survey *s, const char *place,
                                     const char *file)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, ROOT "/%s/%s", place, file);
    return source_read(&s->context->seams, path, &s->context->source);
}

static bool read_count(const struct survey *s, const char *place, const char *file,
                       uint64_t *out)
{
    return read_file(s, place, file) == SOURCE_READ && source_number(&s->context->source, out);
}

static void read_label(const struct survey *s, struct edac_place *p)
{
    if (read_file(s, p->path, "dimm_label") == SOURCE_READ) {
        const char *text = s->context->source.text;
        const size_t size_bytes = strcspn(text, "\n");
        snprintf(p->label, sizeof p->label, "%.*s", (int)size_bytes, text);
    }
}

/* The place with this path, new if it was not there before. NULL: there are too many. */
static struct edac_place *place_of(const struct survey *s, const char *path, bool *is_new)
{
    struct edac_state *state = &s->context->edac;
    *is_new = false;
    for (uint32_t i = 0; i < state->count; i++) {
        if (strcmp(state->places[i].path, path) == 0) {
            return &state->places[i];
        }
    }
    if (state->count == EDAC_PLACES_MAX) {
        s->out->evidence.expected = EDAC_PLACES_MAX;
        finding_worsen(s->out, RESULT_UNKNOWN, EDAC_TOO_MANY);
        return NULL;
    }
    struct edac_place *p = &state->places[state->count++];
    memset(p, 0, sizeof *p);
    snprintf(p->path, sizeof p->path, "%s", path);
    tally_begin(&p->day, DAY_MS);
    tally_begin(&p->hour, HOUR_MS);
    *is_new = true;
    return p;
}

static void survey_place(const struct survey *s, const char *path, const char *corrected_file,
                         const char *uncorrected_file)
{
    bool is_new;
    uint64_t corrected = 0;
    uint64_t uncorrected = 0;
    struct edac_place *p = place_of(s, path, &is_new);
    if (p == NULL) {
        return;
    }
    p->seen = true;
    if (!read_count(s, path, corrected_file, &corrected) ||
        !read_count(s, path, uncorrected_file, &uncorrected)) {
        /* Not to be taken for a base: it comes again as new. */
        s->context->edac.count -= is_new;
        say(s->out, RESULT_UNKNOWN, EDAC_UNREADABLE, p, 0, 0);
        return;
    }
    if (is_new) {
        p->corrected = corrected;
        p->uncorrected = uncorrected;
        read_label(s, p);
    }
    judge_place(p, corrected, uncorrected, s->now_ms, s->out);
}

/* Modules are "dimm0" or, with older drivers, "rank0". What belongs to none, the controller
 * counts apart; without modules all is its own. */
static void survey_controller(const struct survey *s, const char *controller)
{
    static const char *const prefixes[] = {"dimm", "rank"};
    struct listing *modules = &s->context->edac.modules;
    uint32_t count = 0;
    char path[PATH_BYTES];
    for (size_t kind = 0; kind < 2; kind++) {
        snprintf(path, sizeof path, ROOT "/%s", controller);
        if (listing_read(&s->context->seams, path, prefixes[kind], modules) != SOURCE_READ) {
            continue; /* its own counters will not be readable either */
        }
        for (uint32_t i = 0; i < modules->count; i++, count++) {
            snprintf(path, EDAC_PATH_BYTES, "%s/%s", controller, modules->names[i]);
            survey_place(s, path, "dimm_ce_count", "dimm_ue_count");
        }
    }
    survey_place(s, controller, count > 0 ? "ce_noinfo_count" : "ce_count", "ue_count");
}

static void look_for_lost(struct edac_state *state, struct finding *out)
{
    for (uint32_t i = 0; i < state->count; i++) {
        if (!state->places[i].seen) {
            say(out, RESULT_UNKNOWN, EDAC_VANISHED, &state->places[i], 0, 0);
        }
        state->places[i].seen = false;
    }
}

static void run(struct reference_context *context, struct finding *out)
{
    struct edac_state *state = &context->edac;
    const struct seams *seams = &context->seams;
    const struct survey s = {
        .context = context,
        .out = out,
        .now_ms = seams->clock_ns(seams->self, SEAM_BOOT) / 1000000,
    };
    const enum source_verdict verdict = listing_read(seams, ROOT, "mc", &state->controllers);
    if (verdict == SOURCE_FAILED) {
        finding_subject(out, ROOT);
        finding_set(out, RESULT_UNKNOWN, EDAC_UNREADABLE);
        return;
    }
    if (!reference_is_there(context, state->controllers.count > 0, EDAC_NO_COUNTERS, out)) {
        if (out->result == RESULT_UNKNOWN) {
            finding_subject(out, "all controllers");
            finding_set(out, RESULT_UNKNOWN, EDAC_VANISHED);
        }
        return;
    }
    finding_set(out, RESULT_OK, EDAC_NONE);
    for (uint32_t i = 0; i < state->controllers.count; i++) {
        survey_controller(&s, state->controllers.names[i]);
    }
    look_for_lost(state, out);
}

/* One uncorrected error more, and 51 corrected ones within a moment. */
static bool negative(struct reference_context *context)
{
    struct edac_place p = {.path = "mc0/dimm0"};
    struct finding uncorrected;
    struct finding corrected;
    (void)context;
    tally_begin(&p.day, DAY_MS);
    tally_begin(&p.hour, HOUR_MS);
    finding_begin(&corrected, 12);
    finding_begin(&uncorrected, 12);
    finding_set(&corrected, RESULT_OK, EDAC_NONE);
    finding_set(&uncorrected, RESULT_OK, EDAC_NONE);
    judge_place(&p, EDAC_DAY_MOST + 1, 0, DAY_MS, &corrected);
    judge_place(&p, EDAC_DAY_MOST + 1, 1, DAY_MS, &uncorrected);
    return corrected.result == RESULT_DEGRADED && uncorrected.result == RESULT_FATAL;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    EDAC_NOTES(X)
#undef X
};

const struct reference reference_edac = {
    .id = 12,
    .period_ms = 10000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
