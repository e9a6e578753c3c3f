#include "cluster_parts.h"

/* Ticks, and what spoils one (standing.md, section 5). A tick is closed by a block, so that a
 * standstill of the chain costs nobody a tick. */

struct record_clock cluster_record_clock(const struct cluster *c)
{
    return (struct record_clock){
        .open = c->tick,
        .lag = 1 + cluster_quorum(c).malfunctioning,
        .length = c->timing.record_ticks,
    };
}

/* The boundaries of ticks are multiples of the tick, as those at which a block is due
 * (protocol.md, rule 14). "A whole tick after the last closing" would be missed by every second
 * block that is a millisecond nearer to its boundary; half a tick is what keeps a clock that
 * steps from closing two at once. */
static bool is_tick_over(const struct cluster *c)
{
    const uint64_t tick_ms = c->timing.tick_ms;
    return c->time_ms / tick_ms > c->tick_start_ms / tick_ms &&
           c->time_ms - c->tick_start_ms >= tick_ms / 2;
}

/* Members whom it accuses and too few do. */
static uint32_t count_refuted(const struct cluster *c, uint32_t accuser)
{
    const uint32_t needed = cluster_testimony(c);
    const uint32_t accused = c->latest[accuser].silent | c->latest[accuser].wrong;
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const bool accuses = i != accuser && (accused >> i & 1) != 0;
        const bool upheld =
            cluster_accusers(c, i, false) >= needed || cluster_accusers(c, i, true) >= needed;
        count += accuses && !upheld ? 1 : 0;
    }
    return count;
}

/* Accusations count as they stand now, at the close: summed over the tick, one liar who accuses
 * everybody would turn each momentary blip of a sound member into a lost ballot. */
static bool is_spoiled(const struct cluster *c, uint32_t member)
{
    const uint32_t needed = cluster_testimony(c);
    return cluster_accusers(c, member, true) >= needed || count_refuted(c, member) >= needed;
}

void cluster_close_tick(struct cluster *c)
{
    if (!is_tick_over(c)) {
        return;
    }
    const struct record_clock clock = cluster_record_clock(c);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i)) {
            record_close(&c->record[i], &clock, is_spoiled(c, i));
        } else {
            record_start(&c->record[i], c->tick + 1);
        }
        c->urgent_used[i] = 0;
    }
    c->tick++;
    c->tick_start_ms = c->time_ms;
}
