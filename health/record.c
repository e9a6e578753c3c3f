#include "record.h"

#include <assert.h>

static_assert(RECORD_LAG_MAX < RECORD_WINDOW_TICKS, "all that can be pending has its bit");
static_assert(RECORD_WINDOW_TICKS == 8 * sizeof(uint16_t), "one bit a tick");

static void assert_clock(const struct record_clock *clock)
{
    assert(clock->lag >= 1 && clock->lag <= RECORD_LAG_MAX);
    assert(clock->length >= 1);
}

void record_start(struct record *r, uint64_t open)
{
    *r = (struct record){.next = open};
}

/* Judges the first unjudged tick by its bits. */
static void judge_next(struct record *r, uint32_t length)
{
    const bool perfect = (r->attested & 1) == 1 && (r->spoiled & 1) == 0;
    if (perfect) {
        r->run += r->run < length ? 1 : 0;
    } else {
        r->run = 0;
    }
    r->next++;
    r->attested = (uint16_t)(r->attested >> 1);
    r->spoiled = (uint16_t)(r->spoiled >> 1);
}

/* Judges, in order, what can be judged of the ticks before `end`, which are all closed. */
static void judge(struct record *r, const struct record_clock *clock, uint64_t end)
{
    while (r->next < end) {
        const bool overdue = end - r->next > clock->lag; /* tick next + lag is closed */
        if ((r->attested & 1) == 0 && !overdue) {
            return;
        }
        judge_next(r, clock->length);
    }
}

bool record_attest(struct record *r, const struct record_clock *clock, uint64_t tick,
                   bool clean)
{
    assert_clock(clock);
    assert(clock->open >= r->next && clock->open - r->next < RECORD_WINDOW_TICKS);
    if (tick < r->next || tick > clock->open) {
        return false;
    }
    const uint32_t bit = 1u << (tick - r->next);
    r->attested = (uint16_t)(r->attested | bit);
    if (!clean) {
        r->spoiled = (uint16_t)(r->spoiled | bit);
    }
    judge(r, clock, clock->open);
    return true;
}

void record_close(struct record *r, const struct record_clock *clock, bool spoiled)
{
    assert_clock(clock);
    assert(clock->open >= r->next && clock->open - r->next < RECORD_WINDOW_TICKS);
    if (spoiled) {
        r->spoiled = (uint16_t)(r->spoiled | 1u << (clock->open - r->next));
    }
    judge(r, clock, clock->open + 1);
    assert(r->next <= clock->open + 1);
    assert(clock->open + 1 - r->next <= clock->lag);
}

bool record_awaits(const struct record *r, uint64_t tick)
{
    if (tick < r->next) {
        return false;
    }
    assert(tick - r->next < RECORD_WINDOW_TICKS);
    return ((r->attested | r->spoiled) >> (tick - r->next) & 1) == 0;
}

bool record_is_perfect(const struct record *r, uint32_t ticks)
{
    return r->run >= ticks;
}

bool record_is_sound(const struct record *r, const struct record_clock *clock)
{
    if (r->run > clock->length || r->next > clock->open) {
        return false;
    }
    const uint64_t pending = clock->open - r->next; /* and the open one */
    if (pending > RECORD_LAG_MAX) {
        return false;
    }
    const uint32_t known = (2u << pending) - 1;
    /* The first unjudged tick, if closed, waits for its attestation: with it, it were judged.
     */
    const bool waits = pending == 0 || (r->attested & 1) == 0;
    return waits && (r->attested & ~known) == 0 && (r->spoiled & ~known) == 0;
}
