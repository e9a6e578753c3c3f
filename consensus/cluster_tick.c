#include "cluster_parts.h"

#include "../health/reference.h"

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

static uint64_t place(uint64_t tick)
{
    return tick % RECORD_WINDOW_TICKS;
}

/* Of an open tick nobody knows yet what is common; of a closed one it is known. */
bool cluster_take_own(struct cluster *c, uint32_t member, uint64_t tick, uint64_t own)
{
    const uint64_t around = own & reference_environment();
    if (own != around) {
        return false;
    }
    if (tick < c->tick) {
        return (around & ~c->common[place(tick)]) == 0;
    }
    c->around[member][place(tick)] |= around;
    return true;
}

uint64_t cluster_excused(const struct cluster *c)
{
    return c->common[place(c->tick - 1)];
}

static bool has_attested(const struct cluster *c, uint32_t member)
{
    const struct record *r = &c->record[member];
    return cluster_is_voter(c, member) && (r->attested >> (c->tick - r->next) & 1) != 0;
}

/* References of class environment that more than half of the attestations for the tick, and at
 * least a, tell of: a common cause is nobody's fault. */
static uint64_t common_cause(const struct cluster *c)
{
    const uint32_t needed = cluster_testimony(c);
    uint64_t common = 0;
    for (uint32_t id = 1; id <= REFERENCES_MAX; id++) {
        uint32_t attested = 0;
        uint32_t failing = 0;
        for (uint32_t i = 0; i < c->member_count; i++) {
            attested += has_attested(c, i) ? 1 : 0;
            failing +=
                has_attested(c, i) && (c->around[i][place(c->tick)] & REFERENCE_BIT(id)) != 0
                    ? 1
                    : 0;
        }
        common |= failing >= needed && 2 * failing > attested ? REFERENCE_BIT(id) : 0;
    }
    return common;
}

/* What the member has told of this tick that is not excused by a common cause. */
static uint64_t own_around(const struct cluster *c, uint32_t member)
{
    return c->around[member][place(c->tick)] & ~c->common[place(c->tick)];
}

/* Accusations count as they stand now, at the close: summed over the tick, one liar who accuses
 * everybody would turn each momentary blip of a sound member into a lost ballot. */
static enum cause spoiling_cause(const struct cluster *c, uint32_t member)
{
    const uint32_t needed = cluster_testimony(c);
    if (c->member[member].held) {
        return CAUSE_HELD;
    }
    if (cluster_accusers(c, member, true) >= needed) {
        return CAUSE_WRONG;
    }
    if (count_refuted(c, member) >= needed) {
        return CAUSE_REFUTED;
    }
    return own_around(c, member) != 0 ? CAUSE_OWN_REFERENCE : CAUSE_NONE;
}

void turn_note_spoiled(const struct turn *t, uint32_t member, uint64_t tick, enum cause cause,
                       uint64_t mask)
{
    struct note *note = turn_note(t, NOTE_TICK_SPOILED, member);
    note->cause = cause;
    note->count = tick;
    note->first = mask;
}

static void close_record(struct cluster *c, const struct turn *t, uint32_t member,
                         const struct record_clock *clock)
{
    struct record *r = &c->record[member];
    const enum cause cause = spoiling_cause(c, member);
    const bool known = (r->spoiled >> (c->tick - r->next) & 1) != 0;
    if (cause != CAUSE_NONE && !known) {
        turn_note_spoiled(t, member, c->tick, cause,
                          cause == CAUSE_OWN_REFERENCE ? own_around(c, member) : 0);
    }
    if (((r->attested | r->spoiled) & 1) == 0 && clock->open + 1 - r->next > clock->lag) {
        turn_note_spoiled(t, member, r->next, CAUSE_NOT_ATTESTED, 0);
    }
    record_close(r, clock, cause != CAUSE_NONE);
}

void cluster_close_tick(struct cluster *c, const struct turn *t)
{
    if (!is_tick_over(c)) {
        return;
    }
    const struct record_clock clock = cluster_record_clock(c);
    c->common[place(c->tick)] = common_cause(c);
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i)) {
            close_record(c, t, i, &clock);
        } else {
            record_start(&c->record[i], c->tick + 1);
        }
        c->urgent_used[i] = 0;
        c->around[i][place(c->tick + 1)] = 0;
    }
    c->tick++;
    c->tick_start_ms = c->time_ms;
}
