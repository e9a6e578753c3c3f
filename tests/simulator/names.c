/* Names of the service: hooks that take their time, and whether two members ever serve under
 * one name. */
#include "world.h"

#define TAKES 0x100u /* beside the name, in an event's `member` */

/* No dice: the worlds drawn before there were names stay what they were. */
static uint64_t hook_ms(const struct world *w, const struct station *s)
{
    return 1 + (w->now_ms * 31 + s->member * 7u) % 60;
}

void names_run(struct world *w, struct station *s, const struct effect *e)
{
    const struct event end = {.at_ms = w->now_ms + hook_ms(w, s),
                              .kind = EVENT_NAMED,
                              .station = station_index(w, s),
                              .run = s->run,
                              .member = e->naming.name | (e->naming.takes ? TAKES : 0),
                              .serial = e->serial};
    if (!e->naming.takes) {
        s->serves &= ~(1u << e->naming.name);
    }
    queue_push(&w->queue, &end);
}

/* Now and then a takeover fails while the storm lasts. */
static bool succeeds(const struct world *w, const struct event *e)
{
    return w->calm || w->plan.limits || (e->member & TAKES) == 0 || w->now_ms % 11 != 0;
}

void names_ended(struct world *w, struct station *s, const struct event *e)
{
    struct input in = {.kind = INPUT_NAMED, .serial = e->serial, .clean = succeeds(w, e)};
    if (!in.clean) {
        world_strike(w, FAULT_TAKEOVER_FAILS);
    } else if ((e->member & TAKES) != 0) {
        s->serves |= 1u << (e->member & (TAKES - 1));
    }
    station_input(w, s, &in);
}

/* A machine that slept wakes with its clocks standing, and may serve until it hears anything:
 * standing.md, section 8, says so. A liar serves under what it likes. */
static uint32_t counted(const struct world *w, const struct station *s)
{
    const bool unfit = s->neutered || s->machine.neutered; /* its `neuter` hook lets go */
    const bool counts =
        s->sound && s->up && !unfit && !s->has_slept && !station_is_paused(w, s);
    return counts ? s->serves : 0;
}

void names_judge(struct world *w, const struct station *s)
{
    const uint32_t mine = counted(w, s);
    uint32_t others = 0;
    for (uint32_t i = 0; mine != 0 && i < w->station_count; i++) {
        if (&w->station[i] != s) {
            others |= counted(w, &w->station[i]);
        }
    }
    w->counters.check[CHECK_NAME] += mine != 0 ? 1 : 0;
    if ((mine & others) != 0) {
        const uint32_t name = (uint32_t)__builtin_ctz(mine & others);
        world_fail(w, CHECK_NAME, "%s and another serve under the name %s",
                   world_name(w, s->member), w->founding.names[name].name);
    }
}
