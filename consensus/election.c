#include "election.h"

#include <assert.h>
#include <string.h>

#include "runoff.h"
#include "window.h"

#define PLACE_NONE UINT32_MAX

typedef uint32_t place_function(const struct cluster *c, uint32_t member);

bool election_attests(const struct cluster *c, uint32_t member)
{
    const uint64_t tick = c->latest[member].tick;
    return tick != 0 && tick + 1 >= c->tick;
}

/* What no tier goes without. */
static bool is_eligible(const struct cluster *c, uint32_t member)
{
    const uint32_t needed = cluster_testimony(c);
    return cluster_is_voter(c, member) && election_attests(c, member) &&
           cluster_accusers(c, member, false) < needed &&
           cluster_accusers(c, member, true) < needed &&
           c->time_ms >= c->dissent_until_ms[member] && !c->member[member].held;
}

static bool is_perfect_lately(const struct cluster *c, uint32_t member)
{
    const uint32_t length = c->timing.record_ticks;
    return record_is_perfect(&c->record[member], length < RECENT_TICKS ? length : RECENT_TICKS);
}

/* `serve` bars from leading, not from auditing: an expiring certificate computes right. */
static uint32_t tier_of(const struct cluster *c, uint32_t member, uint64_t serve)
{
    if (!is_eligible(c, member)) {
        return PLACE_NONE;
    }
    if ((c->latest[member].own & ~cluster_excused(c)) != 0 ||
        c->time_ms < c->barred_until_ms[member]) {
        return 3;
    }
    return serve == 0 && !c->member[member].drained && is_perfect_lately(c, member) ? 1 : 2;
}

uint32_t election_leader_place(const struct cluster *c, uint32_t member)
{
    assert(member < c->member_count);
    if (c->member[member].role != ROLE_NODE) {
        return PLACE_NONE;
    }
    return tier_of(c, member, c->latest[member].serve);
}

uint32_t election_auditor_place(const struct cluster *c, uint32_t member)
{
    assert(member < c->member_count);
    const uint32_t tier = tier_of(c, member, 0);
    if (tier == PLACE_NONE) {
        return PLACE_NONE;
    }
    return 2 * tier - (c->member[member].role == ROLE_WITNESS ? 1 : 0);
}

static void collect_rankings(const struct cluster *c, struct runoff *r)
{
    for (uint32_t i = 0; i < c->member_count; i++) {
        if (cluster_is_voter(c, i)) {
            struct runoff_ranking *ranking = &r->rankings[r->count++];
            ranking->by_witness = c->member[i].role == ROLE_WITNESS;
            ranking->count = c->latest[i].ranked;
            memcpy(ranking->members, c->latest[i].ranking, sizeof ranking->members);
        }
    }
}

/* Elects among those who are in the best place that anybody not excluded is in. */
static struct choice elect(const struct cluster *c, place_function *place_of, uint32_t excluded)
{
    struct choice choice = {.member = MEMBER_NONE, .place = PLACE_NONE};
    uint32_t candidates = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const uint32_t place = (excluded >> i & 1) != 0 ? PLACE_NONE : place_of(c, i);
        if (place < choice.place) {
            choice.place = place;
            candidates = 0;
        }
        if (place == choice.place && place != PLACE_NONE) {
            candidates |= 1u << i;
        }
    }
    if (candidates != 0) {
        struct runoff runoff = {.window = c->windows.next};
        collect_rankings(c, &runoff);
        choice.member = runoff_winner(&runoff, candidates);
    }
    return choice;
}

/* Whoever has just fallen before whoever has disputed, and both after everybody else. */
static struct choice elect_sparing(const struct cluster *c, place_function *place_of,
                                   uint32_t excluded, uint32_t fallen)
{
    const uint32_t disputers = windows_disputers(c);
    struct choice choice = elect(c, place_of, excluded | disputers | fallen);
    if (choice.member == MEMBER_NONE) {
        choice = elect(c, place_of, excluded | disputers);
    }
    return choice.member != MEMBER_NONE ? choice : elect(c, place_of, excluded);
}

struct choice election_leader(const struct cluster *c, uint32_t fallen)
{
    return elect_sparing(c, election_leader_place, 0, fallen);
}

struct choice election_auditor(const struct cluster *c, uint32_t leader, uint32_t fallen)
{
    assert(leader < c->member_count);
    return elect_sparing(c, election_auditor_place, 1u << leader, fallen);
}
