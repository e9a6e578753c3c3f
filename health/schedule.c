#include "schedule.h"

#include <string.h>

#define MINUTE_MS 60000u
#define US_PER_TEN_MINUTES (SCHEDULE_MINUTES * UINT64_C(60000000))

static bool is_minimum(const struct scheduled *one)
{
    return reference_facts(one->id)->minimum;
}

void schedule_init(struct schedule *s, const struct scheduled *list, uint32_t count,
                   uint64_t random, uint64_t now_ms)
{
    assert(count <= REFERENCES_MAX);
    memset(s, 0, sizeof *s);
    s->count = count;
    s->random = random;
    s->started_ms = now_ms;
    s->slowness = 1;
    for (uint32_t i = 0; i < count; i++) {
        assert(list[i].id >= 1 && list[i].id <= REFERENCES_MAX);
        assert(list[i].period_ms >= 1);
        s->list[i] = (struct scheduled){
            .id = list[i].id, .period_ms = list[i].period_ms, .due_ms = now_ms};
    }
}

/* What is run first of two that are due. */
static bool is_before(const struct scheduled *a, const struct scheduled *b)
{
    const bool urgent_a = !a->begun && is_minimum(a);
    const bool urgent_b = !b->begun && is_minimum(b);
    if (urgent_a != urgent_b) {
        return urgent_a;
    }
    return a->due_ms < b->due_ms;
}

uint32_t schedule_next(const struct schedule *s, uint64_t now_ms)
{
    uint32_t next = SCHEDULE_NONE;
    for (uint32_t i = 0; i < s->count; i++) {
        const bool due = s->list[i].due_ms <= now_ms;
        if (due && (next == SCHEDULE_NONE || is_before(&s->list[i], &s->list[next]))) {
            next = i;
        }
    }
    return next;
}

uint64_t schedule_due_ms(const struct schedule *s)
{
    uint64_t due_ms = UINT64_MAX;
    for (uint32_t i = 0; i < s->count; i++) {
        due_ms = s->list[i].due_ms < due_ms ? s->list[i].due_ms : due_ms;
    }
    return due_ms;
}

/* A number for each reference and start; the finalizer of splitmix64 (Steele, Lea, Flood 2014).
 */
static uint64_t mixed(uint64_t random, uint64_t id)
{
    uint64_t x = random + id * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t period_ms(const struct schedule *s, const struct scheduled *one)
{
    return (uint64_t)one->period_ms * (one->id == SCHEDULE_SWEEP ? s->slowness : 1);
}

uint32_t schedule_share_ppm(const struct schedule *s)
{
    uint64_t cost_us = 0;
    for (uint32_t i = 0; i < SCHEDULE_MINUTES; i++) {
        cost_us += s->cost_us[i];
    }
    const uint64_t ppm = cost_us * 1000000 / US_PER_TEN_MINUTES;
    return ppm < UINT32_MAX ? (uint32_t)ppm : UINT32_MAX;
}

/* Once a minute: slower while it costs too much; faster only once half as much is spent, so
 * that it does not go to and fro. */
static void judge_share(struct schedule *s)
{
    const uint32_t share_ppm = schedule_share_ppm(s);
    if (share_ppm > SCHEDULE_SHARE_PPM && s->slowness < SCHEDULE_SLOWEST) {
        s->slowness *= 2;
    } else if (share_ppm < SCHEDULE_SHARE_PPM / 2 && s->slowness > 1) {
        s->slowness /= 2;
    }
}

static void spend(struct schedule *s, uint64_t cost_us, uint64_t now_ms)
{
    const uint64_t minute = (now_ms - s->started_ms) / MINUTE_MS;
    const bool turned = minute > s->minute;
    if (minute - s->minute >= SCHEDULE_MINUTES) {
        memset(s->cost_us, 0, sizeof s->cost_us);
        s->minute = minute;
    }
    while (s->minute < minute) {
        s->minute++;
        s->cost_us[s->minute % SCHEDULE_MINUTES] = 0;
    }
    s->cost_us[s->minute % SCHEDULE_MINUTES] += cost_us;
    if (turned) {
        judge_share(s);
    }
}

void schedule_ran(struct schedule *s, uint32_t place, bool measured, uint64_t cost_us,
                  uint64_t now_ms)
{
    assert(place < s->count);
    assert(now_ms >= s->started_ms);
    struct scheduled *one = &s->list[place];
    spend(s, cost_us, now_ms);
    if (one->begun) {
        const uint64_t next_ms = one->due_ms + period_ms(s, one);
        one->due_ms = next_ms > now_ms ? next_ms : now_ms + period_ms(s, one);
        return;
    }
    one->tries++;
    one->begun = measured || one->tries >= SCHEDULE_TRIES;
    one->due_ms = now_ms + (one->begun ? 1 + mixed(s->random, one->id) % period_ms(s, one)
                                       : SCHEDULE_RETRY_MS);
}

void schedule_begin_again(struct schedule *s, uint64_t now_ms)
{
    for (uint32_t i = 0; i < s->count; i++) {
        s->list[i].begun = false;
        s->list[i].tries = 0;
        s->list[i].due_ms = now_ms;
    }
}

bool schedule_is_round_done(const struct schedule *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (!s->list[i].begun) {
            return false;
        }
    }
    return true;
}
