/* An examiner that finds this machine well, under the real agent: Criterion writes into its own
 * text, which the real one takes for what it is. That one is met in tests/cluster. */
#include "agent/examiner.h"

#include <stdlib.h>

#include "agent/memory.h"

#define PERIOD_MS 1000u

struct examiner {
    struct examiner_options options;
    struct loop_timer *timer;
    bool bursting; /* asked for a burst test, which is told with the next findings */
};

static void on_time(void *context)
{
    static const uint32_t minimum[] = {6, 10, 15, 16, 19, 23};
    struct examiner *e = context;
    loop_timer_set(e->timer, clock_monotonic_ms() + PERIOD_MS);
    for (size_t i = 0; i < sizeof minimum / sizeof minimum[0]; i++) {
        struct finding f;
        finding_begin(&f, minimum[i]);
        finding_set(&f, RESULT_OK, 0);
        f.flags = e->bursting && minimum[i] == 15 ? FINDING_OF_BURST : 0;
        e->options.on_finding(e->options.context, &f);
    }
    e->bursting = false;
}

struct examiner *examiner_create(const struct examiner_options *options)
{
    struct examiner *e = memory_get(sizeof *e);
    e->options = *options;
    e->timer = loop_timer_create(options->loop, on_time, e);
    loop_timer_set(e->timer, clock_monotonic_ms());
    return e;
}

void examiner_destroy(struct examiner *e)
{
    if (e != NULL) {
        loop_timer_destroy(e->timer);
    }
    free(e);
}

void examiner_burst(struct examiner *e)
{
    e->bursting = true;
}

uint32_t examiner_period_ms(const struct examiner *e, uint32_t id)
{
    (void)e;
    return id == 10 ? 3600 : 0;
}

void examiner_begin_again(struct examiner *e)
{
    (void)e; /* everything is told again within a second */
}

void examiner_spare(struct examiner *e, bool spare)
{
    (void)e;
    (void)spare;
}

const struct examined *examiner_result(const struct examiner *e, uint32_t index)
{
    (void)e;
    (void)index;
    return NULL;
}

uint32_t examiner_certificates(struct examiner *e,
                               struct fleet_certificate out[static FLEET_CERTIFICATES_MAX])
{
    (void)e;
    (void)out;
    return 0;
}
