#include "world.h"

static int64_t drifted_ms(const struct world *w, const struct station *s)
{
    const struct clock *c = &s->clock;
    const uint64_t until_ms = c->frozen_ms != 0 ? c->frozen_ms : w->now_ms;
    const int64_t awake_ms = (int64_t)(until_ms - c->slept_ms);
    return awake_ms + awake_ms * s->clock.drift_ppm / 1000000;
}

uint64_t clock_mono_ms(const struct world *w, const struct station *s)
{
    return s->clock.boot_ms + (uint64_t)drifted_ms(w, s);
}

uint64_t clock_unix_ms(const struct world *w, const struct station *s)
{
    return (uint64_t)((int64_t)WORLD_UNIX_MS + drifted_ms(w, s) + s->clock.offset_ms);
}

uint64_t clock_true_ms(const struct world *w, const struct station *s, uint64_t mono_ms)
{
    const uint64_t now_mono_ms = clock_mono_ms(w, s);
    if (mono_ms <= now_mono_ms) {
        return w->now_ms;
    }
    if (mono_ms == TIME_NEVER || s->clock.frozen_ms != 0) {
        return TIME_NEVER;
    }
    const uint64_t left_ms = mono_ms - now_mono_ms;
    if (left_ms > 1000000000u) {
        return TIME_NEVER; /* no run is that long */
    }
    const uint64_t speed = (uint64_t)(1000000 + s->clock.drift_ppm);
    return w->now_ms + (left_ms * 1000000 + speed - 1) / speed;
}
