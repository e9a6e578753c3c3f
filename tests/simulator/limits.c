/* What is told in seconds, with the timing that clusters have by default: how soon whoever is
 * proved to lie is out, and how soon somebody else has its name (faults.md, L3, L4 and L11). */
#include "../../consensus/election.h"
#include "world.h"

#define STEP_MS 5u
#define PROVED_MS 1500u /* L4 */
#define NEUTERED_MS 1500u
#define LET_GO_MS 1500u /* a hook, and a block */
#define SUSPENDED_MS 18000u
#define NAME_SILENT_MS 12700u /* what is left of lease and margin after the patience */
#define NAME_MS 22700u        /* lease, margin, and a block */
#define LIES_TICKS 12u        /* until it has told two that compare */

static uint64_t ticks_ms(const struct world *w, uint32_t ticks)
{
    return (uint64_t)w->plan.timing.tick_ms * ticks;
}

/* Finer than calm_wait, whose slices are a good part of what is measured here. */
static bool wait_for(struct world *w, predicate *is_so, uint64_t wanted, uint64_t within_ms)
{
    const uint64_t until_ms = w->now_ms + within_ms;
    while (!w->failed && !is_so(w, wanted) && w->now_ms < until_ms) {
        world_run(w, w->now_ms + STEP_MS);
    }
    return !w->failed && is_so(w, wanted);
}

static bool have_all(const struct world *w, uint32_t member, enum standing standing)
{
    bool all = true;
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        const struct cluster *c = &s->node->deciding.cluster;
        all = all && (!station_is_fit(s) || s->member == member ||
                      c->member[member].standing == standing);
    }
    return all;
}

static bool is_locked_out(const struct world *w, uint64_t member)
{
    return have_all(w, (uint32_t)member, STANDING_LOCKED_OUT);
}

static bool is_neutered(const struct world *w, uint64_t member)
{
    return have_all(w, (uint32_t)member, STANDING_NEUTERED);
}

static bool is_suspended(const struct world *w, uint64_t member)
{
    return have_all(w, (uint32_t)member, STANDING_SUSPENDED);
}

static bool witnesses_may_hold(const struct world *w, uint64_t unused)
{
    (void)unused;
    const struct cluster *c = calm_newest_state(w, 0);
    bool may = true;
    for (uint32_t i = 0; i < c->member_count; i++) {
        may = may && record_is_perfect(&c->record[i], RECENT_TICKS);
    }
    return may;
}

/* In the chain, and it serves. */
static bool is_a_witness_s(const struct world *w, uint64_t name)
{
    const uint32_t holder = calm_newest_state(w, 0)->names[name].holder;
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        if (s->member == holder && holder + w->plan.witnesses >= w->plan.members) {
            return (s->serves >> name & 1) != 0;
        }
    }
    return false;
}

/* Of votes, or of an attestation of another state that waits for its block. */
static bool has_proof(const struct station *s, uint32_t subject)
{
    const struct cluster *c = &s->node->deciding.cluster;
    const struct pooled *p = &s->node->pool.slot[subject][COMMAND_ATTEST - 1];
    struct command said;
    if (s->node->deciding.offences.of[subject].kind != PROOF_ANSWER) {
        return true;
    }
    return p->size_bytes != 0 && command_decode(&said, p->bytes, p->size_bytes) &&
           said.attest.height <= c->height &&
           c->height - said.attest.height < HEIGHTS_ATTESTED &&
           !hash_equal(&said.attest.digest, &c->digests[said.attest.height % HEIGHTS_KEPT]);
}

static bool is_proved(const struct world *w, uint64_t subject)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        if (station_is_fit(s) && has_proof(s, (uint32_t)subject)) {
            return true;
        }
    }
    return is_locked_out(w, subject);
}

static void demand_name(struct world *w, enum check check, uint32_t name, uint64_t within_ms)
{
    w->counters.check[check]++;
    if (!w->failed && !wait_for(w, is_a_witness_s, name, within_ms)) {
        world_fail(w, check, "no witness has %s after %llu ms", w->founding.names[name].name,
                   (unsigned long long)within_ms);
    }
}

