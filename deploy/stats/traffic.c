#include "traffic.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define POSITIVE_PERCENT 7

/* Splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a seed gives the same customers again. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void traffic_row(struct traffic *t, int64_t time_ms, struct row *out)
{
    const uint64_t customer = next_random(&t->random) % t->customers;
    const bool is_positive = next_random(&t->random) % 100 < POSITIVE_PERCENT;

    *out = (struct row){.time_ms = time_ms};
    (void)snprintf(out->id, sizeof out->id, "%016" PRIx64 "-%" PRIu64, t->run, t->sequence++);
    (void)snprintf(out->customer, sizeof out->customer, "customer-%03" PRIu64, customer + 1);
    (void)snprintf(out->node, sizeof out->node, "%s", t->node);
    (void)snprintf(out->verdict, sizeof out->verdict, "%s",
                   is_positive ? "positive" : "negative");
}

uint64_t traffic_due(int64_t elapsed_ms, int64_t rows_per_s, uint64_t made)
{
    assert(elapsed_ms >= 0);
    assert(rows_per_s >= 0 && rows_per_s <= TRAFFIC_ROWS_PER_S_MAX);
    const uint64_t rate = (uint64_t)rows_per_s;
    const uint64_t target =
        (uint64_t)elapsed_ms / 1000 * rate + (uint64_t)elapsed_ms % 1000 * rate / 1000;
    const uint64_t due = target > made ? target - made : 0;

    return due < rate ? due : rate;
}
