#include "diagnosis.h"

#include <string.h>

#define EXTERNAL (REFERENCE_BIT(12) | REFERENCE_BIT(13) | REFERENCE_BIT(14) | REFERENCE_BIT(26))

void diagnosis_init(struct diagnosis *d)
{
    memset(d, 0, sizeof *d);
    for (uint32_t i = 0; i < REFERENCES_MAX; i++) {
        d->reference[i].stands = RESULT_UNKNOWN;
        d->reference[i].held = RESULT_OK;
    }
}

static bool is_well(enum reference_result result)
{
    return result == RESULT_OK || result == RESULT_ABSENT;
}

static void stand(struct diagnosed *r, enum reference_result stands, uint32_t flags,
                  uint64_t now_ms)
{
    r->since_ms = stands == r->stands ? r->since_ms : now_ms;
    r->stands = stands;
    r->flags = flags;
}

/* What it stands at by its findings; what is held may be worse. An unknown leaves what was
 * there before: neither does it clear a fault, nor is it one before the third. */
static void settle(struct diagnosed *r, const struct finding *f, uint64_t now_ms)
{
    if (f->result != RESULT_UNKNOWN) {
        stand(r, f->result, f->flags, now_ms);
        r->measured = true;
        r->unknowns = 0;
        return;
    }
    if ((f->flags & FINDING_EXCUSED) != 0) {
        return;
    }
    r->unknowns += r->unknowns < DIAGNOSIS_UNKNOWNS;
    if (!is_well(r->stands) && r->stands != RESULT_UNKNOWN) {
        return;
    }
    stand(r, r->unknowns < DIAGNOSIS_UNKNOWNS ? RESULT_UNKNOWN : RESULT_DEGRADED, f->flags,
          now_ms);
}

static void hold(struct diagnosed *r, const struct finding *f, uint64_t now_ms)
{
    const uint64_t until_ms = now_ms + f->hold_s * UINT64_C(1000);
    if (f->hold_s == 0 || is_well(f->result)) {
        return;
    }
    if (r->held == RESULT_OK || result_is_worse(f->result, r->held)) {
        r->held = f->result;
        r->held_flags = f->flags;
    }
    r->held_until_ms = until_ms > r->held_until_ms ? until_ms : r->held_until_ms;
}

static void condemn(struct diagnosis *d, const struct finding *f)
{
    if (d->fatal.id == 0) {
        d->fatal = *f;
        d->fatal.result = RESULT_FATAL;
    }
}

/* The finding as it counts: fatal for a second of its kind in a day, no longer fatal where many
 * have the same at once. */
static struct finding weigh(struct diagnosed *r, const struct finding *f,
                            const struct diagnosis_setting *setting)
{
    struct finding weighed = *f;
    if ((f->flags & FINDING_TWICE) != 0) {
        if (r->once && setting->now_ms - r->once_ms <= DIAGNOSIS_TWICE_MS) {
            weighed.result = RESULT_FATAL;
        }
        r->once = true;
        r->once_ms = setting->now_ms;
    }
    if (!result_is_known(f->result)) {
        weighed.result = RESULT_FATAL;
    } else if (weighed.result == RESULT_FATAL &&
               (setting->epidemic & EXTERNAL & REFERENCE_BIT(f->id)) != 0) {
        weighed.result = RESULT_SILENT;
        weighed.flags |= FINDING_PERSON;
    }
    return weighed;
}

static void follow_burst(struct diagnosis *d, const struct finding *f)
{
    if ((f->flags & FINDING_OF_BURST) != 0 && f->result != RESULT_UNKNOWN) {
        d->bursts_passed += f->result == RESULT_OK;
        d->bursting = 0;
    }
    if ((f->flags & FINDING_BURST) != 0) {
        d->bursting |= REFERENCE_BIT(f->id);
    }
}

void diagnosis_take(struct diagnosis *d, const struct finding *f,
                    const struct diagnosis_setting *setting)
{
    if (f->id < 1 || f->id > REFERENCES_MAX) {
        struct finding damaged;
        finding_begin(&damaged, 2); /* the state itself is what cannot be believed */
        damaged.evidence.got = f->id;
        condemn(d, &damaged);
        return;
    }
    struct diagnosed *r = &d->reference[f->id - 1];
    const struct finding weighed = weigh(r, f, setting);
    r->last = weighed;
    r->last_ms = setting->now_ms;
    r->tries += r->tries < DIAGNOSIS_UNKNOWNS;
    if (!is_well(weighed.result)) {
        r->bad = weighed;
        r->bad_ms = setting->now_ms;
    }
    settle(r, &weighed, setting->now_ms);
    hold(r, &weighed, setting->now_ms);
    follow_burst(d, &weighed);
    if (weighed.result == RESULT_FATAL) {
        condemn(d, &weighed);
    }
    if (setting->machine) {
        d->machine |= REFERENCE_BIT(f->id);
        d->examined_ms = setting->now_ms;
        d->stale = false;
    }
}