static void lie(struct world *w, uint32_t liar)
{
    static const uint32_t convicting[] = {(uint32_t)HABIT_EQUIVOCATE | HABIT_TWO_FACED,
                                          HABIT_OTHER_STATE, HABIT_OTHER_HISTORY,
                                          HABIT_WRONG_BLOCK};
    for (uint32_t i = 0; i < w->plan.members; i++) {
        w->plan.habits[i] = plan_is_liar(&w->plan, i) ? HABIT_CENSOR : 0;
    }
    w->plan.habits[liar] = convicting[dice_between(&w->dice, 0, 3)];
    if (!wait_for(w, is_proved, liar, ticks_ms(w, LIES_TICKS))) {
        world_fail(w, CHECK_LOCKED_OUT, "%s lies, and nobody knows", world_name(w, liar));
        return;
    }
    w->counters.check[CHECK_LOCKED_OUT]++;
    if (!wait_for(w, is_locked_out, liar, PROVED_MS)) {
        world_fail(w, CHECK_LOCKED_OUT, "%s is proved to lie, and not out after %u ms",
                   world_name(w, liar), PROVED_MS);
        return;
    }
    demand_name(w, CHECK_NAME_LEASE, liar, NAME_MS);
}

static void fall_ill(struct world *w, uint32_t member)
{
    machine_break(w, calm_station(w, member));
    w->counters.check[CHECK_GONE_SOON]++;
    if (!wait_for(w, is_neutered, member, NEUTERED_MS)) {
        world_fail(w, CHECK_GONE_SOON, "%s is unfit, and not neutered after %u ms",
                   world_name(w, member), NEUTERED_MS);
        return;
    }
    demand_name(w, CHECK_NAME_LEASE, member, NAME_MS);
}

static bool is_found_out(const struct world *w, uint64_t member)
{
    for (uint32_t i = 0; i < w->station_count; i++) {
        const struct station *s = &w->station[i];
        if (s->member == member && (s->machine.neutered || !s->computed)) {
            return true; /* by R04, or by an assert: it has started again from its disk */
        }
    }
    return is_locked_out(w, member); /* by its own attestation */
}

static void compute_otherwise(struct world *w, uint32_t member)
{
    memory_reseal(w, calm_station(w, member));
    w->counters.check[CHECK_RESEALED]++;
    if (!wait_for(w, is_found_out, member, ticks_ms(w, 1) + PROVED_MS)) {
        world_fail(w, CHECK_RESEALED, "%s is of another state, and nobody has noticed",
                   world_name(w, member));
    }
}

static void fall_silent(struct world *w, uint32_t member)
{
    const uint32_t index = station_index(w, calm_station(w, member));
    for (uint32_t i = 0; i < w->station_count; i++) {
        w->link[index][i].cut = w->link[i][index].cut = i != index;
    }
    w->counters.check[CHECK_SUSPENDED]++;
    if (!wait_for(w, is_suspended, member, SUSPENDED_MS)) {
        world_fail(w, CHECK_SUSPENDED, "%s is silent, and not suspended after %u ms",
                   world_name(w, member), SUSPENDED_MS);
        return;
    }
    demand_name(w, CHECK_NAME_SILENT, member, NAME_SILENT_MS);
    network_heal(w, index);
}

static void let_go(struct world *w, uint32_t member)
{
    const struct operator_command o = {.operation = OPERATION_DRAIN, .member = member};
    if (repair_operate(w, &o)) {
        demand_name(w, CHECK_NAME_LET_GO, member, LET_GO_MS);
    }
}

/* Each node owns the name of its own number. */
void limits_run(struct world *w)
{
    static void (*const ends[])(struct world *, uint32_t) = {fall_ill, fall_silent, let_go,
                                                             compute_otherwise};
    const uint32_t member = w->plan.culprit;
    if (!calm_wait(w, witnesses_may_hold, 0, ticks_ms(w, 12))) {
        world_fail(w, CHECK_NAME_LEASE, "no records in twelve ticks");
    } else if (w->plan.liars != 0) {
        world_run(w, w->now_ms + dice_between(&w->dice, 0, w->plan.timing.tick_ms));
        lie(w, member);
    } else {
        world_run(w, w->now_ms + dice_between(&w->dice, 0, w->plan.timing.tick_ms));
        ends[dice_between(&w->dice, 0, 3)](w, member);
    }
}
