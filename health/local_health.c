#include "local_health.h"

#include <assert.h>

void local_health_init(struct local_health *h, uint32_t heartbeat_ms, uint64_t now_ms)
{
    assert(heartbeat_ms > 0);
    *h = (struct local_health){
        .stepped_ms = now_ms, .clean_since_ms = now_ms, .heartbeat_ms = heartbeat_ms};
}

static uint32_t raised(uint32_t score, uint64_t by)
{
    const uint32_t room = LOCAL_HEALTH_SCORE_MAX - score;
    return by < room ? score + (uint32_t)by : LOCAL_HEALTH_SCORE_MAX;
}

static uint32_t lowered(uint32_t score, uint64_t by)
{
    return by < score ? score - (uint32_t)by : 0;
}

uint64_t local_health_step(struct local_health *h, uint64_t now_ms, uint64_t due_ms)
{
    assert(now_ms >= h->stepped_ms);
    /* Who asked for a time already past was not asleep in it, and heard its peers meanwhile. */
    const uint64_t from_ms = due_ms > h->stepped_ms ? due_ms : h->stepped_ms;
    const uint64_t late_ms = now_ms > from_ms ? now_ms - from_ms : 0;
    h->stepped_ms = now_ms;
    const uint64_t late_from_ms = 2 * (uint64_t)h->heartbeat_ms;
    if (late_ms > late_from_ms) {
        h->score = raised(h->score, late_ms / late_from_ms);
        h->clean_since_ms = now_ms;
        return late_ms;
    }
    const uint64_t clean_seconds = (now_ms - h->clean_since_ms) / LOCAL_HEALTH_CLEAN_MS;
    h->score = lowered(h->score, clean_seconds);
    h->clean_since_ms += clean_seconds * LOCAL_HEALTH_CLEAN_MS;
    return late_ms;
}

uint64_t local_health_deadline_ms(const struct local_health *h, const struct detector *d)
{
    if (d->refused) {
        return detector_deadline_ms(d);
    }
    return d->heard_ms + detector_patience_ms(d) * (1 + (uint64_t)h->score);
}

bool local_health_suspects(const struct local_health *h, const struct detector *d,
                           uint64_t now_ms)
{
    return now_ms >= local_health_deadline_ms(h, d);
}

bool local_health_may_accuse(const struct local_health *h)
{
    return h->score < LOCAL_HEALTH_NO_ACCUSATION;
}