void diagnosis_want_burst(struct diagnosis *d, uint32_t id)
{
    assert(id >= 1 && id <= REFERENCES_MAX);
    d->bursting |= REFERENCE_BIT(id);
}

void diagnosis_begin_again(struct diagnosis *d)
{
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        struct diagnosed *r = &d->reference[id - 1];
        if ((d->machine & REFERENCE_BIT(id)) != 0 && r->stands != RESULT_ABSENT) {
            r->measured = false;
            r->tries = 0;
        }
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t diagnosis_watch(struct diagnosis *d, uint64_t now_ms)
{
    uint64_t again_ms = UINT64_MAX;
    for (uint32_t i = 0; i < REFERENCES_MAX; i++) {
        struct diagnosed *r = &d->reference[i];
        if (r->held != RESULT_OK && now_ms >= r->held_until_ms) {
            r->held = RESULT_OK;
            r->held_flags = 0;
        } else if (r->held != RESULT_OK) {
            again_ms = least(again_ms, r->held_until_ms);
        }
    }
    const uint64_t stale_ms = d->examined_ms + DIAGNOSIS_STALE_MS;
    d->stale = d->machine != 0 && now_ms >= stale_ms;
    return d->machine == 0 || d->stale ? again_ms : least(again_ms, stale_ms);
}

/* What counts now, and the flags that go with it. */
static enum reference_result counts(const struct diagnosed *r, uint32_t *flags)
{
    const bool held = r->held != RESULT_OK && result_is_worse(r->held, r->stands);
    *flags = held ? r->held_flags : r->flags;
    return held ? r->held : r->stands;
}

static bool is_against(enum reference_result result)
{
    return !is_well(result) && result != RESULT_UNKNOWN; /* the third unknown is degraded */
}

/* Of the references that stand against this node, those that have the flag, or have it not. */
static uint64_t against(const struct diagnosis *d, uint32_t flag, bool has)
{
    uint64_t bits = 0;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        uint32_t flags;
        const enum reference_result result = counts(&d->reference[id - 1], &flags);
        if (is_against(result) && ((flags & flag) != 0) == has) {
            bits |= REFERENCE_BIT(id);
        }
    }
    return bits;
}

/* Those of the minimum set for which `is` says so. */
static uint64_t of_minimum(const struct diagnosis *d, bool (*is)(const struct diagnosed *))
{
    uint64_t bits = 0;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        if (reference_facts(id)->minimum && is(&d->reference[id - 1])) {
            bits |= REFERENCE_BIT(id);
        }
    }
    return bits;
}

static bool is_missing(const struct diagnosed *r)
{
    return !r->measured || r->stands == RESULT_ABSENT;
}

static bool is_awaited(const struct diagnosed *r)
{
    return !r->measured && r->tries < DIAGNOSIS_UNKNOWNS;
}

static bool is_anything(const struct diagnosed *r)
{
    (void)r;
    return true;
}

uint64_t diagnosis_missing(const struct diagnosis *d)
{
    return of_minimum(d, is_missing);
}

uint64_t diagnosis_awaited(const struct diagnosis *d)
{
    return of_minimum(d, is_awaited);
}

bool diagnosis_is_ready(const struct diagnosis *d)
{
    return diagnosis_awaited(d) == 0;
}

enum reference_result diagnosis_result(const struct diagnosis *d, uint32_t id)
{
    uint32_t flags;
    assert(id >= 1 && id <= REFERENCES_MAX);
    return counts(&d->reference[id - 1], &flags);
}

uint64_t diagnosis_own(const struct diagnosis *d)
{
    const uint64_t stale = d->stale ? d->machine & of_minimum(d, is_anything) : 0;
    return against(d, FINDING_SERVE, false) | diagnosis_missing(d) | stale;
}

uint64_t diagnosis_serve(const struct diagnosis *d)
{
    return against(d, FINDING_SERVE, true);
}

uint64_t diagnosis_person(const struct diagnosis *d)
{
    return against(d, FINDING_PERSON, true);
}

uint64_t diagnosis_silent(const struct diagnosis *d)
{
    uint64_t bits = d->bursting;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        uint32_t flags;
        const enum reference_result result = counts(&d->reference[id - 1], &flags);
        if (result == RESULT_SILENT || result == RESULT_FATAL || !result_is_known(result)) {
            bits |= REFERENCE_BIT(id);
        }
    }
    return bits;
}

const struct finding *diagnosis_fatal(const struct diagnosis *d)
{
    return d->fatal.id == 0 ? NULL : &d->fatal;
}

bool diagnosis_burst_wanted(const struct diagnosis *d)
{
    return d->bursting != 0;
}
