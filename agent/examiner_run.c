/* Which references this machine has to run, and one run of one of them. */
#include "agent/examiner_parts.h"

#include <sodium.h>
#include <time.h>

#define SWEEP 10u
#define HOUR_MS 3600000u
#define SLICE_MIB ((uint32_t)(SLICE_BYTES >> 20))
#define MIB (UINT64_C(1) << 20)

static void watch(struct examiner *e, const char *path, bool vital)
{
    struct reference_context *context = &e->references;
    if (path[0] != '\0') {
        context->files[context->file_count++] = (struct installed_file){path, vital};
    }
}

static void prepare(struct examiner *e)
{
    const struct node_config *c = e->options.config;
    struct reference_context *context = &e->references;
    context->seams = seams_of_machine();
    node_config_references(c, context);
    context->window_most = c->window_mib * MIB;
    watch(e, c->own_path, false);
    watch(e, c->cluster_path, false);
    watch(e, c->transport_key_path, true);
    if (!e->options.keyless) {
        watch(e, c->vote_key_path, true);
    }
}

static uint32_t period_ms(const struct examiner *e, const struct reference *r)
{
    const uint32_t mib_per_hour = e->options.config->sweep_mib_per_hour;
    if (r->id != SWEEP) {
        return r->period_ms;
    }
    return HOUR_MS / mib_per_hour * SLICE_MIB +
           HOUR_MS % mib_per_hour * SLICE_MIB / mib_per_hour;
}

/* Without a sweep R10 is absent: a person's choice, and told as one. */
static void tell_no_sweep(struct examiner *e)
{
    struct finding f;
    finding_begin(&f, SWEEP);
    finding_set(&f, RESULT_ABSENT, SWEEP_OFF);
    examiner_deliver(e, &f);
}

void examiner_begin(struct examiner *e)
{
    struct scheduled list[REFERENCES_MAX];
    uint32_t count = 0;
    uint64_t random = 0;
    prepare(e);
    for (uint32_t i = 0; i < reference_count; i++) {
        const struct reference *r = references[i];
        if (r->id == SWEEP && e->options.config->sweep_mib_per_hour == 0) {
            tell_no_sweep(e);
            continue;
        }
        e->order[count] = r;
        list[count++] = (struct scheduled){.id = r->id, .period_ms = period_ms(e, r)};
    }
    randombytes_buf(&random, sizeof random);
    schedule_init(&e->schedule, list, count, random, clock_monotonic_ms());
}

static uint64_t cost_us(void)
{
    struct timespec used = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

/* One that takes for right what is wrong proves nothing, and is itself the fault. */
static void run(struct examiner *e, uint32_t place, struct finding *out)
{
    const struct reference *r = e->order[place];
    e->references.spare = atomic_load(&e->spare);
    if (!e->shown[place] && !r->negative(&e->references)) {
        finding_begin(out, r->id);
        finding_set(out, RESULT_FATAL, NOTE_FOOLED);
        return;
    }
    e->shown[place] = true;
    reference_run(r, &e->references, out);
}

static void keep_certificates(struct examiner *e, const struct finding *f)
{
    if (f->id == reference_certificates.id) {
        pthread_mutex_lock(&e->lock);
        e->certificate_count = certificates_attest(&e->references, e->certificates);
        pthread_mutex_unlock(&e->lock);
    }
}

void examiner_run_next(struct examiner *e)
{
    struct finding f;
    const uint32_t place = schedule_next(&e->schedule, clock_monotonic_ms());
    if (place == SCHEDULE_NONE) {
        return;
    }
    pthread_mutex_lock(&e->machine);
    const uint64_t before_us = cost_us();
    run(e, place, &f);
    const uint64_t took_us = cost_us() - before_us;
    keep_certificates(e, &f);
    pthread_mutex_unlock(&e->machine);
    examiner_deliver(e, &f);
    schedule_ran(&e->schedule, place, f.result != RESULT_UNKNOWN, took_us,
                 clock_monotonic_ms());
}
